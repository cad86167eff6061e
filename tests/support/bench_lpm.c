// SPDX-License-Identifier: Apache-2.0
#include "bench_lpm.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include <bpf/bpf.h>

#include "cleanup.h"
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

static bool collect(const struct bench_list *list, struct range_set *set)
{
	for (size_t i = 0; i < list->count; i++)
		if (range_set_add(set, list->items[i]))
			return false;
	return true;
}

/* As `compile` does it: an address that is blocked is not in a vault's rules. */
static bool add_vault(const struct subject *subject, const struct bench_rules *rules, size_t vault,
		      const struct range_set *withheld)
{
	struct trie trie = {subject_map(subject, "bench_ranges"),
			    BENCH_SET_FIRST + (uint32_t)vault};
	const union image_key4 key = {.address = htonl(bench_frontend(vault)),
				      .port = htons(BENCH_FRONTEND_PORT),
				      .protocol = IPPROTO_TCP,
				      .used = 1};
	const struct image_target target = {.seat = (uint16_t)(vault + 1), .ranges = trie.set};
	cleanup(range_set_free) struct range_set set = {0};

	if (!collect(&rules->allowed[vault], &set) || range_set_subtract(&set, withheld) ||
	    !add_all(&trie, set.items, set.count))
		return false;
	return bpf_map_update_elem(subject_map(subject, "bench_frontends"), &key, &target,
				   BPF_ANY) == 0;
}

static bool add_rules(const struct subject *subject, const struct bench_rules *rules)
{
	struct trie block = {subject_map(subject, "bench_block"), BENCH_SET_NONE};
	struct trie failsafe = {subject_map(subject, "bench_failsafe"), BENCH_SET_NONE};
	const struct range exempt = {BENCH_FAILSAFE, BENCH_FAILSAFE};
	cleanup(range_set_free) struct range_set withheld = {0};

	if (!collect(&rules->block, &withheld) || range_set_add(&withheld, exempt) ||
	    range_set_normalize(&withheld))
		return false;
	for (size_t i = 0; i < rules->size.vaults; i++)
		if (!add_vault(subject, rules, i, &withheld))
			return false;
	return add_all(&block, rules->block.items, rules->block.count) &&
	       add_all(&failsafe, &exempt, 1);
}

bool lpm_publish(struct subject *subject, const struct bench_rules *rules)
{
	union image_line lines[IMAGE_LINE_FIRST] = {0};
	const struct image image = {.lines = lines, .count = IMAGE_LINE_FIRST};

	lines[IMAGE_LINE_HEADER].header = (struct image_header){
		.block = BENCH_SET_BLOCK,
		.failsafe = BENCH_SET_FAILSAFE,
		.flags = IMAGE_UDP_TUNNELS,
		.guard = BENCH_SET_BLOCK,
	};
	if (add_rules(subject, rules))
		return subject_publish(subject, &image);
	(void)fprintf(stderr, "bench: the LPM_TRIE cannot be filled\n");
	return false;
}
