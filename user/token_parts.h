/* SPDX-License-Identifier: Apache-2.0 */
/* What the steps of checking a token hand to one another. For user/token*.c only. */
#pragma once

#include <jansson.h>

#include "scalar.h"
#include "token.h"

/* `payload` came from SIZE bytes of text. */
enum token_fault claims_read(const json_t *payload, size_t size, struct claims **ret_claims);

/* Whether `key` made this signature of these bytes, by its own algorithm. */
bool token_signature_fits(const struct token_key *key, const char *text, size_t length,
			  const uint8_t *signature, size_t size);

/* token_issuer.c: some identity is known by assertions of this issuer for this audience. */
bool token_may_be_assertion(const struct policy *policy, const struct claims *claims);

/*
 * Whether an issuer's name as configured, {tenant} or {tenantid} standing for a GUID in
 * lower case, is this one. *ret_tenant is that GUID, or "".
 */
bool token_pattern_fits(const char *pattern, const char *name, char ret_tenant[GUID_TEXT]);
