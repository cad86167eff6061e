/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rules from bytes: the document up to the first NUL, and behind it the text of every file that
 * the document names. Seeds are the golden tests, which have no NUL.
 */
#include "policy.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "address.h"
#include "cleanup.h"

#define NOW INT64_C(1790000000)

struct input {
	struct arena arena;
	struct rules_bundle bundle;
};

static void input_free(struct input *input)
{
	free(input->bundle.files);
	arena_free_all(&input->arena);
}

static void expect(bool holds)
{
	if (!holds)
		abort();
}

static void input_split(struct input *input, const char *data, size_t size)
{
	cleanup(diags_clear) struct diags diags = {0};
	struct rules_bundle *bundle = &input->bundle;
	size_t length = strnlen(data, size);
	const char *rest = length < size ? data + length + 1 : data + size;
	const char **names = NULL;
	size_t count = 0;

	arena_init(&input->arena, (size_t)64 << 20);
	bundle->document = (struct rules_file){"rules.yaml", data, length};
	if (policy_file_names(&bundle->document, &diags, &input->arena, &names, &count) < 0)
		return;
	bundle->files = calloc(count + 1, sizeof(*bundle->files));
	expect(bundle->files);
	for (size_t i = 0; i < count; i++)
		bundle->files[i] =
			(struct rules_file){names[i], rest, size - (size_t)(rest - data)};
	bundle->file_count = count;
}

static void check_entry(const struct policy *policy, const struct range_entry *entry)
{
	uint32_t mask = entry->range.first ^ entry->range.last;

	expect(entry->at.line && entry->at.column && entry->at.file < policy->file_count);
	expect((mask & (mask + 1)) == 0 && (entry->range.first & mask) == 0);
}

static void check_rules(const struct policy *policy, const struct ip_rules *rules)
{
	for (size_t i = 0; i < rules->count; i++) {
		const struct ip_rule *rule = &rules->items[i];

		expect(rule->entry.expires >= 0);
		if (rule->set)
			expect(rule->set >= policy->sets &&
			       rule->set < policy->sets + policy->set_count);
		else
			check_entry(policy, &rule->entry);
	}
}

static void check_vault(const struct policy *policy, const struct vault *vault)
{
	expect(policy_find_vault(policy, vault->name) == vault);
	expect(vault->frontend_count > 0 && vault->at.line && vault->acls_at.line);
	for (size_t i = 0; i < vault->frontend_count; i++) {
		char text[FRONTEND_ADDRESS_TEXT];
		struct frontend again = {0};
		const char *problem = NULL;

		frontend_format(&vault->frontends[i], text);
		expect(frontend_parse(text, &again, &problem) == 0);
		expect(again.port == vault->frontends[i].port);
	}
	for (size_t i = 0; i < vault->hostname_count; i++)
		expect(vault->hostnames[i][0] != '\0');
	for (size_t i = 0; i < vault->network_rule_count; i++)
		expect(vault->network_rules[i].subnet->network->tag);
	for (size_t i = 0; i < vault->access_policy_count; i++)
		expect(vault->access_policies[i].object_id);
	for (size_t i = 0; i < vault->issuer_count; i++)
		expect(vault->issuers[i]->issuer && vault->issuers[i]->audience_count);
	expect(!vault->tls_key == !vault->tls_certificate);
	check_rules(policy, &vault->ip_rules);
}

static void check_service(const struct policy *policy, const struct trusted_service *service)
{
	expect(service->identity_count > 0);
	for (size_t i = 0; i < service->identity_count; i++) {
		const struct service_identity *identity = &service->identities[i];

		expect(identity->kind == IDENTITY_MANAGED ? identity->resource != NULL
							  : identity->app_id != NULL);
		expect(identity->kind != IDENTITY_FEDERATED || identity->object_id);
	}
	check_rules(policy, &service->ip_rules);
}

/* Whatever was accepted is whole. */
static void check_policy(const struct policy *policy)
{
	for (size_t i = 0; i < policy->set_count; i++)
		for (size_t j = 0; j < policy->sets[i].ranges.count; j++)
			check_entry(policy, &policy->sets[i].ranges.items[j]);
	for (size_t i = 0; i < policy->network_count; i++)
		for (size_t j = 0; j < policy->networks[i].subnet_count; j++)
			expect(policy->networks[i].subnets[j].network == &policy->networks[i]);
	check_rules(policy, &policy->block);
	for (size_t i = 0; i < policy->service_count; i++)
		check_service(policy, &policy->services[i]);
	for (size_t i = 0; i < policy->vault_count; i++)
		check_vault(policy, &policy->vaults[i]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	cleanup(input_free) struct input input = {0};
	cleanup(policy_free) struct policy policy = {0};
	cleanup(diags_clear) struct diags diags = {0};
	int r = 0;

	input_split(&input, (const char *)data, size);
	r = policy_read(&input.bundle, NOW, &diags, &policy);
	expect(r == -ENOMEM || (r == 0) == (diags.errors == 0));
	if (r == 0)
		check_policy(&policy);
	return 0;
}
