/* SPDX-License-Identifier: Apache-2.0 */
/* Where vaults are reached: addresses and host names, and who else is reached there. */
#include <stdio.h>
#include <string.h>

#include "address.h"
#include "policy_read.h"
#include "scalar.h"

bool policy_read_hostname(struct schema *schema, const struct yaml_node *node, void *element)
{
	struct policy_reader *reader = policy_reader_of(schema);
	const char *text = schema_text(schema, node, "hostnames");
	char hostname[HOSTNAME_TEXT];
	const char *copy = NULL;

	if (!text)
		return false;
	if (!hostname_parse(text, hostname)) {
		schema_error(schema, node, "'%s' is not a host name such as contoso.vault.example",
			     schema_quote(node));
		return false;
	}
	copy = schema_copy(schema, hostname);
	if (!copy)
		return false;
	if (policy_claim_within(reader, CLAIM_VAULT_HOSTNAME, reader->vault_index, copy, copy)) {
		schema_error(schema, node, "host name '%s' is listed twice", copy);
		return false;
	}
	memcpy(element, &copy, sizeof(copy));
	return true;
}

/* What no packet can be for, or none that the filter sees; NULL if nothing speaks against it. */
static const char *address_problem(const struct frontend *frontend)
{
	static const uint8_t zero[16];
	static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
	const uint8_t *address = frontend->address;

	if (frontend->family == 0)
		return NULL;
	if (memcmp(address, zero, sizeof(zero)) == 0)
		return "every address is written as *";
	if (frontend->family == 6 && memcmp(address, mapped, sizeof(mapped)) == 0)
		return "an IPv4 address is written as IPv4";
	if (frontend->family == 4 ? address[0] >= 224 : address[0] == 0xff)
		return "it is no unicast address";
	return NULL;
}

static bool is_loopback(const struct frontend *frontend)
{
	static const uint8_t loopback[16] = {[15] = 1};

	if (frontend->family == 6)
		return memcmp(frontend->address, loopback, sizeof(loopback)) == 0;
	return frontend->family == 4 && frontend->address[0] == 127;
}

/* Compared in the canonical form: [2001:db8:0::10]:443/tcp is [2001:db8::10]:443. */
static bool frontend_claim(struct policy_reader *reader, const struct frontend *frontend)
{
	char text[FRONTEND_ADDRESS_TEXT];
	const struct frontend *first = NULL;

	frontend_format(frontend, text);
	first = (const struct frontend *)policy_claim_within(reader, CLAIM_VAULT_FRONTEND,
							     reader->vault_index, text, frontend);
	if (first)
		policy_diag(reader, DIAG_ERROR, frontend->at,
			    "frontend '%s' is listed twice, first on line %u", text,
			    first->at.line);
	return !first;
}

bool policy_read_frontend(struct schema *schema, const struct yaml_node *node, void *element)
{
	const char *text = schema_text(schema, node, "frontends");
	struct frontend frontend = {0};
	const char *problem = NULL;

	if (!text)
		return false;
	if (frontend_parse(text, &frontend, &problem) == 0)
		problem = address_problem(&frontend);
	if (problem) {
		schema_error(schema, node, "bad frontend '%s': %s", schema_quote(node), problem);
		return false;
	}
	if (is_loopback(&frontend))
		schema_warning(schema, node, "frontend '%s' is loopback, which is never filtered",
			       schema_quote(node));
	frontend.at = position_of(node);
	memcpy(element, &frontend, sizeof(frontend));
	return frontend_claim(policy_reader_of(schema), (const struct frontend *)element);
}

/* Which vault answers to a host name on a frontend; two cannot. */
static void pairs_claim(struct policy_reader *reader, const struct vault *vault,
			const char *hostname)
{
	char text[FRONTEND_ADDRESS_TEXT];
	char pair[FRONTEND_ADDRESS_TEXT + HOSTNAME_TEXT];

	for (size_t i = 0; i < vault->frontend_count; i++) {
		const struct vault *first = NULL;

		frontend_format(&vault->frontends[i], text);
		(void)snprintf(pair, sizeof(pair), "%s %s", text, hostname);
		first = (const struct vault *)policy_claim_within(reader, CLAIM_PAIR, 0, pair,
								  vault);
		if (first && first != vault)
			policy_diag(
				reader, DIAG_ERROR, vault->frontends[i].at,
				"host name '%s' on '%s' is that of vault '%s' (line %u) already",
				hostname, text, first->name ? first->name : "?", first->at.line);
	}
}

/*
 * A host name that one vault has to itself, which is nearly every one, costs one entry; only for
 * the others all the pairs of host name and frontend are entered.
 */
static void hostnames_claim(struct policy_reader *reader, const struct vault *vault)
{
	for (size_t i = 0; i < vault->hostname_count; i++) {
		const char *hostname = vault->hostnames[i];
		const struct vault *first = (const struct vault *)policy_claim_within(
			reader, CLAIM_HOSTNAME, 0, hostname, vault);

		if (!first)
			continue;
		if (!policy_claim_within(reader, CLAIM_HOSTNAME_SHARED, 0, hostname, vault))
			pairs_claim(reader, first, hostname);
		pairs_claim(reader, vault, hostname);
	}
}

static bool frontend_is_shared(struct policy_reader *reader, const struct frontend *frontend)
{
	char text[FRONTEND_ADDRESS_TEXT];

	frontend_format(frontend, text);
	return policy_claim_within(reader, CLAIM_FRONTEND_SHARED, 0, text, frontend) != NULL;
}

/* Enters the frontends, and once more those that another vault has, too. */
static void frontends_claim(struct policy_reader *reader, const struct vault *vault)
{
	char text[FRONTEND_ADDRESS_TEXT];

	for (size_t i = 0; i < vault->frontend_count; i++) {
		const struct frontend *frontend = &vault->frontends[i];

		frontend_format(frontend, text);
		if (policy_claim_within(reader, CLAIM_FRONTEND, 0, text, frontend))
			(void)policy_claim_within(reader, CLAIM_FRONTEND_SHARED, 0, text, frontend);
	}
}

void policy_check_frontends(struct policy_reader *reader)
{
	const struct policy *policy = reader->policy;

	for (size_t i = 0; i < policy->vault_count; i++) {
		hostnames_claim(reader, &policy->vaults[i]);
		frontends_claim(reader, &policy->vaults[i]);
	}
	for (size_t i = 0; i < policy->vault_count; i++) {
		const struct vault *vault = &policy->vaults[i];

		for (size_t j = 0; vault->hostname_count == 0 && j < vault->frontend_count; j++)
			if (frontend_is_shared(reader, &vault->frontends[j]))
				policy_diag(
					reader, DIAG_WARNING, vault->frontends[j].at,
					"vault '%s' shares this frontend but has no hostnames, so the gate refuses everything for it",
					vault->name ? vault->name : "?");
	}
}
