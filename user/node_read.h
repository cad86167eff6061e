/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the readers of the parts of a node configuration share. Nobody else includes it.
 */
#pragma once

#include "names.h"
#include "node.h"
#include "ranges.h"
#include "schema.h"

struct node_reader {
	struct schema schema; /* its owner is this; its arena the node's */
	struct node *node;
	struct arena scratch;
	const char *files[1]; /* for positions */

	struct names interfaces; /* struct node_interface */
	struct names claims;	 /* UDP ports, GRE, VLAN interfaces: struct tag_source */
	size_t tunnels;
};

struct node_reader *node_reader_of(struct schema *schema);

/* A list of ranges; `everything` is what one with 0.0.0.0/0 does: "admits". */
void node_read_ranges(struct schema *schema, const struct schema_field *field,
		      const char *everything, const struct yaml_node *node,
		      struct range_list *ret_ranges);

/* An entry of `tags`. The interfaces must have been read. */
bool node_read_tag(struct schema *schema, const struct yaml_node *node, void *element);
