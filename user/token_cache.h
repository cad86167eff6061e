/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tokens that were verified before, by their digest: what they say, until they expire
 * or until the keys or the rules change. Holds no token. Bounded: a full place gives up
 * what was not asked for lately.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "token.h"
#include "token_digest.h"

struct token_cache;

/* Room for `capacity` tokens, rounded up. 0, -ENOMEM, or -EIO as of token_digester_open(). */
int token_cache_open(size_t capacity, struct token_cache **ret_cache);
void token_cache_free(struct token_cache *cache);

/* What the cache knows a token by, and no other cache does. 0 or -ENOMEM. */
int token_cache_digest(struct token_cache *cache, const char *text, size_t length,
		       struct token_digest *ret_digest);

/*
 * `generation` is another number after every change of keys or rules: what was verified
 * under one is not there under the next. NULL: not there. The claims are the cache's and
 * live until its next token_cache_find(), _add() or _drop().
 */
const struct claims *token_cache_find(struct token_cache *cache, const struct token_digest *digest,
				      uint64_t generation, int64_t now);

/* Takes the claims, in place of those it has for the digest; returns them. */
const struct claims *token_cache_add(struct token_cache *cache, const struct token_digest *digest,
				     uint64_t generation, struct claims *claims);

/* Forgets everything. */
void token_cache_drop(struct token_cache *cache);

/* How many are held, for a metric. */
size_t token_cache_count(const struct token_cache *cache);
