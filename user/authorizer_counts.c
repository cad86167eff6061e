// SPDX-License-Identifier: Apache-2.0
#include "authorizer_counts.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "cleanup.h"
#include "counter.h"
#include "image.h"
#include "names.h"

#define ARENA_MAX ((size_t)256 << 20)

static const struct {
	const char *code;
	const char *error;
} kinds[VW_REQUEST_COUNT] = {
#define X(name, code, error) [VW_REQUEST_##name] = {code, error},
	VW_REQUESTS(X)
#undef X
};

const char *gate_counts_code(enum vw_request kind)
{
	return kinds[kind].code;
}

const char *gate_counts_error(enum vw_request kind)
{
	return kinds[kind].error;
}

/* Whose seat it is now: the agent may be writing there. */
static bool is_seat_of(const struct vw_requests *requests, const char *vault)
{
	char now[VW_REQUEST_VAULT];

	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	memcpy(now, requests->vault, sizeof(now));
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	return strncmp(now, vault, sizeof(now)) == 0;
}

static int add_vaults(const struct policy *policy, struct names *names, struct arena *arena)
{
	const void *there;
	int r = 0;

	for (size_t i = 0; i < policy->vault_count && r >= 0; i++)
		r = names_add(names, arena, policy->vaults[i].name, &policy->vaults[i], &there);
	return r;
}

static void take_seats(const struct vw_requests *requests, const struct policy *policy,
		       const struct names *names, uint32_t *places)
{
	char name[VW_REQUEST_VAULT + 1] = {0};

	for (uint32_t seat = 1; seat < VW_SEATS; seat++) {
		const struct vault *vault;

		memcpy(name, requests[seat].vault, VW_REQUEST_VAULT);
		vault = name[0] ? names_find(names, name) : NULL;
		if (vault)
			places[vault - policy->vaults] = seat;
	}
}

int gate_counts_follow(struct gate_counts *counts, const struct policy *policy,
		       struct vw_requests *requests)
{
	cleanup(arena_free_all) struct arena arena = {0};
	struct names names = {0};
	int r;

	arena_init(&arena, ARENA_MAX);
	free(counts->places);
	counts->places = calloc(policy->vault_count + 1, sizeof(*counts->places));
	counts->policy = policy;
	counts->requests = NULL;
	if (!counts->places)
		return -ENOMEM;
	r = requests ? add_vaults(policy, &names, &arena) : 1;
	if (r)
		return r < 0 ? r : 0;
	take_seats(requests, policy, &names, counts->places);
	counts->requests = requests;
	return 0;
}

void gate_counts_free(struct gate_counts *counts)
{
	free(counts->places);
}

/*
 * If the name is there before and after, the count was made before the agent zeroes it. If it is
 * not there any more, the count is taken back, unless it was zeroed meanwhile.
 */
static bool count_at(struct vw_requests *requests, const char *name, enum vw_request kind)
{
	__u64 *count = &requests->kinds[kind];
	__u64 before = __atomic_load_n(count, __ATOMIC_SEQ_CST), counted;

	do {
		if (!is_seat_of(requests, name))
			return false;
		counted = before + 1;
	} while (!__atomic_compare_exchange_n(count, &before, counted, false, __ATOMIC_SEQ_CST,
					      __ATOMIC_SEQ_CST));
	if (is_seat_of(requests, name))
		return true;
	(void)__atomic_compare_exchange_n(count, &counted, before, false, __ATOMIC_SEQ_CST,
					  __ATOMIC_SEQ_CST);
	return false;
}

void gate_counts_add(struct gate_counts *counts, const struct vault *vault, enum vw_request kind)
{
	uint32_t seat = IMAGE_SEAT_NODE;

	counts->totals[kind]++;
	if (!counts->requests)
		return;
	if (vault)
		seat = counts->places[vault - counts->policy->vaults];
	if (seat == IMAGE_SEAT_NODE || !count_at(&counts->requests[seat], vault->name, kind))
		(void)__atomic_add_fetch(&counts->requests[IMAGE_SEAT_NODE].kinds[kind], 1,
					 __ATOMIC_RELAXED);
}
