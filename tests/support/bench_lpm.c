// SPDX-License-Identifier: Apache-2.0
#include "bench_lpm.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include <bpf/bpf.h>

#include "cleanup.h"
#include "image_builder.h"
#include "range_set.h"

/* A trie to fill; with a set it is the one that sets share. */
struct trie {
	int map;
	uint32_t set;
};

static bool add_prefix(void *context, uint32_t address, uint32_t length)
{
	const struct trie *trie = context;
	const struct bench_prefix shared = {32 + length, htonl(trie->set), htonl(address)};
	const struct bench_node_prefix own = {length, htonl(address)};
	const uint32_t value = 1;
	const void *key = trie->set ? (const void *)&shared : (const void *)&own;

	return bpf_map_update_elem(trie->map, key, &value, BPF_ANY) == 0;
}

static bool add_all(struct trie *trie, const struct range *items, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (!bench_prefixes(items[i], add_prefix, trie))
			return false;
	return true;
}

static bool add_vault(const struct subject *subject, const struct bench_rules *rules, size_t vault)
{
	struct trie trie = {subject_map(subject, "bench_ranges"),
			    BENCH_SET_FIRST + (uint32_t)vault};
	const union image_key4 key = {.address = htonl(bench_frontend(vault)),
				      .port = htons(BENCH_FRONTEND_PORT),
				      .protocol = IPPROTO_TCP,
				      .used = 1};
	const struct image_target target = {.seat = (uint16_t)(vault + 1), .ranges = trie.set};
	const struct bench_list *allowed = &rules->allowed[vault];

	return add_all(&trie, allowed->items, allowed->count) &&
	       bpf_map_update_elem(subject_map(subject, "bench_frontends"), &key, &target,
				   BPF_ANY) == 0;
}

static const struct range exempt = {BENCH_FAILSAFE, BENCH_FAILSAFE};

static bool add_rules(const struct subject *subject, const struct bench_rules *rules)
{
	struct trie block = {subject_map(subject, "bench_block"), BENCH_SET_NONE};
	struct trie failsafe = {subject_map(subject, "bench_failsafe"), BENCH_SET_NONE};

	for (size_t i = 0; i < rules->size.vaults; i++)
		if (!add_vault(subject, rules, i))
			return false;
	return add_all(&block, rules->block.items, rules->block.count) &&
	       add_all(&failsafe, &exempt, 1);
}

static bool add_guard(struct image_builder *builder, const struct bench_rules *rules,
		      uint32_t *ret_guard)
{
	cleanup(range_set_free) struct range_set guarded = {0};

	for (size_t i = 0; i < rules->block.count; i++)
		if (range_set_add(&guarded, rules->block.items[i]))
			return false;
	return !range_set_add(&guarded, exempt) && !range_set_normalize(&guarded) &&
	       !image_add_guard(builder, &guarded, ret_guard);
}

bool lpm_publish(struct subject *subject, const struct bench_rules *rules)
{
	cleanup(image_builder_free) struct image_builder builder = {.limit = LPM_LINES};
	struct image_header header = {
		.block = BENCH_SET_BLOCK,
		.failsafe = BENCH_SET_FAILSAFE,
		.flags = IMAGE_UDP_TUNNELS,
	};
	uint32_t first;

	if (image_reserve(&builder, IMAGE_LINE_FIRST, &first) == 0 &&
	    add_guard(&builder, rules, &header.guard) && add_rules(subject, rules)) {
		const struct image image = {.lines = builder.lines, .count = builder.count};

		builder.lines[IMAGE_LINE_HEADER].header = header;
		return subject_publish(subject, &image);
	}
	(void)fprintf(stderr, "bench: the LPM_TRIE cannot be filled\n");
	return false;
}
