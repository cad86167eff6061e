/* SPDX-License-Identifier: Apache-2.0 */
/* The token of a request: found, and verified unless it was before. */
#include <string.h>
#include <strings.h>

#include "authorize_parts.h"

#define SCHEME "Bearer"

const char *authorize_find_token(const char *header, size_t *ret_length)
{
	const char *token = header ? header + strspn(header, " \t") : "";
	size_t length;

	if (strncasecmp(token, SCHEME, strlen(SCHEME)) != 0)
		return NULL;
	token += strlen(SCHEME);
	if (*token != ' ' && *token != '\t')
		return NULL;
	token += strspn(token, " \t");
	length = strlen(token);
	while (length > 0 && (token[length - 1] == ' ' || token[length - 1] == '\t'))
		length--;
	*ret_length = length;
	return length ? token : NULL;
}

/* Verified for this vault or for another: the signature is the same, the rest is asked again. */
static const struct claims *find_seen(const struct inquiry *inquiry,
				      const struct token_trust *trust,
				      const struct token_digest *digest)
{
	const struct authorizer *authorizer = inquiry->authorizer;
	const struct claims *claims =
		token_cache_find(authorizer->cache, digest, authorizer->generation, inquiry->now);

	return claims && token_suits(trust, claims) == TOKEN_FAULT_NONE ? claims : NULL;
}

static const struct claims *verify(const struct inquiry *inquiry, const char *token, size_t length)
{
	const struct authorizer *authorizer = inquiry->authorizer;
	struct decision *decision = inquiry->decision;
	const struct token_trust trust = {inquiry->index->policy, decision->vault,
					  authorizer->keyring};
	struct token_digest digest;
	struct token_finding finding;
	const struct claims *seen = NULL;

	if (length > TOKEN_BYTES) {
		decision->token_fault = TOKEN_FAULT_SIZE;
		return NULL;
	}
	if (token_cache_digest(authorizer->cache, token, length, &digest)) {
		decision->token_fault = TOKEN_FAULT_MEMORY;
		return NULL;
	}
	seen = find_seen(inquiry, &trust, &digest);
	if (seen)
		return seen;
	token_verify(&trust, token, length, inquiry->now, &finding);
	decision->token_fault = finding.fault;
	decision->issuer = finding.issuer;
	return finding.fault ? NULL
			     : token_cache_add(authorizer->cache, &digest, authorizer->generation,
					       finding.claims);
}

enum authorize_reason authorize_token(const struct inquiry *inquiry)
{
	struct decision *decision = inquiry->decision;
	size_t length = 0;
	const char *token = authorize_find_token(inquiry->question->authorization, &length);

	decision->at = decision->vault->acls_at;
	if (!token)
		return AUTHORIZE_NO_TOKEN;
	decision->claims = verify(inquiry, token, length);
	if (!decision->claims)
		return AUTHORIZE_INVALID_TOKEN;
	decision->issuer = decision->claims->issuer;
	return AUTHORIZE_REASON_COUNT;
}
