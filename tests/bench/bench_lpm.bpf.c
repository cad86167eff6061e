// SPDX-License-Identifier: GPL-2.0-only
/*
 * The filter with the kernel's own maps in place of our image: a HASH for the
 * frontends and LPM_TRIEs for the sets. All else is the same code, and the guard is
 * ours: or it would pay for a second trie with every packet.
 */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

#define match_contains image_contains
#define match_rules    image_rules
#define match_table4   image_table4
#include "lookup.h"
#undef match_contains
#undef match_rules
#undef match_table4
#include "bench.h"

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16384);
	__type(key, union image_key4);
	__type(value, struct image_target);
} bench_frontends SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 1U << 25);
	__type(key, struct bench_prefix);
	__type(value, __u32);
} bench_ranges SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 1U << 20);
	__type(key, struct bench_node_prefix);
	__type(value, __u32);
} bench_block SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 1024);
	__type(key, struct bench_node_prefix);
	__type(value, __u32);
} bench_failsafe SEC(".maps");

static __always_inline bool match_contains(match_image image, __u32 set, __u32 address)
{
	const struct bench_node_prefix of_node = {32, bpf_htonl(address)};
	const struct bench_prefix key = {64, bpf_htonl(set), bpf_htonl(address)};

	(void)image;
	if (set == BENCH_SET_NONE)
		return false;
	if (set == BENCH_SET_BLOCK)
		return bpf_map_lookup_elem(&bench_block, &of_node) != NULL;
	if (set == BENCH_SET_FAILSAFE)
		return bpf_map_lookup_elem(&bench_failsafe, &of_node) != NULL;
	return bpf_map_lookup_elem(&bench_ranges, &key) != NULL;
}

static __always_inline __u64 match_rules(match_image image, const struct image_target *target,
					 __u32 address)
{
	return match_contains(image, target->ranges, address);
}

/* Hosts are frontends with port 0, in the same table. */
static __always_inline const struct image_target *match_table4(match_image image,
							       const struct image_table *table,
							       __be32 address, __be16 port,
							       __u8 protocol)
{
	union image_key4 key = {.address = address, .port = port, .protocol = protocol, .used = 1};

	(void)image;
	(void)table;
	return bpf_map_lookup_elem(&bench_frontends, &key);
}

#include "filter.bpf.c" // NOLINT(bugprone-suspicious-include): the very code

#include "programs.bpf.h"
