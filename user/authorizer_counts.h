/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How many requests of each vault had which answer: counted where the kernel prints it, in the
 * vault's seat. The agent may give a seat to another vault at any time; a count never lands
 * there. For authorizer*.c only.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "policy.h"
#include "request.h"

/* Starts as {0}. */
struct gate_counts {
	struct vw_requests *requests; /* borrowed, VW_SEATS; NULL: there is nothing to count in */
	uint32_t *places;	      /* seat of each vault, by its index in the rules */
	const struct policy *policy;  /* borrowed */
	uint64_t totals[VW_REQUEST_COUNT]; /* of all vaults, since the start */
};

/* Follows the rules, and the seats; -ENOMEM, and then nothing is counted. */
int gate_counts_follow(struct gate_counts *counts, const struct policy *policy,
		       struct vw_requests *requests);
void gate_counts_free(struct gate_counts *counts);

/* `vault` is one of the rules; NULL, or one without a seat: counted as for no vault. */
void gate_counts_add(struct gate_counts *counts, const struct vault *vault, enum vw_request kind);

/* "200", "401" and so on; and the error that goes with it. */
const char *gate_counts_code(enum vw_request kind);
const char *gate_counts_error(enum vw_request kind);
