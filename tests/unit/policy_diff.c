// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "cleanup.h"
#include "policy_diff.h"

#define NOW 1700000000

/* Before the vaults; every test's rules may refer to it. */
#define HEAD                                                                                       \
	"version: 1\n"                                                                             \
	"virtual_networks:\n"                                                                      \
	"  - name: n\n"                                                                            \
	"    tag: 7\n"                                                                             \
	"    subnets:\n"                                                                           \
	"      - {name: a, prefix: 10.1.0.0/24, service_endpoint: true}\n"                         \
	"      - {name: b, prefix: 10.1.1.0/24, service_endpoint: true}\n"                         \
	"ip_sets:\n"                                                                               \
	"  - {name: s, ranges: [10.0.0.0/25, 10.0.0.128/25]}\n"                                    \
	"  - {name: t, ranges: [192.0.2.1]}\n"

#define VAULT(name, port, acls)                                                                    \
	"  - name: " name "\n    frontends: [203.0.113.1:" port "]\n    network_acls: {" acls "}\n"

static void read_text(const char *text, struct policy *ret_policy)
{
	const struct rules_bundle bundle = {.document = {"r.yaml", text, strlen(text)}};
	cleanup(diags_clear) struct diags diags = {0};

	if (policy_read(&bundle, NOW, &diags, ret_policy) < 0)
		fail_msg("%s", diags.count ? diags.items[0].text : "no memory");
}

/* "+added -removed ~changed.aspect shared", in the order of the diff. */
static void describe(const struct policy_diff *diff, char *text, size_t size)
{
	static const char signs[] = {'+', '-', '~'};
	size_t used = 0;

	text[0] = '\0';
	for (size_t i = 0; i < diff->count; i++) {
		const struct vault_change *change = &diff->items[i];

		used += (size_t)snprintf(text + used, size - used, "%c%s", signs[change->fate],
					 change->name);
		for (unsigned j = 0; j < VAULT_ASPECT_COUNT; j++)
			if (change->aspects & 1U << j)
				used += (size_t)snprintf(text + used, size - used, ".%s",
							 vault_aspect_labels[j]);
		used += (size_t)snprintf(text + used, size - used, " ");
	}
	for (unsigned j = 0; j < SHARED_ASPECT_COUNT; j++)
		if (diff->shared & 1U << j)
			used += (size_t)snprintf(text + used, size - used, "%s ",
						 shared_aspect_labels[j]);
}

static void assert_diff(const char *before, const char *after, const char *expected)
{
	cleanup(policy_free) struct policy old = {0};
	cleanup(policy_free) struct policy new = {0};
	cleanup(policy_diff_free) struct policy_diff diff = {0};
	char text[1024];

	if (before)
		read_text(before, &old);
	read_text(after, &new);
	assert_int_equal(policy_diff_make(before ? &old : NULL, &new, &diff), 0);
	describe(&diff, text, sizeof(text));
	assert_string_equal(text, expected);
}

/* Two vaults' network_acls, and what becomes of the vault. */
static void assert_acls(const char *before, const char *after, const char *expected)
{
	char old[2048], new[2048];

	(void)snprintf(old, sizeof(old), HEAD "vaults:\n" VAULT("v", "1", "%s"), before);
	(void)snprintf(new, sizeof(new), HEAD "vaults:\n" VAULT("v", "1", "%s"), after);
	assert_diff(old, new, expected);
	assert_diff(new, old, expected);
}

static void the_same_rules_differ_in_nothing(void **state)
{
	(void)state;
	assert_acls("ip_rules: [\"set:s\"], virtual_network_rules: [{subnet: n/a}]",
		    "ip_rules: [\"set:s\"], virtual_network_rules: [{subnet: n/a}]", "");
}

static void without_rules_before_everything_is_new(void **state)
{
	(void)state;
	assert_diff(NULL, HEAD "vaults:\n" VAULT("v", "1", "") VAULT("w", "2", ""), "+v +w ");
}

static void vaults_come_and_go(void **state)
{
	(void)state;
	assert_diff(HEAD "vaults:\n" VAULT("a", "1", "") VAULT("b", "2", ""),
		    HEAD "vaults:\n" VAULT("c", "3", "") VAULT("b", "2", ""), "+c -a ");
}

static void another_order_is_no_change(void **state)
{
	(void)state;
	assert_acls("ip_rules: [192.0.2.1, 192.0.2.9]", "ip_rules: [192.0.2.9, 192.0.2.1]", "");
	assert_acls("virtual_network_rules: [{subnet: n/a}, {subnet: n/b}]",
		    "virtual_network_rules: [{subnet: n/b}, {subnet: n/a}]", "");
}

static void ranges_count_by_what_they_come_to(void **state)
{
	(void)state;
	assert_acls("ip_rules: [\"set:s\"]", "ip_rules: [10.0.0.0/24]", "");
	assert_acls("ip_rules: [10.0.0.0/24, 10.0.0.7]", "ip_rules: [10.0.0.0/24]", "");
	assert_acls("ip_rules: [10.0.0.0/24]", "ip_rules: [10.0.0.0/25]", "~v.ip_rules ");
	assert_acls("ip_rules: [10.0.0.0/24]", "ip_rules: [10.0.0.0/24, 10.0.1.0]", "~v.ip_rules ");
	assert_acls("ip_rules: [0.0.0.0/0]", "ip_rules: [0.0.0.0/1, 128.0.0.0/1]", "");
	assert_acls("ip_rules: [\"set:s\"]", "ip_rules: [\"set:t\"]", "~v.ip_rules ");
	assert_acls("ip_rules: [\"set:s\"]", "", "~v.ip_rules ");
}

#define UNTIL(range, year) "{range: " range ", expires: " year "-01-01T00:00:00Z}"

static void expiries_are_part_of_a_range(void **state)
{
	(void)state;
	assert_acls("ip_rules: [192.0.2.1]", "ip_rules: [" UNTIL("192.0.2.1", "2090") "]",
		    "~v.ip_rules ");
	/* A range that lasts hides one within it that does not, and the other way round. */
	assert_acls("ip_rules: [10.0.0.0/24]",
		    "ip_rules: [10.0.0.0/24, " UNTIL("10.0.0.1", "2090") "]", "");
	assert_acls("ip_rules: [10.0.0.1, " UNTIL("10.0.0.0/24", "2090") "]",
		    "ip_rules: [" UNTIL("10.0.0.0/24", "2090") "]", "~v.ip_rules ");
	assert_acls(
		"ip_rules: [" UNTIL("10.0.0.0/25", "2090") ", " UNTIL("10.0.0.128/25", "2090") "]",
		"ip_rules: [" UNTIL("10.0.0.0/24", "2090") "]", "");
	assert_acls(
		"ip_rules: [" UNTIL("10.0.0.0/25", "2090") ", " UNTIL("10.0.0.128/25", "2091") "]",
		"ip_rules: [" UNTIL("10.0.0.0/24", "2091") "]", "~v.ip_rules ");
	/* Of the same range twice the longer counts. */
	assert_acls("ip_rules: [" UNTIL("10.0.0.1", "2090") ", " UNTIL("10.0.0.1", "2091") "]",
		    "ip_rules: [" UNTIL("10.0.0.1", "2091") "]", "");
}

static void a_changed_set_changes_who_uses_it(void **state)
{
	(void)state;
	assert_diff("version: 1\nip_sets: [{name: s, ranges: [10.0.0.1]}]\nvaults:\n" VAULT(
			    "v", "1", "ip_rules: [\"set:s\"]") VAULT("w", "2", ""),
		    "version: 1\nip_sets: [{name: s, ranges: [10.0.0.2]}]\nvaults:\n" VAULT(
			    "v", "1", "ip_rules: [\"set:s\"]") VAULT("w", "2", ""),
		    "~v.ip_rules ");
	/* Written otherwise, and renamed: the same addresses. */
	assert_diff(
		"version: 1\nip_sets: [{name: s, ranges: [10.0.0.0/31]}]\nvaults:\n" VAULT(
			"v", "1", "ip_rules: [\"set:s\"]"),
		"version: 1\nip_sets: [{name: z, ranges: [10.0.0.1, 10.0.0.0]}]\nvaults:\n" VAULT(
			"v", "1", "ip_rules: [\"set:z\"]"),
		"");
}

static void every_switch_is_an_aspect_of_its_own(void **state)
{
	(void)state;
	assert_acls("", "default_action: allow", "~v.default_action ");
	assert_acls("", "virtual_network_rules: [{subnet: n/a}]", "~v.virtual_network_rules ");
	assert_acls("virtual_network_rules: [{subnet: n/a}]",
		    "virtual_network_rules: [{subnet: n/b}]", "~v.virtual_network_rules ");
	assert_diff(HEAD "vaults:\n" VAULT("v", "1", ""), HEAD "vaults:\n" VAULT("v", "2", ""),
		    "~v.frontends ");
	assert_diff(HEAD "vaults:\n" VAULT("v", "1", ""),
		    HEAD "vaults:\n" VAULT("v", "1", "") "    enforcement: audit\n",
		    "~v.enforcement ");
	assert_diff(HEAD "vaults:\n" VAULT("v", "1", ""),
		    HEAD "vaults:\n" VAULT("v", "1", "") "    hostnames: [v.example]\n",
		    "~v.hostnames ");
}

static void a_subnet_counts_by_what_it_is(void **state)
{
	(void)state;
	/* The endpoint went off: the same words admit nobody any more. */
	assert_diff(
		"version: 1\nvirtual_networks:\n  - {name: n, tag: 7, subnets: [{name: a, prefix: "
		"10.1.0.0/24, service_endpoint: true}]}\nvaults:\n" VAULT(
			"v", "1",
			"virtual_network_rules: [{subnet: n/a, ignore_missing_service_endpoint: true}]"),
		"version: 1\nvirtual_networks:\n  - {name: n, tag: 7, subnets: [{name: a, prefix: "
		"10.1.0.0/24, service_endpoint: false}]}\nvaults:\n" VAULT(
			"v", "1",
			"virtual_network_rules: [{subnet: n/a, ignore_missing_service_endpoint: true}]"),
		"~v.virtual_network_rules ");
}

static void what_all_share_is_told_once(void **state)
{
	(void)state;
	assert_diff(HEAD "vaults:\n" VAULT("v", "1", ""),
		    HEAD "block: {ip_rules: [192.0.2.66]}\nvaults:\n" VAULT("v", "1", ""),
		    "block ");
	assert_diff(HEAD "block: {ip_rules: [192.0.2.66]}\nvaults:\n" VAULT("v", "1", ""),
		    HEAD
		    "block: {ip_rules: [192.0.2.66], tags: [6666]}\nvaults:\n" VAULT("v", "1", ""),
		    "block ");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_same_rules_differ_in_nothing),
		cmocka_unit_test(without_rules_before_everything_is_new),
		cmocka_unit_test(vaults_come_and_go),
		cmocka_unit_test(another_order_is_no_change),
		cmocka_unit_test(ranges_count_by_what_they_come_to),
		cmocka_unit_test(expiries_are_part_of_a_range),
		cmocka_unit_test(a_changed_set_changes_who_uses_it),
		cmocka_unit_test(every_switch_is_an_aspect_of_its_own),
		cmocka_unit_test(a_subnet_counts_by_what_it_is),
		cmocka_unit_test(what_all_share_is_told_once),
	};

	return cmocka_run_group_tests_name("policy_diff", tests, NULL, NULL);
}
