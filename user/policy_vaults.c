/* SPDX-License-Identifier: Apache-2.0 */
/* Vaults: what is served, and who may come. */
#include <ctype.h>
#include <string.h>

#include "address.h"
#include "policy_read.h"
#include "scalar.h"

#define MEMBER(name) offsetof(struct vault, name)

/* The first word is what a key left out means: a vault of zeros lets nobody in. */
static const char *const enforcements[] = {"enforce", "audit", NULL};
static const char *const actions[] = {"deny", "allow", NULL};
static const char *const bypasses[] = {"none", "trusted_services", NULL};

static const struct schema_list network_rule_list = {
	sizeof(struct network_rule), MEMBER(network_rule_count), policy_read_network_rule};

static const struct schema_field acl_fields[] = {
	{.name = "default_action",
	 .read = schema_either,
	 .offset = MEMBER(default_allow),
	 .words = actions},
	{.name = "bypass",
	 .read = schema_either,
	 .offset = MEMBER(trusted_services),
	 .words = bypasses},
	{.name = "ip_rules", .read = policy_read_ip_rules, .offset = MEMBER(ip_rules)},
	{.name = "virtual_network_rules",
	 .read = schema_list,
	 .offset = MEMBER(network_rules),
	 .list = &network_rule_list},
	{0},
};

static const struct schema_mapping acl_mapping = {"'network_acls'", acl_fields};

static void read_acls(struct schema *schema, const struct schema_field *field,
		      const struct yaml_node *node, void *object)
{
	(void)field;
	/* Where "not allowed" points to, since no rule says it. */
	((struct vault *)object)->acls_at = position_of(node);
	(void)schema_read(schema, &acl_mapping, node, object);
}

static const struct schema_field tls_fields[] = {
	{.name = "certificate",
	 .read = schema_path,
	 .offset = MEMBER(tls_certificate),
	 .required = true},
	{.name = "key", .read = schema_path, .offset = MEMBER(tls_key), .required = true},
	{0},
};

static const struct schema_mapping tls_mapping = {"'tls'", tls_fields};

static void read_tls(struct schema *schema, const struct schema_field *field,
		     const struct yaml_node *node, void *object)
{
	(void)field;
	(void)schema_read(schema, &tls_mapping, node, object);
}

/* ADDRESS:PORT or HOST:PORT; it becomes part of a proxy's configuration. */
static bool upstream_is_valid(const char *text)
{
	char name[HOSTNAME_TEXT];
	char lowered[HOSTNAME_TEXT];
	struct frontend address = {0};
	const char *problem = NULL;
	const char *colon = strrchr(text, ':');
	uint32_t port = 0;

	/* frontend_parse() would take a protocol at the end, which means nothing to a proxy. */
	if (strchr(text, '/'))
		return false;
	if (frontend_parse(text, &address, &problem) == 0)
		return address.family != 0;
	if (!colon || (size_t)(colon - text) >= sizeof(name) ||
	    !integer_parse(colon + 1, 65535, &port) || port == 0)
		return false;
	memcpy(name, text, (size_t)(colon - text));
	name[colon - text] = '\0';
	/* A last label of digits would be a mistyped address. */
	return hostname_parse(name, lowered) && !isdigit((unsigned char)colon[-1]);
}

static void read_upstream(struct schema *schema, const struct schema_field *field,
			  const struct yaml_node *node, void *object)
{
	const char *text = schema_text(schema, node, field->name);

	if (!text)
		return;
	if (upstream_is_valid(text))
		schema_string(schema, field, node, object);
	else
		schema_error(
			schema, node,
			"'upstream' is an address or a host name and a port, such as 127.0.0.1:8200, not '%s'",
			schema_quote(node));
}

static bool read_issuer_reference(struct schema *schema, const struct yaml_node *node,
				  void *element)
{
	struct policy_reader *reader = policy_reader_of(schema);
	const char *name = schema_text(schema, node, "issuers");
	const void *issuer =
		name ? policy_resolve(reader, &reader->issuers, name, node, "issuer") : NULL;

	if (!issuer)
		return false;
	if (policy_claim_within(reader, CLAIM_VAULT_ISSUER, reader->vault_index, name, issuer)) {
		schema_warning(schema, node, "issuer '%s' is listed twice", name);
		return false;
	}
	memcpy(element, &issuer, sizeof(issuer));
	return true;
}

static const struct schema_list hostname_list = {sizeof(const char *), MEMBER(hostname_count),
						 policy_read_hostname};
static const struct schema_list frontend_list = {sizeof(struct frontend), MEMBER(frontend_count),
						 policy_read_frontend};
static const struct schema_list access_policy_list = {
	sizeof(struct access_policy), MEMBER(access_policy_count), policy_read_access_policy};
static const struct schema_list issuer_list = {sizeof(const struct issuer *), MEMBER(issuer_count),
					       read_issuer_reference};

static const struct schema_field vault_fields[] = {
	{.name = "name",
	 .read = policy_read_name,
	 .offset = MEMBER(name),
	 .required = true,
	 .most = VAULT_NAME_MAX},
	{.name = "hostnames",
	 .read = schema_list,
	 .offset = MEMBER(hostnames),
	 .list = &hostname_list},
	{.name = "frontends",
	 .read = schema_list,
	 .offset = MEMBER(frontends),
	 .required = true,
	 .least = 1,
	 .list = &frontend_list},
	{.name = "tenant", .read = schema_guid, .offset = MEMBER(tenant)},
	{.name = "subscription", .read = schema_guid, .offset = MEMBER(subscription)},
	{.name = "enforcement",
	 .read = schema_either,
	 .offset = MEMBER(audit),
	 .words = enforcements},
	{.name = "network_acls", .read = read_acls},
	{.name = "access_policies",
	 .read = schema_list,
	 .offset = MEMBER(access_policies),
	 .list = &access_policy_list},
	/* At least one, because none would mean all. */
	{.name = "issuers",
	 .read = schema_list,
	 .offset = MEMBER(issuers),
	 .least = 1,
	 .list = &issuer_list},
	{.name = "upstream", .read = read_upstream, .offset = MEMBER(upstream)},
	{.name = "tls", .read = read_tls},
	{0},
};

static const struct schema_mapping vault_mapping = {"a vault", vault_fields};

static bool read_vault(struct schema *schema, const struct yaml_node *node, void *element)
{
	struct policy_reader *reader = policy_reader_of(schema);
	struct vault *vault = (struct vault *)element;

	reader->vault_index++;
	vault->at = position_of(node);
	/* Until there are network_acls. */
	vault->acls_at = vault->at;
	(void)schema_read(schema, &vault_mapping, node, vault);
	if (vault->name)
		(void)policy_claim(reader, &reader->vaults, vault->name, vault,
				   offsetof(struct vault, at), yaml_get(node, "name"), "vault");
	return true;
}

static const struct schema_list vault_list = {sizeof(struct vault),
					      offsetof(struct policy, vault_count), read_vault};

void policy_read_vaults(struct schema *schema, const struct schema_field *field,
			const struct yaml_node *node, void *policy)
{
	const struct schema_field vaults = {
		.name = field->name,
		.offset = offsetof(struct policy, vaults),
		.list = &vault_list,
	};

	schema_list(schema, &vaults, node, policy);
	if (node->kind == YAML_SEQUENCE && node->length == 0)
		schema_warning(schema, node, "there are no vaults, so nothing is filtered");
}
