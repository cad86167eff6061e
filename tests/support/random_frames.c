/* SPDX-License-Identifier: Apache-2.0 */
#include "random_frames.h"

#include <netinet/in.h>
#include <string.h>

/* What is worth trying. *****************************************************/

/* Once the list is full a new one takes the place of some other. */
static void add_source(struct random_frames *frames, uint32_t source)
{
	if (frames->source_count < FRAMES_SOURCES)
		frames->sources[frames->source_count++] = source;
	else
		frames->sources[random_below(&frames->random, FRAMES_SOURCES)] = source;
}

static void add_range(struct random_frames *frames, struct range range)
{
	add_source(frames, range.first);
	add_source(frames, range.last);
	add_source(frames, range.first - 1);
	add_source(frames, range.last + 1);
}

static void add_list(struct random_frames *frames, const struct range_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		add_range(frames, list->items[i].range);
}

static void add_rules(struct random_frames *frames, const struct ip_rules *rules)
{
	for (size_t i = 0; i < rules->count; i++) {
		if (!rules->items[i].set)
			add_range(frames, rules->items[i].entry.range);
	}
}

static void add_tag(struct random_frames *frames, uint32_t tag)
{
	if (frames->tag_count < FRAMES_TAGS)
		frames->tags[frames->tag_count++] = tag;
}

static void add_network(struct random_frames *frames, const struct virtual_network *network)
{
	add_tag(frames, network->tag);
	for (size_t i = 0; i < network->subnet_count; i++) {
		add_range(frames, network->subnets[i].prefix);
		if (frames->subnet_count < FRAMES_SUBNETS)
			frames->subnets[frames->subnet_count++] = &network->subnets[i];
	}
}

static void add_vault(struct random_frames *frames, const struct vault *vault)
{
	add_rules(frames, &vault->ip_rules);
	for (size_t i = 0; i < vault->frontend_count; i++) {
		if (frames->frontend_count < FRAMES_FRONTENDS)
			frames->frontends[frames->frontend_count++] = &vault->frontends[i];
	}
}

void random_frames_init(struct random_frames *frames, const struct policy *policy,
			const struct node *node, uint64_t seed)
{
	*frames = (struct random_frames){.random = {seed}, .node = node};
	add_range(frames, (struct range){0, UINT32_MAX});
	add_tag(frames, 0);
	add_tag(frames, 4094);
	for (size_t i = 0; i < policy->set_count; i++)
		add_list(frames, &policy->sets[i].ranges);
	for (size_t i = 0; i < policy->network_count; i++)
		add_network(frames, &policy->networks[i]);
	for (size_t i = 0; i < policy->service_count; i++)
		add_rules(frames, &policy->services[i].ip_rules);
	for (size_t i = 0; i < policy->vault_count; i++)
		add_vault(frames, &policy->vaults[i]);
	for (size_t i = 0; i < policy->blocked_tag_count; i++)
		add_tag(frames, policy->blocked_tags[i].tag);
	add_rules(frames, &policy->block);
	add_list(frames, &node->failsafe);
	for (size_t i = 0; i < node->tag_count; i++)
		add_list(frames, &node->tags[i].peers);
}

/* Parts of a frame. *********************************************************/

static void set_ipv4(struct endpoint *endpoint, uint32_t address)
{
	endpoint->family = 4;
	for (int i = 0; i < 4; i++)
		endpoint->address[i] = (uint8_t)(address >> (24 - 8 * i));
}

static uint32_t some_source(struct random_frames *frames)
{
	if (random_percent(&frames->random, 10))
		return (uint32_t)random_next(&frames->random);
	return frames->sources[random_below(&frames->random, frames->source_count)];
}

static void set_source(struct random_frames *frames, struct endpoint *source, uint8_t family)
{
	source->port = (uint16_t)random_next(&frames->random);
	if (family == 4) {
		set_ipv4(source, some_source(frames));
		return;
	}
	source->family = 6;
	memcpy(source->address, "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0", 16);
	source->address[15] = (uint8_t)random_next(&frames->random);
}

static uint16_t some_port(struct random_frames *frames)
{
	static const uint16_t ports[] = {0, 53, 443, 4789, 6081, 8200};
	const struct node *node = frames->node;

	if (node->tag_count && random_percent(&frames->random, 40))
		return node->tags[random_below(&frames->random, node->tag_count)].port;
	return ports[random_below(&frames->random, sizeof(ports) / sizeof(ports[0]))];
}

/* To a frontend, or one step beside it. */
static void set_destination(struct random_frames *frames, struct recipe *recipe)
{
	struct random *random = &frames->random;
	const struct frontend *frontend = NULL;
	struct endpoint *destination = &recipe->destination;

	if (frames->frontend_count)
		frontend = frames->frontends[random_below(random, frames->frontend_count)];
	set_ipv4(destination, 0xcb007100 + random_below(random, 8));
	destination->port = some_port(frames);
	recipe->protocol = random_percent(random, 50) ? IPPROTO_TCP : IPPROTO_UDP;
	if (!frontend)
		return;
	if (frontend->family != 0) {
		destination->family = frontend->family;
		memcpy(destination->address, frontend->address, 16);
	} else if (random_percent(random, 30)) {
		destination->family = 6;
	}
	if (random_percent(random, 90))
		destination->port = frontend->port;
	if (random_percent(random, 90))
		recipe->protocol = frontend->protocol;
	if (random_percent(random, 5))
		destination->address[3] ^= 1;
}

static uint32_t some_tag(struct random_frames *frames)
{
	struct random *random = &frames->random;

	if (random_percent(random, 5))
		return (uint32_t)random_next(random);
	return frames->tags[random_below(random, frames->tag_count)];
}

/* A tag, and a source that it may go with: mostly one of the same subnet. */
static uint32_t match_tag(struct random_frames *frames, struct recipe *packet)
{
	struct random *random = &frames->random;
	const struct subnet *subnet = NULL;

	if (frames->subnet_count == 0 || random_percent(random, 40))
		return some_tag(frames);
	subnet = frames->subnets[random_below(random, frames->subnet_count)];
	if (packet->source.family == 4 && random_percent(random, 80))
		set_ipv4(&packet->source,
			 random_percent(random, 50) ? subnet->prefix.first : subnet->prefix.last);
	return subnet->network->tag;
}

static void set_vlans(struct random_frames *frames, struct recipe *recipe)
{
	struct random *random = &frames->random;

	recipe->vlan_count = random_percent(random, 90) ? 1 : random_below(random, CRAFT_VLANS + 1);
	for (size_t i = 0; i < recipe->vlan_count; i++) {
		recipe->vlans[i].type = random_percent(random, 30) ? CRAFT_SERVICE_VLAN : 0;
		recipe->vlans[i].id = (uint16_t)match_tag(frames, recipe);
	}
}

static void set_extensions(struct random_frames *frames, struct recipe *recipe)
{
	static const uint8_t types[] = {0, 43, 60, 51, 135, 44};
	struct random *random = &frames->random;

	recipe->extension_count = random_percent(random, 70)
					  ? random_below(random, 4)
					  : random_below(random, CRAFT_EXTENSIONS + 1);
	for (size_t i = 0; i < recipe->extension_count; i++) {
		struct craft_extension *extension = &recipe->extensions[i];

		extension->type = types[random_below(random, random_percent(random, 5) ? 6 : 5)];
		if (extension->type != 44)
			extension->units = (uint8_t)random_below(random, 4);
	}
}

static void set_oddities(struct random_frames *frames, struct recipe *recipe)
{
	static const uint8_t protocols[] = {1, 4, 6, 17, 41, 47, 50, 58, 59, 132};
	struct random *random = &frames->random;

	if (random_percent(random, 15))
		recipe->ip_option_words = (uint8_t)random_below(random, 11);
	if (random_percent(random, 25))
		set_extensions(frames, recipe);
	if (random_percent(random, 8))
		recipe->fragment = (enum craft_fragment)random_below(random, 4);
	if (random_percent(random, 10))
		recipe->tcp_option_words = (uint8_t)random_below(random, 11);
	if (random_percent(random, 30))
		recipe->payload = (uint16_t)random_below(random, 100);
	if (random_percent(random, 2))
		recipe->protocol = protocols[random_below(random, sizeof(protocols))];
}

/* A packet as it would be outside of any tunnel. */
static struct recipe some_packet(struct random_frames *frames)
{
	struct recipe recipe = {0};

	set_destination(frames, &recipe);
	set_source(frames, &recipe.source, recipe.destination.family);
	if (random_percent(&frames->random, 25))
		set_vlans(frames, &recipe);
	if (random_percent(&frames->random, 50))
		set_oddities(frames, &recipe);
	return recipe;
}

static enum image_transport transport_of(enum tag_transport transport)
{
	switch (transport) {
	case TAG_VXLAN:
		return IMAGE_TRANSPORT_VXLAN;
	case TAG_GENEVE:
		return IMAGE_TRANSPORT_GENEVE;
	case TAG_GRE:
		return IMAGE_TRANSPORT_GRE;
	case TAG_VLAN:
		break;
	}
	return IMAGE_TRANSPORT_VXLAN;
}

static void set_geneve_options(struct random_frames *frames, struct craft_tunnel *tunnel)
{
	struct random *random = &frames->random;

	tunnel->option_count = random_below(random, 4);
	for (size_t i = 0; i < tunnel->option_count; i++) {
		tunnel->options[i].type = (uint8_t)random_below(random, 128);
		if (random_percent(random, 10))
			tunnel->options[i].type |= 0x80;
		tunnel->options[i].words = (uint8_t)random_below(random, 4);
	}
}

/* Mostly from somebody who may say what is in a tunnel. */
static void set_peer(struct random_frames *frames, const struct tag_source *source,
		     struct endpoint *outer)
{
	struct random *random = &frames->random;
	const struct range_entry *peer = NULL;

	if (source->peers.count == 0 || outer->family != 4 || random_percent(random, 25))
		return;
	peer = &source->peers.items[random_below(random, source->peers.count)];
	set_ipv4(outer, random_percent(random, 50) ? peer->range.first : peer->range.last);
}

static void set_tunnel(struct random_frames *frames, struct recipe *outer)
{
	struct craft_tunnel *tunnel = &outer->tunnel;
	static const uint16_t types[] = {0x0800, 0x86dd, 0x6558, 0x8100, 0x883e};
	struct random *random = &frames->random;
	const struct node *node = frames->node;

	tunnel->transport = (enum image_transport)(1 + random_below(random, 3));
	if (node->tag_count && random_percent(random, 90)) {
		const struct tag_source *source =
			&node->tags[random_below(random, node->tag_count)];

		tunnel->transport = transport_of(source->transport);
		tunnel->port = source->port;
		set_peer(frames, source, &outer->source);
	}
	tunnel->bare = random_percent(random, 40);
	if (random_percent(random, 5))
		tunnel->flip = (uint16_t)(1U << random_below(random, 16));
	if (random_percent(random, 3))
		tunnel->type = types[random_below(random, 5)];
	tunnel->checksum = random_percent(random, 15);
	tunnel->sequence = random_percent(random, 15);
	tunnel->without_key = random_percent(random, 5);
	if (random_percent(random, 40))
		set_geneve_options(frames, tunnel);
}

/* The outer packet of a tunnel: mostly between addresses that are no frontends. */
static void wrap(struct random_frames *frames, struct recipe *outer, struct recipe *inner)
{
	struct random *random = &frames->random;

	*outer = (struct recipe){.inner = inner};
	if (random_percent(random, 20))
		set_destination(frames, outer);
	else
		set_ipv4(&outer->destination, 0xc0a80001);
	if (random_percent(random, 5))
		outer->destination.family = 6;
	set_source(frames, &outer->source, outer->destination.family);
	if (random_percent(random, 15))
		set_vlans(frames, outer);
	if (random_percent(random, 10))
		set_oddities(frames, outer);
	outer->payload = 0;
	outer->protocol = 0;
	set_tunnel(frames, outer);
	outer->tunnel.tag = match_tag(frames, inner);
}

/* Lies. *********************************************************************/

/* Moves a length or anything else of 16 bits by a little, or to an extreme. */
static void nudge16(struct random *random, struct crafted *frame, size_t at)
{
	static const uint16_t extremes[] = {0, 1, 0xffff, 0x8000};
	uint16_t value = 0;

	if (at + 2 > frame->length)
		return;
	value = (uint16_t)(craft_get16(frame, at) + random_below(random, 9) - 4);
	if (random_percent(random, 30))
		value = extremes[random_below(random, 4)];
	craft_set16(frame, at, value);
}

/* A field that somebody will compare with something. */
static void lie(struct random *random, struct crafted *frame)
{
	const struct craft_places *at = &frame->at[random_below(random, frame->layers)];
	size_t where = at->network + random_below(random, 48);

	switch (random_below(random, 8)) {
	case 0: /* IPv4 total length, or an IPv6 flow label */
		nudge16(random, frame, at->network + 2);
		break;
	case 1: /* IPv6 payload length, or an IPv4 identification */
		nudge16(random, frame, at->network + 4);
		break;
	case 2: /* UDP length, or half of a TCP sequence number */
		nudge16(random, frame, at->transport + 4);
		break;
	case 3: /* TCP header length */
		where = at->transport + 12;
		break;
	case 4: /* version and IPv4 header length */
		where = at->network;
		break;
	case 5:
		if (at->tunnel)
			where = at->tunnel + random_below(random, 16);
		break;
	default:
		break;
	}
	if (where < frame->length && random_percent(random, 60))
		frame->bytes[where] = (uint8_t)random_next(random);
}

static void spoil(struct random *random, struct crafted *frame)
{
	for (uint32_t i = random_below(random, 3); i > 0; i--)
		lie(random, frame);
	if (random_percent(random, 30))
		craft_cut(frame, random_below(random, frame->length + 1));
	if (random_percent(random, 30))
		craft_pad(frame, random_below(random, 30));
}

void random_frames_next(struct random_frames *frames, struct crafted *ret_frame)
{
	struct recipe packet = some_packet(frames), outer, outermost;
	uint32_t kind = random_below(&frames->random, 100);

	if (kind < 55) {
		craft_frame(&packet, ret_frame);
	} else if (kind < 96) {
		wrap(frames, &outer, &packet);
		craft_frame(&outer, ret_frame);
	} else {
		wrap(frames, &outer, &packet);
		wrap(frames, &outermost, &outer);
		craft_frame(&outermost, ret_frame);
	}
	if (random_percent(&frames->random, 25))
		spoil(&frames->random, ret_frame);
}
