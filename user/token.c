/* SPDX-License-Identifier: Apache-2.0 */
#include "token.h"

#include <string.h>
#include <strings.h>

#include "base64.h"
#include "cleanup.h"
#include "token_parts.h"

#define DECODED_BYTES	(TOKEN_BYTES / 4 * 3)
#define SIGNATURE_BYTES 1024 /* of the largest key that a set may have */

static const struct {
	const char *label;
	const char *help;
} faults[TOKEN_FAULT_COUNT] = {
#define X(name, label, help) [TOKEN_FAULT_##name] = {label, help},
	TOKEN_FAULTS(X)
#undef X
};

const char *token_fault_label(enum token_fault fault)
{
	return faults[fault].label;
}

const char *token_fault_help(enum token_fault fault)
{
	return faults[fault].help;
}

struct slice {
	const char *text;
	size_t length;
};

/* A token taken apart; nothing in it is to be believed before the signature was checked. */
struct token {
	struct slice header, payload, signature;
	struct slice content; /* what was signed */
	enum token_algorithm algorithm;
	char id[256]; /* of the key; longer ones are in no set */
	uint8_t signature_bytes[SIGNATURE_BYTES];
	size_t signature_size;
	struct claims *claims;
};

static void token_free(struct token *token)
{
	claims_free(token->claims);
}

static void free_json(json_t **json)
{
	json_decref(*json);
}

/* Three parts and two dots, no more. */
static bool cut(const char *text, size_t length, struct token *token)
{
	const char *end = text + length;
	const char *first = memchr(text, '.', length);
	const char *second = first ? memchr(first + 1, '.', (size_t)(end - first - 1)) : NULL;

	if (!second || memchr(second + 1, '.', (size_t)(end - second - 1)))
		return false;
	token->header = (struct slice){text, (size_t)(first - text)};
	token->payload = (struct slice){first + 1, (size_t)(second - first - 1)};
	token->signature = (struct slice){second + 1, (size_t)(end - second - 1)};
	token->content = (struct slice){text, (size_t)(second - text)};
	return token->header.length && token->payload.length && token->signature.length;
}

/* A part that is a JSON object in base64url. */
static enum token_fault read_object(struct slice part, json_t **ret_object)
{
	uint8_t bytes[DECODED_BYTES];
	cleanup(free_json) json_t *object = NULL;

	if (base64url_decode(part.text, part.length, bytes) < 0)
		return TOKEN_FAULT_ENCODING;
	object = json_loadb((const char *)bytes, base64url_size(part.length),
			    JSON_REJECT_DUPLICATES, NULL);
	if (!json_is_object(object))
		return TOKEN_FAULT_JSON;
	*ret_object = take_ptr(&object);
	return TOKEN_FAULT_NONE;
}

/* Access tokens say JWT or at+jwt, or nothing; other kinds are signed with the same keys. */
static bool is_access_token(const json_t *header)
{
	static const char *const types[] = {"JWT", "at+jwt", "application/at+jwt", NULL};
	const json_t *type = json_object_get(header, "typ");
	size_t i = 0;

	if (json_object_get(header, "cty") || json_object_get(header, "zip") ||
	    json_object_get(header, "enc"))
		return false;
	if (!type)
		return true;
	while (json_is_string(type) && types[i] &&
	       strcasecmp(types[i], json_string_value(type)) != 0)
		i++;
	return json_is_string(type) && types[i];
}

/* jwk, jku, x5u and x5c are not even looked at: keys come from the set that was configured. */
static enum token_fault read_header(struct token *token)
{
	cleanup(free_json) json_t *header = NULL;
	enum token_fault fault = read_object(token->header, &header);
	const json_t *algorithm = json_object_get(header, "alg");
	const json_t *id = json_object_get(header, "kid");

	if (fault)
		return fault;
	if (!is_access_token(header))
		return TOKEN_FAULT_TYPE;
	if (json_object_get(header, "crit"))
		return TOKEN_FAULT_CRITICAL;
	if (!json_is_string(algorithm))
		return TOKEN_FAULT_ALGORITHM;
	token->algorithm = token_algorithm_find(json_string_value(algorithm));
	if (token->algorithm == TOKEN_ALGORITHM_COUNT)
		return TOKEN_FAULT_ALGORITHM;
	if (!json_is_string(id) || json_string_length(id) == 0 ||
	    json_string_length(id) >= sizeof(token->id))
		return TOKEN_FAULT_KEY_ID;
	memcpy(token->id, json_string_value(id), json_string_length(id) + 1);
	return TOKEN_FAULT_NONE;
}

static enum token_fault read_payload(struct token *token)
{
	cleanup(free_json) json_t *payload = NULL;
	enum token_fault fault = read_object(token->payload, &payload);

	return fault ? fault
		     : claims_read(payload, base64url_size(token->payload.length), &token->claims);
}

static enum token_fault read_signature(struct token *token)
{
	size_t size = base64url_size(token->signature.length);

	if (size > sizeof(token->signature_bytes))
		return TOKEN_FAULT_SIGNATURE;
	token->signature_size = size;
	return base64url_decode(token->signature.text, token->signature.length,
				token->signature_bytes) < 0
		       ? TOKEN_FAULT_ENCODING
		       : TOKEN_FAULT_NONE;
}

static enum token_fault read_token(const char *text, size_t length, struct token *token)
{
	enum token_fault fault = TOKEN_FAULT_NONE;

	if (length > TOKEN_BYTES)
		return TOKEN_FAULT_SIZE;
	if (!cut(text, length, token))
		return TOKEN_FAULT_PARTS;
	fault = read_header(token);
	if (!fault)
		fault = read_payload(token);
	return fault ? fault : read_signature(token);
}

/* Whether the token names this issuer and, where that has a tenant, the same one again. */
static enum token_fault bind_issuer(const struct issuer *issuer, struct claims *claims)
{
	char tenant[GUID_TEXT];

	if (!token_pattern_fits(issuer->issuer, claims->iss, tenant))
		return TOKEN_FAULT_ISSUER;
	claims->issuer = issuer;
	claims->tenant_bound = tenant[0] != '\0';
	if (tenant[0] && (!claims->tid || strcmp(claims->tid, tenant) != 0))
		return TOKEN_FAULT_TENANT;
	return TOKEN_FAULT_NONE;
}

static enum token_fault check_signature(const struct token_trust *trust, const struct token *token)
{
	const struct claims *claims = token->claims;
	const struct token_keys *keys = trust->keyring.find(
		trust->keyring.context, claims->issuer, claims->tenant_bound ? claims->tid : NULL);
	const struct token_key *key = keys ? token_keys_find(keys, token->id) : NULL;
	char tenant[GUID_TEXT];

	if (!keys)
		return TOKEN_FAULT_NO_KEYS;
	if (!key)
		return TOKEN_FAULT_UNKNOWN_KEY;
	if (key->algorithm != token->algorithm ||
	    (key->issuer && !token_pattern_fits(key->issuer, claims->iss, tenant)))
		return TOKEN_FAULT_KEY;
	return token_signature_fits(key, token->content.text, token->content.length,
				    token->signature_bytes, token->signature_size)
		       ? TOKEN_FAULT_NONE
		       : TOKEN_FAULT_SIGNATURE;
}

/* The signature comes last: it is what costs. */
static enum token_fault check_issuer(const struct token_trust *trust, const struct issuer *issuer,
				     const struct token *token, int64_t now)
{
	enum token_fault fault = bind_issuer(issuer, token->claims);

	if (!fault)
		fault = token_suits(trust, token->claims);
	if (!fault)
		fault = token_check_times(token->claims, now);
	return fault ? fault : check_signature(trust, token);
}

/* Several issuers may have one name; the token has to pass with one of them. */
static void find_issuer(const struct token_trust *trust, struct token *token, int64_t now,
			struct token_finding *finding)
{
	const struct issuer *issuer = NULL;

	finding->fault = TOKEN_FAULT_ISSUER;
	for (size_t i = 0; (issuer = token_issuer_at(trust->policy, trust->vault, i)); i++) {
		enum token_fault fault = check_issuer(trust, issuer, token, now);

		if (fault && fault <= finding->fault)
			continue;
		finding->fault = fault;
		finding->issuer = issuer;
		if (!fault)
			return;
	}
}

void token_verify(const struct token_trust *trust, const char *text, size_t length, int64_t now,
		  struct token_finding *ret_finding)
{
	cleanup(token_free) struct token token = {.claims = NULL};

	*ret_finding = (struct token_finding){.fault = read_token(text, length, &token)};
	if (ret_finding->fault)
		return;
	token.claims->assertion = token_may_be_assertion(trust->policy, token.claims);
	find_issuer(trust, &token, now, ret_finding);
	if (!ret_finding->fault)
		ret_finding->claims = take_ptr(&token.claims);
}

struct claims *token_peek(const char *text, size_t length)
{
	cleanup(token_free) struct token token = {.claims = NULL};

	if (length > TOKEN_BYTES || !cut(text, length, &token) || read_payload(&token))
		return NULL;
	return take_ptr(&token.claims);
}
