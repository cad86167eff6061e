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
			    "virtual_networks:\n"
			    "  - name: app\n"
			    "    tag: 7001\n"
			    "    subnets:\n"
			    "      - {name: web, prefix: 10.1.0.0/24, service_endpoint: true}\n"
			    "      - {name: batch, prefix: 10.1.1.0/24, service_endpoint: false}\n"
			    "ip_sets:\n"
			    "  - name: offices\n"
			    "    ranges:\n"
			    "      - 198.51.100.0/24 # office\n"
			    "  - name: visitors\n"
			    "    ranges: [198.51.101.0/24]\n"
			    "block:\n"
			    "  ip_rules:\n"
			    "    - 198.51.100.99 # thief\n"
			    "  tags: [6666]\n"
			    "issuers:\n"
			    "  - {name: plain, issuer: https://plain.example, audiences: [vault]}\n"
			    "trusted_services:\n"
			    "  - name: backup\n"
			    "    ip_rules: [192.0.2.128/28]\n"
			    "    identities:\n"
			    "      - {kind: application, app_id: " GATE_APP "}\n"
			    "vaults:\n"
			    "  - name: contoso\n"
			    "    hostnames: [contoso.vault.example]\n"
			    "    frontends: [203.0.113.10:443, '[2001:db8::10]:443']\n"
			    "    network_acls:\n"
			    "      bypass: trusted_services # acls\n"
			    "      ip_rules:\n"
			    "        - set:offices\n"
			    "        - {range: 192.0.2.77, expires: 2027-01-15T07:59:59Z}\n"
			    "        - {range: 192.0.2.78, expires: 2027-01-15T08:00:01Z}\n"
			    "        - {range: set:visitors, expires: 2027-01-15T08:00:00Z}\n"
			    "      virtual_network_rules:\n"
			    "        - {subnet: app/web} # subnet\n"
			    "        - {subnet: app/batch, ignore_missing_service_endpoint: true}\n"
			    "  - name: closed\n"
			    "    hostnames: [closed.vault.example]\n"
			    "    frontends: [203.0.113.10:443]\n"
			    "    network_acls: {ip_rules: [203.0.113.200]} # closed\n"
			    "  - name: open\n"
			    "    hostnames: [open.vault.example]\n"
			    "    frontends: ['*:443']\n"
			    "    network_acls: {default_action: allow} # open\n"
			    "  - name: elsewhere\n"
			    "    hostnames: [contoso.vault.example]\n"
			    "    frontends: [203.0.113.12:443, '203.0.113.10:443/udp']\n"
			    "    network_acls: {default_action: allow}\n"
			    "  - name: datagrams\n"
			    "    hostnames: [datagrams.vault.example]\n"
			    "    frontends: ['203.0.113.13:443/udp']\n"
			    "    network_acls: {default_action: allow}\n"
			    "  - name: open-left\n"
			    "    hostnames: [open-left.vault.example]\n"
			    "    frontends: ['*:8200']\n"
			    "    network_acls: {default_action: allow}\n"
			    "  - name: open-right\n"
			    "    hostnames: [open-right.vault.example]\n"
			    "    frontends: ['*:8200']\n";

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

static void expect_host(const char *host, enum authorize_reason reason)
{
	gate.question.host = host;
	gate_expect(&gate, reason);
}

static void row_1_a_question_without_a_part_is_unreadable(void **state)
{
	(void)state;
	gate.question.method = NULL;
	gate_expect(&gate, AUTHORIZE_UNREADABLE);
	gate_reset(&gate);
	gate.question.target = NULL;
	gate_expect(&gate, AUTHORIZE_UNREADABLE);
	gate_reset(&gate);
	gate.question.host = NULL;
	gate_expect(&gate, AUTHORIZE_UNREADABLE);
	gate_reset(&gate);
	gate.question.frontend.family = 0;
	gate_expect(&gate, AUTHORIZE_UNREADABLE);
	gate_reset(&gate);
	gate.question.source.family = 0;
	gate_expect(&gate, AUTHORIZE_UNREADABLE);
	assert_int_equal(gate.decision.status, 403);
	gate_expect_body(&gate, "Forbidden", "ForbiddenByFirewall",
			 "Client address is not authorized and caller is not a trusted service.\r\n"
			 "Client address: unknown\r\n"
			 "Reason: the question is incomplete, or says something twice");
}

static void row_1_a_vault_is_known_by_host_and_frontend(void **state)
{
	static const char *const hosts[] = {"",
					    "nobody.vault.example",
					    "contoso.vault.example.",
					    "contoso.vault.example:x",
					    "contoso.vault.example:",
					    "contoso.vault.example:443:443",
					    "contoso.vault.example:99999",
					    "203.0.113.10",
					    "[2001:db8::10]:443",
					    "contoso.vault.example/",
					    "contoso.vault.example\r\nHost: x",
					    " contoso.vault.example"};

	(void)state;
	gate_source(&gate, "198.51.100.1");
	for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++)
		expect_host(hosts[i], AUTHORIZE_UNKNOWN_VAULT);
	expect_host("contoso.vault.example", AUTHORIZE_IP_RULE);
	expect_host("Contoso.VAULT.example:8443", AUTHORIZE_IP_RULE);
	assert_string_equal(gate.decision.vault->name, "contoso");
	gate_frontend(&gate, "203.0.113.10:444");
	gate_expect(&gate, AUTHORIZE_WRONG_FRONTEND);
	assert_null(gate.decision.vault);
	gate_frontend(&gate, "203.0.113.11:443");
	gate_expect(&gate, AUTHORIZE_WRONG_FRONTEND);
	gate_frontend(&gate, "[2001:db8::10]:443");
	gate_expect(&gate, AUTHORIZE_IP_RULE);
	gate_frontend(&gate, "[::ffff:203.0.113.10]:443");
	gate_expect(&gate, AUTHORIZE_IP_RULE);
}

static void row_1_two_vaults_of_one_name_are_told_by_the_frontend(void **state)
{
	(void)state;
	gate_source(&gate, "198.51.100.1");
	gate_frontend(&gate, "203.0.113.12:443");
	gate_expect(&gate, AUTHORIZE_DEFAULT_ALLOW);
	assert_string_equal(gate.decision.vault->name, "elsewhere");
	/* Its UDP frontend is not one of the gate's. */
	gate_frontend(&gate, "203.0.113.10:443");
	gate_expect(&gate, AUTHORIZE_IP_RULE);
	assert_string_equal(gate.decision.vault->name, "contoso");
}

static void row_1_without_a_frontend_the_name_has_to_be_one_vault_s(void **state)
{
	(void)state;
	gate.question.frontend.family = 0;
	gate.question.frontend_untold = true;
	gate_source(&gate, "203.0.113.200");
	expect_host("contoso.vault.example", AUTHORIZE_AMBIGUOUS_VAULT);
	assert_null(gate.decision.vault);
	assert_int_equal(gate.decision.status, 403);
	expect_host("datagrams.vault.example", AUTHORIZE_WRONG_FRONTEND);
	expect_host("nobody.vault.example", AUTHORIZE_UNKNOWN_VAULT);
	/* Whatever was told nevertheless is not believed. */
	gate_frontend(&gate, "203.0.113.12:443");
	expect_host("contoso.vault.example", AUTHORIZE_AMBIGUOUS_VAULT);
}

/* From a frontend that vaults share he may ask for any of them, and for others. */
static void row_3_who_may_bear_a_tag_that_nobody_tells_is_refused(void **state)
{
	(void)state;
	gate.question.frontend.family = 0;
	gate.question.frontend_untold = true;
	gate_source(&gate, "203.0.113.200");
	expect_host("closed.vault.example", AUTHORIZE_UNKNOWN_TAG);
	assert_string_equal(gate.decision.vault->name, "closed");
	gate_expect_line(&gate, "# closed");
	/* A tag may be blocked. */
	expect_host("open.vault.example", AUTHORIZE_UNKNOWN_TAG);
	expect_from("192.0.2.250", AUTHORIZE_UNKNOWN_TAG);
	expect_from("198.51.100.99", AUTHORIZE_BLOCKED);
	gate_token(&gate, "{}");
	expect_from("192.0.2.130", AUTHORIZE_UNKNOWN_TAG);
	/* Once the frontend is told there is one vault there, and nobody with a tag. */
	gate.question.frontend_untold = false;
	gate_frontend(&gate, "203.0.113.99:443");
	expect_from("192.0.2.130", AUTHORIZE_DEFAULT_ALLOW);
}

static void row_1_an_exact_frontend_wins_over_every_address(void **state)
{
	(void)state;
	gate.question.host = "open.vault.example";
	gate_frontend(&gate, "203.0.113.99:443");
	gate_expect(&gate, AUTHORIZE_DEFAULT_ALLOW);
	gate_frontend(&gate, "[2001:db8::99]:443");
	gate_expect(&gate, AUTHORIZE_DEFAULT_ALLOW);
	gate_frontend(&gate, "203.0.113.10:443");
	gate_expect(&gate, AUTHORIZE_WRONG_FRONTEND);
	gate_frontend(&gate, "203.0.113.99:444");
	gate_expect(&gate, AUTHORIZE_WRONG_FRONTEND);
}

static void row_2_allowed_sources_need_no_token(void **state)
{
	(void)state;
	expect_from("198.51.100.1", AUTHORIZE_IP_RULE);
	gate_expect_line(&gate, "# office");
	assert_int_equal(gate.decision.status, 200);
	assert_null(gate.decision.claims);
	expect_from("::ffff:198.51.100.1", AUTHORIZE_IP_RULE);
	expect_from("192.0.2.250", AUTHORIZE_FAILSAFE);
	assert_true(gate.decision.at_node);
	assert_int_equal(gate.decision.at.line, 7);
	gate.question.target = "/whatever/../it is";
	expect_from("198.51.100.1", AUTHORIZE_IP_RULE);
}

/* Of two vaults on one frontend, and of one by itself. */
static void row_3_an_unknown_tag_counts_where_a_frontend_is_shared(void **state)
{
	(void)state;
	gate.question.tag_unknown = true;
	expect_from("198.51.100.1", AUTHORIZE_UNKNOWN_TAG);
	gate_expect_line(&gate, "# acls");
	gate_expect_body(&gate, "Forbidden", "ForbiddenByFirewall",
			 "Client address is not authorized and caller is not a trusted service.\r\n"
			 "Client address: 198.51.100.1\r\n"
			 "Vault: contoso\r\n"
			 "Reason: whether the connection bears an endpoint tag cannot be told");
	expect_from("192.0.2.250", AUTHORIZE_UNKNOWN_TAG); /* failsafe is for untagged ones */
	expect_from("192.0.2.130", AUTHORIZE_UNKNOWN_TAG); /* so are services */
	expect_from("10.1.0.5", AUTHORIZE_UNKNOWN_TAG);
	expect_from("198.51.100.99", AUTHORIZE_BLOCKED);
	gate_frontend(&gate, "[::ffff:203.0.113.10]:443");
	expect_from("198.51.100.1", AUTHORIZE_UNKNOWN_TAG);
	gate_frontend(&gate, "[2001:db8::10]:443");
	expect_from("198.51.100.1", AUTHORIZE_IP_RULE);
}

static void row_3_an_unknown_tag_may_be_a_blocked_one(void **state)
{
	(void)state;
	gate.question.tag_unknown = true;
	gate.question.host = "open-left.vault.example";
	gate_frontend(&gate, "203.0.113.99:8200");
	gate_expect(&gate, AUTHORIZE_UNKNOWN_TAG);
	gate.policy.blocked_tag_count = 0;
	gate_expect(&gate, AUTHORIZE_DEFAULT_ALLOW);
	gate.policy.blocked_tag_count = 1;
	gate.question.host = "open.vault.example"; /* has its `*` to itself */
	gate_frontend(&gate, "203.0.113.99:443");
	gate_expect(&gate, AUTHORIZE_DEFAULT_ALLOW);
}

static void row_3_a_vlan_id_that_no_rule_knows_is_no_tag(void **state)
{
	(void)state;
	gate.question.tagged = true;
	gate.question.vlan = true;
	gate.question.tag = 700;
	expect_from("198.51.100.1", AUTHORIZE_IP_RULE);
	gate.question.tag = 7001;
	expect_from("198.51.100.1", AUTHORIZE_UNKNOWN_SUBNET);
	gate.question.tag = 6666;
	expect_from("198.51.100.1", AUTHORIZE_BLOCKED);
}

static void row_2_rules_end_at_their_second(void **state)
{
	(void)state;
	expect_from("192.0.2.77", AUTHORIZE_NOT_ALLOWED);
	expect_from("192.0.2.78", AUTHORIZE_IP_RULE);
	expect_from("198.51.101.1", AUTHORIZE_NOT_ALLOWED);
}

static void row_2_tags_are_held_against_subnets(void **state)
{
	(void)state;
	gate.question.tagged = true;
	gate.question.tag = 7001;
	expect_from("10.1.0.5", AUTHORIZE_VIRTUAL_NETWORK);
	gate_expect_line(&gate, "# subnet");
	expect_from("10.1.1.5", AUTHORIZE_UNKNOWN_SUBNET); /* its endpoint is off */
	expect_from("2001:db8::5", AUTHORIZE_UNKNOWN_SUBNET);
	expect_from("198.51.100.1", AUTHORIZE_UNKNOWN_SUBNET);
	expect_from("192.0.2.250", AUTHORIZE_UNKNOWN_SUBNET); /* failsafe is for untagged ones */
	expect_from("192.0.2.130", AUTHORIZE_UNKNOWN_SUBNET); /* so are services */
	gate_expect_body(&gate, "Forbidden", "ForbiddenByFirewall",
			 "Client address is not authorized and caller is not a trusted service.\r\n"
			 "Client address: 192.0.2.130 from unknown subnet\r\n"
			 "Vault: contoso\r\n"
			 "Reason: tagged, but from no subnet that the vault lists");
	gate.question.tag = 7002;
	expect_from("10.1.0.5", AUTHORIZE_UNKNOWN_SUBNET);
	gate.question.host = "open.vault.example";
	gate_frontend(&gate, "203.0.113.99:443");
	gate_expect(&gate, AUTHORIZE_DEFAULT_ALLOW);
	gate_expect_line(&gate, "# open");
}

static void row_3_the_block_list_comes_before_every_rule(void **state)
{
	(void)state;
	expect_from("198.51.100.99", AUTHORIZE_BLOCKED);
	gate_expect_line(&gate, "# thief");
	gate.question.host = "open.vault.example";
	gate_frontend(&gate, "203.0.113.99:443");
	gate_expect(&gate, AUTHORIZE_BLOCKED);
	gate.question.tagged = true;
	gate.question.tag = 6666;
	expect_from("10.1.0.5", AUTHORIZE_BLOCKED);
}

static void row_3_other_sources_are_refused_with_the_best_token(void **state)
{
	(void)state;
	gate_token(&gate, "{}");
	expect_from("192.0.2.127", AUTHORIZE_NOT_ALLOWED);
	gate_expect_line(&gate, "# acls");
	assert_null(gate.decision.claims);
	assert_int_equal(gate.decision.status, 403);
	gate_expect_body(
		&gate, "Forbidden", "ForbiddenByFirewall",
		"Client address is not authorized and caller is not a trusted service.\r\n"
		"Client address: 192.0.2.127\r\n"
		"Vault: contoso\r\n"
		"Reason: no rule of the vault admits the source, and no trusted service may "
		"come from there");
	expect_from("2001:db8::5", AUTHORIZE_NOT_ALLOWED);
	expect_from("255.255.255.255", AUTHORIZE_NOT_ALLOWED);
	gate.question.host = "closed.vault.example";
	expect_from("192.0.2.130", AUTHORIZE_NOT_ALLOWED);
	gate_expect_line(&gate, "# closed");
	assert_non_null(strstr(gate.decision.detail, "trusts no services"));
}

#define TEST(name) cmocka_unit_test_setup(name, reset_gate)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(row_1_a_question_without_a_part_is_unreadable),
		TEST(row_1_a_vault_is_known_by_host_and_frontend),
		TEST(row_1_two_vaults_of_one_name_are_told_by_the_frontend),
		TEST(row_1_an_exact_frontend_wins_over_every_address),
		TEST(row_1_without_a_frontend_the_name_has_to_be_one_vault_s),
		TEST(row_3_who_may_bear_a_tag_that_nobody_tells_is_refused),
		TEST(row_2_allowed_sources_need_no_token),
		TEST(row_3_an_unknown_tag_counts_where_a_frontend_is_shared),
		TEST(row_3_an_unknown_tag_may_be_a_blocked_one),
		TEST(row_3_a_vlan_id_that_no_rule_knows_is_no_tag),
		TEST(row_2_rules_end_at_their_second),
		TEST(row_2_tags_are_held_against_subnets),
		TEST(row_3_the_block_list_comes_before_every_rule),
		TEST(row_3_other_sources_are_refused_with_the_best_token),
	};

	return cmocka_run_group_tests_name("authorize_network", tests, open_gate, close_gate);
}
