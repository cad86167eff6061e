/* SPDX-License-Identifier: Apache-2.0 */
#include "packets.h"

#include <arpa/inet.h>
#include <assert.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

struct endpoint craft_endpoint(const char *address, uint16_t port)
{
	struct endpoint endpoint = {.family = 4, .port = port};

	if (inet_pton(AF_INET, address, endpoint.address) == 1)
		return endpoint;
	endpoint.family = 6;
	if (inet_pton(AF_INET6, address, endpoint.address) != 1)
		abort();
	return endpoint;
}

void craft_set8(struct crafted *frame, size_t at, uint8_t value)
{
	assert(at < frame->length);
	frame->bytes[at] = value;
}

void craft_set16(struct crafted *frame, size_t at, uint16_t value)
{
	craft_set8(frame, at, (uint8_t)(value >> 8));
	craft_set8(frame, at + 1, (uint8_t)value);
}

uint16_t craft_get16(const struct crafted *frame, size_t at)
{
	assert(at + 1 < frame->length);
	return (uint16_t)(frame->bytes[at] << 8 | frame->bytes[at + 1]);
}

static void set32(struct crafted *frame, size_t at, uint32_t value)
{
	craft_set16(frame, at, (uint16_t)(value >> 16));
	craft_set16(frame, at + 2, (uint16_t)value);
}

void craft_cut(struct crafted *frame, size_t length)
{
	assert(length <= frame->length);
	frame->length = length;
}

/* Appends zeros; returns where. */
static size_t append(struct crafted *frame, size_t bytes)
{
	size_t at = frame->length;

	assert(at + bytes <= CRAFT_BYTES);
	memset(frame->bytes + at, 0, bytes);
	frame->length += bytes;
	return at;
}

void craft_pad(struct crafted *frame, size_t bytes)
{
	memset(frame->bytes + append(frame, bytes), 0xa5, bytes);
}

static uint16_t ip_type(const struct recipe *recipe)
{
	if (recipe->type)
		return recipe->type;
	return recipe->destination.family == 6 ? CRAFT_IPV6 : CRAFT_IPV4;
}

static void append_ethernet(struct crafted *frame, const struct recipe *recipe)
{
	static const uint8_t addresses[] = {2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2};
	size_t at = append(frame, 14);

	memcpy(frame->bytes + at, addresses, sizeof(addresses));
	at += 12;
	for (size_t i = 0; i < recipe->vlan_count; i++) {
		uint16_t type = recipe->vlans[i].type;

		craft_set16(frame, at, type ? type : CRAFT_VLAN);
		at += 2;
		(void)append(frame, 4);
		craft_set16(frame, at, recipe->vlans[i].id);
		at += 2;
	}
	craft_set16(frame, at, ip_type(recipe));
}

static uint8_t protocol_of(const struct recipe *recipe)
{
	if (recipe->protocol)
		return recipe->protocol;
	if (recipe->tunnel.transport == IMAGE_TRANSPORT_GRE)
		return IPPROTO_GRE;
	return recipe->tunnel.transport == IMAGE_TRANSPORT_NONE ? IPPROTO_TCP : IPPROTO_UDP;
}

static void append_ipv4(struct crafted *frame, const struct recipe *recipe)
{
	static const uint16_t fragments[] = {
		[CRAFT_WHOLE] = 0x4000, [CRAFT_FIRST] = 0x2000, [CRAFT_LATER] = 0x2010};
	size_t at = append(frame, 20 + (size_t)recipe->ip_option_words * 4);

	memset(frame->bytes + at + 20, 1, (size_t)recipe->ip_option_words * 4); /* no operation */
	craft_set8(frame, at, (uint8_t)(0x45 + recipe->ip_option_words));
	craft_set16(frame, at + 6, fragments[recipe->fragment % CRAFT_ATOMIC]);
	craft_set8(frame, at + 8, 64);
	craft_set8(frame, at + 9, protocol_of(recipe));
	memcpy(frame->bytes + at + 12, recipe->source.address, 4);
	memcpy(frame->bytes + at + 16, recipe->destination.address, 4);
}

/* Returns where the type of the header that follows is to be written. */
static size_t append_extension(struct crafted *frame, struct craft_extension extension)
{
	size_t unit = extension.type == IPPROTO_AH ? 4 : 8;
	size_t at = append(frame, 8 + extension.units * unit);

	craft_set8(frame, at + 1, extension.units);
	return at;
}

static void append_ipv6(struct crafted *frame, const struct recipe *recipe)
{
	static const uint16_t fragments[] = {
		[CRAFT_FIRST] = 1, [CRAFT_LATER] = 0x81, [CRAFT_ATOMIC] = 0};
	size_t at = append(frame, 40);
	size_t next = at + 6;

	craft_set8(frame, at, 0x60);
	craft_set8(frame, at + 7, 64);
	memcpy(frame->bytes + at + 8, recipe->source.address, 16);
	memcpy(frame->bytes + at + 24, recipe->destination.address, 16);
	for (size_t i = 0; i < recipe->extension_count; i++) {
		craft_set8(frame, next, recipe->extensions[i].type);
		next = append_extension(frame, recipe->extensions[i]);
	}
	if (recipe->fragment != CRAFT_WHOLE) {
		craft_set8(frame, next, IPPROTO_FRAGMENT);
		next = append(frame, 8);
		craft_set16(frame, next + 2, fragments[recipe->fragment]);
	}
	craft_set8(frame, next, protocol_of(recipe));
}

static uint16_t tunnel_port(const struct craft_tunnel *tunnel)
{
	if (tunnel->port)
		return tunnel->port;
	return tunnel->transport == IMAGE_TRANSPORT_VXLAN ? 4789 : 6081;
}

static void append_tcp(struct crafted *frame, const struct recipe *recipe)
{
	size_t header = 20 + (size_t)recipe->tcp_option_words * 4;
	size_t at = append(frame, header);

	craft_set16(frame, at, recipe->source.port);
	craft_set16(frame, at + 2, recipe->destination.port);
	craft_set8(frame, at + 12, (uint8_t)(header / 4 << 4));
	craft_set8(frame, at + 13, 2);
}

static void append_udp(struct crafted *frame, uint16_t source, uint16_t destination)
{
	size_t at = append(frame, 8);

	craft_set16(frame, at, source);
	craft_set16(frame, at + 2, destination);
}

static void append_vxlan(struct crafted *frame, const struct craft_tunnel *tunnel)
{
	size_t at = append(frame, 8);

	craft_set16(frame, at, 0x0800 ^ tunnel->flip);
	set32(frame, at + 4, tunnel->tag << 8);
}

/* What the header of a Geneve or GRE tunnel says is inside. */
static uint16_t inner_type(const struct craft_tunnel *tunnel, const struct recipe *inner)
{
	if (tunnel->type)
		return tunnel->type;
	return tunnel->bare && inner ? ip_type(inner) : CRAFT_ETHERNET;
}

static void append_geneve(struct crafted *frame, const struct craft_tunnel *tunnel,
			  const struct recipe *inner)
{
	size_t at = append(frame, 8), words = 0;

	for (size_t i = 0; i < tunnel->option_count; i++) {
		const struct craft_option *option = &tunnel->options[i];
		size_t place = append(frame, 4 + option->words * 4U);

		craft_set8(frame, place + 2, option->type);
		craft_set8(frame, place + 3, option->words);
		words += 1U + option->words;
	}
	craft_set16(frame, at, (uint16_t)(words << 8) ^ tunnel->flip);
	craft_set16(frame, at + 2, inner_type(tunnel, inner));
	set32(frame, at + 4, tunnel->tag << 8);
}

static void append_gre(struct crafted *frame, const struct craft_tunnel *tunnel,
		       const struct recipe *inner)
{
	uint16_t flags = (uint16_t)(tunnel->checksum << 15 | !tunnel->without_key << 13 |
				    tunnel->sequence << 12);
	size_t at = append(frame, 4);

	craft_set16(frame, at, flags ^ tunnel->flip);
	craft_set16(frame, at + 2, inner_type(tunnel, inner));
	if (tunnel->checksum)
		(void)append(frame, 4);
	if (!tunnel->without_key)
		set32(frame, append(frame, 4), tunnel->bare ? tunnel->tag : tunnel->tag << 8);
	if (tunnel->sequence)
		(void)append(frame, 4);
}

static void append_tunnel(struct crafted *frame, const struct recipe *recipe)
{
	const struct craft_tunnel *tunnel = &recipe->tunnel;

	if (tunnel->transport != IMAGE_TRANSPORT_GRE)
		append_udp(frame, recipe->source.port, tunnel_port(tunnel));
	frame->at[frame->layers].tunnel = frame->length;
	if (tunnel->transport == IMAGE_TRANSPORT_VXLAN)
		append_vxlan(frame, tunnel);
	else if (tunnel->transport == IMAGE_TRANSPORT_GENEVE)
		append_geneve(frame, tunnel, recipe->inner);
	else
		append_gre(frame, tunnel, recipe->inner);
}

static void append_transport(struct crafted *frame, const struct recipe *recipe)
{
	uint8_t protocol = protocol_of(recipe);

	frame->at[frame->layers].transport = frame->length;
	if (recipe->tunnel.transport != IMAGE_TRANSPORT_NONE)
		append_tunnel(frame, recipe);
	else if (protocol == IPPROTO_TCP)
		append_tcp(frame, recipe);
	else if (protocol == IPPROTO_UDP)
		append_udp(frame, recipe->source.port, recipe->destination.port);
	memset(frame->bytes + append(frame, recipe->payload), 0x5a, recipe->payload);
}

static bool is_bare(const struct craft_tunnel *tunnel)
{
	return tunnel->bare && tunnel->transport != IMAGE_TRANSPORT_VXLAN;
}

/* Lengths are known once everything inside is there. */
static void fill_lengths(struct crafted *frame, const struct recipe *recipe,
			 const struct craft_places *at)
{
	if (recipe->destination.family == 6)
		craft_set16(frame, at->network + 4, (uint16_t)(frame->length - at->network - 40));
	else
		craft_set16(frame, at->network + 2, (uint16_t)(frame->length - at->network));
	if (protocol_of(recipe) == IPPROTO_UDP)
		craft_set16(frame, at->transport + 4, (uint16_t)(frame->length - at->transport));
}

void craft_frame(const struct recipe *recipe, struct crafted *ret_frame)
{
	const struct recipe *layer = recipe;
	bool bare = false;

	ret_frame->length = 0;
	ret_frame->layers = 0;
	for (; layer; layer = layer->inner) {
		struct craft_places *at = &ret_frame->at[ret_frame->layers];

		assert(ret_frame->layers < CRAFT_LAYERS);
		*at = (struct craft_places){0};
		if (!bare)
			append_ethernet(ret_frame, layer);
		at->network = ret_frame->length;
		if (layer->destination.family == 6)
			append_ipv6(ret_frame, layer);
		else
			append_ipv4(ret_frame, layer);
		append_transport(ret_frame, layer);
		bare = is_bare(&layer->tunnel);
		ret_frame->layers++;
	}
	layer = recipe;
	for (size_t i = 0; i < ret_frame->layers; i++, layer = layer->inner)
		fill_lengths(ret_frame, layer, &ret_frame->at[i]);
}
