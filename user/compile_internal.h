/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One run of `compile`: what its parts share. compile.c leads, compile_policy.c
 * makes a seat's policy, compile_networks.c the rows of tags, compile_tables.c the
 * tables.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "compile.h"
#include "compile_rules.h"
#include "compile_targets.h"
#include "image_builder.h"
#include "names.h"

#define COMPILE_ARENA_BYTES ((size_t)64 << 20)

/* What a packet for a seat is matched with. */
struct seated {
	bool mode_set;			 /* compiled already */
	struct image_frontend4 frontend; /* less the key */
};

struct network_list;

struct compilation {
	const struct policy *policy;
	const struct node *node;
	const struct seating *seating;
	struct arena arena;
	struct names seats; /* name -> its place in seating->names */
	struct image_builder builder;
	struct targets targets;
	struct compile_rules rules;
	struct image_header header;
	struct image_frontend4 *results; /* of each target, less the key */
	struct seated *seated;		 /* of each seat */
	bool trusted_done;		 /* the two below are the same for every vault */
	uint32_t trusted;
	struct image_timed trusted_expiring;
	struct image_tag *tags; /* rows of the tag table */
	size_t tag_count;
	size_t tag_capacity;
	uint32_t owners;	     /* of such rows, so far */
	struct network_list **lists; /* hash table of the rows that seats share, in the arena */
};

uint16_t compile_seat(const struct compilation *compilation, const struct target *target);

/* Fills the policy line and the target of a seat. 0 or -errno, as all of these. */
int compile_policy(struct compilation *compilation, const struct target *target, uint16_t seat);

/* The owner number of the subnets that the vaults of a target list; 0 if they list none. */
int compile_networks(struct compilation *compilation, const struct target *target,
		     uint32_t *ret_owner);

/* The node's own rows: which tags exist, which are blocked. */
int compile_node_tags(struct compilation *compilation);

/* The tables, once every row is known. */
int compile_tables(struct compilation *compilation);
