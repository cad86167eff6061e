/* SPDX-License-Identifier: Apache-2.0 */
/* Virtual networks, their subnets, and the rules that refer to these. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "policy_read.h"

#define TAG_MAX 0xffffffU /* a VNI has 24 bits */

/* Of a subnet inside a tunnel: private ranges, and so only the general doubts apply. */
static void read_prefix(struct schema *schema, const struct schema_field *field,
			const struct yaml_node *node, void *object)
{
	struct policy_reader *reader = policy_reader_of(schema);
	struct range_reader ranges = policy_range_reader(reader, "holds");
	struct subnet *subnet = (struct subnet *)object;
	const char *text = schema_text(schema, node, field->name);

	if (text)
		(void)range_read(&ranges, text, node->length, position_of(node), &subnet->prefix);
}

static const struct schema_field subnet_fields[] = {
	{.name = "name",
	 .read = policy_read_name,
	 .offset = offsetof(struct subnet, name),
	 .required = true,
	 .most = POLICY_NAME_MAX},
	{.name = "prefix", .read = read_prefix, .required = true},
	{.name = "service_endpoint",
	 .read = schema_boolean,
	 .offset = offsetof(struct subnet, service_endpoint)},
	{0},
};

static const struct schema_mapping subnet_mapping = {"a subnet", subnet_fields};

static bool read_subnet(struct schema *schema, const struct yaml_node *node, void *element)
{
	struct subnet *subnet = (struct subnet *)element;

	subnet->at = position_of(node);
	return schema_read(schema, &subnet_mapping, node, subnet);
}

static const struct schema_list subnet_list = {
	sizeof(struct subnet), offsetof(struct virtual_network, subnet_count), read_subnet};

static const struct schema_field network_fields[] = {
	{.name = "name",
	 .read = policy_read_name,
	 .offset = offsetof(struct virtual_network, name),
	 .required = true,
	 .most = POLICY_NAME_MAX},
	{.name = "tag",
	 .read = schema_integer,
	 .offset = offsetof(struct virtual_network, tag),
	 .required = true,
	 .least = 1,
	 .most = TAG_MAX},
	{.name = "subnets",
	 .read = schema_list,
	 .offset = offsetof(struct virtual_network, subnets),
	 .required = true,
	 .least = 1,
	 .list = &subnet_list},
	{0},
};

static const struct schema_mapping network_mapping = {"a virtual network", network_fields};

/* The name by which rules refer to a subnet. */
static char *subnet_path(struct policy_reader *reader, const struct virtual_network *network,
			 const struct subnet *subnet)
{
	size_t size = strlen(network->name) + strlen(subnet->name) + 2;
	char *path = (char *)arena_alloc(&reader->scratch, size);

	if (path)
		(void)snprintf(path, size, "%s/%s", network->name, subnet->name);
	else
		reader->schema.out_of_memory = true;
	return path;
}

static void subnets_claim(struct policy_reader *reader, struct virtual_network *network)
{
	for (size_t i = 0; i < network->subnet_count; i++) {
		struct subnet *subnet = &network->subnets[i];
		const char *path = subnet_path(reader, network, subnet);
		const struct subnet *first = NULL;
		const void *found = NULL;

		if (!path)
			return;
		/* Here and not in read_subnet(), which does not know whose subnet it reads. */
		subnet->network = network;
		if (names_add(&reader->subnets, &reader->scratch, path, subnet, &found) == 0)
			continue;
		first = (const struct subnet *)found;
		if (!first)
			reader->schema.out_of_memory = true;
		else
			policy_diag(reader, DIAG_ERROR, subnet->at,
				    "another subnet '%s' of this virtual network is on line %u",
				    subnet->name, first->at.line);
	}
}

void policy_enter_subnets(struct policy_reader *reader, const struct virtual_network *network)
{
	for (size_t i = 0; i < network->subnet_count; i++) {
		const struct subnet *subnet = &network->subnets[i];
		const char *path = subnet_path(reader, network, subnet);
		const void *found = NULL;

		if (path &&
		    names_add(&reader->subnets, &reader->scratch, path, subnet, &found) == -ENOMEM)
			reader->schema.out_of_memory = true;
	}
}

/* A packet carries a tag and nothing else, so one tag cannot stand for two networks. */
static void tag_claim(struct policy_reader *reader, const struct virtual_network *network,
		      const struct yaml_node *node)
{
	const void *found = NULL;
	const struct virtual_network *first = NULL;
	const struct yaml_node *tag = yaml_get(node, "tag");
	const char *text = NULL;

	if (!network->tag)
		return;
	text = arena_copy(&reader->scratch, tag->text, tag->length);
	if (text && names_add(&reader->network_tags, &reader->scratch, text, network, &found) == 0)
		return;
	first = (const struct virtual_network *)found;
	if (!first)
		reader->schema.out_of_memory = true;
	else
		schema_error(&reader->schema, tag,
			     "tag %u is that of virtual network '%s' (line %u) already",
			     network->tag, first->name ? first->name : "?", first->at.line);
}

static bool read_network(struct schema *schema, const struct yaml_node *node, void *element)
{
	struct policy_reader *reader = policy_reader_of(schema);
	struct virtual_network *network = (struct virtual_network *)element;

	network->at = position_of(node);
	(void)schema_read(schema, &network_mapping, node, network);
	tag_claim(reader, network, node);
	if (network->name && policy_claim(reader, &reader->networks, network->name, network,
					  offsetof(struct virtual_network, at),
					  yaml_get(node, "name"), "virtual network"))
		subnets_claim(reader, network);
	return true;
}

static const struct schema_list network_list = {
	sizeof(struct virtual_network), offsetof(struct policy, network_count), read_network};

void policy_read_networks(struct schema *schema, const struct schema_field *field,
			  const struct yaml_node *node, void *policy)
{
	const struct schema_field networks = {
		.name = field->name,
		.offset = offsetof(struct policy, networks),
		.list = &network_list,
	};

	schema_list(schema, &networks, node, policy);
}

const struct subnet *policy_read_subnet(struct policy_reader *reader, const struct yaml_node *node)
{
	const char *path = schema_text(&reader->schema, node, "subnet");
	const char *slash = path ? strchr(path, '/') : NULL;

	if (!path)
		return NULL;
	if (!slash || slash == path || !slash[1]) {
		schema_error(&reader->schema, node,
			     "'%s' is no subnet; it is written VIRTUAL-NETWORK/SUBNET",
			     schema_quote(node));
		return NULL;
	}
	return (const struct subnet *)policy_resolve(reader, &reader->subnets, path, node,
						     "subnet");
}

static void read_subnet_reference(struct schema *schema, const struct schema_field *field,
				  const struct yaml_node *node, void *object)
{
	(void)field;
	((struct network_rule *)object)->subnet =
		policy_read_subnet(policy_reader_of(schema), node);
}

/* As the service itself: it looks for the endpoint when a rule is made, not per packet. */
void policy_refuse_endpoint(struct policy_reader *reader, const struct yaml_node *node,
			    const struct subnet *subnet)
{
	schema_error(
		&reader->schema, node,
		"subnet '%s/%s' (line %u) has no service endpoint, so this rule matches nothing; turn it on there, or add ignore_missing_service_endpoint: true",
		subnet->network->name, subnet->name, subnet->at.line);
}

static const struct schema_field network_rule_fields[] = {
	{.name = "subnet", .read = read_subnet_reference, .required = true},
	{.name = "ignore_missing_service_endpoint",
	 .read = schema_boolean,
	 .offset = offsetof(struct network_rule, ignore_missing_service_endpoint)},
	{0},
};

static const struct schema_mapping network_rule_mapping = {"a virtual network rule",
							   network_rule_fields};

bool policy_read_network_rule(struct schema *schema, const struct yaml_node *node, void *element)
{
	struct policy_reader *reader = policy_reader_of(schema);
	struct network_rule *rule = (struct network_rule *)element;
	const struct network_rule *first = NULL;
	const char *path = NULL;

	rule->at = position_of(node);
	if (!schema_read(schema, &network_rule_mapping, node, rule) || !rule->subnet)
		return false;
	path = yaml_get(node, "subnet")->text;
	if (!rule->subnet->service_endpoint && !rule->ignore_missing_service_endpoint) {
		policy_refuse_endpoint(reader, node, rule->subnet);
		return false;
	}
	first = (const struct network_rule *)policy_claim_within(reader, CLAIM_VAULT_SUBNET,
								 reader->vault_index, path, rule);
	if (first)
		schema_warning(schema, node, "subnet '%s' is listed twice, first on line %u", path,
			       first->at.line);
	return !first;
}
