/* SPDX-License-Identifier: Apache-2.0 */
#include "gatehouse.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <jansson.h>

#include "address.h"
#include "cleanup.h"

static const char good[] =
	"{\"aud\":\"https://vault.azure.net\",\"iss\":\"https://login.microsoftonline.com/" GATE_TENANT
	"/v2.0\",\"tid\":\"" GATE_TENANT "\",\"oid\":\"" GATE_CALLER "\",\"azp\":\"" GATE_APP
	"\",\"idtyp\":\"app\",\"sub\":\"" GATE_CALLER
	"\",\"uti\":\"u-1\",\"ver\":\"2.0\",\"nbf\":1799999000,\"exp\":1800003600}";

static struct range_entry failsafe_entry = {
	.range = {0xc00002fa, 0xc00002fa},
	.at = {.line = 7, .column = 1},
};

static const struct token_keys *find_keys(void *context, const struct issuer *issuer,
					  const char *tenant)
{
	struct gate *gate = context;

	(void)issuer;
	(void)tenant;
	gate->key_requests++;
	return &gate->keys;
}

static void read_rules(struct gate *gate, const char *rules)
{
	const struct rules_bundle bundle = {.document = {GATE_RULES, rules, strlen(rules)}};
	cleanup(diags_clear) struct diags diags = {0};
	char line[DIAG_LINE_MAX];

	if (policy_read(&bundle, GATE_NOW, &diags, &gate->policy) == 0)
		return;
	(void)diag_format(&diags.items[0], line, sizeof(line));
	fail_msg("%s", line);
}

void gate_open(struct gate *gate, const char *rules)
{
	cleanup(diags_clear) struct diags diags = {0};
	cleanup(free_ptr) char *jwks = NULL;

	memset(gate, 0, sizeof(*gate));
	gate->rules = rules;
	gate->signers[TOKEN_RS256] = issuer_key_make(TOKEN_RS256, "rsa");
	gate->signers[TOKEN_PS256] = issuer_key_make(TOKEN_PS256, "pss");
	gate->signers[TOKEN_ES256] = issuer_key_make(TOKEN_ES256, "ec");
	gate->stranger = issuer_key_make(TOKEN_RS256, "rsa");
	jwks = issuer_jwks(gate->signers, TOKEN_ALGORITHM_COUNT);
	assert_int_equal(token_keys_read(jwks, strlen(jwks), "keys", &diags, &gate->keys), 0);
	read_rules(gate, rules);
	gate->failsafe = (struct range_list){&failsafe_entry, 1};
	assert_int_equal(authorize_index_open(&gate->policy, &gate->failsafe, &gate->index), 0);
	gate->authorizer.index = gate->index;
	gate->authorizer.keyring = (struct token_keyring){find_keys, gate};
	gate->authorizer.generation = 1;
	assert_int_equal(token_cache_open(64, &gate->authorizer.cache), 0);
	gate_reset(gate);
}

void gate_close(struct gate *gate)
{
	authorize_index_free(gate->index);
	token_cache_free(gate->authorizer.cache);
	policy_free(&gate->policy);
	token_keys_free(&gate->keys);
	for (size_t i = 0; i < TOKEN_ALGORITHM_COUNT; i++)
		issuer_key_free(&gate->signers[i]);
	issuer_key_free(&gate->stranger);
	free(gate->authorization);
}

void gate_reset(struct gate *gate)
{
	gate->question = (struct question){
		.method = "GET",
		.target = "/secrets/x?api-version=7.5",
		.host = "contoso.vault.example",
		.source.port = 50000,
	};
	gate_source(gate, "192.0.2.130");
	gate_frontend(gate, "203.0.113.10:443");
}

void gate_authorization(struct gate *gate, const char *header)
{
	char *copy = strdup(header);

	assert_non_null(copy);
	free(gate->authorization);
	gate->authorization = copy;
	gate->question.authorization = copy;
}

void gate_token(struct gate *gate, const char *changes)
{
	cleanup(free_ptr) char *claims = issuer_change(good, changes);
	cleanup(free_ptr) char *token = issuer_token(&gate->signers[TOKEN_RS256], claims);
	cleanup(free_ptr) char *header = NULL;

	assert_true(asprintf(&header, "Bearer %s", token) > 0);
	gate_authorization(gate, header);
}

void gate_source(struct gate *gate, const char *address)
{
	struct peer *source = &gate->question.source;

	assert_int_equal(address_parse(address, &source->family, source->address), 0);
}

void gate_frontend(struct gate *gate, const char *frontend)
{
	struct peer *there = &gate->question.frontend;
	struct frontend parsed = {0};
	const char *problem = NULL;

	assert_int_equal(frontend_parse(frontend, &parsed, &problem), 0);
	*there = (struct peer){.family = parsed.family, .port = parsed.port};
	memcpy(there->address, parsed.address, sizeof(parsed.address));
}

void gate_expect(struct gate *gate, enum authorize_reason reason)
{
	const struct decision *decision = &gate->decision;

	authorize(&gate->authorizer, &gate->question, GATE_NOW, &gate->decision);
	if (decision->reason != reason)
		fail_msg("%s, not %s: %s", authorize_reason_label(decision->reason),
			 authorize_reason_label(reason), decision->detail);
	assert_int_equal(decision->status != 200, decision->verdict == AUTHORIZE_DENY);
	assert_int_equal(decision->body[0] != '\0', decision->status != 200);
	assert_int_equal(decision->challenge[0] != '\0', decision->status == 401);
}

void gate_expect_line(const struct gate *gate, const char *comment)
{
	const char *end = strstr(gate->rules, comment);
	uint32_t line = 1;

	assert_non_null(end);
	for (const char *c = gate->rules; c < end; c++)
		line += *c == '\n';
	assert_int_equal(gate->decision.at.line, line);
}

void gate_expect_body(const struct gate *gate, const char *code, const char *inner,
		      const char *message)
{
	json_error_t error;
	json_t *body = json_loads(gate->decision.body, JSON_REJECT_DUPLICATES, &error);
	const json_t *object = json_object_get(body, "error");
	const json_t *innererror = json_object_get(object, "innererror");

	assert_non_null(body);
	assert_null(strpbrk(gate->decision.body, "\r\n"));
	assert_string_equal(json_string_value(json_object_get(object, "code")), code);
	assert_string_equal(json_string_value(json_object_get(object, "message")), message);
	if (inner)
		assert_string_equal(json_string_value(json_object_get(innererror, "code")), inner);
	else
		assert_null(innererror);
	json_decref(body);
}
