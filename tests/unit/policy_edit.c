/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>

#include "cleanup.h"
#include "policy_edit.h"

#define NOW   INT64_C(1790000000) /* 2026-09-21T14:13:20Z */
#define LATER "2036-12-01T00:00:00Z"
#define RULES                                                                                      \
	"version: 1\n"                                                                             \
	"virtual_networks:\n"                                                                      \
	"  - {name: vnet, tag: 7001, subnets: [{name: web, prefix: 10.1.0.0/24,"                   \
	" service_endpoint: true}, {name: off, prefix: 10.1.1.0/24}]}\n"                           \
	"ip_sets:\n"                                                                               \
	"  - {name: partners, ranges: [198.51.100.0/24]}\n"                                        \
	"vaults:\n"                                                                                \
	"  - name: contoso\n"                                                                      \
	"    frontends: [203.0.113.10:443]\n"                                                      \
	"    network_acls:\n"                                                                      \
	"      ip_rules: [192.0.2.1, set:partners, {range: 192.0.2.2, expires: " LATER             \
	", comment: ticket}]\n"                                                                    \
	"  - name: open\n"                                                                         \
	"    frontends: [203.0.113.11:443]\n"                                                      \
	"    network_acls: {default_action: allow}\n"

/* Rules, and what was said of the last edit. */
struct world {
	struct policy policy;
	struct diags diags;
	struct edit_request request;
};

static void read_rules(struct world *world, const char *edits)
{
	const struct rules_bundle bundle = {
		.document = {"rules.yaml", RULES, strlen(RULES)},
		.edits = {EDITS_FILE, edits, strlen(edits)},
	};

	assert_int_equal(policy_read(&bundle, NOW, &world->diags, &world->policy), 0);
}

static void world_free(struct world *world)
{
	edit_request_free(&world->request);
	policy_free(&world->policy);
	diags_clear(&world->diags);
}

/* Reads an edit; what it changes is in world->request. */
static int ask(struct world *world, const char *text)
{
	const struct edit_author author = {"ann", NOW};

	edit_request_free(&world->request);
	diags_clear(&world->diags);
	return edit_request_read(&world->policy, text, strlen(text), &author, &world->diags,
				 &world->request);
}

static void change(struct world *world, const char *text)
{
	assert_int_equal(ask(world, text), 0);
	assert_true(world->request.count > 0);
	policy_edit_swap(&world->policy, &world->request.edit);
}

static void expect_idle(struct world *world, const char *text)
{
	assert_int_equal(ask(world, text), 0);
	assert_int_equal(world->request.count, 0);
}

static void expect_said(const struct world *world, const char *piece)
{
	for (size_t i = 0; i < world->diags.count; i++)
		if (strstr(world->diags.items[i].text, piece))
			return;
	fail_msg("nothing says: %s", piece);
}

static void expect_edits(const struct world *world, const char *wanted)
{
	size_t size = 0;
	cleanup(free_ptr) char *text = policy_edits_format(&world->policy, &size);

	assert_string_equal(text, wanted);
	assert_int_equal(size, strlen(wanted));
}

#define ADD(range)                                                                                 \
	"{\"vault\": \"contoso\", \"action\": \"add\", \"ip_addresses\": [\"" range "\"]}"
#define REMOVE(range)                                                                              \
	"{\"vault\": \"contoso\", \"action\": \"remove\", \"ip_addresses\": [\"" range "\"]}"
#define ADD_UNTIL(range, time)                                                                     \
	"{\"vault\": \"contoso\", \"action\": \"add\", \"ip_addresses\": [\"" range                \
	"\"], \"expires\": \"" time "\"}"
#define SUBNET(action, path)                                                                       \
	"{\"vault\":\"contoso\",\"action\":\"" action "\",\"subnets\":[\"" path "\"]}"
#define LINE(action, what, rule)                                                                   \
	"- {\"vault\": \"contoso\", \"action\": \"" action "\", \"" what "\": \"" rule             \
	"\", \"by\": \"ann\", \"at\": \"2026-09-21T14:13:20Z\"}\n"

static void a_rule_is_added_behind_those_of_the_document(void **state)
{
	cleanup(world_free) struct world world = {0};
	const struct vault *vault;

	(void)state;
	read_rules(&world, "");
	change(&world, ADD("192.0.2.77"));
	vault = &world.policy.vaults[0];
	assert_int_equal(vault->ip_rules.count, 4);
	assert_int_equal(vault->ip_rules.items[0].entry.at.line, 10);
	assert_int_equal(vault->ip_rules.items[3].entry.range.first, 0xc000024d);
	assert_int_equal(vault->ip_rules.items[3].entry.at.line, 1);
	assert_string_equal(world.policy.files[vault->ip_rules.items[3].entry.at.file], EDITS_FILE);
	assert_string_equal(vault->ip_rules.items[3].entry.comment,
			    "added by ann at 2026-09-21T14:13:20Z");
	expect_edits(&world, LINE("add", "range", "192.0.2.77"));
}

static void swapping_twice_leaves_what_was(void **state)
{
	cleanup(world_free) struct world world = {0};
	struct vault before;

	(void)state;
	read_rules(&world, "");
	before = world.policy.vaults[0];
	change(&world, REMOVE("192.0.2.1"));
	assert_int_equal(world.policy.vaults[0].ip_rules.count, 2);
	policy_edit_swap(&world.policy, &world.request.edit);
	assert_memory_equal(&before, &world.policy.vaults[0], sizeof(before));
	expect_edits(&world, "");
}

static void what_equals_the_document_is_no_edit(void **state)
{
	cleanup(world_free) struct world world = {0};

	(void)state;
	read_rules(&world, "");
	for (int i = 0; i < 3; i++) {
		change(&world, ADD("192.0.2.77"));
		change(&world, REMOVE("192.0.2.77"));
		change(&world, REMOVE("192.0.2.1"));
		expect_edits(&world, LINE("remove", "range", "192.0.2.1"));
		change(&world, ADD("192.0.2.1"));
		change(&world, ADD_UNTIL("192.0.2.2", "never"));
		change(&world, ADD_UNTIL("192.0.2.2", LATER));
		change(&world, SUBNET("add", "vnet/web"));
		change(&world, SUBNET("remove", "vnet/web"));
		expect_edits(&world, "");
		assert_null(world.policy.vaults[0].edits);
	}
	assert_string_equal(world.policy.vaults[0].ip_rules.items[2].entry.comment, "ticket");
}

static void a_range_has_one_edit_the_last(void **state)
{
	cleanup(world_free) struct world world = {0};

	(void)state;
	read_rules(&world, "");
	change(&world, ADD("192.0.2.77"));
	change(&world, ADD_UNTIL("192.0.2.77/32", LATER));
	assert_true(world.request.changes[0].listed);
	expect_edits(&world,
		     "- {\"vault\": \"contoso\", \"action\": \"add\", \"range\": \"192.0.2.77\", "
		     "\"expires\": \"" LATER "\", \"by\": \"ann\", \"at\": "
		     "\"2026-09-21T14:13:20Z\"}\n");
	assert_int_equal(policy_edits_count(&world.policy), 1);
	assert_int_equal(world.policy.vaults[0].ip_rules.count, 4);
}

static void what_is_so_already_is_no_change(void **state)
{
	cleanup(world_free) struct world world = {0};

	(void)state;
	read_rules(&world, "");
	expect_idle(&world, ADD("192.0.2.1"));
	assert_int_equal(world.diags.count, 0);
	expect_idle(&world, ADD_UNTIL("192.0.2.2", LATER));
	expect_idle(&world, ADD("192.0.2.2"));
	expect_said(&world, "already, until " LATER);
	expect_idle(&world, SUBNET("remove", "vnet/web"));
	expect_said(&world, "'vnet/web' is no rule of vault 'contoso'");
	change(&world, SUBNET("add", "vnet/web"));
	expect_idle(&world, SUBNET("add", "vnet/web"));
}

static void a_rule_that_is_over_can_be_added_again(void **state)
{
	cleanup(world_free) struct world world = {0};

	(void)state;
	read_rules(&world, "");
	change(&world, ADD_UNTIL("192.0.2.77", "2020-01-01T00:00:00Z"));
	expect_said(&world, "this rule expired at 2020-01-01T00:00:00Z");
	change(&world, ADD("192.0.2.77"));
	assert_int_equal(world.policy.vaults[0].ip_rules.items[3].entry.expires, 0);
}

static void only_that_very_range_is_removed(void **state)
{
	cleanup(world_free) struct world world = {0};

	(void)state;
	read_rules(&world, "");
	change(&world, ADD("192.0.2.0/24"));
	expect_said(&world, "'192.0.2.1' is covered by '192.0.2.0/24' added by network-rule");
	change(&world, REMOVE("192.0.2.1"));
	expect_said(&world, "'192.0.2.0/24' (network-rule) lets it in all the same");
	expect_idle(&world, REMOVE("192.0.2.128/25"));
	expect_said(&world, "is no rule of vault 'contoso'; '192.0.2.0/24' (network-rule)");
	expect_idle(&world, REMOVE("198.51.100.0/24"));
	expect_said(&world, "'set:partners' (rules.yaml:10) lets it in all the same");
	assert_int_equal(world.policy.vaults[0].ip_rules.count, 3);
}

static void all_rules_can_be_removed(void **state)
{
	cleanup(world_free) struct world world = {0};

	(void)state;
	read_rules(&world, "");
	change(&world, "{\"vault\": \"contoso\", \"action\": \"remove\", \"ip_addresses\": "
		       "[\"192.0.2.1\", \"192.0.2.2/32\", \"192.0.2.1\"]}");
	assert_int_equal(world.request.count, 2);
	assert_int_equal(world.policy.vaults[0].ip_rules.count, 1);
	assert_non_null(world.policy.vaults[0].ip_rules.items[0].set);
}

static void edits_are_read_back_as_they_were_made(void **state)
{
	cleanup(world_free) struct world made = {0};
	cleanup(world_free) struct world read = {0};
	cleanup(free_ptr) char *text = NULL;
	size_t size = 0;
	const struct vault *vault;

	(void)state;
	read_rules(&made, "");
	change(&made, ADD("192.0.2.77"));
	change(&made, SUBNET("add", "vnet/web"));
	change(&made, REMOVE("192.0.2.1"));
	change(&made,
	       "{\"vault\": \"open\", \"action\": \"add\", \"ip_addresses\": [\"1.2.3.4\"]}");
	expect_said(&made, "vault 'open' admits everybody by 'default_action: allow'");
	text = policy_edits_format(&made.policy, &size);
	assert_non_null(text);
	read_rules(&read, text);
	assert_int_equal(read.diags.count, 0);
	expect_edits(&read, text);
	vault = &read.policy.vaults[0];
	assert_int_equal(vault->ip_rules.count, 3);
	assert_int_equal(vault->ip_rules.items[2].entry.at.line, 2);
	assert_int_equal(vault->network_rules[0].at.line, 3);
	assert_ptr_equal(vault->network_rules[0].subnet, &read.policy.networks[0].subnets[0]);
	assert_int_equal(read.policy.vaults[1].ip_rules.items[0].entry.at.line, 4);
}

static void refuse(const char *text, const char *piece)
{
	cleanup(world_free) struct world world = {0};

	read_rules(&world, LINE("add", "range", "192.0.2.77"));
	assert_int_equal(ask(&world, text), -EINVAL);
	assert_true(world.diags.errors > 0);
	expect_said(&world, piece);
	assert_int_equal(world.diags.items[0].line, 0);
	expect_edits(&world, LINE("add", "range", "192.0.2.77"));
}

static void a_wrong_edit_is_told_as_the_rules_would_tell_it(void **state)
{
	(void)state;
	refuse("{\"vault\": \"contosa\", \"action\": \"add\", \"ip_addresses\": [\"1.2.3.4\"]}",
	       "there is no vault 'contosa'; did you mean 'contoso'?");
	refuse(ADD("1.2.3"), "bad range '1.2.3'");
	refuse(ADD("2001:db8::1"), "IPv6");
	refuse(ADD("set:partners"), "bad range 'set:partners'");
	refuse(ADD_UNTIL("1.2.3.4", "tomorrow"), "'expires' is a UTC time");
	refuse(SUBNET("add", "vnet/off"), "has no service endpoint");
	refuse(SUBNET("add", "vnet/wab"),
	       "there is no subnet 'vnet/wab'; did you mean 'vnet/web'?");
	refuse(SUBNET("add", "vnat/web"),
	       "there is no subnet 'vnat/web'; did you mean 'vnet/web'?");
	refuse(SUBNET("add", "web"), "'web' is no subnet");
	refuse(SUBNET("clear", "vnet/web"), "clear");
	refuse("{\"vault\": \"contoso\", \"action\": \"add\"}", "neither a range nor a subnet");
	refuse("{\"vault\": \"contoso\", \"action\": \"remove\", \"ip_addresses\": [\"1.2.3.4\"], "
	       "\"expires\": \"never\"}",
	       "only ranges that are added expire");
	refuse("{\"action\": \"add\", \"ip_addresses\": [[]], \"by\": \"root\"}",
	       "unknown key 'by'");
	refuse("[]", "expected a mapping");
}

static void kept_edits_that_were_tampered_with_are_refused(void **state)
{
	static const char *const wrong[] = {
		"- {}\n",
		"{}\n",
		LINE("add", "range", "set:partners"),
		LINE("add", "range", "192.0.2.77") "- {\n",
		"- {vault: nobody, action: add, range: 1.2.3.4, by: a, at: 2026-09-21T14:13:20Z}\n",
		"- {vault: contoso, action: add, by: a, at: 2026-09-21T14:13:20Z}\n",
		"- {vault: open, action: add, range: 1.2.3.4, subnet: vnet/web, by: a, at: " LATER
		"}\n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		cleanup(world_free) struct world world = {0};
		const struct rules_bundle bundle = {
			.document = {"rules.yaml", RULES, strlen(RULES)},
			.edits = {EDITS_FILE, wrong[i], strlen(wrong[i])},
		};

		assert_int_equal(policy_read(&bundle, NOW, &world.diags, &world.policy), -EINVAL);
		assert_string_equal(world.diags.items[0].file, EDITS_FILE);
	}
}

static void a_name_of_any_kind_does_not_break_the_text(void **state)
{
	struct rule_edit edit;

	(void)state;
	edit_set_user(&edit, "a\"b\\c\nd\xc3\xa9 e");
	assert_string_equal(edit.user, "a?b?c?d???e");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_rule_is_added_behind_those_of_the_document),
		cmocka_unit_test(swapping_twice_leaves_what_was),
		cmocka_unit_test(what_equals_the_document_is_no_edit),
		cmocka_unit_test(a_range_has_one_edit_the_last),
		cmocka_unit_test(what_is_so_already_is_no_change),
		cmocka_unit_test(a_rule_that_is_over_can_be_added_again),
		cmocka_unit_test(only_that_very_range_is_removed),
		cmocka_unit_test(all_rules_can_be_removed),
		cmocka_unit_test(edits_are_read_back_as_they_were_made),
		cmocka_unit_test(a_wrong_edit_is_told_as_the_rules_would_tell_it),
		cmocka_unit_test(kept_edits_that_were_tampered_with_are_refused),
		cmocka_unit_test(a_name_of_any_kind_does_not_break_the_text),
	};

	return cmocka_run_group_tests_name("policy_edit", tests, NULL, NULL);
}
