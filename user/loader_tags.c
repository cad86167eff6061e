// SPDX-License-Identifier: Apache-2.0
/* Endpoint tags of gated connections, and the counts of the gate: what steer and authoriser wrote.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "cleanup.h"
#include "loader_internal.h"

#include <vaultwall.skel.h>

#define BATCH 4096U

void requests_give(struct loader *loader, size_t seat)
{
	struct vw_requests *requests = &loader->requests[seat];

	_Static_assert(VW_REQUEST_VAULT == VW_SEAT_NAME, "a name fits");
	memset(requests->vault, 0, sizeof(requests->vault));
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	for (size_t kind = 0; kind < VW_REQUEST_COUNT; kind++)
		__atomic_store_n(&requests->kinds[kind], 0, __ATOMIC_SEQ_CST);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	memcpy(requests->vault, loader->seats[seat].name, sizeof(requests->vault));
}

void requests_give_all(struct loader *loader)
{
	for (size_t seat = 0; seat < VW_SEATS; seat++)
		if (memcmp(loader->requests[seat].vault, loader->seats[seat].name, VW_SEAT_NAME) !=
		    0)
			requests_give(loader, seat);
}

void loader_requests(const struct loader *loader, struct vw_requests *ret_requests)
{
	struct vw_requests sums = {0};

	for (size_t seat = 0; seat < VW_SEATS; seat++)
		for (size_t kind = 0; kind < VW_REQUEST_COUNT; kind++)
			sums.kinds[kind] += __atomic_load_n(&loader->requests[seat].kinds[kind],
							    __ATOMIC_RELAXED);
	*ret_requests = sums;
}

void tags_begin(struct loader *loader)
{
	char path[PATH_TEXT + 32];

	if (loader->tags_are_new)
		__atomic_store_n(&loader->cell->settled, 0, __ATOMIC_SEQ_CST);
	if (loader_tags_settled(loader))
		return;
	(void)snprintf(path, sizeof(path), "%s/tags", loader->paths.metrics_mount);
	(void)unlink(path);
}

bool loader_tags_settled(const struct loader *loader)
{
	return __atomic_load_n(&loader->cell->settled, __ATOMIC_SEQ_CST) == 1;
}

void loader_settle_tags(struct loader *loader)
{
	__atomic_store_n(&loader->cell->settled, 1, __ATOMIC_SEQ_CST);
}

int loader_tag_totals(struct loader *loader, struct vw_tag_totals *ret_totals)
{
	uint32_t zero = 0;

	return bpf_map_lookup_elem(bpf_map__fd(loader->skeleton->maps.vw_tag_totals), &zero,
				   ret_totals);
}

/* What is read of the map at once, and what is kept of it. */
struct harvest {
	struct vw_tag_key keys[BATCH];
	struct vw_tag tags[BATCH];
	struct vw_tag_removal *notes;
	size_t count, capacity;
};

static void harvest_free(struct harvest **harvest)
{
	if (*harvest)
		free((*harvest)->notes);
	free(*harvest);
}

static int keep(struct harvest *harvest, const struct vw_tag_key *key, const struct vw_tag *tag)
{
	if (harvest->count == harvest->capacity) {
		size_t capacity = harvest->capacity ? harvest->capacity * 2 : BATCH;
		struct vw_tag_removal *notes =
			reallocarray(harvest->notes, capacity, sizeof(*notes));

		if (!notes)
			return -ENOMEM;
		harvest->notes = notes;
		harvest->capacity = capacity;
	}
	harvest->notes[harvest->count++] = (struct vw_tag_removal){.key = *key, .time = tag->time};
	return 0;
}

/* One batch. 1: it was the last. */
static int read_batch(int map, uint64_t before, const uint32_t *from, uint32_t *to,
		      struct harvest *harvest)
{
	uint32_t count = BATCH;
	int last = bpf_map_lookup_batch(map, (void *)from, to, harvest->keys, harvest->tags, &count,
					NULL);

	if (last && last != -ENOENT)
		return last;
	for (uint32_t i = 0; i < count; i++)
		if (harvest->tags[i].time <= before &&
		    keep(harvest, &harvest->keys[i], &harvest->tags[i]))
			return -ENOMEM;
	return last ? 1 : 0;
}

int loader_tags(struct loader *loader, uint64_t before, struct vw_tag_removal **ret_notes,
		size_t *ret_count, struct fault *fault)
{
	cleanup(harvest_free) struct harvest *harvest = calloc(1, sizeof(*harvest));
	int map = bpf_map__fd(loader->skeleton->maps.vw_tags), r;
	uint32_t from, to; /* of a hash: the bucket */

	if (!harvest)
		return fault_set(fault, -ENOMEM, "out of memory");
	r = read_batch(map, before, NULL, &to, harvest);
	while (!r) {
		from = to;
		r = read_batch(map, before, &from, &to, harvest);
	}
	if (r < 0)
		return fault_set(fault, r, "notes of endpoint tags cannot be read: %s",
				 strerror(-r));
	*ret_count = harvest->count;
	*ret_notes = take_ptr(&harvest->notes);
	return 0;
}

bool loader_forget_tag(struct loader *loader, const struct vw_tag_removal *note)
{
	struct vw_tag_removal removal = *note;
	LIBBPF_OPTS(bpf_test_run_opts, options, .ctx_in = &removal, .ctx_size_in = sizeof(removal));

	return !bpf_prog_test_run_opts(bpf_program__fd(loader->skeleton->progs.vw_forget),
				       &options) &&
	       !options.retval;
}
