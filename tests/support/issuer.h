/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A small issuer of tokens for tests: keys made at run time, their JWK set, and compact
 * JWS of whatever header and claims a test wants, right or wrong. Ends the test program
 * when OpenSSL fails, which is never what is tested.
 */
#pragma once

#include <openssl/evp.h>
#include <stddef.h>

#include "token_keys.h"

struct issuer_key {
	EVP_PKEY *key;
	enum token_algorithm algorithm;
	const char *id;
};

/* RSA of 2048 bits, or P-256. */
struct issuer_key issuer_key_make(enum token_algorithm algorithm, const char *id);
void issuer_key_free(struct issuer_key *key);

/* The rest returns text that the caller frees. */

/* base64url without padding. */
char *issuer_encode(const void *bytes, size_t size);

/* {"kty":...,"kid":...,"use":"sig",...}; `more` is put behind it: ",\"alg\":\"RS256\"". */
char *issuer_jwk(const struct issuer_key *key, const char *more);

/* {"keys":[...]} of `count` keys, each with its alg. */
char *issuer_jwks(const struct issuer_key *keys, size_t count);

/* A signature over text, as a third part has it. */
char *issuer_sign(const struct issuer_key *key, const char *text);

/* A token with this header and these claims, both JSON. */
char *issuer_token_with(const struct issuer_key *key, const char *header, const char *claims);

/* The same with the header that is right for the key. */
char *issuer_token(const struct issuer_key *key, const char *claims);

/* JSON of `claims` with the members of `changes` put in or, where they are null, taken out. */
char *issuer_change(const char *claims, const char *changes);
