/* SPDX-License-Identifier: Apache-2.0 */
#include "explain.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define NOW 1767225600 /* 2026-01-01T00:00:00Z */

/* Line numbers are what these tests are about. */
static const char rules[] = /* 1 */
	"version: 1\n"
	/* 2 */ "virtual_networks:\n"
	/* 3 */ "  - name: vnet-app\n"
	/* 4 */ "    tag: 7001\n"
	/* 5 */ "    subnets:\n"
	/* 6 */ "      - {name: web, prefix: 10.1.0.0/24, service_endpoint: true}\n"
	/* 7 */ "      - {name: batch, prefix: 10.1.1.0/24}\n"
	/* 8 */ "      - {name: db, prefix: 10.1.2.0/24, service_endpoint: true}\n"
	/* 9 */
	"  - {name: vnet-b, tag: 7002, subnets: [{name: s, prefix: 10.9.0.0/24, service_endpoint: true}]}\n"
	/* 10 */ "ip_sets:\n"
	/* 11 */ "  - name: partners\n"
	/* 12 */ "    file: partners.txt\n"
	/* 13 */ "  - name: threats\n"
	/* 14 */ "    ranges:\n"
	/* 15 */ "      - 192.0.2.64/28\n"
	/* 16 */ "block:\n"
	/* 17 */ "  ip_rules:\n"
	/* 18 */ "    - set:threats\n"
	/* 19 */ "    - 192.0.2.99\n"
	/* 20 */ "  tags: [6666]\n"
	/* 21 */ "trusted_services:\n"
	/* 22 */ "  - name: backup\n"
	/* 23 */ "    ip_rules:\n"
	/* 24 */ "      - 192.0.2.128/28\n"
	/* 25 */
	"    identities: [{kind: application, app_id: 262044b1-e2ce-469f-a196-69ab7ada62d3}]\n"
	/* 26 */ "  - name: roaming\n"
	/* 27 */
	"    identities: [{kind: application, app_id: 262044b1-e2ce-469f-a196-69ab7ada62d3}]\n"
	/* 28 */ "vaults:\n"
	/* 29 */ "  - name: contoso\n"
	/* 30 */ "    frontends: [203.0.113.10:443]\n"
	/* 31 */ "    network_acls:\n"
	/* 32 */ "      bypass: trusted_services\n"
	/* 33 */ "      ip_rules:\n"
	/* 34 */ "        - set:partners\n"
	/* 35 */
	"        - {range: 192.0.2.77, expires: 2025-12-01T00:00:00Z, comment: build agent}\n"
	/* 36 */
	"        - {range: 192.0.2.78, expires: 2026-12-01T00:00:00Z, comment: build agent}\n"
	/* 37 */ "      virtual_network_rules:\n"
	/* 38 */ "        - {subnet: vnet-app/web}\n"
	/* 39 */ "        - {subnet: vnet-app/batch, ignore_missing_service_endpoint: true}\n"
	/* 40 */ "  - name: open\n"
	/* 41 */ "    frontends: [203.0.113.11:443]\n"
	/* 42 */ "    network_acls:\n"
	/* 43 */ "      default_action: allow\n"
	/* 44 */ "  - name: bare\n"
	/* 45 */ "    frontends: [203.0.113.12:443]\n";

static const char partners[] = "# our partners\n198.51.100.0/24\n198.51.101.7\n";

static const char node_text[] = "version: 1\n"
				"interfaces: [{name: eth0}]\n"
				"failsafe:\n"
				"  - 192.0.2.250\n"
				"  - 192.0.2.252/31\n";

struct fixture {
	struct diags diags;
	struct policy policy;
	struct node node;
};

static struct explain_query query_of(const struct fixture *fixture, const char *vault,
				     enum vw_reason reason, uint32_t source)
{
	return (struct explain_query){
		.vault = vault ? policy_find_vault(&fixture->policy, vault) : NULL,
		.reason = reason,
		.family = 4,
		.source = source,
		.now = NOW,
	};
}

static struct explanation explain(const struct fixture *fixture, const struct explain_query *query)
{
	struct explanation explanation;

	memset(&explanation, 0xa5, sizeof(explanation));
	explain_rule(&fixture->policy, &fixture->node, query, &explanation);
	assert_true(strlen(explanation.advice) < sizeof(explanation.advice) - 1);
	return explanation;
}

static void assert_rule(const struct explanation *explanation, const char *file, uint32_t line,
			const char *rule)
{
	assert_true(explanation->found);
	assert_string_equal(explanation->file, file);
	assert_int_equal(explanation->at.line, line);
	assert_string_equal(explanation->rule, rule);
}

static void assert_advice(const struct explanation *explanation, const char *part)
{
	if (!strstr(explanation->advice, part))
		fail_msg("'%s' is not in '%s'", part, explanation->advice);
}

static void assert_nothing_found(const struct explanation *explanation)
{
	assert_false(explanation->found);
	assert_null(explanation->file);
	assert_string_equal(explanation->rule, "");
}

#define IP(a, b, c, d) ((uint32_t)(a) << 24 | (uint32_t)(b) << 16 | (uint32_t)(c) << 8 | (d))

static void a_failsafe_source_leads_to_the_node(void **state)
{
	const struct fixture *fixture = (const struct fixture *)*state;
	struct explain_query query =
		query_of(fixture, "contoso", VW_REASON_FAILSAFE, IP(192, 0, 2, 253));
	struct explanation explanation = explain(fixture, &query);

	assert_rule(&explanation, "node.yaml", 5, "failsafe: 192.0.2.252/31");
	assert_null(explanation.vault);
	assert_advice(&explanation, "Failsafe sources reach every frontend");
}

static void a_blocked_source_leads_to_its_range(void **state)
{
	const struct fixture *fixture = (const struct fixture *)*state;
	struct explain_query query =
		query_of(fixture, "open", VW_REASON_BLOCKED, IP(192, 0, 2, 99));
	struct explanation explanation = explain(fixture, &query);

	assert_rule(&explanation, "rules.yaml", 19, "block: 192.0.2.99");
	assert_null(explanation.vault);
}

static void a_blocked_source_of_a_set_leads_into_the_set(void **state)
{
	const struct fixture *fixture = (const struct fixture *)*state;
	struct explain_query query =
		query_of(fixture, "open", VW_REASON_BLOCKED, IP(192, 0, 2, 70));
	struct explanation explanation = explain(fixture, &query);

	assert_rule(&explanation, "rules.yaml", 15, "block: 192.0.2.64/28 (set:threats)");
	assert_advice(&explanation, "refer to set:threats at rules.yaml:18");
}

static void a_blocked_tag_leads_to_the_tag(void **state)
{
	const struct fixture *fixture = (const struct fixture *)*state;
	struct explain_query query = query_of(fixture, "open", VW_REASON_BLOCKED, IP(10, 1, 0, 5));
	struct explanation explanation;

	query.tagged = true;
	query.tag = 6666;
	explanation = explain(fixture, &query);
	assert_rule(&explanation, "rules.yaml", 20, "block: tag 6666");
	query.family = 6;
	explanation = explain(fixture, &query);
	assert_rule(&explanation, "rules.yaml", 20, "block: tag 6666");
}

static void default_allow_leads_to_the_acls(void **state)
{
	const struct fixture *fixture = (const struct fixture *)*state;
	struct explain_query query =
		query_of(fixture, "open", VW_REASON_DEFAULT_ALLOW, IP(8, 8, 8, 8));
	struct explanation explanation = explain(fixture, &query);

	assert_rule(&explanation, "rules.yaml", 43, "default_action: allow");
	assert_ptr_equal(explanation.vault, query.vault);
}

static void a_network_rule_is_named_with_its_subnet(void **state)
{
	const struct fixture *fixture = (const struct fixture *)*state;
	struct explain_query query =
		query_of(fixture, "contoso", VW_REASON_VIRTUAL_NETWORK, IP(10, 1, 0, 5));
	struct explanation explanation;

	query.tagged = true;
	query.tag = 7001;
	explanation = explain(fixture, &query);
	assert_rule(&explanation, "rules.yaml", 38, "vnet-app/web");
	assert_advice(&explanation, "10.1.0.0/24 with tag 7001 (rules.yaml:6)");
}

static void an_ip_rule_leads_into_its_sets_file(void **state)
{
	const struct fixture *fixture = (const struct fixture *)*state;
	struct explain_query query =
		query_of(fixture, "contoso", VW_REASON_IP_RULE, IP(198, 51, 101, 7));
	struct explanation explanation = explain(fixture, &query);

	assert_rule(&explanation, "partners.txt", 3, "198.51.101.7 (set:partners)");
	assert_ptr_equal(explanation.vault, query.vault);
	assert_advice(&explanation,
		      "The IP rules of contoso refer to set:partners at rules.yaml:34");
}

static void an_ip_rule_tells_its_end_and_its_comment(void **state)
{
	const struct fixture *fixture = (const struct fixture *)*state;
	struct explain_query query =
		query_of(fixture, "contoso", VW_REASON_IP_RULE, IP(192, 0, 2, 78));
	struct explanation explanation = explain(fixture, &query);

	assert_rule(&explanation, "rules.yaml", 36, "192.0.2.78");
	assert_advice(&explanation, "The rule holds until 2026-12-01T00:00:00Z.");
	assert_advice(&explanation, "Its comment: build agent.");
}

static void a_trusted_service_is_named_with_its_range(void **state)
{
	const struct fixture *fixture = (const struct fixture *)*state;
	struct explain_query query =
		query_of(fixture, "contoso", VW_REASON_TRUSTED_SERVICE, IP(192, 0, 2, 130));
	struct explanation explanation = explain(fixture, &query);

	assert_rule(&explanation, "rules.yaml", 24, "backup: 192.0.2.128/28");
	assert_advice(&explanation,
		      "2 services that contoso trusts may come from 192.0.2.130 (backup, roaming)");
	query.source = IP(8, 8, 8, 8);
	explanation = explain(fixture, &query);
	assert_rule(&explanation, "rules.yaml", 26, "roaming: from anywhere");
}

static void not_allowed_tells_that_nothing_covers_the_source(void **state)
{
	const struct fixture *fixture = (const struct fixture *)*state;
	struct explain_query query =
		query_of(fixture, "contoso", VW_REASON_NOT_ALLOWED, IP(192, 0, 2, 5));
	struct explanation explanation = explain(fixture, &query);

	assert_nothing_found(&explanation);
	assert_advice(&explanation, "No IP rule covers 192.0.2.5; the vault contoso has 4 ranges.");
	query.vault = policy_find_vault(&fixture->policy, "bare");
	explanation = explain(fixture, &query);
	assert_advice(&explanation, "No IP rule covers 192.0.2.5; the vault bare has none.");
}

static void not_allowed_tells_of_a_rule_that_is_over(void **state)
{
	const struct fixture *fixture = (const struct fixture *)*state;
	struct explain_query query =
		query_of(fixture, "contoso", VW_REASON_NOT_ALLOWED, IP(192, 0, 2, 77));
	struct explanation explanation = explain(fixture, &query);

	assert_nothing_found(&explanation);
	assert_advice(
		&explanation,
		"The rule of contoso for 192.0.2.77 at rules.yaml:35 no longer holds: it ended 2025-12-01T00:00:00Z.");
}

static void not_allowed_tells_of_a_bypass_that_is_off(void **state)
{
	const struct fixture *fixture = (const struct fixture *)*state;
	struct explain_query query =
		query_of(fixture, "bare", VW_REASON_NOT_ALLOWED, IP(192, 0, 2, 130));
	struct explanation explanation = explain(fixture, &query);

	assert_advice(
		&explanation,
		"Trusted services may come from there (backup, roaming), but bare has 'bypass: none'.");
}

static void not_allowed_tells_of_a_tag_that_is_missing(void **state)
{
	const struct fixture *fixture = (const struct fixture *)*state;
	struct explain_query query =
		query_of(fixture, "contoso", VW_REASON_NOT_ALLOWED, IP(10, 1, 0, 5));
	struct explanation explanation = explain(fixture, &query);

	assert_advice(&explanation, "lies in vnet-app/web, but the packet came without");
}

static void not_allowed_tells_that_rules_are_ipv4(void **state)
{
	const struct fixture *fixture = (const struct fixture *)*state;
	struct explain_query query = query_of(fixture, "contoso", VW_REASON_NOT_ALLOWED, 0);
	struct explanation explanation;

	query.family = 6;
	explanation = explain(fixture, &query);
	assert_nothing_found(&explanation);
	assert_advice(&explanation, "The source is an IPv6 address");
}

static void unknown_subnet_tells_what_is_nearest(void **state)
{
	const struct fixture *fixture = (const struct fixture *)*state;
	static const struct {
		uint32_t tag;
		uint32_t source;
		const char *advice;
	} samples[] = {
		{7001, IP(10, 1, 1, 5),
		 "that subnet has no service endpoint: the rule takes effect once 'service_endpoint' is true at rules.yaml:7"},
		{7001, IP(10, 1, 2, 5),
		 "The source lies in vnet-app/db (rules.yaml:8), which the vault contoso does not list"},
		{7001, IP(10, 1, 9, 5),
		 "The tag 7001 is that of vnet-app, but 10.1.9.5 lies in none of its subnets. The vault contoso lists vnet-app/web (10.1.0.0/24)."},
		{7002, IP(10, 9, 9, 5),
		 "The tag 7002 is that of vnet-b, but 10.9.9.5 lies in none of its subnets. The vault contoso admits vnet-app/web (tag 7001), vnet-app/batch (tag 7001)."},
		{7003, IP(10, 1, 0, 5), "No virtual network has the tag 7003."},
		{0, IP(10, 1, 0, 5), "No virtual network has the tag 0."},
	};

	for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
		struct explain_query query =
			query_of(fixture, "contoso", VW_REASON_UNKNOWN_SUBNET, samples[i].source);
		struct explanation explanation;

		query.tagged = true;
		query.tag = samples[i].tag;
		explanation = explain(fixture, &query);
		assert_nothing_found(&explanation);
		assert_advice(&explanation, samples[i].advice);
	}
}

static void a_shared_frontend_is_explained_by_the_vault_that_admits(void **state)
{
	const struct fixture *fixture = (const struct fixture *)*state;
	const struct vault *const both[] = {policy_find_vault(&fixture->policy, "bare"),
					    policy_find_vault(&fixture->policy, "contoso")};
	struct explain_query query =
		query_of(fixture, NULL, VW_REASON_IP_RULE, IP(198, 51, 100, 9));
	struct explanation explanation;

	query.vaults = both;
	query.vault_count = 2;
	explanation = explain(fixture, &query);
	assert_rule(&explanation, "partners.txt", 2, "198.51.100.0/24 (set:partners)");
	assert_ptr_equal(explanation.vault, both[1]);
	query.reason = VW_REASON_NOT_ALLOWED;
	query.source = IP(192, 0, 2, 5);
	explanation = explain(fixture, &query);
	assert_nothing_found(&explanation);
	assert_advice(&explanation, "None of the 2 vaults on this frontend admits it.");
}

/* Whatever is asked, even what the kernel never answers, gets words that fit. */
static void every_reason_has_words(void **state)
{
	const struct fixture *fixture = (const struct fixture *)*state;
	static const char *const vaults[] = {"contoso", "open", "bare", NULL};
	static const uint32_t sources[] = {0, IP(192, 0, 2, 250), IP(198, 51, 100, 1), UINT32_MAX};

	for (enum vw_reason reason = 0; reason < VW_REASON_COUNT; reason++) {
		for (size_t i = 0; i < 64; i++) {
			struct explain_query query =
				query_of(fixture, vaults[i % 4], reason, sources[i / 4 % 4]);

			query.family = i & 16 ? 6 : 4;
			query.tagged = i & 32;
			query.tag = 7001;
			(void)explain(fixture, &query);
		}
	}
}

static void packets_that_no_rule_decides_are_explained(void **state)
{
	const struct fixture *fixture = (const struct fixture *)*state;
	static const enum vw_reason reasons[] = {VW_REASON_NOT_OURS, VW_REASON_MALFORMED,
						 VW_REASON_FRAGMENT, VW_REASON_UNTRUSTED_TUNNEL};

	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++) {
		struct explain_query query = query_of(fixture, NULL, reasons[i], 0);
		struct explanation explanation = explain(fixture, &query);

		assert_nothing_found(&explanation);
		assert_true(strlen(explanation.advice) > 20);
	}
}

static int setup(void **state)
{
	static struct fixture fixture;
	static struct rules_file list = {"partners.txt", partners, sizeof(partners) - 1};
	const struct rules_bundle bundle = {
		.document = {"rules.yaml", rules, sizeof(rules) - 1},
		.files = &list,
		.file_count = 1,
	};
	const struct rules_file document = {"node.yaml", node_text, sizeof(node_text) - 1};

	*state = &fixture;
	if (policy_read(&bundle, NOW, &fixture.diags, &fixture.policy) == 0 &&
	    node_read(&document, &fixture.diags, &fixture.node) == 0)
		return 0;
	for (size_t i = 0; i < fixture.diags.count; i++)
		print_error("%u: %s\n", fixture.diags.items[i].line, fixture.diags.items[i].text);
	return -1;
}

static int teardown(void **state)
{
	struct fixture *fixture = (struct fixture *)*state;

	policy_free(&fixture->policy);
	node_free(&fixture->node);
	diags_clear(&fixture->diags);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_failsafe_source_leads_to_the_node),
		cmocka_unit_test(a_blocked_source_leads_to_its_range),
		cmocka_unit_test(a_blocked_source_of_a_set_leads_into_the_set),
		cmocka_unit_test(a_blocked_tag_leads_to_the_tag),
		cmocka_unit_test(default_allow_leads_to_the_acls),
		cmocka_unit_test(a_network_rule_is_named_with_its_subnet),
		cmocka_unit_test(an_ip_rule_leads_into_its_sets_file),
		cmocka_unit_test(an_ip_rule_tells_its_end_and_its_comment),
		cmocka_unit_test(a_trusted_service_is_named_with_its_range),
		cmocka_unit_test(not_allowed_tells_that_nothing_covers_the_source),
		cmocka_unit_test(not_allowed_tells_of_a_rule_that_is_over),
		cmocka_unit_test(not_allowed_tells_of_a_bypass_that_is_off),
		cmocka_unit_test(not_allowed_tells_of_a_tag_that_is_missing),
		cmocka_unit_test(not_allowed_tells_that_rules_are_ipv4),
		cmocka_unit_test(unknown_subnet_tells_what_is_nearest),
		cmocka_unit_test(a_shared_frontend_is_explained_by_the_vault_that_admits),
		cmocka_unit_test(every_reason_has_words),
		cmocka_unit_test(packets_that_no_rule_decides_are_explained),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
