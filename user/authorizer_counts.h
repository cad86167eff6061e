/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How many requests of each vault had which answer. A vault keeps its counts for as long as its
 * name is in the rules. For authorizer*.c only.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "arena.h"
#include "names.h"
#include "policy.h"

/* The kinds of answers there are; the label of each is in authorizer_counts.c. */
enum answer_kind {
	ANSWER_ALLOWED,
	ANSWER_CHALLENGE,
	ANSWER_INVALID_TOKEN,
	ANSWER_FIREWALL,
	ANSWER_POLICY,
	ANSWER_KINDS,
};

struct answer_counts {
	const char *vault; /* "": requests that are for no vault */
	uint64_t answers[ANSWER_KINDS];
};

/* Starts as {0}. */
struct gate_counts {
	struct arena arena;
	struct names names;
	struct answer_counts *vaults; /* the first is that of no vault */
	size_t vault_count;
};

/* Follows the rules; -ENOMEM, and then everything is as it was. */
int gate_counts_follow(struct gate_counts *counts, const struct policy *policy);
void gate_counts_free(struct gate_counts *counts);

/* `vault` NULL or unknown: that of no vault. */
void gate_counts_add(struct gate_counts *counts, const char *vault, enum answer_kind kind);

uint64_t gate_counts_total(const struct gate_counts *counts, enum answer_kind kind);

/* In Prometheus' text format, the caller's to free(). NULL: no memory. */
char *gate_counts_print(const struct gate_counts *counts);

/* "200", "401" and so on; and the error that goes with it. */
const char *answer_kind_code(enum answer_kind kind);
const char *answer_kind_error(enum answer_kind kind);
