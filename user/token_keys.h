/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A JWK set as the keys that tokens may be verified with. A key that is weak, meant
 * for something else or not told from another is left out, and a warning names it.
 * Knows no file and no network.
 */
#pragma once

#include <openssl/evp.h>
#include <stddef.h>

#include "arena.h"
#include "diag.h"

#define TOKEN_KEYS_BYTES ((size_t)1 << 20) /* of a set as text */
#define TOKEN_KEYS_MAX	 1000

/* The only algorithms there are; each key has one.   X(NAME) */
#define TOKEN_ALGORITHMS(X)                                                                        \
	X(RS256)                                                                                   \
	X(PS256)                                                                                   \
	X(ES256)

enum token_algorithm {
#define X(name) TOKEN_##name,
	TOKEN_ALGORITHMS(X)
#undef X
		TOKEN_ALGORITHM_COUNT,
};

struct token_key {
	const char *id;
	const char *issuer; /* whose tokens it is for, {tenantid} and all; NULL: not said */
	enum token_algorithm algorithm;
	EVP_PKEY *key;
};

/* Starts as {0}, ends with token_keys_free(). */
struct token_keys {
	struct arena arena;
	struct token_key *items; /* by id */
	size_t count;
};

/*
 * `name` is where the set comes from, for `diags`, which borrows it. 0, -EINVAL if it
 * cannot be read, -ENODATA if it has no key that counts (an error says why), or -ENOMEM.
 */
int token_keys_read(const char *text, size_t size, const char *name, struct diags *diags,
		    struct token_keys *ret_keys);
void token_keys_free(struct token_keys *keys);

/* NULL if there is no such key. */
const struct token_key *token_keys_find(const struct token_keys *keys, const char *id);

/* By its name in a header; TOKEN_ALGORITHM_COUNT: none of ours. */
enum token_algorithm token_algorithm_find(const char *name);
