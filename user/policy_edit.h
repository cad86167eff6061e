/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Edits of single vaults' network rules, made since the document was written. A vault has one edit
 * at most of each range and of each subnet, and none that says what the document says. Its rules
 * are those of the document that no edit speaks of, in their order, and behind them what edits add.
 *
 * As text they are YAML (and each line behind its dash is JSON), a line an edit, by vaults in the
 * order of the document; rules that edits added stand at the place of that line:
 *
 *   - {"vault": "contoso", "action": "add", "range": "192.0.2.77/32",
 *      "expires": "2026-12-01T00:00:00Z", "by": "ann", "at": "2026-11-24T17:34:07Z"}
 *   - {"vault": "contoso", "action": "remove", "subnet": "vnet-app/web", "by": ..., "at": ...}
 *
 * An edit costs what its vault's rules cost, however many others there are. Pure.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arena.h"
#include "diag.h"
#include "policy.h"

#define EDITS_FILE     "network-rule" /* the name of that text, in places and diagnostics */
#define EDITS_MAX      10000	      /* in all; each of them is written anew with the next */
#define EDIT_RULES_MAX 1000	      /* of one request */

/* The other rules of a vault: those to come, or those that were. Starts as {0}. */
struct policy_edit {
	struct vault *vault;
	struct vault_edits *edits;
	struct vault_rules rules;
};

/*
 * Prepares what the vault's rules come to with `wanted` on top of what was edited before, of
 * equal ones the last. Changes nothing yet. -ENOMEM.
 */
int policy_edit_make(struct policy *policy, struct vault *vault, const struct rule_edit *wanted,
		     size_t count, struct policy_edit *ret_edit);

/* Puts the other rules in the place of the vault's, and those into `edit`; twice is nothing. */
void policy_edit_swap(struct policy *policy, struct policy_edit *edit);
void policy_edit_free(struct policy_edit *edit);

/* All edits as text, the caller's to free(); "" if there are none. NULL without memory. */
char *policy_edits_format(const struct policy *policy, size_t *ret_size);

size_t policy_edits_count(const struct policy *policy);

/* The place of what edits add: an index in policy->files. */
uint16_t policy_edits_file(struct policy *policy);

struct vault_rules vault_rules_of(const struct vault *vault);

/* Fills `listed` of each: whether these rules say it, and until when. In their order. */
void edits_look_up(const struct vault_rules *rules, struct rule_edit *edits, size_t count);

/* The order of edits in a vault; 0: of the same range or subnet. */
int edit_compare(const struct rule_edit *left, const struct rule_edit *right);
void edits_sort(struct rule_edit *edits, size_t count);

/* Keeps of the name what needs no escape anywhere. */
void edit_set_user(struct rule_edit *edit, const char *user);

/* "add", "remove" */
extern const char *const edit_actions[];

#define EDIT_RULE_TEXT 192

/* "192.0.2.0/24" or "vnet-app/web". */
const char *edit_rule_format(const struct rule_edit *edit, char text[EDIT_RULE_TEXT]);

/* Who edits, and when. */
struct edit_author {
	const char *user;
	int64_t now; /* seconds since the epoch */
};

/* What a request comes to. Starts as {0}; ended with edit_request_free(). */
struct edit_request {
	struct policy_edit edit;   /* to be swapped in, if there are changes */
	struct rule_edit *changes; /* what of the request changes something; those of a range that
				      were `listed` get another expiry */
	size_t count;
};

/*
 * Reads {"vault": NAME, "action": "add"|"remove", "ip_addresses": [RANGE], "subnets": [NAME],
 * "expires": TIME|"never"}; the last three may be left out, but not both lists. What the rules' own
 * reading would say of it, and what comes to nothing, goes to `diags`, which borrows the names of
 * the policy's files. -EINVAL: it is wrong, and diags has an error; -ENOMEM.
 */
int edit_request_read(struct policy *policy, const char *text, size_t size,
		      const struct edit_author *author, struct diags *diags,
		      struct edit_request *ret_request);
void edit_request_free(struct edit_request *request);
