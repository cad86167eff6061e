// SPDX-License-Identifier: Apache-2.0
/*
 * Policy and node in, image out. What a packet would have to find out again and
 * again is settled here: failsafe and blocked sources are taken out of every
 * vault's IP rules, vaults on one frontend are joined, equal sets laid out once.
 */
#include "compile.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "compile_internal.h"

void image_free(struct image *image)
{
	free(image->lines);
	*image = (struct image){0};
}

static void compilation_end(struct compilation *compilation)
{
	image_builder_free(&compilation->builder);
	targets_free(&compilation->targets);
	compile_rules_free(&compilation->rules);
	arena_free_all(&compilation->arena);
	free(compilation->results);
	free(compilation->seated);
	free(compilation->tags);
}

static int index_seats(struct compilation *compilation)
{
	const struct seating *seating = compilation->seating;
	const void *there;

	for (size_t seat = 1; seat < seating->count; seat++)
		if (seating->names[seat] &&
		    names_add(&compilation->seats, &compilation->arena, seating->names[seat],
			      &seating->names[seat], &there) == -ENOMEM)
			return -ENOMEM;
	return 0;
}

uint16_t compile_seat(const struct compilation *compilation, const struct target *target)
{
	char text[TARGET_NAME];
	char *const *place = names_find(&compilation->seats, target_name(target, text));

	return place ? (uint16_t)(place - compilation->seating->names) : IMAGE_SEAT_NODE;
}

static int begin(struct compilation *compilation)
{
	uint32_t first;
	int r = image_reserve(&compilation->builder, IMAGE_LINE_FIRST, &first);

	if (!r)
		r = index_seats(compilation);
	if (!r)
		r = targets_collect(compilation->policy, &compilation->targets);
	if (!r)
		r = compile_rules_prepare(&compilation->rules, compilation->policy,
					  compilation->node);
	if (r)
		return r;
	compilation->results =
		calloc(compilation->targets.count + 1, sizeof(*compilation->results));
	compilation->seated = calloc(compilation->seating->count + 1, sizeof(*compilation->seated));
	return compilation->results && compilation->seated ? 0 : -ENOMEM;
}

static int add_node_sets(struct compilation *compilation)
{
	struct image_header *header = &compilation->header;
	int r = image_add_set(&compilation->builder, &compilation->rules.block, &header->block);

	if (!r)
		r = image_add_set(&compilation->builder, &compilation->rules.failsafe,
				  &header->failsafe);
	if (!r)
		r = image_add_guard(&compilation->builder, &compilation->rules.guarded,
				    &header->guard);
	return r;
}

/* The policies, one a seat; a vault's frontends share its seat, and the first one makes it. */
static int add_policies(struct compilation *compilation)
{
	struct image_header *header = &compilation->header;
	int r = image_reserve(&compilation->builder, compilation->seating->count,
			      &header->policies);

	for (size_t i = 0; i < compilation->targets.count && !r; i++) {
		const struct target *target = &compilation->targets.items[i];
		uint16_t seat = compile_seat(compilation, target);

		if (!compilation->seated[seat].mode_set)
			r = compile_policy(compilation, target, seat);
		compilation->results[i] = compilation->seated[seat].frontend;
	}
	return r;
}

static uint8_t transport_of(enum tag_transport transport)
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
	return IMAGE_TRANSPORT_NONE;
}

static int add_peers(struct compilation *compilation, const struct tag_source *source,
		     uint32_t *ret_set)
{
	cleanup(range_set_free) struct range_set peers = {0};

	for (size_t i = 0; i < source->peers.count; i++)
		if (range_set_add(&peers, source->peers.items[i].range))
			return -ENOMEM;
	if (range_set_normalize(&peers))
		return -ENOMEM;
	return image_add_set(&compilation->builder, &peers, ret_set);
}

static int add_tunnels(struct compilation *compilation)
{
	struct image_tunnels tunnels = {0};
	size_t used = 0;
	int r = 0;

	for (size_t i = 0; i < compilation->node->tag_count && !r; i++) {
		const struct tag_source *source = &compilation->node->tags[i];
		uint8_t transport = transport_of(source->transport);
		struct image_tunnel *tunnel = &tunnels.tunnel[used];

		if (transport == IMAGE_TRANSPORT_NONE)
			continue;
		if (used++ == IMAGE_TUNNELS)
			return -E2BIG; /* node_read() has refused it */
		tunnel->transport = transport;
		tunnel->port = htons(source->port);
		compilation->header.flags |=
			transport == IMAGE_TRANSPORT_GRE ? IMAGE_GRE : IMAGE_UDP_TUNNELS;
		r = add_peers(compilation, source, &tunnel->peers);
	}
	if (!r)
		compilation->builder.lines[IMAGE_LINE_TUNNELS].tunnels = tunnels;
	return r;
}

static void stamp_image(struct compilation *compilation, const struct image_stamp *stamp)
{
	struct image_identity identity = {
		.magic = IMAGE_MAGIC,
		.layout = IMAGE_LAYOUT,
		.lines = (uint32_t)compilation->builder.count,
		.generation = stamp->generation,
		.created = stamp->created,
	};

	memcpy(identity.digest, stamp->digest, sizeof(identity.digest));
	compilation->header.generation = stamp->generation;
	compilation->builder.lines[IMAGE_LINE_IDENTITY].identity = identity;
	compilation->builder.lines[IMAGE_LINE_HEADER].header = compilation->header;
}

static int compile(struct compilation *compilation, const struct image_stamp *stamp)
{
	int r = begin(compilation);

	if (!r)
		r = add_node_sets(compilation);
	if (!r)
		r = add_policies(compilation);
	if (!r)
		r = compile_node_tags(compilation);
	if (!r)
		r = compile_tables(compilation);
	if (!r)
		r = add_tunnels(compilation);
	if (!r)
		stamp_image(compilation, stamp);
	return r;
}

int image_compile(const struct policy *policy, const struct node *node,
		  const struct seating *seating, const struct image_stamp *stamp, size_t limit,
		  struct diags *diags, struct image *ret_image)
{
	cleanup(compilation_end) struct compilation compilation = {
		.policy = policy,
		.node = node,
		.seating = seating,
		.builder = {.limit = limit},
	};
	int r;

	arena_init(&compilation.arena, COMPILE_ARENA_BYTES);
	r = compile(&compilation, stamp);
	if (r == -ENOSPC)
		diags_add(diags, DIAG_ERROR, NULL, 0, 0,
			  "the rules need more than the %zu lines (%zu MiB) that a slot of the "
			  "kernel maps holds",
			  limit, limit * IMAGE_LINE_BYTES >> 20);
	if (r)
		return r;
	*ret_image = (struct image){compilation.builder.lines, compilation.builder.count,
				    compilation.builder.capacity};
	compilation.builder.lines = NULL;
	return 0;
}
