/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include <errno.h>
#include <netinet/in.h>

#include "cleanup.h"
#include "policy.h"

#define NOW	   INT64_C(1790000000)
#define VAULT	   "  - name: contoso\n    frontends: [203.0.113.10:443]\n"
#define VAULTS	   "vaults:\n" VAULT
#define TENANT	   "72f988bf-86f1-41af-91ab-2d7cd011db47"
#define LINES_MANY 200000
#define FILES_MANY 65535

/* What the wording of diagnostics is, the golden tests say; here it is the model. */
struct sample {
	struct policy policy;
	struct diags diags;
	int r;
};

static void sample_free(struct sample *sample)
{
	policy_free(&sample->policy);
	diags_clear(&sample->diags);
}

static void sample_read_with(struct sample *sample, const char *text, struct rules_file *files,
			     size_t file_count)
{
	const struct rules_bundle bundle = {
		.document = {"rules.yaml", text, strlen(text)},
		.files = files,
		.file_count = file_count,
	};

	sample->r = policy_read(&bundle, NOW, &sample->diags, &sample->policy);
	assert_int_equal(sample->r == 0, sample->diags.errors == 0);
}

static void sample_read(struct sample *sample, const char *text)
{
	sample_read_with(sample, text, NULL, 0);
}

/* Reads what must be right and gives the only vault. */
static const struct vault *only_vault(struct sample *sample, const char *text)
{
	sample_read(sample, text);
	assert_int_equal(sample->r, 0);
	assert_int_equal(sample->policy.vault_count, 1);
	return &sample->policy.vaults[0];
}

static void a_vault_that_says_nothing_admits_nobody(void **state)
{
	cleanup(sample_free) struct sample sample = {0};
	const struct vault *vault = only_vault(&sample, "version: 1\n" VAULTS);

	(void)state;
	assert_string_equal(vault->name, "contoso");
	assert_int_equal(vault->at.line, 3);
	assert_int_equal(vault->at.column, 5);
	assert_memory_equal(&vault->acls_at, &vault->at, sizeof(vault->at));
	assert_false(vault->audit);
	assert_false(vault->default_allow);
	assert_false(vault->trusted_services);
	assert_int_equal(vault->ip_rules.count, 0);
	assert_int_equal(vault->network_rule_count, 0);
	assert_int_equal(vault->hostname_count, 0);
	assert_int_equal(vault->issuer_count, 0);
	assert_null(vault->tenant);
	assert_null(vault->upstream);
	assert_int_equal(sample.policy.file_count, 1);
	assert_string_equal(sample.policy.files[0], "rules.yaml");
}

static void a_vault_knows_what_it_is_told(void **state)
{
	cleanup(sample_free) struct sample sample = {0};
	const struct vault *vault = only_vault(
		&sample,
		"version: 1\nvaults:\n  - name: contoso\n    hostnames: [Contoso.Vault.Example]\n"
		"    frontends: [\"[2001:db8::10]:443\", \"*:53/udp\"]\n"
		"    tenant: 72F988BF-86F1-41AF-91AB-2D7CD011DB47\n    subscription: " TENANT "\n"
		"    enforcement: audit\n    network_acls: {default_action: allow}\n"
		"    upstream: localhost:8200\n    tls: {certificate: /c.pem, key: /c.key}\n");

	(void)state;
	assert_string_equal(vault->hostnames[0], "contoso.vault.example");
	assert_int_equal(vault->frontend_count, 2);
	assert_int_equal(vault->frontends[0].family, 6);
	assert_int_equal(vault->frontends[0].at.line, 5);
	assert_int_equal(vault->frontends[1].family, 0);
	assert_int_equal(vault->frontends[1].protocol, IPPROTO_UDP);
	assert_string_equal(vault->tenant, TENANT);
	assert_string_equal(vault->subscription, TENANT);
	assert_true(vault->audit);
	assert_true(vault->default_allow);
	assert_string_equal(vault->upstream, "localhost:8200");
	assert_string_equal(vault->tls_certificate, "/c.pem");
	assert_string_equal(vault->tls_key, "/c.key");
	assert_int_equal(vault->acls_at.line, 9);
}

static void rules_are_ranges_or_sets(void **state)
{
	cleanup(sample_free) struct sample sample = {0};
	const struct vault *vault = only_vault(
		&sample,
		"version: 1\nip_sets: [{name: offices, ranges: [192.0.2.0/28]}]\n" VAULTS
		"    network_acls:\n      ip_rules:\n        - 198.51.100.7\n"
		"        - set:offices\n"
		"        - {range: 10.0.0.1/8, expires: 2096-12-01T00:00:00Z, comment: x}\n"
		"        - {range: set:offices, expires: 2097-12-01T00:00:00Z}\n");
	const struct ip_rule *rules = vault->ip_rules.items;

	(void)state;
	assert_int_equal(vault->ip_rules.count, 4);
	assert_null(rules[0].set);
	assert_int_equal(rules[0].entry.range.first, 0xc6336407);
	assert_int_equal(rules[0].entry.range.last, 0xc6336407);
	assert_int_equal(rules[0].entry.at.line, 8);
	assert_int_equal(rules[0].entry.expires, 0);
	assert_ptr_equal(rules[1].set, &sample.policy.sets[0]);
	assert_int_equal(rules[2].entry.range.first, 0x0a000000);
	assert_int_equal(rules[2].entry.range.last, 0x0affffff);
	assert_int_equal(rules[2].entry.expires, INT64_C(4005158400));
	assert_string_equal(rules[2].entry.comment, "x");
	assert_int_equal(rules[2].entry.at.column, 19);
	assert_ptr_equal(rules[3].set, rules[1].set);
	assert_int_not_equal(rules[3].entry.expires, 0);
}

static void sets_are_inline_or_files(void **state)
{
	cleanup(sample_free) struct sample sample = {0};
	static const char partners[] = "# ours\n\n192.0.2.0/24\r\n\t198.51.100.7 # x\n";
	struct rules_file files[] = {{"unused.txt", "nonsense", 8},
				     {"partners.txt", partners, strlen(partners)},
				     {"empty.txt", "", 0}};
	const struct ip_set *sets = NULL;

	(void)state;
	sample_read_with(&sample,
			 "version: 1\nip_sets:\n  - {name: a, ranges: [10.0.0.0/8]}\n"
			 "  - {name: b, file: partners.txt}\n  - {name: c, file: empty.txt}\n"
			 "  - {name: d, file: partners.txt}\n" VAULTS,
			 files, 3);
	assert_int_equal(sample.r, 0);
	assert_int_equal(sample.policy.set_count, 4);
	sets = sample.policy.sets;
	assert_null(sets[0].file);
	assert_int_equal(sets[0].ranges.items[0].at.file, 0);
	assert_string_equal(sets[1].file, "partners.txt");
	assert_int_equal(sets[1].ranges.count, 2);
	assert_int_equal(sets[1].ranges.items[1].range.first, 0xc6336407);
	assert_int_equal(sets[1].ranges.items[1].at.line, 4);
	assert_int_equal(sets[1].ranges.items[1].at.column, 2);
	assert_int_equal(sets[1].ranges.items[1].at.file, 1);
	assert_int_equal(sets[2].ranges.count, 0);
	assert_int_equal(sets[3].ranges.items[0].at.file, 1);
	assert_int_equal(sample.policy.file_count, 3);
	assert_string_equal(sample.policy.files[1], "partners.txt");
	assert_string_equal(sample.policy.files[2], "empty.txt");
}

static void a_file_that_was_not_sent_is_missing(void **state)
{
	cleanup(sample_free) struct sample sample = {0};

	(void)state;
	sample_read(&sample, "version: 1\nip_sets:\n  - {name: b, file: partners.txt}\n" VAULTS);
	assert_int_equal(sample.r, -EINVAL);
	assert_int_equal(sample.diags.count, 1);
	assert_string_equal(sample.diags.items[0].text, "file 'partners.txt' is missing");
	assert_int_equal(sample.diags.items[0].line, 3);
	assert_int_equal(sample.diags.items[0].column, 21);
}

static void more_files_than_a_position_can_name_are_refused(void **state)
{
	cleanup(sample_free) struct sample sample = {0};
	cleanup(free_ptr) struct rules_file *files = calloc(FILES_MANY, sizeof(*files));

	(void)state;
	assert_non_null(files);
	for (size_t i = 0; i < FILES_MANY; i++)
		files[i] = (struct rules_file){"partners.txt", "", 0};
	sample_read_with(&sample, "version: 1\n" VAULTS, files, FILES_MANY);
	assert_int_equal(sample.r, -EINVAL);
	policy_free(&sample.policy);
	diags_clear(&sample.diags);
	sample_read_with(&sample, "version: 1\n" VAULTS, files, FILES_MANY - 1);
	assert_int_equal(sample.r, 0);
}

static void networks_have_subnets_that_rules_refer_to(void **state)
{
	cleanup(sample_free) struct sample sample = {0};
	const struct vault *vault = only_vault(
		&sample,
		"version: 1\nvirtual_networks:\n  - name: a\n    tag: 1\n    subnets:\n"
		"      - {name: x, prefix: 10.1.0.0/24}\n"
		"      - {name: y, prefix: 10.1.1.0/24, service_endpoint: true}\n"
		"  - {name: b, tag: 16777215, subnets: [{name: x, prefix: 10.1.0.0/24}]}\n" VAULTS
		"    network_acls:\n      virtual_network_rules:\n"
		"        - {subnet: a/y}\n"
		"        - {subnet: b/x, ignore_missing_service_endpoint: true}\n");
	const struct virtual_network *networks = sample.policy.networks;

	(void)state;
	assert_int_equal(sample.policy.network_count, 2);
	assert_int_equal(networks[1].tag, 16777215);
	assert_int_equal(networks[0].subnet_count, 2);
	assert_int_equal(networks[0].subnets[0].prefix.last, 0x0a0100ff);
	assert_false(networks[0].subnets[0].service_endpoint);
	assert_ptr_equal(networks[1].subnets[0].network, &networks[1]);
	assert_int_equal(vault->network_rule_count, 2);
	assert_ptr_equal(vault->network_rules[0].subnet, &networks[0].subnets[1]);
	assert_false(vault->network_rules[0].ignore_missing_service_endpoint);
	assert_ptr_equal(vault->network_rules[1].subnet, &networks[1].subnets[0]);
	assert_int_equal(vault->network_rules[1].at.line, 15);
}

static void the_order_of_the_parts_does_not_matter(void **state)
{
	cleanup(sample_free) struct sample sample = {0};
	const struct vault *vault = only_vault(
		&sample, VAULTS
		"    issuers: [entra]\n    network_acls: {ip_rules: [set:a], virtual_network_rules: [{subnet: n/s}]}\n"
		"issuers: [{name: entra, issuer: https://e.example, audiences: [x]}]\n"
		"ip_sets: [{name: a, ranges: [192.0.2.0/24]}]\n"
		"virtual_networks: [{name: n, tag: 5, subnets: [{name: s, prefix: 10.0.0.0/8, service_endpoint: true}]}]\nversion: 1\n");

	(void)state;
	assert_int_equal(vault->issuer_count, 1);
	assert_ptr_equal(vault->issuers[0], &sample.policy.issuers[0]);
}

static void the_block_list_has_ranges_and_tags(void **state)
{
	cleanup(sample_free) struct sample sample = {0};

	(void)state;
	sample_read(&sample,
		    "version: 1\nblock: {ip_rules: [192.0.2.0/24], tags: [6666, 7, 7]}\n" VAULTS);
	assert_int_equal(sample.r, 0);
	assert_int_equal(sample.policy.block.count, 1);
	assert_int_equal(sample.policy.blocked_tag_count, 2);
	assert_int_equal(sample.policy.blocked_tags[0].tag, 6666);
	assert_int_equal(sample.policy.blocked_tags[1].at.column, 48);
}

static void issuers_know_their_keys_and_their_challenge(void **state)
{
	cleanup(sample_free) struct sample sample = {0};
	const struct issuer *issuers = NULL;

	(void)state;
	sample_read(
		&sample,
		"version: 1\nissuers:\n"
		"  - {name: a, issuer: \"https://a.example/{tenant}\", audiences: [x, y], challenge: {authorization: \"https://a.example/{tenant}\", resource: https://vault.example}}\n"
		"  - {name: b, issuer: https://b.example, audiences: [x], jwks: {file: k.json}}\n"
		"  - {name: c, issuer: https://c.example, audiences: [x], jwks: {url: https://c.example/keys}}\n" VAULTS);
	assert_int_equal(sample.r, 0);
	issuers = sample.policy.issuers;
	assert_int_equal(issuers[0].audience_count, 2);
	assert_string_equal(issuers[0].audiences[1], "y");
	assert_string_equal(issuers[0].issuer, "https://a.example/{tenant}");
	assert_string_equal(issuers[0].challenge_resource, "https://vault.example");
	assert_null(issuers[0].jwks_file);
	assert_null(issuers[0].jwks_url);
	assert_string_equal(issuers[1].jwks_file, "k.json");
	assert_null(issuers[1].challenge_authorization);
	assert_string_equal(issuers[2].jwks_url, "https://c.example/keys");
}

static void services_have_identities_and_operations(void **state)
{
	cleanup(sample_free) struct sample sample = {0};
	const struct trusted_service *services = NULL;
	const struct service_identity *identities = NULL;

	(void)state;
	sample_read(
		&sample,
		"version: 1\ntrusted_services:\n  - name: all\n    identities:\n"
		"      - {kind: application, app_id: " TENANT ", subscription: same}\n"
		"      - {kind: managed_identity, resource: /subscriptions/*/x/*}\n"
		"      - {kind: federated, app_id: " TENANT
		", issuer: https://i.example, subject: s, audience: a, object_id: " TENANT "}\n"
		"  - name: some\n    ip_rules: [192.0.2.0/24]\n    operations: [secrets/GET, keys/wrapkey, secrets/list]\n"
		"    identities: [{kind: application, app_id: " TENANT "}]\n" VAULTS);
	assert_int_equal(sample.r, 0);
	services = sample.policy.services;
	assert_true(services[0].anywhere);
	assert_true(services[0].all_operations);
	identities = services[0].identities;
	assert_int_equal(services[0].identity_count, 3);
	assert_int_equal(identities[0].kind, IDENTITY_APPLICATION);
	assert_true(identities[0].same_subscription);
	assert_int_equal(identities[1].kind, IDENTITY_MANAGED);
	assert_string_equal(identities[1].resource, "/subscriptions/*/x/*");
	assert_false(identities[1].same_subscription);
	assert_int_equal(identities[2].kind, IDENTITY_FEDERATED);
	assert_string_equal(identities[2].subject, "s");
	assert_string_equal(identities[2].object_id, TENANT);
	assert_false(services[1].anywhere);
	assert_false(services[1].all_operations);
	assert_int_equal(services[1].operations.kinds[PERMISSION_SECRETS], 3);
	assert_int_equal(services[1].operations.kinds[PERMISSION_KEYS], 4);
	assert_int_equal(services[1].operations.kinds[PERMISSION_STORAGE], 0);
}

static void access_policies_give_permissions(void **state)
{
	cleanup(sample_free) struct sample sample = {0};
	const struct vault *vault = only_vault(
		&sample,
		"version: 1\n" VAULTS "    access_policies:\n      - object_id: " TENANT
		"\n        secrets: [Get, list]\n        storage: [all]\n        keys: []\n"
		"      - {object_id: " TENANT ", application_id: " TENANT "}\n");

	(void)state;
	assert_int_equal(vault->access_policy_count, 2);
	assert_int_equal(vault->access_policies[0].permissions.kinds[PERMISSION_SECRETS], 3);
	assert_int_equal(vault->access_policies[0].permissions.kinds[PERMISSION_STORAGE], 0x3fff);
	assert_int_equal(vault->access_policies[0].permissions.kinds[PERMISSION_KEYS], 0);
	assert_null(vault->access_policies[0].application_id);
	assert_string_equal(vault->access_policies[1].application_id, TENANT);
}

static void vaults_are_found_by_name(void **state)
{
	cleanup(sample_free) struct sample sample = {0};

	(void)state;
	sample_read(&sample,
		    "version: 1\n" VAULTS "  - {name: fabrikam, frontends: [203.0.113.11:443]}\n");
	assert_int_equal(sample.r, 0);
	assert_ptr_equal(policy_find_vault(&sample.policy, "fabrikam"), &sample.policy.vaults[1]);
	assert_ptr_equal(policy_find_vault(&sample.policy, "contoso"), &sample.policy.vaults[0]);
	assert_null(policy_find_vault(&sample.policy, "adatum"));
	assert_null(policy_find_vault(&sample.policy, "Contoso"));
}

static void an_expiry_is_past_at_its_second(void **state)
{
	cleanup(sample_free) struct sample past = {0};
	cleanup(sample_free) struct sample future = {0};

	(void)state;
	(void)only_vault(
		&past,
		"version: 1\n" VAULTS
		"    network_acls: {ip_rules: [{range: 192.0.2.1, expires: 2026-09-21T14:13:20Z}]}\n");
	assert_int_equal(past.diags.warnings, 1);
	(void)only_vault(
		&future,
		"version: 1\n" VAULTS
		"    network_acls: {ip_rules: [{range: 192.0.2.1, expires: 2026-09-21T14:13:21Z}]}\n");
	assert_int_equal(future.diags.warnings, 0);
}

static void nothing_is_written_when_rules_are_wrong(void **state)
{
	cleanup(sample_free) struct sample sample = {.policy = {.file_count = 77}};

	(void)state;
	sample_read(&sample, "version: 1\nvaults: [{name: contoso}]\n");
	assert_int_equal(sample.r, -EINVAL);
	assert_int_equal(sample.policy.file_count, 77);
	sample.policy.file_count = 0;
}

static void diagnostics_outlive_the_policy(void **state)
{
	cleanup(sample_free) struct sample sample = {0};
	char line[DIAG_LINE_MAX] = "";
	static const char partners[] = "192.0.2.0/24\n192.0.2.1\n";
	struct rules_file file = {"partners.txt", partners, strlen(partners)};

	(void)state;
	sample_read_with(&sample, "version: 1\nip_sets: [{name: b, file: partners.txt}]\n" VAULTS,
			 &file, 1);
	policy_free(&sample.policy);
	assert_int_equal(sample.diags.count, 1);
	(void)diag_format(&sample.diags.items[0], line, sizeof(line));
	assert_string_equal(
		line,
		"partners.txt:2:1: warning: '192.0.2.1' is covered by '192.0.2.0/24' on line 1");
}

static void a_list_of_nothing_but_duplicates_takes_no_time(void **state)
{
	cleanup(sample_free) struct sample sample = {0};
	cleanup(free_ptr) char *text = malloc((size_t)LINES_MANY * 9 + 1);
	struct rules_file file = {"many.txt", text, (size_t)LINES_MANY * 9};

	(void)state;
	assert_non_null(text);
	for (size_t i = 0; i < LINES_MANY; i++)
		memcpy(text + i * 9, "10.1.2.3\n", 10);
	sample_read_with(&sample, "version: 1\nip_sets: [{name: b, file: many.txt}]\n" VAULTS,
			 &file, 1);
	assert_int_equal(sample.r, 0);
	assert_int_equal(sample.policy.sets[0].ranges.count, LINES_MANY);
	assert_int_equal(sample.diags.warnings, 21);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_vault_that_says_nothing_admits_nobody),
		cmocka_unit_test(a_vault_knows_what_it_is_told),
		cmocka_unit_test(rules_are_ranges_or_sets),
		cmocka_unit_test(sets_are_inline_or_files),
		cmocka_unit_test(a_file_that_was_not_sent_is_missing),
		cmocka_unit_test(more_files_than_a_position_can_name_are_refused),
		cmocka_unit_test(networks_have_subnets_that_rules_refer_to),
		cmocka_unit_test(the_order_of_the_parts_does_not_matter),
		cmocka_unit_test(the_block_list_has_ranges_and_tags),
		cmocka_unit_test(issuers_know_their_keys_and_their_challenge),
		cmocka_unit_test(services_have_identities_and_operations),
		cmocka_unit_test(access_policies_give_permissions),
		cmocka_unit_test(vaults_are_found_by_name),
		cmocka_unit_test(an_expiry_is_past_at_its_second),
		cmocka_unit_test(nothing_is_written_when_rules_are_wrong),
		cmocka_unit_test(diagnostics_outlive_the_policy),
		cmocka_unit_test(a_list_of_nothing_but_duplicates_takes_no_time),
	};

	return cmocka_run_group_tests_name("policy_read", tests, NULL, NULL);
}
