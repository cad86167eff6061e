/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rules of a given size for the benchmark, made up from a seed: as a policy that
 * the product compiles, and as plain sorted lists that a slow reference searches.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bench.h"
#include "node.h"
#include "policy.h"
#include "random.h"

struct bench_size {
	size_t vaults;
	size_t ranges;	 /* of each vault */
	size_t networks; /* each with one subnet; every vault lists them all */
	size_t block;	 /* ranges */
	bool sparse;	 /* small ranges only, so that millions do not melt into one */
};

/* Ranges that ascend, none touching the next. */
struct bench_list {
	struct range *items;
	size_t count;
};

struct bench_rules {
	struct bench_size size;
	struct policy policy;
	struct node node;
	struct bench_list *allowed; /* index: vault; block and failsafe not taken out */
	struct bench_list block;
	struct range *subnets; /* index: network */
};

/* False without memory. Ended with bench_rules_free(), also then. */
bool bench_rules_make(struct bench_rules *rules, const struct bench_size *size, uint64_t seed);
void bench_rules_free(struct bench_rules *rules);

/* Host order. */
uint32_t bench_frontend(size_t vault);
#define BENCH_FRONTEND_PORT 443
#define BENCH_TUNNEL_PORT   4789
#define BENCH_FRONTEND_NODE 0xc0000202U /* 192.0.2.2: where tunnels end */
#define BENCH_PEER	    0xc0000201U /* 192.0.2.1: may assert tags */
#define BENCH_FAILSAFE	    0xc00002faU /* 192.0.2.250 */
#define BENCH_TAG(network)  (7001U + (uint32_t)(network))

/* The slow reference: what the rules say, found in the lists alone. */
bool bench_list_contains(const struct bench_list *list, uint32_t address);
bool bench_admits(const struct bench_rules *rules, size_t vault, uint32_t source);
bool bench_admits_tagged(const struct bench_rules *rules, uint32_t tag, uint32_t source);

/* A range as the fewest prefixes: calls `add` for each; stops and returns false when it does. */
bool bench_prefixes(struct range range,
		    bool (*add)(void *context, uint32_t address, uint32_t length), void *context);

/* An address that a list holds. */
uint32_t bench_pick(const struct bench_list *list, struct random *random);
