/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Numbers that look random and come out the same for the same seed (splitmix64).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct random {
	uint64_t state;
};

static inline uint64_t random_next(struct random *random)
{
	uint64_t value = random->state += 0x9e3779b97f4a7c15ULL;

	value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9ULL;
	value = (value ^ (value >> 27)) * 0x94d049bb133111ebULL;
	return value ^ (value >> 31);
}

/* From 0 on, below the limit. */
static inline uint32_t random_below(struct random *random, size_t limit)
{
	return limit ? (uint32_t)((random_next(random) >> 16) % limit) : 0;
}

static inline bool random_percent(struct random *random, uint32_t percent)
{
	return random_below(random, 100) < percent;
}

/* VW_SEED from the environment, else `otherwise`. */
uint64_t random_seed(uint64_t otherwise);
