/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the readers of the parts of a rules document share. Nobody else includes it.
 *
 * The parts are read in the order in which they refer to one another, not in the document's; the
 * faults of all of them are collected. A part that failed leaves zeros behind, so every pointer of
 * a policy may be NULL until it is known that there was no error.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "names.h"
#include "policy.h"
#include "ranges.h"
#include "schema.h"

#define POLICY_MEMORY_MAX ((size_t)1 << 30)

/* Of networks, subnets, sets, issuers and services; Azure allows 80 in the longest. */
#define POLICY_NAME_MAX 80
#define VAULT_NAME_MAX	63

/* What there may be only once within a scope: policy_claim_within(). */
enum policy_claim {
	CLAIM_BLOCKED_TAG = 't',
	CLAIM_FRONTEND = 'F',
	CLAIM_FRONTEND_SHARED = 'f',
	CLAIM_HOSTNAME = 'H',
	CLAIM_HOSTNAME_SHARED = 'h',
	CLAIM_PAIR = 'P',
	CLAIM_VAULT_FRONTEND = 'v', /* from here on, the scope is reader->vault_index */
	CLAIM_VAULT_HOSTNAME = 'w',
	CLAIM_VAULT_ISSUER = 'i',
	CLAIM_VAULT_SUBNET = 's',
};

struct policy_reader {
	struct schema schema; /* its owner is this; its arena the policy's */
	struct policy *policy;
	struct arena scratch; /* gone when the reading is over */
	const struct rules_bundle *bundle;
	int64_t now;

	struct names sent;	 /* the bundle's files: struct rules_file */
	struct names files;	 /* those the document names: their entry in policy->files */
	const char **file_names; /* by position.file, as long-lived as the bundle */

	struct names networks; /* struct virtual_network; the same by tag, as text */
	struct names network_tags;
	struct names subnets; /* "network/subnet": struct subnet */
	struct names sets;
	struct names issuers;
	struct names services;
	struct names vaults;

	struct names claims;
	size_t vault_index; /* of the vault at hand */
};

/* Readers of the top-level keys, in the order in which they are called. */
void policy_read_networks(struct schema *schema, const struct schema_field *field,
			  const struct yaml_node *node, void *policy);
void policy_read_sets(struct schema *schema, const struct schema_field *field,
		      const struct yaml_node *node, void *policy);
void policy_read_block(struct schema *schema, const struct schema_field *field,
		       const struct yaml_node *node, void *policy);
void policy_read_issuers(struct schema *schema, const struct schema_field *field,
			 const struct yaml_node *node, void *policy);
void policy_read_services(struct schema *schema, const struct schema_field *field,
			  const struct yaml_node *node, void *policy);
void policy_read_vaults(struct schema *schema, const struct schema_field *field,
			const struct yaml_node *node, void *policy);

/* Readers of fields that several parts have. `ip_rules` and `name` are members at `offset`. */
void policy_read_name(struct schema *schema, const struct schema_field *field,
		      const struct yaml_node *node, void *object); /* `most`: its length */
void policy_read_ip_rules(struct schema *schema, const struct schema_field *field,
			  const struct yaml_node *node, void *object);
void policy_read_operations(struct schema *schema, const struct schema_field *field,
			    const struct yaml_node *node, void *service);
bool policy_read_access_policy(struct schema *schema, const struct yaml_node *node, void *element);
bool policy_read_hostname(struct schema *schema, const struct yaml_node *node, void *element);
bool policy_read_frontend(struct schema *schema, const struct yaml_node *node, void *element);
bool policy_read_network_rule(struct schema *schema, const struct yaml_node *node, void *element);

/* What "NETWORK/SUBNET" names; NULL: an error was told. */
const struct subnet *policy_read_subnet(struct policy_reader *reader, const struct yaml_node *node);

/* Has a network's subnets found by their names, in a reading that has not read them itself. */
void policy_enter_subnets(struct policy_reader *reader, const struct virtual_network *network);

/* Tells why there is no rule for a subnet without an endpoint. */
void policy_refuse_endpoint(struct policy_reader *reader, const struct yaml_node *node,
			    const struct subnet *subnet);

/* A file's lines as ranges; `file` is its index in policy->files. */
void policy_read_list_file(struct policy_reader *reader, const struct rules_file *list,
			   uint16_t file, struct range_list *ret_ranges);

/* Checks that need more than one part, once all are read. */
void policy_check_frontends(struct policy_reader *reader);
void policy_check_federation(struct policy_reader *reader);
void policy_check_issuers(struct policy_reader *reader);
void policy_check_vaults(struct policy_reader *reader);
void policy_check_ranges(struct policy_reader *reader); /* after the document is let go */

/* The bundle's edits, on top of all that. 0 or -errno. */
int policy_read_edits(struct policy_reader *reader);

/* Warnings that edits are given, too. */
void policy_warn_expired(struct policy_reader *reader, struct range_reader *ranges,
			 const struct range_entry *entry);
void policy_warn_effect(struct policy_reader *reader, const struct vault *vault,
			struct position at);

struct policy_reader *policy_reader_of(struct schema *schema);
struct range_reader policy_range_reader(struct policy_reader *reader, const char *everything);

/*
 * Enters a name; if there is another thing of that name, an error at `node` says so, and false is
 * returned. `first_at` is the place within such a thing, as an offset.
 */
bool policy_claim(struct policy_reader *reader, struct names *names, const char *name,
		  const void *thing, size_t at_offset, const struct yaml_node *node,
		  const char *noun);

/* The thing that `text` was claimed for before within the scope; NULL: it is claimed now. */
const void *policy_claim_within(struct policy_reader *reader, enum policy_claim claim, size_t scope,
				const char *text, const void *thing);

/* What a name stands for; NULL with an error at `node` if nothing. */
const void *policy_resolve(struct policy_reader *reader, const struct names *names,
			   const char *name, const struct yaml_node *node, const char *noun);

#define policy_diag(reader, level, at, ...)                                                        \
	diags_add((reader)->schema.diags, level, (reader)->file_names[(at).file], (at).line,       \
		  (at).column, __VA_ARGS__)
