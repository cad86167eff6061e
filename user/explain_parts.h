/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the rows of explain.c have in common: finding rules, and writing an
 * explanation piece by piece. For user/explain*.c only.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "address.h"
#include "explain.h"

#define EXPLAIN_PLACE_TEXT 128
#define EXPLAIN_NAMES_TEXT 256
#define EXPLAIN_NAMES	   4 /* that an advice lists */

struct explainer {
	const struct policy *policy;
	const struct node *node;
	const struct explain_query *query;
	struct explanation *explanation;
	char source[ADDRESS_TEXT]; /* IPv4 as text; "an IPv6 address" */
};

/* The entry of a list of rules that holds an address, with the rule that led there. */
struct explain_hold {
	const struct range_entry *entry; /* NULL: there is none */
	const struct ip_rule *rule;
	int64_t expires; /* 0: never */
};

/* Adds to the advice. */
__attribute__((format(printf, 2, 3))) void explain_advise(const struct explainer *explainer,
							  const char *format, ...);

/* "The rule holds until 2026-12-01T00:00:00Z. " */
void explain_advise_time(const struct explainer *explainer, const char *before, int64_t seconds);

/* "The IP rules of contoso refer to set:partners at rules.yaml:31. ", if there is a set. */
void explain_advise_set(const struct explainer *explainer, const struct explain_hold *hold,
			const char *whose);
void explain_advise_comment(const struct explainer *explainer, const struct explain_hold *hold);

/* The rule as one would write it, and where it is. `vault` NULL: the node's. */
__attribute__((format(printf, 4, 5))) void explain_name_rule(const struct explainer *explainer,
							     const struct vault *vault,
							     struct position at, const char *format,
							     ...);
void explain_name_hold(const struct explainer *explainer, const struct vault *vault,
		       const struct explain_hold *hold, const char *prefix);

/* "rules.yaml:12" */
const char *explain_place(const struct explainer *explainer, struct position at,
			  char text[EXPLAIN_PLACE_TEXT]);

bool explain_range_holds(struct range range, uint32_t address);

/* Of the rules that hold the source the one that lasts longest, be it over or not. */
struct explain_hold explain_find_hold(const struct ip_rules *rules, uint32_t source);
bool explain_is_over(const struct explainer *explainer, int64_t expires);

/* Whether requests of the service may come from the query's source. */
bool explain_may_come_from(const struct explainer *explainer,
			   const struct trusted_service *service);

/* "backup, monitor": those that may come from there; returns how many there are. */
size_t explain_list_services(const struct explainer *explainer, char text[EXPLAIN_NAMES_TEXT]);

/* The vaults that the query is about. */
size_t explain_vault_count(const struct explainer *explainer);
const struct vault *explain_vault_at(const struct explainer *explainer, size_t i);

/* The rows of explain_refusal.c. */
void explain_not_allowed(const struct explainer *explainer);
void explain_unknown_subnet(const struct explainer *explainer);
