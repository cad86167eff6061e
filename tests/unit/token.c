/* SPDX-License-Identifier: Apache-2.0 */
#include "token.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cleanup.h"
#include "issuer.h"

#define NOW	INT64_C(1800000000)
#define TENANT	"72f988bf-86f1-41af-91ab-2d7cd011db47"
#define FOREIGN "11111111-86f1-41af-91ab-2d7cd011db47"
#define APP	"262044b1-e2ce-469f-a196-69ab7ada62d3"
#define CALLER	"33333333-e2ce-469f-a196-69ab7ada62d3"
#define V2	"https://login.microsoftonline.com/" TENANT "/v2.0"
#define V1	"https://sts.windows.net/" TENANT "/"

static const char rules[] =
	"version: 1\n"
	"issuers:\n"
	"  - name: v2\n"
	"    issuer: https://login.microsoftonline.com/{tenant}/v2.0\n"
	"    audiences: [https://vault.azure.net, cfa8b339-82a2-471a-a3c9-0fc0be7a4093]\n"
	"    challenge:\n"
	"      authorization: https://login.microsoftonline.com/{tenant}\n"
	"      resource: https://vault.example\n"
	"  - {name: v1, issuer: 'https://sts.windows.net/{tenant}/', audiences: [https://vault.azure.net]}\n"
	"  - {name: fixed, issuer: https://oidc.example, audiences: [vault]}\n"
	"  - {name: bare, issuer: https://bare.example, audiences: [vault]}\n"
	"trusted_services:\n"
	"  - name: partner\n"
	"    ip_rules: [192.0.2.0/24]\n"
	"    identities:\n"
	"      - {kind: federated, app_id: " APP
	", issuer: https://login.microsoftonline.com/" FOREIGN "/v2.0, subject: them, "
	"audience: api://AzureADTokenExchange, object_id: " CALLER "}\n"
	"vaults:\n"
	"  - name: contoso\n"
	"    hostnames: [contoso.vault.example]\n"
	"    frontends: [203.0.113.10:443]\n"
	"    tenant: " TENANT "\n"
	"    network_acls: {bypass: trusted_services}\n"
	"  - name: choosy\n"
	"    hostnames: [choosy.vault.example]\n"
	"    frontends: [203.0.113.11:443]\n"
	"    tenant: " FOREIGN "\n"
	"    issuers: [v1]\n"
	"    network_acls: {bypass: trusted_services}\n";

static const char good[] =
	"{\"aud\":\"https://vault.azure.net\",\"iss\":\"" V2 "\",\"tid\":\"" TENANT
	"\",\"oid\":\"" CALLER "\",\"azp\":\"" APP "\",\"idtyp\":\"app\",\"sub\":\"" CALLER
	"\",\"uti\":\"u-1\",\"ver\":\"2.0\",\"nbf\":1799999000,\"iat\":1799999000,\"exp\":1800003600}";

static struct issuer_key keys[3]; /* rsa, pss, ec */
static struct token_keys set;
static struct token_keys pinned; /* whose key is for another issuer */
static struct policy policy;

static void read_set(const char *text, struct token_keys *ret_keys)
{
	cleanup(diags_clear) struct diags diags = {0};

	assert_int_equal(token_keys_read(text, strlen(text), "keys", &diags, ret_keys), 0);
}

static int make_world(void **state)
{
	const struct rules_bundle bundle = {.document = {"rules.yaml", rules, strlen(rules)}};
	cleanup(diags_clear) struct diags diags = {0};

	(void)state;
	keys[0] = issuer_key_make(TOKEN_RS256, "rsa");
	keys[1] = issuer_key_make(TOKEN_PS256, "pss");
	keys[2] = issuer_key_make(TOKEN_ES256, "ec");

	cleanup(free_ptr) char *text = issuer_jwks(keys, 3);
	cleanup(free_ptr) char *jwk = issuer_jwk(
		&keys[0], ",\"issuer\":\"https://login.microsoftonline.com/{tenantid}/v2.0\"");
	cleanup(free_ptr) char *list = NULL;

	read_set(text, &set);
	assert_true(asprintf(&list, "{\"keys\":[%s]}", jwk) > 0);
	read_set(list, &pinned);
	return policy_read(&bundle, NOW, &diags, &policy);
}

static int free_world(void **state)
{
	(void)state;
	for (size_t i = 0; i < 3; i++)
		issuer_key_free(&keys[i]);
	token_keys_free(&set);
	token_keys_free(&pinned);
	policy_free(&policy);
	return 0;
}

/* `bare` has no keys, v1 those of v2's. */
static const struct token_keys *find_keys(void *context, const struct issuer *issuer,
					  const char *tenant)
{
	(void)context;
	assert_int_equal(tenant != NULL, strchr(issuer->issuer, '{') != NULL);
	if (strcmp(issuer->name, "bare") == 0)
		return NULL;
	return strcmp(issuer->name, "v1") == 0 ? &pinned : &set;
}

static struct token_finding verify(const char *vault, const char *token, int64_t now)
{
	const struct token_trust trust = {
		&policy, policy_find_vault(&policy, vault), {find_keys, NULL}};
	struct token_finding finding;

	token_verify(&trust, token, strlen(token), now, &finding);
	assert_int_equal(finding.claims != NULL, finding.fault == TOKEN_FAULT_NONE);
	return finding;
}

static void expect_text(const char *token, enum token_fault fault)
{
	struct token_finding finding = verify("contoso", token, NOW);

	claims_free(finding.claims);
	if (finding.fault != fault)
		fail_msg("%s, not %s: %s", token_fault_label(finding.fault),
			 token_fault_label(fault), token);
}

/* The good claims with changes, signed as it has to be. */
static void expect(const char *changes, enum token_fault fault)
{
	cleanup(free_ptr) char *claims = issuer_change(good, changes);
	cleanup(free_ptr) char *token = issuer_token(&keys[0], claims);

	expect_text(token, fault);
}

static void a_good_token_counts_and_says_what_it_says(void **state)
{
	cleanup(free_ptr) char *token = issuer_token(&keys[0], good);
	struct token_finding finding = verify("contoso", token, NOW);
	const struct claims *claims = finding.claims;

	(void)state;
	assert_int_equal(finding.fault, TOKEN_FAULT_NONE);
	assert_string_equal(claims->issuer->name, "v2");
	assert_true(claims->tenant_bound);
	assert_true(claims->app_only);
	assert_string_equal(claims->tid, TENANT);
	assert_string_equal(claims->oid, CALLER);
	assert_string_equal(claims->app_id, APP);
	assert_string_equal(claims->uti, "u-1");
	assert_string_equal(claims->ver, "2.0");
	assert_int_equal(claims->expires, NOW + 3600);
	assert_null(claims->mirid);
	assert_int_equal(claims->group_count, 0);
	assert_false(claims->group_overage);
	claims_free(finding.claims);
}

static void each_algorithm_counts_with_its_key(void **state)
{
	(void)state;
	for (size_t i = 0; i < 3; i++) {
		cleanup(free_ptr) char *token = issuer_token(&keys[i], good);

		expect_text(token, TOKEN_FAULT_NONE);
	}
}

static void audiences_are_exact(void **state)
{
	(void)state;
	expect("{\"aud\":\"cfa8b339-82a2-471a-a3c9-0fc0be7a4093\"}", TOKEN_FAULT_NONE);
	expect("{\"aud\":[\"x\",\"https://vault.azure.net\"]}", TOKEN_FAULT_NONE);
	expect("{\"aud\":\"https://vault.example\"}", TOKEN_FAULT_NONE);
	expect("{\"aud\":\"https://vault.azure.net/\"}", TOKEN_FAULT_AUDIENCE);
	expect("{\"aud\":\"https://VAULT.azure.net\"}", TOKEN_FAULT_AUDIENCE);
	expect("{\"aud\":\"spn:cfa8b339-82a2-471a-a3c9-0fc0be7a4093\"}", TOKEN_FAULT_AUDIENCE);
	expect("{\"aud\":[\"https://vault.azure.net/\"]}", TOKEN_FAULT_AUDIENCE);
	expect("{\"aud\":\"vault\"}", TOKEN_FAULT_AUDIENCE);
	expect("{\"aud\":[]}", TOKEN_FAULT_CLAIMS);
	expect("{\"aud\":[1]}", TOKEN_FAULT_CLAIMS);
	expect("{\"aud\":{\"a\":\"https://vault.azure.net\"}}", TOKEN_FAULT_CLAIMS);
	expect("{\"aud\":null}", TOKEN_FAULT_CLAIMS);
}

static void issuers_are_those_of_the_vault(void **state)
{
	(void)state;
	expect("{\"iss\":\"" V1 "\"}", TOKEN_FAULT_KEY); /* v1's key is for v2 only */
	expect("{\"iss\":\"" V2 "/\"}", TOKEN_FAULT_ISSUER);
	expect("{\"iss\":\"https://login.microsoftonline.com/" TENANT "\"}", TOKEN_FAULT_ISSUER);
	expect("{\"iss\":\"https://login.microsoftonline.com//v2.0\"}", TOKEN_FAULT_ISSUER);
	expect("{\"iss\":\"https://login.microsoftonline.com/{tenant}/v2.0\"}", TOKEN_FAULT_ISSUER);
	expect("{\"iss\":\"https://login.microsoftonline.com/common/v2.0\"}", TOKEN_FAULT_ISSUER);
	expect("{\"iss\":\"https://login.microsoftonline.com/" TENANT "/x/v2.0\"}",
	       TOKEN_FAULT_ISSUER);
	expect("{\"iss\":\"https://login.microsoftonline.com/72F988BF-86f1-41af-91ab-2d7cd011db47"
	       "/v2.0\"}",
	       TOKEN_FAULT_ISSUER);
	expect("{\"iss\":\"https://evil.example/" TENANT "/v2.0\"}", TOKEN_FAULT_ISSUER);
	expect("{\"iss\":\"\"}", TOKEN_FAULT_ISSUER);
	expect("{\"iss\":null}", TOKEN_FAULT_CLAIMS);
	expect("{\"iss\":[\"" V2 "\"]}", TOKEN_FAULT_CLAIMS);
	expect("{\"iss\":\"https://oidc.example\",\"aud\":\"vault\",\"tid\":null}",
	       TOKEN_FAULT_NONE);
	expect("{\"iss\":\"https://oidc.example/\",\"aud\":\"vault\"}", TOKEN_FAULT_ISSUER);
	expect("{\"iss\":\"https://bare.example\",\"aud\":\"vault\"}", TOKEN_FAULT_NO_KEYS);
}

static void a_vault_may_accept_some_issuers_only(void **state)
{
	cleanup(free_ptr) char *claims =
		issuer_change(good, "{\"iss\":\"https://login.microsoftonline.com/" FOREIGN
				    "/v2.0\",\"tid\":\"" FOREIGN "\"}");
	cleanup(free_ptr) char *token = issuer_token(&keys[0], claims);
	struct token_finding finding = verify("choosy", token, NOW);

	(void)state;
	assert_int_equal(finding.fault, TOKEN_FAULT_ISSUER);
}

static void the_tenant_is_the_issuers_and_the_vaults(void **state)
{
	(void)state;
	expect("{\"tid\":null}", TOKEN_FAULT_TENANT);
	expect("{\"tid\":\"" FOREIGN "\"}", TOKEN_FAULT_TENANT);
	expect("{\"tid\":\"common\"}", TOKEN_FAULT_TENANT);
	expect("{\"tid\":7}", TOKEN_FAULT_CLAIMS);
	/* A real tenant with a real token, but not this vault's. */
	expect("{\"iss\":\"https://login.microsoftonline.com/" FOREIGN "/v2.0\",\"tid\":\"" FOREIGN
	       "\"}",
	       TOKEN_FAULT_TENANT);
}

static void an_assertion_counts_for_a_federated_identity(void **state)
{
	static const char changes[] =
		"{\"iss\":\"https://login.microsoftonline.com/" FOREIGN "/v2.0\",\"tid\":\"" FOREIGN
		"\",\"aud\":\"api://AzureADTokenExchange\",\"sub\":\"%s\"}";
	const struct service_identity *identity = &policy.services[0].identities[0];
	static const char *const subjects[] = {"them", "Them"};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		cleanup(free_ptr) char *change = NULL;
		cleanup(free_ptr) char *claims = NULL;
		cleanup(free_ptr) char *token = NULL;
		struct token_finding finding;

		assert_true(asprintf(&change, changes, subjects[i]) > 0);
		claims = issuer_change(good, change);
		token = issuer_token(&keys[0], claims);
		finding = verify("contoso", token, NOW);
		assert_int_equal(finding.fault, TOKEN_FAULT_NONE);
		assert_int_equal(token_is_assertion(identity, finding.claims), i == 0);
		assert_false(
			token_is_direct(policy_find_vault(&policy, "contoso"), finding.claims));
		claims_free(finding.claims);
	}
	expect("{\"aud\":\"api://AzureADTokenExchange\"}", TOKEN_FAULT_AUDIENCE);
}

static void times_are_numbers_and_hold_with_a_minute_of_leeway(void **state)
{
	(void)state;
	expect("{\"exp\":1799999941}", TOKEN_FAULT_NONE);
	expect("{\"exp\":1799999940}", TOKEN_FAULT_EXPIRED);
	expect("{\"exp\":0}", TOKEN_FAULT_EXPIRED);
	expect("{\"nbf\":1800000060}", TOKEN_FAULT_NONE);
	expect("{\"nbf\":1800000061}", TOKEN_FAULT_NOT_YET);
	expect("{\"nbf\":null}", TOKEN_FAULT_NONE);
	expect("{\"exp\":null}", TOKEN_FAULT_CLAIMS);
	expect("{\"exp\":\"1800003600\"}", TOKEN_FAULT_CLAIMS);
	expect("{\"exp\":1800003600.5}", TOKEN_FAULT_CLAIMS);
	expect("{\"exp\":1e12}", TOKEN_FAULT_CLAIMS);
	expect("{\"exp\":-1}", TOKEN_FAULT_CLAIMS);
	expect("{\"exp\":9223372036854775807}", TOKEN_FAULT_CLAIMS);
	expect("{\"exp\":true}", TOKEN_FAULT_CLAIMS);
	expect("{\"nbf\":\"0\"}", TOKEN_FAULT_CLAIMS);
}

static void claims_are_of_their_types(void **state)
{
	static const char *const names[] = {"oid",	  "appid", "azp", "idtyp", "xms_mirid",
					    "xms_az_rid", "sub",   "uti", "ver"};

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		char changes[64];

		(void)snprintf(changes, sizeof(changes), "{\"%s\":7}", names[i]);
		expect(changes, TOKEN_FAULT_CLAIMS);
		(void)snprintf(changes, sizeof(changes), "{\"%s\":[\"a\"]}", names[i]);
		expect(changes, TOKEN_FAULT_CLAIMS);
		(void)snprintf(changes, sizeof(changes), "{\"%s\":\"a\\r\\nb\"}", names[i]);
		expect(changes, TOKEN_FAULT_CLAIMS);
	}
	expect("{\"oid\":\"a\\\"b\"}", TOKEN_FAULT_CLAIMS);
	expect("{\"groups\":\"a\"}", TOKEN_FAULT_CLAIMS);
	expect("{\"groups\":[1]}", TOKEN_FAULT_CLAIMS);
	expect("{\"appid\":\"" CALLER "\"}", TOKEN_FAULT_CLAIMS); /* and azp says otherwise */
	expect("{\"appid\":\"" APP "\"}", TOKEN_FAULT_NONE);
	expect("{\"xms_mirid\":\"/subscriptions/\xc3\xa4\"}", TOKEN_FAULT_NONE);
}

static void groups_are_read_and_more_of_them_is_told(void **state)
{
	cleanup(free_ptr) char *claims = issuer_change(
		good, "{\"groups\":[\"AAAAAAAA-0000-0000-0000-000000000000\",\"b\"]}");
	cleanup(free_ptr) char *more = issuer_change(
		good, "{\"_claim_names\":{\"groups\":\"src1\"},\"_claim_sources\":{}}");
	cleanup(free_ptr) char *has = issuer_change(good, "{\"hasgroups\":true}");
	const char *const texts[] = {claims, more, has};

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		cleanup(free_ptr) char *token = issuer_token(&keys[0], texts[i]);
		struct token_finding finding = verify("contoso", token, NOW);

		assert_int_equal(finding.fault, TOKEN_FAULT_NONE);
		assert_int_equal(finding.claims->group_count, i == 0 ? 2 : 0);
		assert_int_equal(finding.claims->group_overage, i > 0);
		if (i == 0)
			assert_string_equal(finding.claims->groups[0],
					    "aaaaaaaa-0000-0000-0000-000000000000");
		claims_free(finding.claims);
	}
}

static void every_fault_has_words(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < TOKEN_FAULT_COUNT; i++) {
		assert_true(token_fault_label((enum token_fault)i)[0] != '\0');
		assert_int_equal(token_fault_help((enum token_fault)i)[0] != '\0', i != 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_good_token_counts_and_says_what_it_says),
		cmocka_unit_test(each_algorithm_counts_with_its_key),
		cmocka_unit_test(audiences_are_exact),
		cmocka_unit_test(issuers_are_those_of_the_vault),
		cmocka_unit_test(a_vault_may_accept_some_issuers_only),
		cmocka_unit_test(the_tenant_is_the_issuers_and_the_vaults),
		cmocka_unit_test(an_assertion_counts_for_a_federated_identity),
		cmocka_unit_test(times_are_numbers_and_hold_with_a_minute_of_leeway),
		cmocka_unit_test(claims_are_of_their_types),
		cmocka_unit_test(groups_are_read_and_more_of_them_is_told),
		cmocka_unit_test(every_fault_has_words),
	};

	return cmocka_run_group_tests_name("token", tests, make_world, free_world);
}
