/* SPDX-License-Identifier: Apache-2.0 */
/* Whose tokens count. */
#include <string.h>

#include "policy_read.h"

static bool read_audience(struct schema *schema, const struct yaml_node *node, void *element)
{
	static const struct schema_field audience = {.name = "audiences"};

	schema_string(schema, &audience, node, element);
	return true;
}

static const struct schema_list audience_list = {
	sizeof(const char *), offsetof(struct issuer, audience_count), read_audience};

static const struct schema_field jwks_fields[] = {
	{.name = "file", .read = schema_string, .offset = offsetof(struct issuer, jwks_file)},
	{.name = "url", .read = schema_url, .offset = offsetof(struct issuer, jwks_url)},
	{0},
};

static const struct schema_mapping jwks_mapping = {"'jwks'", jwks_fields};

/* Keys from two places would be two truths; left out altogether, discovery finds them. */
static void read_jwks(struct schema *schema, const struct schema_field *field,
		      const struct yaml_node *node, void *object)
{
	bool file = yaml_get(node, "file") != NULL;
	bool url = yaml_get(node, "url") != NULL;

	(void)field;
	if (schema_read(schema, &jwks_mapping, node, object) && file == url)
		schema_error(schema, node,
			     file ? "'jwks' has 'file' or 'url', not both"
				  : "'jwks' needs either 'file' or 'url'");
}

/* Read into the issuer itself: a nested mapping need not be a nested struct. */
static const struct schema_field challenge_fields[] = {
	{.name = "authorization",
	 .read = schema_template,
	 .offset = offsetof(struct issuer, challenge_authorization),
	 .required = true},
	{.name = "resource",
	 .read = schema_url,
	 .offset = offsetof(struct issuer, challenge_resource),
	 .required = true},
	{0},
};

static const struct schema_mapping challenge_mapping = {"'challenge'", challenge_fields};

static void read_challenge(struct schema *schema, const struct schema_field *field,
			   const struct yaml_node *node, void *object)
{
	(void)field;
	(void)schema_read(schema, &challenge_mapping, node, object);
}

static const struct schema_field issuer_fields[] = {
	{.name = "name",
	 .read = policy_read_name,
	 .offset = offsetof(struct issuer, name),
	 .required = true,
	 .most = POLICY_NAME_MAX},
	{.name = "issuer",
	 .read = schema_template,
	 .offset = offsetof(struct issuer, issuer),
	 .required = true},
	/* At least one: a token for any audience is a token for nobody in particular. */
	{.name = "audiences",
	 .read = schema_list,
	 .offset = offsetof(struct issuer, audiences),
	 .required = true,
	 .least = 1,
	 .list = &audience_list},
	{.name = "jwks", .read = read_jwks},
	{.name = "challenge", .read = read_challenge},
	{0},
};

static const struct schema_mapping issuer_mapping = {"an issuer", issuer_fields};

static bool read_issuer(struct schema *schema, const struct yaml_node *node, void *element)
{
	struct issuer *issuer = (struct issuer *)element;

	issuer->at = position_of(node);
	(void)schema_read(schema, &issuer_mapping, node, issuer);
	if (issuer->name)
		(void)policy_claim(policy_reader_of(schema), &policy_reader_of(schema)->issuers,
				   issuer->name, issuer, offsetof(struct issuer, at),
				   yaml_get(node, "name"), "issuer");
	return true;
}

static const struct schema_list issuer_list = {sizeof(struct issuer),
					       offsetof(struct policy, issuer_count), read_issuer};

void policy_read_issuers(struct schema *schema, const struct schema_field *field,
			 const struct yaml_node *node, void *policy)
{
	const struct schema_field issuers = {
		.name = field->name,
		.offset = offsetof(struct policy, issuers),
		.list = &issuer_list,
	};

	schema_list(schema, &issuers, node, policy);
}
