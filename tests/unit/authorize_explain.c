/* SPDX-License-Identifier: Apache-2.0 */
/* What is said about each row, in the report that people and scripts read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "authorize_report.h"
#include "gatehouse.h"

static const char rules[] = "version: 1\n"
			    "block:\n"
			    "  ip_rules: [198.51.100.99] # block\n"
			    "issuers:\n"
			    "  - name: entra # issuer\n"
			    "    issuer: https://login.microsoftonline.com/{tenant}/v2.0\n"
			    "    audiences: [https://vault.azure.net]\n"
			    "    challenge:\n"
			    "      authorization: https://login.microsoftonline.com/{tenant}\n"
			    "      resource: https://vault.example\n"
			    "trusted_services:\n"
			    "  - name: backup # service\n"
			    "    ip_rules: [192.0.2.128/28]\n"
			    "    operations: [secrets/get, secrets/list, keys/get]\n"
			    "    identities:\n"
			    "      - {kind: application, app_id: " GATE_APP "} # identity\n"
			    "vaults:\n"
			    "  - name: contoso # vault\n"
			    "    hostnames: [contoso.vault.example]\n"
			    "    frontends: [203.0.113.10:443]\n"
			    "    tenant: " GATE_TENANT "\n"
			    "    network_acls: # acls\n"
			    "      bypass: trusted_services # bypass\n"
			    "      ip_rules: [198.51.100.0/28] # rule\n"
			    "    access_policies:\n"
			    "      - {object_id: " GATE_CALLER ", secrets: [get]} # access\n"
			    "  - name: twin # twin\n"
			    "    hostnames: [contoso.vault.example]\n"
			    "    frontends: [203.0.113.11:443]\n"
			    "  - name: trial\n"
			    "    hostnames: [trial.vault.example]\n"
			    "    frontends: [203.0.113.12:443]\n"
			    "    enforcement: audit\n";

static struct gate gate;
static const struct node node = {.file = "node.yaml"};
static json_t *report;

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

static int drop_report(void **state)
{
	(void)state;
	json_decref(report);
	report = NULL;
	return 0;
}

static void explain(enum authorize_reason reason)
{
	gate_expect(&gate, reason);
	json_decref(report);
	report = authorize_report(&gate.policy, &node, &gate.question, &gate.decision, GATE_NOW);
	assert_non_null(report);
}

static const char *text(const char *object, const char *key)
{
	const json_t *from = object ? json_object_get(report, object) : report;
	const char *found = json_string_value(json_object_get(from, key));

	return found ? found : "";
}

/* Somewhere in the advice. */
static void advises(const char *words)
{
	if (!strstr(text(NULL, "advice"), words))
		fail_msg("no '%s' in: %s", words, text(NULL, "advice"));
}

static void points_to(const char *comment)
{
	json_int_t line =
		json_integer_value(json_object_get(json_object_get(report, "rule"), "line"));

	gate.decision.at.line = (uint32_t)line;
	gate_expect_line(&gate, comment);
	assert_string_equal(text("rule", "file"), GATE_RULES);
}

static void row_1_names_the_frontends_of_the_vault(void **state)
{
	(void)state;
	gate_frontend(&gate, "203.0.113.77:443");
	explain(AUTHORIZE_WRONG_FRONTEND);
	points_to("# vault");
	advises("The vault contoso (rules.yaml:18) has that host name and is reached at 203.0.113.10:443.");
	advises("twin (rules.yaml:27)");
	gate.question.host = "nobody\x1b[2J.example";
	explain(AUTHORIZE_UNKNOWN_VAULT);
	advises("'nobody\\x1b[2J.example'");
	assert_true(json_is_null(json_object_get(report, "rule")));
	gate.question.host = "";
	explain(AUTHORIZE_UNKNOWN_VAULT);
	advises("The vault has no 'hostnames'");
	gate.question.method = NULL;
	explain(AUTHORIZE_UNREADABLE);
	advises("each of them once");
}

static void row_1_a_name_of_several_vaults_is_not_enough(void **state)
{
	(void)state;
	gate.question.frontend_untold = true;
	gate.question.frontend.family = 0;
	explain(AUTHORIZE_AMBIGUOUS_VAULT);
	advises("a host name of its own");
	assert_int_equal(json_integer_value(json_object_get(report, "row")), 1);
}

static void rows_2_and_3_name_the_rule(void **state)
{
	(void)state;
	gate_source(&gate, "198.51.100.7");
	explain(AUTHORIZE_IP_RULE);
	points_to("# rule");
	assert_string_equal(text("rule", "text"), "198.51.100.0/28");
	gate_source(&gate, "198.51.100.99");
	explain(AUTHORIZE_BLOCKED);
	points_to("# block");
	gate_source(&gate, "192.0.2.66");
	explain(AUTHORIZE_NOT_ALLOWED);
	points_to("# bypass");
	advises("No IP rule covers 192.0.2.66; the vault contoso has 1 range. No trusted service may come from there, either.");
	gate_source(&gate, "2001:db8::1");
	explain(AUTHORIZE_NOT_ALLOWED);
	advises("IPv6");
}

static void row_4_tells_the_challenge(void **state)
{
	(void)state;
	explain(AUTHORIZE_NO_TOKEN);
	points_to("# bypass");
	assert_non_null(strstr(text(NULL, "challenge"), "resource=\"https://vault.example\""));
	assert_true(json_is_null(json_object_get(report, "token")));
}

/* Each fault: a word of what the advice says, and of what the token claims. */
static void row_5_holds_the_token_against_the_rules(void **state)
{
	static const struct {
		const char *changes, *words;
	} cases[] = {
		{"{\"iss\":\"https://evil.example\"}",
		 "Its issuer is https://evil.example; the vault contoso accepts https://login.microsoftonline.com/{tenant}/v2.0 (rules.yaml:5)."},
		{"{\"tid\":\"" GATE_FOREIGN
		 "\",\"iss\":\"https://login.microsoftonline.com/" GATE_FOREIGN "/v2.0\"}",
		 "is " GATE_FOREIGN ", that of the vault contoso is " GATE_TENANT},
		{"{\"aud\":\"https://other.example\"}",
		 "It is for https://other.example; the audiences of issuer entra (rules.yaml:5) are https://vault.azure.net, https://vault.example."},
		{"{\"exp\":1799999900}", "It is valid until 2027-01-15T07:58:20Z"},
		{"{\"nbf\":1800000100}", "It is valid not before 2027-01-15T08:01:40Z"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		gate_token(&gate, cases[i].changes);
		explain(AUTHORIZE_INVALID_TOKEN);
		advises(cases[i].words);
		assert_true(json_is_false(
			json_object_get(json_object_get(report, "token"), "verified")));
	}
	gate_authorization(&gate, "Bearer a.b.c");
	explain(AUTHORIZE_INVALID_TOKEN);
	advises("It is no access token as a vault takes it");
	assert_true(json_is_null(json_object_get(json_object_get(report, "token"), "claims")));
}

static void row_5_a_changed_token_is_told(void **state)
{
	char *last;

	(void)state;
	gate_token(&gate, "{}");
	last = gate.authorization + strlen(gate.authorization) - 8;
	*last = *last == 'A' ? 'B' : 'A';
	explain(AUTHORIZE_INVALID_TOKEN);
	advises("somebody else than the issuer signed it");
}

static void row_6_names_the_nearest_identity_or_the_caller(void **state)
{
	(void)state;
	gate_token(&gate, "{\"idtyp\":\"user\"}");
	explain(AUTHORIZE_UNKNOWN_CALLER);
	points_to("# identity");
	advises("but the token does not say that it is an application's own (idtyp: app)");
	assert_true(json_is_false(json_object_get(json_object_get(report, "identity"), "matches")));
	gate_token(&gate, "{\"azp\":\"99999999-86f1-41af-91ab-2d7cd011db47\"}");
	explain(AUTHORIZE_UNKNOWN_CALLER);
	advises("None of the 1 trusted services is this caller (appid 99999999-");
	assert_true(json_is_null(json_object_get(report, "identity")));
}

static void row_7_says_what_to_add(void **state)
{
	(void)state;
	gate_token(&gate, "{}");
	gate.question.target = "/keys?api-version=7.5";
	explain(AUTHORIZE_OTHER_OPERATION);
	points_to("# service");
	advises("Add keys/list to 'operations' of the service backup, rules.yaml:12.");
	gate.question.target = "/secrets/../x";
	explain(AUTHORIZE_UNKNOWN_OPERATION);
	advises("segment of dots");
	assert_string_equal(text("operation_fault", "fault"), "dot_segment");
}

static void row_8_says_what_to_give_to_whom(void **state)
{
	(void)state;
	gate_token(&gate, "{}");
	gate.question.target = "/secrets?api-version=7.5";
	explain(AUTHORIZE_NO_PERMISSION);
	points_to("# access");
	advises("Give object id " GATE_CALLER
		" the permission secrets/list in access_policies of vault contoso, rules.yaml:26.");
	gate_token(&gate, "{\"oid\":\"44444444-e2ce-469f-a196-69ab7ada62d3\"}");
	explain(AUTHORIZE_NO_PERMISSION);
	points_to("# vault");
	advises("Give object id 44444444-e2ce-469f-a196-69ab7ada62d3 ");
	gate_token(&gate, "{\"oid\":null}");
	explain(AUTHORIZE_NO_PERMISSION);
	advises("no object id (oid)");
}

static void row_9_names_the_identity(void **state)
{
	(void)state;
	gate_token(&gate, "{}");
	explain(AUTHORIZE_TRUSTED_SERVICE);
	points_to("# access");
	advises("the service backup by its identity application " GATE_APP ", rules.yaml:16.");
	assert_string_equal(text("operation", "permission"), "secrets/get");
	assert_string_equal(text("caller", "object_id"), GATE_CALLER);
	assert_true(json_is_true(json_object_get(json_object_get(report, "token"), "verified")));
}

static void a_vault_in_audit_is_told(void **state)
{
	(void)state;
	gate.question.host = "trial.vault.example";
	gate_frontend(&gate, "203.0.113.12:443");
	explain(AUTHORIZE_NOT_ALLOWED);
	assert_string_equal(text(NULL, "verdict"), "would_deny");
	advises("The vault is in audit");
}

/* Whatever came with the question: no eight characters of the token in a row. */
static void no_piece_of_the_token_is_told(void **state)
{
	static const char *const changes[] = {"{}", "{\"exp\":1}", "{\"idtyp\":\"user\"}",
					      "{\"aud\":\"x\"}"};

	(void)state;
	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		char *told;
		const char *token;

		gate_token(&gate, changes[i]);
		authorize(&gate.authorizer, &gate.question, GATE_NOW, &gate.decision);
		explain(gate.decision.reason);
		told = json_dumps(report, 0);
		token = gate.authorization + strlen("Bearer ");
		for (size_t at = 0; at + 8 <= strlen(token); at++) {
			char piece[9] = "";

			memcpy(piece, token + at, 8);
			assert_null(strstr(told, piece));
		}
		free(told);
	}
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, reset_gate, drop_report)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(row_1_names_the_frontends_of_the_vault),
		CASE(row_1_a_name_of_several_vaults_is_not_enough),
		CASE(rows_2_and_3_name_the_rule),
		CASE(row_4_tells_the_challenge),
		CASE(row_5_holds_the_token_against_the_rules),
		CASE(row_5_a_changed_token_is_told),
		CASE(row_6_names_the_nearest_identity_or_the_caller),
		CASE(row_7_says_what_to_add),
		CASE(row_8_says_what_to_give_to_whom),
		CASE(row_9_names_the_identity),
		CASE(a_vault_in_audit_is_told),
		CASE(no_piece_of_the_token_is_told),
	};

	return cmocka_run_group_tests(tests, open_gate, close_gate);
}
