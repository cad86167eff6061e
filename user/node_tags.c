/* SPDX-License-Identifier: Apache-2.0 */
/* Which encapsulations may assert an endpoint tag, and from whom. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "node_read.h"

#define VXLAN_PORT  4789
#define GENEVE_PORT 6081

static const char *const transport_words[] = {[TAG_VXLAN] = "vxlan",
					      [TAG_GENEVE] = "geneve",
					      [TAG_GRE] = "gre",
					      [TAG_VLAN] = "vlan",
					      NULL};

static void read_port(struct schema *schema, const struct schema_field *field,
		      const struct yaml_node *node, void *object)
{
	static const struct schema_field port_field = {.name = "port", .least = 1, .most = 65535};
	uint32_t port = 0;

	(void)field;
	schema_integer(schema, &port_field, node, &port);
	if (port > 0)
		((struct tag_source *)object)->port = (uint16_t)port;
}

/* No peers would be no trust at all; whoever wants that leaves the entry out. */
static void read_peers(struct schema *schema, const struct schema_field *field,
		       const struct yaml_node *node, void *object)
{
	if (!schema_expect(schema, node, YAML_SEQUENCE, "'peers'"))
		return;
	if (node->length == 0)
		schema_error(schema, node, "'peers' is empty, but needs at least one element");
	node_read_ranges(schema, field, "trusts the tags of", node,
			 &((struct tag_source *)object)->peers);
}

/* What the source of the entry at hand is entered under; the thing that was there, or NULL. */
static const struct tag_source *claim(struct schema *schema, const char *text,
				      const struct tag_source *source)
{
	struct node_reader *reader = node_reader_of(schema);
	const char *key = arena_copy(&reader->scratch, text, strlen(text));
	const void *first = NULL;
	int r = -ENOMEM;

	if (key)
		r = names_add(&reader->claims, &reader->scratch, key, source, &first);
	if (r == -ENOMEM)
		schema->out_of_memory = true;
	return (const struct tag_source *)first;
}

/* Only where there is a filter is there somebody to look at the tag. */
static bool read_vlan_interface(struct schema *schema, const struct yaml_node *node, void *element)
{
	struct node_reader *reader = node_reader_of(schema);
	const char *text = schema_text(schema, node, "interfaces");
	const struct node_interface *interface = NULL;

	if (!text)
		return false;
	interface = (const struct node_interface *)names_find(&reader->interfaces, text);
	if (!interface) {
		schema_error(schema, node,
			     "interface '%s' is not listed under the node's 'interfaces'",
			     schema_quote(node));
		return false;
	}
	memcpy(element, &interface->name, sizeof(interface->name));
	return true;
}

static const struct schema_list vlan_interface_list = {
	sizeof(const char *), offsetof(struct tag_source, interface_count), read_vlan_interface};

static const struct schema_field udp_fields[] = {
	{.name = "transport", .read = schema_skip},
	{.name = "port", .read = read_port},
	{.name = "peers", .read = read_peers, .required = true},
	{0},
};

static const struct schema_field gre_fields[] = {
	{.name = "transport", .read = schema_skip},
	{.name = "peers", .read = read_peers, .required = true},
	{0},
};

static const struct schema_field vlan_fields[] = {
	{.name = "transport", .read = schema_skip},
	{.name = "interfaces",
	 .read = schema_list,
	 .offset = offsetof(struct tag_source, interfaces),
	 .required = true,
	 .least = 1,
	 .list = &vlan_interface_list},
	{0},
};

static const struct schema_mapping tag_mappings[] = {
	[TAG_VXLAN] = {"a tag source of transport 'vxlan'", udp_fields},
	[TAG_GENEVE] = {"a tag source of transport 'geneve'", udp_fields},
	[TAG_GRE] = {"a tag source of transport 'gre'", gre_fields},
	[TAG_VLAN] = {"a tag source of transport 'vlan'", vlan_fields},
};

/* A packet to a port can be read in one way only. */
static void check_tunnel(struct schema *schema, const struct yaml_node *node,
			 const struct tag_source *source)
{
	struct node_reader *reader = node_reader_of(schema);
	const struct tag_source *first = NULL;
	char key[32] = "gre";

	if (++reader->tunnels == NODE_TUNNELS_MAX + 1)
		schema_error(schema, node, "more than %d entries of vxlan, geneve and gre",
			     NODE_TUNNELS_MAX);
	if (source->port)
		(void)snprintf(key, sizeof(key), "port %u", source->port);
	first = claim(schema, key, source);
	if (first && first->transport == source->transport)
		schema_error(schema, node, "another entry of '%s'%s%s is on line %u",
			     transport_words[source->transport], source->port ? " on " : "",
			     source->port ? key : "", first->at.line);
	else if (first)
		schema_error(schema, node, "%s is that of '%s' (line %u) already", key,
			     transport_words[first->transport], first->at.line);
}

static void check_vlan(struct schema *schema, const struct yaml_node *node,
		       const struct tag_source *source)
{
	char key[64];

	for (size_t i = 0; i < source->interface_count; i++) {
		const struct tag_source *first = NULL;

		(void)snprintf(key, sizeof(key), "vlan %s", source->interfaces[i]);
		first = claim(schema, key, source);
		if (first)
			schema_error(schema, node,
				     "interface '%s' is listed twice for VLANs, first on line %u",
				     source->interfaces[i], first->at.line);
	}
}

bool node_read_tag(struct schema *schema, const struct yaml_node *node, void *element)
{
	struct tag_source *source = (struct tag_source *)element;
	const struct yaml_node *transport = yaml_get(node, "transport");
	int chosen = -1;

	source->at = position_of(node);
	if (!schema_expect(schema, node, YAML_MAPPING, "a tag source"))
		return false;
	if (!transport) {
		schema_error(schema, node, "missing key 'transport' in a tag source");
		return false;
	}
	chosen = schema_choose(schema, transport, "transport", transport_words);
	if (chosen < 0)
		return false;
	source->transport = (enum tag_transport)chosen;
	if (source->transport == TAG_VXLAN)
		source->port = VXLAN_PORT;
	else if (source->transport == TAG_GENEVE)
		source->port = GENEVE_PORT;
	if (!schema_read(schema, &tag_mappings[chosen], node, source))
		return false;
	/* Only entries that are whole: half of one would be in the way of another. */
	if (source->transport == TAG_VLAN)
		check_vlan(schema, node, source);
	else
		check_tunnel(schema, node, source);
	return true;
}
