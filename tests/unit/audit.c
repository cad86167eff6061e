/* SPDX-License-Identifier: Apache-2.0 */
#include "audit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <jansson.h>

#include "cleanup.h"
#include "gatehouse.h"

#define PIECE 20 /* characters of a token that may nowhere stand together */

static const char rules[] = "version: 1\n"
			    "issuers:\n"
			    "  - name: entra\n"
			    "    issuer: https://login.microsoftonline.com/{tenant}/v2.0\n"
			    "    audiences: [https://vault.azure.net]\n"
			    "trusted_services:\n"
			    "  - name: backup\n"
			    "    ip_rules: [192.0.2.128/28]\n"
			    "    operations: [secrets/get]\n"
			    "    identities: [{kind: application, app_id: " GATE_APP "}]\n"
			    "vaults:\n"
			    "  - name: contoso\n"
			    "    hostnames: [contoso.vault.example]\n"
			    "    frontends: [203.0.113.10:443]\n"
			    "    tenant: " GATE_TENANT "\n"
			    "    subscription: " GATE_HOME "\n"
			    "    network_acls: {bypass: trusted_services}\n"
			    "    access_policies:\n"
			    "      - {object_id: " GATE_CALLER ", secrets: [get]} # access\n";

static struct gate gate;
static struct audit_circumstances circumstances;
static char line[AUDIT_LINE_BYTES];
static json_t *record; /* of the line */

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
	circumstances = (struct audit_circumstances){
		.time = GATE_NOW * 1000 + 7,
		.duration = 1234,
		.client_info = "azsdk-js",
		.correlation = "0f8fad5b-d9cb-469f-a165-70867728950e",
	};
	return 0;
}

static int drop_record(void **state)
{
	(void)state;
	json_decref(record);
	record = NULL;
	return 0;
}

/* No piece of the token stands in the line, wherever it came from. */
static void expect_no_token(void)
{
	const char *token = gate.question.authorization;
	char piece[PIECE + 1] = "";

	assert_null(strstr(line, "eyJ"));
	for (size_t i = 0; token && strlen(token) > PIECE && i + PIECE <= strlen(token); i++) {
		memcpy(piece, token + i, PIECE);
		if (strstr(line, piece))
			fail_msg("%s", line);
	}
}

static void write_record(enum authorize_reason reason)
{
	size_t length = 0;

	gate_expect(&gate, reason);
	length = audit_format(&gate.policy, &gate.question, &gate.decision, &circumstances, line);
	assert_int_equal(length, strlen(line));
	for (size_t i = 0; i < length; i++)
		assert_in_range(line[i], ' ', '~');
	expect_no_token();
	json_decref(record);
	record = json_loads(line, JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(record);
}

/* `path` is member or member.member. */
static void expect(const char *path, const char *text)
{
	const char *dot = strchr(path, '.');
	char member[64] = "";
	const json_t *value = json_object_get(record, path);

	if (dot) {
		memcpy(member, path, (size_t)(dot - path));
		value = json_object_get(json_object_get(record, member), dot + 1);
	}
	if (!json_is_string(value) || strcmp(json_string_value(value), text) != 0)
		fail_msg("%s: %s", path, line);
}

static void an_allowed_request_is_recorded(void **state)
{
	(void)state;
	gate_token(&gate, "{}");
	write_record(AUTHORIZE_TRUSTED_SERVICE);
	expect("time", "2027-01-15T08:00:00.007Z");
	expect("resourceId", "/subscriptions/" GATE_HOME "/vaults/contoso");
	expect("operationName", "SecretGet");
	expect("operationVersion", "7.5");
	expect("category", "AuditEvent");
	expect("resultType", "Success");
	expect("resultSignature", "OK");
	expect("callerIpAddress", "192.0.2.130");
	expect("correlationId", "0f8fad5b-d9cb-469f-a165-70867728950e");
	expect("properties.clientInfo", "azsdk-js");
	expect("properties.id", "https://contoso.vault.example/secrets/x");
	expect("properties.requestUri", "https://contoso.vault.example/secrets/x?api-version=7.5");
	expect("vault", "contoso");
	expect("verdict", "allow");
	expect("reason", "trusted_service");
	expect("service", "backup");
	expect("rule", "rules.yaml:19");
	assert_non_null(strstr(line, "\"durationMs\":1.234,"));
	assert_non_null(strstr(line, "identity/claims/objectidentifier\":\"" GATE_CALLER "\""));
	assert_non_null(strstr(line, "\"appid\":\"" GATE_APP "\""));
}

static void a_refused_request_is_recorded_with_the_reason(void **state)
{
	(void)state;
	gate_token(&gate, "{}");
	gate.question.method = "DELETE";
	write_record(AUTHORIZE_OTHER_OPERATION);
	expect("operationName", "SecretDelete");
	expect("resultType", "Failed");
	expect("resultSignature", "Forbidden");
	expect("resultDescription",
	       "secrets/delete is not one of the operations of the service backup");
	expect("verdict", "deny");
	expect("reason", "other_operation");
	expect("service", "backup");
	gate_token(&gate, "{\"exp\":1}");
	write_record(AUTHORIZE_INVALID_TOKEN);
	expect("resultSignature", "Unauthorized");
	expect("properties.tokenFault", "expired");
}

static void a_question_without_anything_is_recorded(void **state)
{
	(void)state;
	gate.question = (struct question){.method = NULL};
	circumstances = (struct audit_circumstances){0};
	write_record(AUTHORIZE_UNREADABLE);
	expect("operationName", "Unknown");
	expect("properties.requestUri", "");
	expect("vault", "");
	expect("rule", "");
}

/* Wherever a client puts its token, and whatever else it puts there. */
static void a_token_is_recorded_nowhere(void **state)
{
	char target[2048];
	char piece[128] = "";

	(void)state;
	gate_token(&gate, "{}");
	circumstances.client_info = gate.authorization;
	circumstances.correlation = gate.authorization + 700;
	(void)snprintf(target, sizeof(target), "/secrets/x?token=%s", gate.authorization + 7);
	gate.question.target = target;
	write_record(AUTHORIZE_TRUSTED_SERVICE);
	expect("properties.requestUri", "https://contoso.vault.example/secrets/x");
	expect("properties.clientInfo", "(omitted)");
	expect("correlationId", "(omitted)");
	(void)snprintf(target, sizeof(target), "/%s", gate.authorization + 7);
	write_record(AUTHORIZE_UNKNOWN_OPERATION);
	(void)snprintf(target, sizeof(target), "/secrets/%.100s/x/y", gate.authorization + 300);
	write_record(AUTHORIZE_UNKNOWN_OPERATION);
	expect("properties.id", "https://contoso.vault.example(omitted)");
	/* A piece that could be a name. */
	for (size_t i = 0, used = 0; gate.authorization[400 + i] && used < 60; i++)
		if (!strchr("._", gate.authorization[400 + i]))
			piece[used++] = gate.authorization[400 + i];
	(void)snprintf(target, sizeof(target), "/secrets/%s", piece);
	write_record(AUTHORIZE_TRUSTED_SERVICE);
	(void)snprintf(target, sizeof(target), "/secrets/eyJhbGciOiJub25lIn0");
	write_record(AUTHORIZE_TRUSTED_SERVICE);
	expect("properties.id", "https://contoso.vault.example(omitted)");
	(void)snprintf(target, sizeof(target), "/secrets/%%65yJhbGciOiJub25lIn0");
	write_record(AUTHORIZE_TRUSTED_SERVICE);
	expect("properties.id", "https://contoso.vault.example(omitted)");
}

static void nothing_that_a_client_sends_breaks_the_line(void **state)
{
	static char long_text[5000];

	(void)state;
	memset(long_text, '\n', sizeof(long_text) - 1);
	circumstances.client_info = long_text;
	circumstances.correlation =
		"\"},\"verdict\":\"allow\",\"x\":\"\x1b[31m\xff\xf0\x9f\x98\x80";
	gate.question.target = "/a\"b\r\n\xff";
	gate.question.host = "x\"\r\n";
	write_record(AUTHORIZE_UNKNOWN_VAULT);
	expect("verdict", "deny");
	gate_reset(&gate);
	gate.question.target = long_text;
	write_record(AUTHORIZE_NO_TOKEN);
	assert_non_null(strstr(line, "\\ud83d\\ude00"));
}

static void a_tag_and_the_node_are_named(void **state)
{
	(void)state;
	gate.question.tagged = true;
	gate.question.tag = 7001;
	write_record(AUTHORIZE_UNKNOWN_SUBNET);
	assert_int_equal(json_integer_value(json_object_get(record, "endpointTag")), 7001);
	gate_reset(&gate);
	gate_source(&gate, "192.0.2.250");
	write_record(AUTHORIZE_FAILSAFE);
	expect("rule", "node.yaml:7");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, reset_gate, drop_record)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(an_allowed_request_is_recorded),
		TEST(a_refused_request_is_recorded_with_the_reason),
		TEST(a_question_without_anything_is_recorded),
		TEST(a_token_is_recorded_nowhere),
		TEST(nothing_that_a_client_sends_breaks_the_line),
		TEST(a_tag_and_the_node_are_named),
	};

	return cmocka_run_group_tests_name("audit", tests, open_gate, close_gate);
}
