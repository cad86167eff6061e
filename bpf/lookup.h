/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Look-ups in an image: sets, tables, times. Knows the layout and no order of rules.
 * Builds on the host, too, where the image is an array in memory. A line that is not
 * there is a defect of the image, and the answer is no.
 */
#pragma once

#include "image.h"
#include "packet.h"

#ifdef __bpf__
#define MATCH_CALL static __attribute__((noinline, unused)) /* off the common path */
typedef void *match_image;				    /* a map of union image_line */
#else
#define MATCH_CALL static inline
struct match_lines {
	const union image_line *lines;
	__u32 count;
};
typedef const struct match_lines *match_image;
#endif

struct match {
	match_image image;
	const struct image_header *header;
	__s64 clock;  /* wall clock minus CLOCK_BOOTTIME, nanoseconds */
	__u8 steered; /* as in struct vw_cell */
	__be16 gate_port;
};

static __always_inline const union image_line *match_line(match_image image, __u32 line)
{
#ifdef __bpf__
	return bpf_map_lookup_elem(image, &line);
#else
	return line < image->count ? &image->lines[line] : NULL;
#endif
}

static __always_inline __u64 match_now(const struct match *match)
{
#ifdef __bpf__
	return (bpf_ktime_get_boot_ns() + (__u64)match->clock) / 1000000000ULL;
#else
	return (__u64)match->clock / 1000000000ULL;
#endif
}

/* 1 if key <= address, without a branch. */
static __always_inline __u64 match_at_or_below(__u32 key, __u32 address)
{
	__u64 below = (__u64)key - ((__u64)address + 1);

	PACKET_BARRIER(below);
	return below >> 63;
}

/*
 * How many of 15 ascending keys are at or below `address`: three that quarter them,
 * side by side, then the three of that quarter. Four steps of a binary search each
 * wait for the one before; fifteen comparisons are more than these six.
 */
static __always_inline __u64 match_rank15(const __u32 *keys, __u32 address)
{
	__u64 quarter = match_at_or_below(keys[3], address) + match_at_or_below(keys[7], address) +
			match_at_or_below(keys[11], address);
	const __u32 *at = keys + quarter * 4;

	return quarter * 4 + match_at_or_below(at[0], address) + match_at_or_below(at[1], address) +
	       match_at_or_below(at[2], address);
}

/* The leaf of a set that says whether it holds an address. */
struct match_leaf {
	const union image_line *line; /* NULL: none, and the address is not in the set */
	__u32 number;		      /* of that line */
};

static __always_inline struct match_leaf match_find(match_image image, __u32 set, __u32 address)
{
	struct match_leaf leaf = {};
	__u32 line = IMAGE_SET_LINE(set);
	__u32 depth = IMAGE_SET_DEPTH(set);
	const union image_line *node;

	if (!line || depth > IMAGE_DEPTH_MAX || address == IMAGE_KEY_PAD)
		return leaf;
	line += (__u32)((__u64)address >> (32 - IMAGE_SET_BITS(set)));
#ifdef __bpf__
#pragma clang loop unroll(disable)
#endif
	for (__u32 level = 0; level <= IMAGE_DEPTH_MAX && level < depth; level++) {
		node = match_line(image, line);
		if (!node)
			return leaf;
		line = node->node.keys[0] + (__u32)match_rank15(node->node.keys + 1, address);
	}
	leaf.line = match_line(image, line);
	leaf.number = line;
	return leaf;
}

/*
 * Which of 14 ascending prefixes is the last that begins at or below `address`; the first
 * if none does. Two that divide the others into three, then four: those of that part.
 */
static __always_inline __u64 match_last14(const __u32 *first, __u32 address)
{
	__u64 part = match_at_or_below(first[5], address) + match_at_or_below(first[9], address);
	__u64 before = part * 9 / 2; /* 0, 4 or 9 */
	const __u32 *at = first + before;

	return before + match_at_or_below(at[1], address) + match_at_or_below(at[2], address) +
	       match_at_or_below(at[3], address) + match_at_or_below(at[4], address);
}

/* 1 if a leaf holds the address, 0 if not or if there is none, and no branch on the former. */
static __always_inline __u64 match_leaf_contains(const union image_line *leaf, __u32 address)
{
	const struct image_prefixes *prefixes;
	__u64 last, lengths, bits;

	if (!leaf)
		return 0;
	prefixes = &leaf->prefixes;
	last = match_last14(prefixes->first, address);
	lengths = prefixes->lengths;
	bits = (lengths >> (last * IMAGE_LENGTH_BITS) & (IMAGE_LENGTH_SPAN - 1)) +
	       (lengths >> IMAGE_LENGTH_SHIFT);
	return packet_equal((__u64)(prefixes->first[last] ^ address) >> (bits & 63), 0);
}

static __always_inline __u64 match_contains(match_image image, __u32 set, __u32 address)
{
	return match_leaf_contains(match_find(image, set, address).line, address);
}

/* How many of 11 ascending keys are at or below `address`; as match_rank15(), in thirds. */
static __always_inline __u64 match_rank11(const __u32 *keys, __u32 address)
{
	__u64 third = match_at_or_below(keys[3], address) + match_at_or_below(keys[7], address);
	const __u32 *at = keys + third * 4;

	return third * 4 + match_at_or_below(at[0], address) + match_at_or_below(at[1], address) +
	       match_at_or_below(at[2], address);
}

/*
 * Is an address in the IP rules of a frontend? The target is one of an IPv4 packet, so it
 * is part of a struct image_frontend4.
 */
static __always_inline __u64 match_rules(match_image image, const struct image_target *target,
					 __u32 address)
{
	const struct image_frontend4 *frontend =
		(const void *)target - __builtin_offsetof(struct image_frontend4, target);
	__u32 line = IMAGE_SET_LINE(target->ranges);

	if (IMAGE_SET_DEPTH(target->ranges) != IMAGE_DEPTH_FANNED)
		return match_contains(image, target->ranges, address);
	if (address == IMAGE_KEY_PAD)
		return 0;
	line += (__u32)match_rank11(frontend->keys, address);
	return match_leaf_contains(match_line(image, line), address);
}

/*
 * May the address be blocked or failsafe? 1 also if the line that would say it is not
 * there: then the sets themselves are asked.
 */
static __always_inline __u64 match_guard(match_image image, __u32 guard, __u32 address)
{
	__u64 cell = (__u64)address >> (32 - IMAGE_SET_BITS(guard));
	const union image_line *line;

	if (!guard)
		return 0;
	line = match_line(image, IMAGE_SET_LINE(guard) + (__u32)(cell >> IMAGE_GUARD_LINE_BITS));
	return line ? line->guard.words[cell >> 6 & 7] >> (cell & 63) & 1 : 1;
}

/* Is the source in a part of the set whose time is not over? */
static __always_inline bool match_unexpired(const struct match *match,
					    const struct image_timed *timed, __u32 source)
{
	const struct match_leaf leaf = match_find(match->image, timed->set, source);
	const union image_line *expiries;
	__u32 part = (leaf.number - timed->leaves) * IMAGE_NODE_KEYS;
	__u64 until;

	if (!leaf.line)
		return false;
	part += (__u32)match_rank15(leaf.line->node.keys, source) +
		(__u32)match_at_or_below(leaf.line->node.keys[15], source);
	expiries = match_line(match->image, timed->expiries + part / 8);
	if (!expiries)
		return false;
	until = expiries->expiries.until[part % 8];
	return until && match_now(match) < until;
}

static __always_inline const struct image_target *match_table4(match_image image,
							       const struct image_table *table,
							       __be32 address, __be16 port,
							       __u8 protocol)
{
	union image_key4 key = {.address = address, .port = port, .protocol = protocol, .used = 1};
	__u32 hash = image_hash(key.whole), first = table->first, mask = table->mask;
	const union image_line *line = match_line(image, first + (hash & mask));

	if (!line || !(line->frontend4.kinds >> IMAGE_KIND(hash) & 1))
		return NULL;
#ifdef __bpf__
#pragma clang loop unroll(disable)
#endif
	for (__u32 probe = 1; probe < IMAGE_PROBES; probe++) {
		if (line->frontend4.key.whole == key.whole)
			return &line->frontend4.target;
		line = match_line(image, first + (++hash & mask));
		if (!line || !line->frontend4.key.used)
			return NULL;
	}
	return line->frontend4.key.whole == key.whole ? &line->frontend4.target : NULL;
}

MATCH_CALL const struct image_target *match_table6(match_image image,
						   const struct image_table *table,
						   const __u64 address[2], __be16 port,
						   __u8 protocol)
{
	__u64 high = address[0], low = address[1];
	__u32 line = image_hash(image_fold6(high, low, port, protocol));
	__u32 first = table->first, mask = table->mask;

#ifdef __bpf__
#pragma clang loop unroll(disable)
#endif
	for (__u32 probe = 0; probe < IMAGE_PROBES; probe++, line++) {
		const union image_line *bucket = match_line(image, first + (line & mask));
		const struct image_frontend6 *frontend;

		if (!bucket)
			return NULL;
		frontend = &bucket->frontend6;
		if (frontend->address[0] == high && frontend->address[1] == low &&
		    frontend->port == port && frontend->protocol == protocol && frontend->used)
			return &frontend->target;
		if (!frontend->used)
			return NULL;
	}
	return NULL;
}

/*
 * The slot of a line that has the tag, if any has it; some slot otherwise. A key is free
 * or taken by its owner and tag together with its flags. An index and not four branches:
 * one path for the verifier, and none to mispredict.
 */
static __always_inline __u64 match_slot_tag(const union image_line *bucket, __u64 owner, __u64 tag)
{
	__u64 slot = 0;

#pragma clang loop unroll(full)
	for (__u64 i = 1; i < IMAGE_SLOTS_TAG; i++)
		slot += (packet_equal(bucket->tags[i].owner, owner) &
			 packet_equal(bucket->tags[i].tag, tag) & bucket->tags[i].flags) *
			i;
	return slot & 3;
}

MATCH_CALL const struct image_tag *match_tag(match_image image, const struct image_table *table,
					     __u32 owner, __u32 tag)
{
	__u32 line = image_hash(image_fold_tag(owner, tag));
	__u32 first = table->first, mask = table->mask;

#ifdef __bpf__
#pragma clang loop unroll(disable)
#endif
	for (__u32 probe = 0; probe < IMAGE_PROBES; probe++, line++) {
		const union image_line *bucket = match_line(image, first + (line & mask));
		const struct image_tag *row;

		if (!bucket)
			return NULL;
		row = &bucket->tags[match_slot_tag(bucket, owner, tag)];
		if (row->owner == owner && row->tag == tag && row->flags & IMAGE_TAG_USED)
			return row;
		if (!(bucket->tags[IMAGE_SLOTS_TAG - 1].flags & IMAGE_TAG_USED))
			return NULL;
	}
	return NULL;
}
