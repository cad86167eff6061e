/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rules as a model: what a rules document says, checked, with the place of
 * everything that a person wrote. Pure: knows nothing of the kernel, of files on
 * disk or of the image that is compiled from it. All memory is in one arena; all
 * pointers live as long as the policy.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arena.h"
#include "diag.h"
#include "names.h"

/* Where something was written. `file` indexes policy->files; line 0: nowhere. */
struct position {
	uint32_t line;
	uint16_t column; /* saturates at 65535 */
	uint16_t file;
};

/* A document and the files that it names, as text. */
struct rules_file {
	const char *name; /* as written; for the document itself: the path that was pushed */
	const char *text;
	size_t size;
};

struct rules_bundle {
	struct rules_file document;
	struct rules_file *files; /* of ip_sets with `file:` (and jwks files are NOT here) */
	size_t file_count;
	struct rules_file edits; /* made since, as policy_edit.h has them; size 0: none */
};

/* IPv4 addresses first ... last, inclusive, host byte order. */
struct range {
	uint32_t first;
	uint32_t last;
};

/* One range as somebody wrote it. */
struct range_entry {
	struct range range;
	struct position at;
	int64_t expires;     /* seconds since the epoch; 0: never */
	const char *comment; /* NULL: none */
};

struct range_list {
	struct range_entry *items;
	size_t count;
};

struct ip_set {
	const char *name;
	struct position at;
	const char *file; /* as written; NULL: listed inline */
	struct range_list ranges;
};

/* An element of ip_rules, a range or `set:NAME`. */
struct ip_rule {
	const struct ip_set *set; /* NULL: `entry` is the range */
	struct range_entry entry; /* with a set: only its position, expiry and comment */
};

struct ip_rules {
	struct ip_rule *items;
	size_t count;
};

struct virtual_network;

struct subnet {
	const char *name;
	struct position at;
	struct range prefix;
	bool service_endpoint;
	const struct virtual_network *network;
};

struct virtual_network {
	const char *name;
	struct position at;
	uint32_t tag; /* 1 ... 16777215 */
	struct subnet *subnets;
	size_t subnet_count;
};

struct network_rule {
	const struct subnet *subnet;
	bool ignore_missing_service_endpoint;
	struct position at;
};

struct blocked_tag {
	uint32_t tag;
	struct position at;
};

struct issuer {
	const char *name;
	struct position at;
	const char *issuer; /* may hold {tenant} */
	const char **audiences;
	size_t audience_count;
	const char *jwks_file; /* at most one of the two is set; neither: OIDC discovery */
	const char *jwks_url;
	const char *challenge_authorization; /* NULL: no challenge */
	const char *challenge_resource;
};

enum identity_kind { IDENTITY_APPLICATION, IDENTITY_MANAGED, IDENTITY_FEDERATED };

struct service_identity {
	enum identity_kind kind;
	struct position at;
	bool same_subscription;
	const char *app_id;   /* application, federated */
	const char *resource; /* managed_identity: an ARM id, `*` for one whole segment */
	const char *issuer;   /* federated, from here on */
	const char *subject;
	const char *audience;
	const char *object_id;
};

/* A permission such as secrets/get: its bit in the set of its kind. */
enum permission_kind {
	PERMISSION_KEYS,
	PERMISSION_SECRETS,
	PERMISSION_CERTIFICATES,
	PERMISSION_STORAGE,
	PERMISSION_KINDS,
};

struct permissions {
	uint32_t kinds[PERMISSION_KINDS]; /* bits in the order of permission_names() */
};

struct trusted_service {
	const char *name;
	struct position at;
	bool anywhere; /* no ip_rules: may come from any IPv4 address */
	struct ip_rules ip_rules;
	bool all_operations;
	struct permissions operations;
	struct service_identity *identities;
	size_t identity_count;
};

struct access_policy {
	struct position at;
	const char *object_id;
	const char *application_id; /* NULL: any */
	struct permissions permissions;
};

#define FRONTEND_ADDRESS_TEXT 64

/* A frontend: where a vault is reached. */
struct frontend {
	struct position at;
	uint8_t family;	     /* 4 or 6; 0: `*`, every address */
	uint8_t protocol;    /* IPPROTO_TCP or IPPROTO_UDP */
	uint16_t port;	     /* host order */
	uint8_t address[16]; /* wire order; IPv4 in the first four bytes */
};

#define EDIT_USER_TEXT 64

/* An edit of a vault's network rules, made since the document was written: policy_edit.h. */
struct rule_edit {
	const struct subnet *subnet; /* NULL: `range` */
	struct range range;
	bool removed;
	int64_t expires; /* of a range that is added; 0: never */
	int64_t at;	 /* seconds since the epoch */
	char user[EDIT_USER_TEXT];
	bool listed; /* by the document, and then until when; policy_edit.c's own */
	int64_t listed_until;
};

/* A vault's network rules. */
struct vault_rules {
	struct ip_rules ip_rules;
	struct network_rule *network_rules;
	size_t network_rule_count;
};

struct vault_edits {
	struct arena arena;	 /* of all that is not the document's */
	struct rule_edit *items; /* in the order of edit_compare() */
	size_t count;
	struct vault_rules document;
	size_t ranges_kept, subnets_kept; /* of the document's, in front of what edits add */
};

void vault_edits_free(struct vault_edits *edits);

struct vault {
	const char *name; /* [A-Za-z0-9][A-Za-z0-9._-]{0,62} */
	struct position at;
	const char **hostnames;
	size_t hostname_count;
	struct frontend *frontends;
	size_t frontend_count;
	const char *tenant;
	const char *subscription;
	bool audit;
	bool default_allow;
	bool trusted_services; /* bypass */
	struct ip_rules ip_rules;
	struct network_rule *network_rules;
	size_t network_rule_count;
	struct access_policy *access_policies;
	size_t access_policy_count;
	const struct issuer **issuers; /* count 0: all, in their order */
	size_t issuer_count;
	const char *upstream;
	const char *tls_certificate;
	const char *tls_key;
	struct position acls_at;   /* of network_acls; the vault's own where it has none */
	struct vault_edits *edits; /* NULL: the network rules are the document's */
};

struct policy {
	struct arena arena;
	const char **files; /* names; 0 is the document; room for one more */
	size_t file_count;
	uint16_t edits_file; /* of what edits added; 0: there are none yet */
	struct virtual_network *networks;
	size_t network_count;
	struct ip_set *sets;
	size_t set_count;
	struct ip_rules block;
	struct blocked_tag *blocked_tags;
	size_t blocked_tag_count;
	struct issuer *issuers;
	size_t issuer_count;
	struct trusted_service *services;
	size_t service_count;
	struct vault *vaults;
	size_t vault_count;
	struct names vault_names; /* policy_find_vault()'s own */
};

/*
 * Reads and checks a bundle, its edits included. Every error and warning of the run goes to
 * `diags`. `now` (seconds since the epoch) is what expiries are compared with for the warning about
 * rules that are past theirs. The texts of the bundle are borrowed only for the call; its file
 * names must live as long as `diags`, which points to them. `diags` is left sorted. Returns 0,
 * -EINVAL if diags holds an error, -ENOMEM. On success the caller owns the policy and ends it with
 * policy_free().
 */
int policy_read(const struct rules_bundle *bundle, int64_t now, struct diags *diags,
		struct policy *ret_policy);
void policy_free(struct policy *policy);

/*
 * The names of the files that a document's ip_sets refer to, in order and once
 * each, allocated in `arena`: what a client has to read and send along. Looks no
 * further than it must; faults are left for policy_read(), unless they hide the sets.
 */
int policy_file_names(const struct rules_file *document, struct diags *diags, struct arena *arena,
		      const char ***ret_names, size_t *ret_count);

const struct vault *policy_find_vault(const struct policy *policy, const char *name);

/* The first moment after `after`, seconds since the epoch, at which a rule expires; 0: none. */
int64_t policy_next_expiry(const struct policy *policy, int64_t after);

/* The names of a kind's permissions, in the order of their bits; NULL ends the list. */
const char *const *permission_names(enum permission_kind kind);
const char *permission_kind_name(enum permission_kind kind);

/* Without case; `all` is every bit of the kind. 0: there is no such permission. */
uint32_t permission_bits(enum permission_kind kind, const char *name);

/* Of "secrets/get"; 0 if there is no such kind or permission. */
uint32_t operation_bits(const char *operation, enum permission_kind *ret_kind);
