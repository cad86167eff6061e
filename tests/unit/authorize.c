/* SPDX-License-Identifier: Apache-2.0 */
#include "authorize.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "gatehouse.h"

static const char rules[] = "version: 1\n"
			    "block:\n"
			    "  ip_rules:\n"
			    "    - 198.51.100.99\n"
			    "issuers:\n"
			    "  - {name: plain, issuer: https://plain.example, audiences: [vault]}\n"
			    "  - name: entra\n"
			    "    issuer: https://login.microsoftonline.com/{tenant}/v2.0\n"
			    "    audiences: [https://vault.azure.net]\n"
			    "    challenge:\n"
			    "      authorization: https://login.microsoftonline.com/{tenant}\n"
			    "      resource: https://vault.example\n"
			    "trusted_services:\n"
			    "  - name: backup # service\n"
			    "    ip_rules: [192.0.2.128/28]\n"
			    "    operations: [secrets/get, secrets/backup, keys/get]\n"
			    "    identities:\n"
			    "      - {kind: application, app_id: " GATE_APP "} # identity\n"
			    "vaults:\n"
			    "  - name: contoso # vault\n"
			    "    hostnames: [contoso.vault.example]\n"
			    "    frontends: [203.0.113.10:443]\n"
			    "    tenant: " GATE_TENANT "\n"
			    "    network_acls: {bypass: trusted_services}\n"
			    "    access_policies:\n"
			    "      - {object_id: " GATE_CALLER ", secrets: [get]} # access\n"
			    "  - name: trial\n"
			    "    hostnames: [trial.vault.example]\n"
			    "    frontends: [203.0.113.11:443]\n"
			    "    tenant: " GATE_TENANT "\n"
			    "    enforcement: audit\n"
			    "    network_acls: {bypass: trusted_services}\n"
			    "  - name: other\n"
			    "    hostnames: [other.vault.example]\n"
			    "    frontends: [203.0.113.10:443]\n"
			    "    tenant: " GATE_FOREIGN "\n"
			    "    issuers: [plain]\n"
			    "    network_acls: {bypass: trusted_services}\n";

static struct gate gate;

static int open_gate(void **state)
{
	(void)state;
	gate_open(&gate, rules);
	return 0;
}

static int close_gate(void **state)
{
	(void)state;
	gate_close(&gate);
	return 0;
}

static int reset_gate(void **state)
{
	(void)state;
	gate_reset(&gate);
	return 0;
}

static void expect_from(const char *source, enum authorize_reason reason)
{
	gate_source(&gate, source);
	gate_expect(&gate, reason);
}

static void row_4_without_a_token_there_is_a_challenge(void **state)
{
	static const char *const headers[] = {
		"",	    "Bearer", "Bearer ", "Bearer  \t ", "Basic YTpi", "BearerToken x.y.z",
		"Negotiate"};

	(void)state;
	gate_expect(&gate, AUTHORIZE_NO_TOKEN);
	assert_int_equal(gate.decision.status, 401);
	assert_string_equal(gate.decision.challenge,
			    "Bearer authorization=\"https://login.microsoftonline.com/" GATE_TENANT
			    "\", resource=\"https://vault.example\"");
	gate_expect_body(&gate, "Unauthorized", NULL,
			 "AKV10000: Request is missing a Bearer or PoP token.");
	for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++) {
		gate_authorization(&gate, headers[i]);
		gate_expect(&gate, AUTHORIZE_NO_TOKEN);
	}
}

static void row_4_a_proxy_that_tells_no_frontend_gets_as_far(void **state)
{
	(void)state;
	gate.question.frontend.family = 0;
	gate.question.frontend_untold = true;
	gate_expect(&gate, AUTHORIZE_NO_TOKEN);
	assert_string_equal(gate.decision.vault->name, "contoso");
}

static void row_4_a_vault_without_a_challenge_asks_for_a_token_all_the_same(void **state)
{
	(void)state;
	gate.question.host = "other.vault.example";
	gate_expect(&gate, AUTHORIZE_NO_TOKEN);
	assert_string_equal(gate.decision.challenge, "Bearer");
	gate_authorization(&gate, "Bearer a.b.c");
	gate_expect(&gate, AUTHORIZE_INVALID_TOKEN);
	assert_string_equal(gate.decision.challenge, "Bearer error=\"invalid_token\"");
}

static void row_5_a_token_that_does_not_count_says_why(void **state)
{
	static const char challenge[] =
		"Bearer authorization=\"https://login.microsoftonline.com/" GATE_TENANT
		"\", resource=\"https://vault.example\", error=\"invalid_token\"";

	(void)state;
	gate_token(&gate, "{\"exp\":1799990000}");
	gate_expect(&gate, AUTHORIZE_INVALID_TOKEN);
	assert_int_equal(gate.decision.token_fault, TOKEN_FAULT_EXPIRED);
	assert_int_equal(gate.decision.status, 401);
	assert_string_equal(gate.decision.challenge, challenge);
	gate_expect_body(&gate, "Unauthorized", NULL,
			 "Error validating token: it has expired (exp).");
	gate_token(&gate, "{\"aud\":\"https://vault.azure.net/\"}");
	gate_expect(&gate, AUTHORIZE_INVALID_TOKEN);
	gate_expect_body(&gate, "Unauthorized", NULL,
			 "AKV10022: Invalid audience: its audience (aud) is none that the vault "
			 "accepts.");
	gate_token(&gate, "{\"iss\":\"https://evil.example\"}");
	gate_expect(&gate, AUTHORIZE_INVALID_TOKEN);
	gate_expect_body(
		&gate, "Unauthorized", NULL,
		"AKV10032: Invalid issuer: its issuer (iss) is none that the vault accepts.");
	gate_authorization(&gate, "Bearer a b");
	gate_expect(&gate, AUTHORIZE_INVALID_TOKEN);
	assert_int_equal(gate.decision.token_fault, TOKEN_FAULT_PARTS);
}

static void row_5_a_stranger_signs_nothing(void **state)
{
	const struct issuer_key signer = gate.signers[TOKEN_RS256];

	(void)state;
	gate.signers[TOKEN_RS256] = gate.stranger;
	gate_token(&gate, "{}");
	gate.signers[TOKEN_RS256] = signer;
	gate_expect(&gate, AUTHORIZE_INVALID_TOKEN);
	assert_int_equal(gate.decision.token_fault, TOKEN_FAULT_SIGNATURE);
	assert_string_equal(gate.decision.issuer->name, "entra");
}

static void row_5_a_token_for_one_vault_is_none_for_another(void **state)
{
	(void)state;
	gate_token(&gate, "{}");
	gate_expect(&gate, AUTHORIZE_TRUSTED_SERVICE);
	gate.question.host = "other.vault.example";
	gate_expect(&gate, AUTHORIZE_INVALID_TOKEN);
	assert_int_equal(gate.decision.token_fault, TOKEN_FAULT_ISSUER);
}

static void row_6_an_unknown_caller_is_told_who_it_is(void **state)
{
	(void)state;
	gate_token(&gate, "{\"azp\":\"" GATE_FOREIGN "\"}");
	gate_expect(&gate, AUTHORIZE_UNKNOWN_CALLER);
	assert_null(gate.decision.service);
	gate_expect_body(&gate, "Forbidden", "ForbiddenByFirewall",
			 "Client address is not authorized and caller is not a trusted service.\r\n"
			 "Client address: 192.0.2.130\r\n"
			 "Caller: appid=" GATE_FOREIGN ";oid=" GATE_CALLER
			 ";iss=https://login.microsoftonline.com/" GATE_TENANT "/v2.0\r\n"
			 "Vault: contoso\r\n"
			 "Reason: the caller is no trusted service that may come from there");
}

static void row_6_an_application_that_carries_a_user_is_not_the_service(void **state)
{
	(void)state;
	gate_token(&gate, "{\"idtyp\":null}");
	gate_expect(&gate, AUTHORIZE_UNKNOWN_CALLER);
	assert_string_equal(gate.decision.service->name, "backup");
	gate_expect_line(&gate, "# identity");
	assert_non_null(strstr(gate.decision.detail, "idtyp"));
	gate_token(&gate, "{\"idtyp\":\"user\"}");
	gate_expect(&gate, AUTHORIZE_UNKNOWN_CALLER);
}

static void row_7_what_is_no_operation_is_refused(void **state)
{
	(void)state;
	gate_token(&gate, "{}");
	gate.question.target = "/secrets/x/../y";
	gate_expect(&gate, AUTHORIZE_UNKNOWN_OPERATION);
	assert_int_equal(gate.decision.operation_fault, OPERATION_DOT_SEGMENT);
	gate_expect_body(&gate, "Forbidden", "ForbiddenByFirewall",
			 "Client address is not authorized and caller is not a trusted service.\r\n"
			 "Client address: 192.0.2.130\r\n"
			 "Caller: appid=" GATE_APP ";oid=" GATE_CALLER
			 ";iss=https://login.microsoftonline.com/" GATE_TENANT "/v2.0\r\n"
			 "Vault: contoso\r\n"
			 "Reason: the path holds a segment of dots");
	gate.question.target = "/secrets/x";
	gate.question.method = "HEAD";
	gate_expect(&gate, AUTHORIZE_UNKNOWN_OPERATION);
	gate.question.method = "GET";
	gate.question.tunnel = true;
	gate_expect(&gate, AUTHORIZE_UNKNOWN_OPERATION);
}

static void row_7_a_service_has_its_operations_only(void **state)
{
	(void)state;
	gate_token(&gate, "{}");
	gate.question.method = "PUT";
	gate_expect(&gate, AUTHORIZE_OTHER_OPERATION);
	gate_expect_line(&gate, "# service");
	assert_string_equal(gate.decision.detail,
			    "secrets/set is not one of the operations of the service backup");
	gate.question.method = "GET";
	gate.question.target = "/healthstatus";
	gate_expect(&gate, AUTHORIZE_OTHER_OPERATION);
}

static void row_8_a_permission_comes_from_an_access_policy(void **state)
{
	(void)state;
	gate_token(&gate, "{}");
	gate.question.target = "/keys/x";
	gate_expect(&gate, AUTHORIZE_NO_PERMISSION);
	gate_expect_line(&gate, "# access");
	assert_string_equal(gate.decision.service->name, "backup");
	gate_expect_body(
		&gate, "Forbidden", "ForbiddenByPolicy",
		"The user, group or application 'appid=" GATE_APP ";oid=" GATE_CALLER
		";iss=https://login.microsoftonline.com/" GATE_TENANT
		"/v2.0;numgroups=0' does not have keys get permission on key vault 'contoso'.");
	gate_token(&gate, "{\"oid\":\"" GATE_FOREIGN "\"}");
	gate_expect(&gate, AUTHORIZE_NO_PERMISSION);
	gate_expect_line(&gate, "# vault");
	gate_token(&gate, "{\"oid\":null}");
	gate_expect(&gate, AUTHORIZE_NO_PERMISSION);
}

static void row_9_a_trusted_service_gets_through(void **state)
{
	(void)state;
	gate_token(&gate, "{}");
	gate_expect(&gate, AUTHORIZE_TRUSTED_SERVICE);
	gate_expect_line(&gate, "# access");
	assert_int_equal(gate.decision.status, 200);
	assert_string_equal(gate.decision.service->name, "backup");
	assert_string_equal(gate.decision.operation.event, "SecretGet");
	assert_string_equal(gate.decision.caller_text,
			    "appid=" GATE_APP ";oid=" GATE_CALLER
			    ";iss=https://login.microsoftonline.com/" GATE_TENANT "/v2.0");
	gate.authorization[0] = 'b'; /* of Bearer */
	gate_expect(&gate, AUTHORIZE_TRUSTED_SERVICE);
}

static void a_token_is_verified_once_a_generation(void **state)
{
	size_t before = 0;

	(void)state;
	gate_token(&gate, "{\"uti\":\"once\"}");
	gate_expect(&gate, AUTHORIZE_TRUSTED_SERVICE);
	before = gate.key_requests;
	gate_expect(&gate, AUTHORIZE_TRUSTED_SERVICE);
	gate.question.target = "/keys/x";
	gate_expect(&gate, AUTHORIZE_NO_PERMISSION);
	assert_int_equal(gate.key_requests, before);
	gate.authorizer.generation++;
	gate_expect(&gate, AUTHORIZE_NO_PERMISSION);
	assert_int_equal(gate.key_requests, before + 1);
}

/* Not one letter of it may be another, nor may one be missing or too many. */
static void what_resembles_a_known_token_is_none(void **state)
{
	size_t length;

	(void)state;
	gate_token(&gate, "{\"uti\":\"resembled\"}");
	gate_expect(&gate, AUTHORIZE_TRUSTED_SERVICE);
	length = strlen(gate.authorization);
	for (size_t i = strlen("Bearer "); i < length; i++) {
		char letter = gate.authorization[i];

		gate.authorization[i] = letter == 'A' ? 'B' : 'A';
		gate_expect(&gate, AUTHORIZE_INVALID_TOKEN);
		gate.authorization[i] = letter;
	}
	gate.authorization[length - 1] = '\0';
	gate_expect(&gate, AUTHORIZE_INVALID_TOKEN);
	gate_token(&gate, "{\"uti\":\"resembled\"}");
	gate_expect(&gate, AUTHORIZE_TRUSTED_SERVICE);
}

static void a_vault_in_audit_keeps_out_only_what_is_blocked(void **state)
{
	(void)state;
	gate.question.host = "trial.vault.example";
	gate_frontend(&gate, "203.0.113.11:443");
	expect_from("192.0.2.5", AUTHORIZE_NOT_ALLOWED);
	assert_int_equal(gate.decision.verdict, AUTHORIZE_WOULD_DENY);
	assert_int_equal(gate.decision.status, 200);
	assert_true(gate.decision.detail[0] != '\0');
	expect_from("192.0.2.130", AUTHORIZE_NO_TOKEN);
	assert_int_equal(gate.decision.verdict, AUTHORIZE_WOULD_DENY);
	gate_token(&gate, "{\"exp\":1}");
	gate_expect(&gate, AUTHORIZE_INVALID_TOKEN);
	assert_int_equal(gate.decision.verdict, AUTHORIZE_WOULD_DENY);
	expect_from("198.51.100.99", AUTHORIZE_BLOCKED);
	assert_int_equal(gate.decision.verdict, AUTHORIZE_DENY);
}

static void every_reason_has_a_row_and_words(void **state)
{
	unsigned int row = 1;

	(void)state;
	for (unsigned int i = 0; i < AUTHORIZE_REASON_COUNT; i++) {
		enum authorize_reason reason = (enum authorize_reason)i;

		assert_in_range(authorize_reason_row(reason), row, row + 1);
		row = authorize_reason_row(reason);
		assert_true(authorize_reason_label(reason)[0] != '\0');
		assert_true(authorize_reason_help(reason)[0] != '\0');
	}
	assert_int_equal(row, 9);
}

#define TEST(name) cmocka_unit_test_setup(name, reset_gate)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(row_4_without_a_token_there_is_a_challenge),
		TEST(row_4_a_proxy_that_tells_no_frontend_gets_as_far),
		TEST(row_4_a_vault_without_a_challenge_asks_for_a_token_all_the_same),
		TEST(row_5_a_token_that_does_not_count_says_why),
		TEST(row_5_a_stranger_signs_nothing),
		TEST(row_5_a_token_for_one_vault_is_none_for_another),
		TEST(row_6_an_unknown_caller_is_told_who_it_is),
		TEST(row_6_an_application_that_carries_a_user_is_not_the_service),
		TEST(row_7_what_is_no_operation_is_refused),
		TEST(row_7_a_service_has_its_operations_only),
		TEST(row_8_a_permission_comes_from_an_access_policy),
		TEST(row_9_a_trusted_service_gets_through),
		TEST(a_token_is_verified_once_a_generation),
		TEST(what_resembles_a_known_token_is_none),
		TEST(a_vault_in_audit_keeps_out_only_what_is_blocked),
		TEST(every_reason_has_a_row_and_words),
	};

	return cmocka_run_group_tests_name("authorize", tests, open_gate, close_gate);
}
