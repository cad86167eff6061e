/* SPDX-License-Identifier: Apache-2.0 */
#include "token_cache.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"

/*
 * The table is cut into buckets of a few slots; a digest has one bucket, and in it any slot. A
 * search ends with the bucket, and so does a clock: its hand passes over slots that were asked for
 * since it last came by, and takes the first other one. Nobody who cannot sign gets anything in
 * here, so nobody can fill a bucket at will.
 */
#define WAYS	      8
#define BUCKETS_LEAST 1
#define BUCKETS_MOST  ((size_t)1 << 20)

struct slot {
	struct token_digest digest;
	uint64_t generation;
	struct claims *claims; /* NULL: free */
	bool asked_for;
};

struct bucket {
	struct slot slots[WAYS];
	unsigned int hand;
};

struct token_cache {
	struct bucket *buckets;
	size_t mask; /* buckets - 1 */
	size_t count;
	struct token_digester *digester;
};

static void free_cache(struct token_cache **cache)
{
	token_cache_free(*cache);
}

int token_cache_open(size_t capacity, struct token_cache **ret_cache)
{
	cleanup(free_cache) struct token_cache *cache = calloc(1, sizeof(*cache));
	size_t buckets = BUCKETS_LEAST;
	int r;

	while (buckets < BUCKETS_MOST && buckets * WAYS < capacity)
		buckets *= 2;
	if (!cache)
		return -ENOMEM;
	cache->buckets = calloc(buckets, sizeof(*cache->buckets));
	cache->mask = buckets - 1;
	if (!cache->buckets)
		return -ENOMEM;
	r = token_digester_open(&cache->digester);
	if (r < 0)
		return r;
	*ret_cache = take_ptr(&cache);
	return 0;
}

static void slot_clear(struct token_cache *cache, struct slot *slot)
{
	if (slot->claims)
		cache->count--;
	claims_free(slot->claims);
	*slot = (struct slot){.claims = NULL};
}

void token_cache_drop(struct token_cache *cache)
{
	for (size_t i = 0; i <= cache->mask; i++)
		for (size_t j = 0; j < WAYS; j++)
			slot_clear(cache, &cache->buckets[i].slots[j]);
}

void token_cache_free(struct token_cache *cache)
{
	if (!cache)
		return;
	if (cache->buckets)
		token_cache_drop(cache);
	free(cache->buckets);
	token_digester_free(cache->digester);
	free(cache);
}

int token_cache_digest(struct token_cache *cache, const char *text, size_t length,
		       struct token_digest *ret_digest)
{
	return token_digest(cache->digester, text, length, ret_digest);
}

/* A digest is as good as random already. */
static struct bucket *bucket_of(const struct token_cache *cache, const struct token_digest *digest)
{
	uint64_t number = 0;

	memcpy(&number, digest->bytes, sizeof(number));
	return &cache->buckets[number & cache->mask];
}

static struct slot *slot_find(struct bucket *bucket, const struct token_digest *digest)
{
	for (size_t i = 0; i < WAYS; i++)
		if (bucket->slots[i].claims &&
		    memcmp(&bucket->slots[i].digest, digest, sizeof(*digest)) == 0)
			return &bucket->slots[i];
	return NULL;
}

const struct claims *token_cache_find(struct token_cache *cache, const struct token_digest *digest,
				      uint64_t generation, int64_t now)
{
	struct slot *slot = slot_find(bucket_of(cache, digest), digest);

	if (!slot)
		return NULL;
	if (slot->generation != generation || token_check_times(slot->claims, now)) {
		slot_clear(cache, slot);
		return NULL;
	}
	slot->asked_for = true;
	return slot->claims;
}

/* A free slot, or the one that the hand comes to. */
static struct slot *slot_claim(struct bucket *bucket)
{
	struct slot *slot = NULL;

	for (size_t i = 0; i < WAYS; i++)
		if (!bucket->slots[i].claims)
			return &bucket->slots[i];
	do {
		if (slot)
			slot->asked_for = false;
		slot = &bucket->slots[bucket->hand];
		bucket->hand = (bucket->hand + 1) % WAYS;
	} while (slot->asked_for);
	return slot;
}

const struct claims *token_cache_add(struct token_cache *cache, const struct token_digest *digest,
				     uint64_t generation, struct claims *claims)
{
	struct bucket *bucket = bucket_of(cache, digest);
	struct slot *slot = slot_find(bucket, digest);

	if (!slot)
		slot = slot_claim(bucket);
	slot_clear(cache, slot);
	*slot = (struct slot){.digest = *digest, .generation = generation, .claims = claims};
	cache->count++;
	return claims;
}

size_t token_cache_count(const struct token_cache *cache)
{
	return cache->count;
}
