// SPDX-License-Identifier: Apache-2.0
/* Who sits where in the counters: a name keeps its seat for as long as the rules have it. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "cleanup.h"
#include "compile.h"
#include "compile_targets.h"
#include "counter.h"
#include "names.h"

#define SEATING_ARENA_BYTES ((size_t)64 << 20)
#define SEAT_NODE_NAME	    "-"

void seating_free(struct seating *seating)
{
	for (size_t i = 0; i < seating->count; i++)
		free(seating->names[i]);
	free(seating->names);
	*seating = (struct seating){0};
}

/* The names that need a seat, once each. */
struct guests {
	struct arena arena; /* of the names and the table */
	struct names table;
	const char **names;
	size_t count;
};

static void guests_free(struct guests *guests)
{
	arena_free_all(&guests->arena);
	free(guests->names);
}

static int guests_add(struct guests *guests, const char *name)
{
	char *copy = arena_copy(&guests->arena, name, strlen(name));
	const void *there;
	int r;

	if (!copy)
		return -ENOMEM;
	r = names_add(&guests->table, &guests->arena, copy, copy, &there);
	if (r)
		return r == -EEXIST ? 0 : r;
	guests->names[guests->count++] = copy;
	return 0;
}

static int guests_collect(const struct policy *policy, const struct targets *targets,
			  struct guests *guests)
{
	char text[TARGET_NAME];
	int r = 0;

	guests->names = calloc(policy->vault_count + targets->count + 1, sizeof(*guests->names));
	if (!guests->names)
		return -ENOMEM;
	for (size_t i = 0; i < policy->vault_count && !r; i++)
		r = guests_add(guests, policy->vaults[i].name);
	for (size_t i = 0; i < targets->count && !r; i++)
		if (target_is_shared(&targets->items[i]))
			r = guests_add(guests, target_name(&targets->items[i], text));
	return r;
}

int seating_take(struct seating *seating, size_t seat, const char *name)
{
	if (!name)
		return -EINVAL;
	seating->names[seat] = strdup(name);
	if (!seating->names[seat])
		return -ENOMEM;
	if (seat >= seating->count)
		seating->count = seat + 1;
	return 0;
}

/* Those who had a seat before sit down first. Returns -errno. */
static int seat_again(struct guests *guests, const struct seating *before, size_t limit,
		      struct names *seated, struct seating *seating)
{
	const void *there;
	int r = 0;

	for (size_t seat = 1; before && seat < before->count && seat < limit && !r; seat++) {
		const char *guest = before->names[seat]
					    ? names_find(&guests->table, before->names[seat])
					    : NULL;

		if (!guest || names_find(seated, guest))
			continue;
		r = names_add(seated, &guests->arena, guest, guest, &there);
		if (!r)
			r = seating_take(seating, seat, guest);
	}
	return r;
}

static bool was_taken(const struct seating *before, size_t seat)
{
	return before && seat < before->count && before->names[seat];
}

/*
 * Newcomers sit down where nobody sat before, since the image in force still counts
 * for those who leave; on a seat just given up only when there is no other.
 */
static size_t next_free(const struct seating *before, const struct seating *seating, size_t limit,
			size_t from)
{
	size_t seat = from;

	while (seat < limit && (seating->names[seat] || was_taken(before, seat)))
		seat++;
	return seat;
}

static int seat_newcomers(struct guests *guests, const struct seating *before,
			  const struct names *seated, size_t limit, struct seating *seating)
{
	size_t seat = 1;
	int r = 0;

	for (size_t i = 0; i < guests->count && !r; i++) {
		if (names_find(seated, guests->names[i]))
			continue;
		seat = next_free(before, seating, limit, seat);
		if (seat == limit && before) {
			before = NULL;
			seat = next_free(before, seating, limit, 1);
		}
		if (seat == limit)
			return -ENOSPC;
		r = seating_take(seating, seat, guests->names[i]);
	}
	return r;
}

static int seat_all(struct guests *guests, const struct seating *before, size_t limit,
		    struct seating *seating)
{
	struct names seated = {0};
	int r;

	seating->names = calloc(limit, sizeof(*seating->names));
	if (!seating->names)
		return -ENOMEM;
	r = seating_take(seating, IMAGE_SEAT_NODE, SEAT_NODE_NAME);
	if (!r)
		r = seat_again(guests, before, limit, &seated, seating);
	return r ? r : seat_newcomers(guests, before, &seated, limit, seating);
}

int seating_assign(const struct policy *policy, const struct seating *before, size_t limit,
		   struct diags *diags, struct seating *ret_seating)
{
	cleanup(targets_free) struct targets targets = {0};
	cleanup(guests_free) struct guests guests = {0};
	cleanup(seating_free) struct seating seating = {0};
	int r;

	arena_init(&guests.arena, SEATING_ARENA_BYTES);
	r = targets_collect(policy, &targets);
	if (!r)
		r = guests_collect(policy, &targets, &guests);
	if (!r)
		r = seat_all(&guests, before, limit, &seating);
	if (r == -ENOSPC)
		diags_add(
			diags, DIAG_ERROR, NULL, 0, 0,
			"%zu vaults and shared frontends need counters, and there is room for %zu",
			guests.count, limit - 1);
	if (r)
		return r;
	*ret_seating = seating;
	seating = (struct seating){0};
	return 0;
}
