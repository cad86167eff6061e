/* SPDX-License-Identifier: Apache-2.0 */
/* One key of a JWK set. For user/token_keys.c only. */
#pragma once

#include <jansson.h>

#include "token_keys.h"

/*
 * Fills the algorithm and the key, which the caller then owns. NULL, or why the key is
 * left out, in words that follow "key 'x' is left out: ".
 */
const char *token_jwk_read(const json_t *jwk, struct token_key *ret_key);
