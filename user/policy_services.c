/* SPDX-License-Identifier: Apache-2.0 */
/* Services that may pass the gate, and how they are known. */
#include <string.h>

#include "policy_read.h"

static const char *const subscription_words[] = {"same", NULL};

static void read_subscription(struct schema *schema, const struct schema_field *field,
			      const struct yaml_node *node, void *object)
{
	if (schema_choose(schema, node, field->name, subscription_words) == 0)
		((struct service_identity *)object)->same_subscription = true;
}

/* A prefix with an asterisk would let prod-* match what somebody else calls prod-mine. */

/* NULL, or what is wrong with an ARM id in which `*` stands for one whole segment. */
static const char *resource_problem(const char *text)
{
	if (strncmp(text, "/subscriptions/", 15) != 0)
		return "it begins with /subscriptions/";
	while (*text == '/') {
		size_t length = strcspn(++text, "/");

		if (length == 0)
			return "it has no empty segments";
		if (length > 1 && memchr(text, '*', length))
			return "'*' stands for one whole segment, from slash to slash";
		text += length;
	}
	return NULL;
}

static void read_resource(struct schema *schema, const struct schema_field *field,
			  const struct yaml_node *node, void *object)
{
	const char *text = schema_text(schema, node, field->name);
	const char *problem = text ? resource_problem(text) : NULL;

	if (problem)
		schema_error(schema, node, "'%s' is no pattern of a resource id: %s",
			     schema_quote(node), problem);
	else if (text)
		schema_string(schema, field, node, object);
}

#define IDENTITY_STRING(member, reader)                                                            \
	{                                                                                          \
		.name = #member, .read = (reader),                                                 \
		.offset = offsetof(struct service_identity, member), .required = true              \
	}

static const struct schema_field application_fields[] = {
	{.name = "kind", .read = schema_skip},
	IDENTITY_STRING(app_id, schema_guid),
	{.name = "subscription", .read = read_subscription},
	{0},
};

static const struct schema_field managed_fields[] = {
	{.name = "kind", .read = schema_skip},
	IDENTITY_STRING(resource, read_resource),
	{.name = "subscription", .read = read_subscription},
	{0},
};

static const struct schema_field federated_fields[] = {
	{.name = "kind", .read = schema_skip},
	IDENTITY_STRING(app_id, schema_guid),
	IDENTITY_STRING(issuer, schema_url),
	IDENTITY_STRING(subject, schema_string),
	IDENTITY_STRING(audience, schema_string),
	IDENTITY_STRING(object_id, schema_guid),
	{0},
};

static const char *const identity_words[] = {
	[IDENTITY_APPLICATION] = "application",
	[IDENTITY_MANAGED] = "managed_identity",
	[IDENTITY_FEDERATED] = "federated",
	NULL,
};

static const struct schema_mapping identity_mappings[] = {
	[IDENTITY_APPLICATION] = {"an identity of kind 'application'", application_fields},
	[IDENTITY_MANAGED] = {"an identity of kind 'managed_identity'", managed_fields},
	[IDENTITY_FEDERATED] = {"an identity of kind 'federated'", federated_fields},
};

/* The kind decides which keys there are, so it is read before the table is chosen. */
static bool read_identity(struct schema *schema, const struct yaml_node *node, void *element)
{
	struct service_identity *identity = (struct service_identity *)element;
	const struct yaml_node *kind = yaml_get(node, "kind");
	int chosen = -1;

	identity->at = position_of(node);
	if (!schema_expect(schema, node, YAML_MAPPING, "an identity"))
		return false;
	if (!kind) {
		schema_error(schema, node, "missing key 'kind' in an identity");
		return false;
	}
	chosen = schema_choose(schema, kind, "kind", identity_words);
	if (chosen < 0)
		return false;
	identity->kind = (enum identity_kind)chosen;
	return schema_read(schema, &identity_mappings[chosen], node, identity);
}

static const struct schema_list identity_list = {sizeof(struct service_identity),
						 offsetof(struct trusted_service, identity_count),
						 read_identity};

static const struct schema_field service_fields[] = {
	{.name = "name",
	 .read = policy_read_name,
	 .offset = offsetof(struct trusted_service, name),
	 .required = true,
	 .most = POLICY_NAME_MAX},
	{.name = "ip_rules",
	 .read = policy_read_ip_rules,
	 .offset = offsetof(struct trusted_service, ip_rules),
	 .least = 1},
	{.name = "operations", .read = policy_read_operations},
	{.name = "identities",
	 .read = schema_list,
	 .offset = offsetof(struct trusted_service, identities),
	 .required = true,
	 .least = 1,
	 .list = &identity_list},
	{0},
};

static const struct schema_mapping service_mapping = {"a trusted service", service_fields};

static bool read_service(struct schema *schema, const struct yaml_node *node, void *element)
{
	struct policy_reader *reader = policy_reader_of(schema);
	struct trusted_service *service = (struct trusted_service *)element;

	service->at = position_of(node);
	/* Left out and empty are opposites here, which is why an empty list is refused. */
	service->anywhere = !yaml_get(node, "ip_rules");
	service->all_operations = !yaml_get(node, "operations");
	(void)schema_read(schema, &service_mapping, node, service);
	if (!service->name)
		return true;
	(void)policy_claim(reader, &reader->services, service->name, service,
			   offsetof(struct trusted_service, at), yaml_get(node, "name"),
			   "trusted service");
	if (service->anywhere)
		schema_warning(schema, node,
			       "trusted service '%s' has no ip_rules, so it may come from anywhere",
			       service->name);
	return true;
}

static const struct schema_list service_list = {
	sizeof(struct trusted_service), offsetof(struct policy, service_count), read_service};

void policy_read_services(struct schema *schema, const struct schema_field *field,
			  const struct yaml_node *node, void *policy)
{
	const struct schema_field services = {
		.name = field->name,
		.offset = offsetof(struct policy, services),
		.list = &service_list,
	};

	schema_list(schema, &services, node, policy);
}

/* Whether an issuer as configured, {tenant} and all, may be the one that a token names. */
static bool issuer_fits(const char *template, const char *issuer)
{
	const char *brace = strstr(template, "{tenant}");
	size_t prefix = brace ? (size_t)(brace - template) : 0;
	const char *rest = NULL;

	if (!brace)
		return strcmp(template, issuer) == 0;
	if (strncmp(template, issuer, prefix) != 0)
		return false;
	rest = issuer + prefix + strcspn(issuer + prefix, "/");
	return rest > issuer + prefix && strcmp(rest, brace + strlen("{tenant}")) == 0;
}

static bool issuer_is_known(const struct policy *policy, const char *issuer)
{
	for (size_t i = 0; i < policy->issuer_count; i++)
		if (policy->issuers[i].issuer && issuer_fits(policy->issuers[i].issuer, issuer))
			return true;
	return false;
}

/* Once all is read: an assertion is verified with the keys of an issuer that is listed. */
void policy_check_federation(struct policy_reader *reader)
{
	const struct policy *policy = reader->policy;
	char quote[DIAG_QUOTE_MAX];

	for (size_t i = 0; i < policy->service_count; i++) {
		const struct trusted_service *service = &policy->services[i];

		for (size_t j = 0; j < service->identity_count; j++) {
			const struct service_identity *identity = &service->identities[j];

			if (!identity->issuer || issuer_is_known(policy, identity->issuer))
				continue;
			policy_diag(
				reader, DIAG_WARNING, identity->at,
				"no issuer under 'issuers' is '%s', so of this identity only exchanged tokens count",
				diag_quote(quote, sizeof(quote), identity->issuer,
					   strlen(identity->issuer)));
		}
	}
}
