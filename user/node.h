/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The node configuration (/etc/vaultwall/node.yaml) as a model: what belongs to
 * the machine. Pure; memory and pointers as in policy.h.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arena.h"
#include "diag.h"
#include "policy.h"

/* VXLAN, Geneve and GRE entries together: what the filter looks through for each packet. */
#define NODE_TUNNELS_MAX 8

enum attach_mode { ATTACH_AUTO, ATTACH_NATIVE, ATTACH_GENERIC };

struct node_interface {
	const char *name;
	enum attach_mode mode;
	struct position at;
};

enum tag_transport { TAG_VXLAN, TAG_GENEVE, TAG_GRE, TAG_VLAN };

struct tag_source {
	enum tag_transport transport;
	uint16_t port; /* host order; VXLAN and Geneve: 4789 and 6081 if left out; else 0 */
	struct range_list peers; /* all but VLAN: at least one */
	const char **interfaces; /* VLAN only: at least one */
	size_t interface_count;
	struct position at;
};

enum question_manner { QUESTIONS_ORIGINAL, QUESTIONS_FORWARDED, QUESTIONS_ENVOY };

struct node_gate {
	bool present;
	struct frontend listen; /* TCP */
	enum question_manner questions;
	struct position at;
};

struct node {
	struct arena arena;
	const char *file; /* name, as given to node_read() */
	struct node_interface *interfaces;
	size_t interface_count;
	struct tag_source *tags;
	size_t tag_count;
	struct node_gate gate;
	struct range_list failsafe;
};

/* As policy_read(); an empty document is an error (at least one interface is needed). */
int node_read(const struct rules_file *document, struct diags *diags, struct node *ret_node);
void node_free(struct node *node);
