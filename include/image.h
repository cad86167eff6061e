/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * The compiled rules as the filter reads them: one array of 64-byte lines, a
 * cache line each, the same bytes on disk, in user space and in the kernel map.
 * Written whole by `compile`, never changed afterwards.
 *
 *   line 0  struct image_identity   what this is; not read for a packet
 *   line 1  struct image_header     where the tables begin; read for each packet
 *   line 2  struct image_tunnels    which encapsulations are unwrapped
 *   then    tables and trees, in any order, found from the header
 *
 * Sets. A set of IPv4 addresses is the fewest CIDR prefixes that make it up, sorted:
 * no two overlap, so an address is in the set if it is in the last prefix that begins
 * at or below it. The list is cut into leaves of 14, and inner nodes above them, so
 * that a look-up touches one line a level:
 *   leaf   struct image_prefixes        unused ones begin at IMAGE_KEY_PAD
 *   inner  keys[0] first child's line,  keys[1..15] first keys of children 1..15
 * The leaves of a set stand in a row. 255.255.255.255 is in no set (it equals the
 * padding; no unicast packet has it as a source).
 * There are 2^bits roots in a row, one for each value of an address's top bits: it
 * has the leaves of these addresses below it, and a leaf on a border has two parents.
 * For most sets that leaves one inner level, whatever their length. The rules of an
 * IPv4 frontend need none if they fit 12 leaves: its line has room for that node.
 *
 * Sets of which each part has an end of its own are cut at every place where the end
 * changes; their leaves hold these places, 16 each, and the parts are numbered.
 *
 * The guard. One bit for each value of an address's top bits: 0 if no address that
 * begins so is blocked or failsafe. Most sources are told by it to be neither.
 *
 * Tables are open-addressed hashes of whole lines: a key is in the first line
 * of its probe sequence that had room, so a line with a free slot ends a search.
 * A frontend has a line of its own. Of the IPv4 ones, each line also says what kinds of
 * keys begin their search there, so that other traffic is done with after one line,
 * whoever has it.
 */
#pragma once

#include <linux/types.h>

#define IMAGE_LINE_BYTES 64U
#define IMAGE_MAGIC	 0x6c615756U /* "VWal" */
#define IMAGE_LAYOUT	 3U	     /* raised with every change of this file */

#define IMAGE_KEY_PAD	 0xffffffffU
#define IMAGE_NODE_KEYS	 16U
#define IMAGE_PREFIXES	 14U /* of a leaf */
#define IMAGE_DEPTH_MAX	 6U  /* 14 * 16^6 prefixes, more than there are lines */
#define IMAGE_LINES_MAX	 (1U << 24)
#define IMAGE_PROBES	 16U /* the longest probe sequence `compile` may leave */

/*
 * A set as a number: the line of its first root, how many inner levels lie above
 * the leaves, and how many top bits of an address choose the root. The guard is
 * written like a set without levels.
 */
#define IMAGE_SET_EMPTY		     0U
#define IMAGE_SET(line, depth, bits) ((line) | ((depth) << 24) | ((bits) << 27))
#define IMAGE_SET_LINE(set)	     ((set) & (IMAGE_LINES_MAX - 1))
#define IMAGE_SET_DEPTH(set)	     ((set) >> 24 & 7U)
#define IMAGE_SET_BITS(set)	     ((set) >> 27)

/* Of a target's set only: the frontend has the inner node, and this is its first child's line. */
#define IMAGE_DEPTH_FANNED    7U
#define IMAGE_FANNED(line)    IMAGE_SET(line, IMAGE_DEPTH_FANNED, 0U)

#define IMAGE_GUARD_LINE_BITS 9U /* of an address go to one line: 512 bits of guard */
#define IMAGE_GUARD_BITS_MAX  22U

/* The seat that counts what cannot be told to belong to one vault; its name is "-". */
#define IMAGE_SEAT_NODE 0U

struct image_identity {
	__u32 magic;
	__u32 layout;
	__u32 lines; /* used, this one included */
	__u32 generation;
	__u64 created;	 /* seconds since the epoch */
	__u8 digest[32]; /* SHA-256 of what it was compiled from: rules and node.yaml */
	__u8 reserved[8];
};

struct image_table {
	__u32 first; /* line */
	__u32 mask;  /* lines - 1, lines a power of two */
};

enum image_flag {
	IMAGE_WILDCARDS = 1U << 0, /* some frontend is `*` */
	IMAGE_BLOCKED_TAGS = 1U << 1,
	IMAGE_GRE = 1U << 2,
	IMAGE_UDP_TUNNELS = 1U << 3,
};

struct image_header {
	struct image_table frontends4; /* struct image_frontend4, key address, port, protocol */
	struct image_table hosts4;     /* the same with port 0: is anything served there at all? */
	struct image_table frontends6; /* struct image_frontend6 */
	struct image_table hosts6;
	struct image_table tags; /* struct image_tag */
	__u32 policies;		 /* line of the first struct image_policy, indexed by seat */
	__u32 guard;		 /* where the two sets that follow may hold something */
	__u32 block;		 /* set of sources refused everywhere */
	__u32 failsafe;		 /* set of sources that get in everywhere */
	__u32 flags;		 /* enum image_flag */
	__u32 generation;
};

enum image_transport {
	IMAGE_TRANSPORT_NONE,
	IMAGE_TRANSPORT_VXLAN,
	IMAGE_TRANSPORT_GENEVE,
	IMAGE_TRANSPORT_GRE,
};

struct image_tunnel {
	__u8 transport; /* enum image_transport; NONE ends the list */
	__u8 reserved;
	__be16 port; /* UDP destination; 0 for GRE */
	__u32 peers; /* set of outer sources that may assert a tag */
};

#define IMAGE_TUNNELS 8U

struct image_tunnels {
	struct image_tunnel tunnel[IMAGE_TUNNELS];
};

/* What a frontend leads to. */
struct image_target {
	__u16 seat;
	__u8 mode;    /* enum vw_mode */
	__u8 flags;   /* enum image_policy_flag, the same as in the policy */
	__u32 ranges; /* set of the IP rules without an expiry; see IMAGE_FANNED */
};

/* The address 0 with a port is the frontend `*` (IPv6 looks it up here, too). */
union image_key4 {
	struct {
		__be32 address;
		__be16 port;
		__u8 protocol;
		__u8 used; /* 1; 0 marks a free slot */
	};
	__u64 whole;
};

#define IMAGE_CHILDREN 12U /* leaves that a frontend chooses among */

struct image_frontend4 {
	union image_key4 key;
	struct image_target target;
	__u32 keys[IMAGE_CHILDREN - 1]; /* first ones of children 1..11, if the target is fanned */
	__u32 kinds;			/* IMAGE_KIND() of the keys whose search begins here */
};

struct image_frontend6 {
	__be16 port;
	__u8 protocol;
	__u8 used;
	__u32 reserved;
	struct image_target target; /* where that of an IPv4 frontend is */
	__u64 address[2];	    /* wire order */
	__u64 reserved2[4];
};

enum image_policy_flag {
	IMAGE_DEFAULT_ALLOW = 1U << 0,
	IMAGE_EXPIRING = 1U << 1, /* the policy has ranges with an expiry */
	IMAGE_BYPASS = 1U << 2,	  /* the policy has sources that go to the gate */
};

/* A set of which each part ends at a time of its own. */
struct image_timed {
	__u32 set;
	__u32 leaves;	/* line of its first leaf: the number of a part counts from there */
	__u32 expiries; /* line of the first struct image_expiries */
};

struct image_policy {
	__u32 flags;
	__u32 networks;		     /* owner of its rows in the tag table; 0: lists no subnet */
	__u32 trusted;		     /* set of sources that trusted services may come from */
	struct image_timed expiring; /* IP rules with an expiry */
	struct image_timed trusted_expiring; /* the same of trusted services */
	__u8 reserved[28];
};

/* Part number r (1 ...), which begins at the key of that number: it ends at until[r % 8] of line
 * r / 8; 0: not in the set. */
struct image_expiries {
	__u64 until[8]; /* seconds since the epoch */
};

/* Owner 0 is the node: which tags exist at all, and which are blocked. */
#define IMAGE_OWNER_NODE 0U

enum image_tag_flag {
	IMAGE_TAG_USED = 1U << 0, /* bit 0: the filter multiplies by it */
	IMAGE_TAG_BLOCKED = 1U << 1,
};

struct image_tag {
	__u32 owner;
	__u32 tag;
	__u32 ranges; /* set of inner sources */
	__u32 flags;  /* enum image_tag_flag */
};

#define IMAGE_SLOTS_TAG 4U

struct image_node {
	__u32 keys[IMAGE_NODE_KEYS];
};

/*
 * CIDR prefixes: where each begins, in host byte order, and how many low bits of an
 * address it leaves free: `lengths` has 4 bits for each, from the lowest on, and in its
 * uppermost byte what is to be added to them all.
 */
struct image_prefixes {
	__u32 first[IMAGE_PREFIXES];
	__u64 lengths;
};

#define IMAGE_LENGTH_BITS  4U
#define IMAGE_LENGTH_SPAN  16U /* lengths in one leaf differ by less */
#define IMAGE_LENGTH_SHIFT 56U

struct image_guard {
	__u64 words[8];
};

union image_line {
	struct image_identity identity;
	struct image_header header;
	struct image_tunnels tunnels;
	struct image_frontend4 frontend4;
	struct image_frontend6 frontend6;
	struct image_tag tags[IMAGE_SLOTS_TAG];
	struct image_policy policy;
	struct image_expiries expiries;
	struct image_node node;
	struct image_prefixes prefixes;
	struct image_guard guard;
};

#define IMAGE_LINE_IDENTITY 0U
#define IMAGE_LINE_HEADER   1U
#define IMAGE_LINE_TUNNELS  2U
#define IMAGE_LINE_FIRST    3U

/*
 * Where a key's probe sequence begins, before the table's mask. Keys come from
 * the rules, not from packets, and `compile` bounds every probe sequence, so a
 * fixed odd multiplier (2^64 / golden ratio) is enough.
 */
static inline __u32 image_hash(__u64 key)
{
	return (__u32)((key * 0x9e3779b97f4a7c15ULL) >> 32);
}

#define IMAGE_KIND(hash)                                                                           \
	((hash) >> 27) /* one of 32; the bits that the line is chosen by are others */

/* Folds an IPv6 key into the 64 bits that image_hash() takes. */
static inline __u64 image_fold6(__u64 high, __u64 low, __be16 port, __u8 protocol)
{
	return (high * 0xff51afd7ed558ccdULL) ^ low ^ ((__u64)port << 32) ^ ((__u64)protocol << 48);
}

static inline __u64 image_fold_tag(__u32 owner, __u32 tag)
{
	return ((__u64)owner << 32) | tag;
}

_Static_assert(sizeof(union image_line) == IMAGE_LINE_BYTES, "a line is a cache line");
_Static_assert(sizeof(struct image_identity) == IMAGE_LINE_BYTES, "fills its line");
_Static_assert(sizeof(struct image_header) == IMAGE_LINE_BYTES, "fills its line");
_Static_assert(sizeof(struct image_tunnels) == IMAGE_LINE_BYTES, "fills its line");
_Static_assert(sizeof(struct image_frontend4) == IMAGE_LINE_BYTES, "fills its line");
_Static_assert(sizeof(struct image_frontend6) == IMAGE_LINE_BYTES, "fills its line");
_Static_assert(sizeof(struct image_tag) == 16, "four to a line");
_Static_assert(sizeof(struct image_policy) == IMAGE_LINE_BYTES, "fills its line");
_Static_assert(sizeof(struct image_node) == IMAGE_LINE_BYTES, "fills its line");
_Static_assert(sizeof(struct image_prefixes) == IMAGE_LINE_BYTES, "fills its line");
_Static_assert(sizeof(struct image_guard) == IMAGE_LINE_BYTES, "fills its line");
