/* SPDX-License-Identifier: Apache-2.0 */
/* What callers may do: operations of services, permissions of access policies. */
#include <stdio.h>
#include <string.h>

#include "policy_read.h"
#include "spelling.h"

#define NAMES_MAX 384

/* "did you mean" or the whole list: what follows the mention of an unknown permission. */
static const char *permission_advice(enum permission_kind kind, const char *text,
				     char advice[NAMES_MAX])
{
	struct spelling spelling = {.written = text};
	const char *const *names = permission_names(kind);
	size_t used = 0;

	for (size_t i = 0; names[i]; i++)
		spelling_try(&spelling, names[i]);
	if (spelling.best) {
		(void)snprintf(advice, NAMES_MAX, "; did you mean '%s'?", spelling.best);
		return advice;
	}
	used = (size_t)snprintf(advice, NAMES_MAX, " (known: all");
	for (size_t i = 0; names[i] && used + strlen(names[i]) + 4 < NAMES_MAX; i++)
		used += (size_t)snprintf(advice + used, NAMES_MAX - used, ", %s", names[i]);
	(void)snprintf(advice + used, NAMES_MAX - used, ")");
	return advice;
}

static void permission_refuse(struct schema *schema, enum permission_kind kind,
			      const struct yaml_node *node, const char *text)
{
	char advice[NAMES_MAX];
	char quote[DIAG_QUOTE_MAX];

	schema_error(schema, node, "unknown permission '%s' for %s%s",
		     diag_quote(quote, sizeof(quote), text, strlen(text)),
		     permission_kind_name(kind), permission_advice(kind, text, advice));
}

static void read_operation(struct schema *schema, const struct yaml_node *node,
			   struct permissions *operations)
{
	const char *text = schema_text(schema, node, "operations");
	const char *slash = text ? strchr(text, '/') : NULL;
	enum permission_kind kind = PERMISSION_KINDS;
	uint32_t bits = text ? operation_bits(text, &kind) : 0;

	if (!text)
		return;
	if (bits)
		operations->kinds[kind] |= bits;
	else if (kind != PERMISSION_KINDS)
		permission_refuse(schema, kind, node, slash + 1);
	else
		schema_error(
			schema, node,
			"unknown operation '%s'; it is KIND/PERMISSION, where the kind is keys, secrets, certificates or storage",
			schema_quote(node));
}

/* The operations of a service narrow what access policies give it; they give nothing. */
void policy_read_operations(struct schema *schema, const struct schema_field *field,
			    const struct yaml_node *node, void *service)
{
	struct permissions *operations = &((struct trusted_service *)service)->operations;

	(void)field;
	if (!schema_expect(schema, node, YAML_SEQUENCE, "'operations'"))
		return;
	if (node->length == 0)
		schema_error(schema, node, "'operations' is empty; leave it out for all of them");
	for (const struct yaml_node *child = node->children; child; child = child->next)
		read_operation(schema, child, operations);
}

/* The key is the name of the kind. */
static void read_permissions(struct schema *schema, const struct schema_field *field,
			     const struct yaml_node *node, void *object)
{
	struct permissions *permissions = &((struct access_policy *)object)->permissions;
	enum permission_kind kind = (enum permission_kind)field->least;
	char name[DIAG_QUOTE_MAX];

	(void)snprintf(name, sizeof(name), "'%s'", field->name);
	if (!schema_expect(schema, node, YAML_SEQUENCE, name))
		return;
	for (const struct yaml_node *child = node->children; child; child = child->next) {
		const char *text = schema_text(schema, child, field->name);
		uint32_t bits = text ? permission_bits(kind, text) : 0;

		if (text && !bits)
			permission_refuse(schema, kind, child, text);
		permissions->kinds[kind] |= bits;
	}
}

static const struct schema_field access_policy_fields[] = {
	{.name = "object_id",
	 .read = schema_guid,
	 .offset = offsetof(struct access_policy, object_id),
	 .required = true},
	{.name = "application_id",
	 .read = schema_guid,
	 .offset = offsetof(struct access_policy, application_id)},
	{.name = "keys", .read = read_permissions, .least = PERMISSION_KEYS},
	{.name = "secrets", .read = read_permissions, .least = PERMISSION_SECRETS},
	{.name = "certificates", .read = read_permissions, .least = PERMISSION_CERTIFICATES},
	{.name = "storage", .read = read_permissions, .least = PERMISSION_STORAGE},
	{0},
};

static const struct schema_mapping access_policy_mapping = {"an access policy",
							    access_policy_fields};

bool policy_read_access_policy(struct schema *schema, const struct yaml_node *node, void *element)
{
	struct access_policy *access = (struct access_policy *)element;

	access->at = position_of(node);
	return schema_read(schema, &access_policy_mapping, node, access);
}
