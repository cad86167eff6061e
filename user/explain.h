/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names the very rule behind a verdict. The verdict itself comes from the kernel
 * (loader_explain); this looks the rule up in the policy by the same vault,
 * source and tag, and says where it was written. Pure.
 */
#pragma once

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>

#include "node.h"
#include "policy.h"
#include "verdict.h"

struct explain_query {
	const struct vault *vault; /* NULL: the frontend is shared by `vaults` */
	const struct vault *const *vaults;
	size_t vault_count;
	enum vw_reason reason;
	uint8_t family;
	uint32_t source; /* IPv4, host order; inner one of a tagged packet */
	bool tagged;
	uint32_t tag;
	int64_t now; /* seconds since the epoch */
};

struct explanation {
	bool found;
	const char *file; /* of the rule; NULL: no place */
	struct position at;
	const struct vault *vault; /* whose rule it is; NULL: the node's */
	char rule[256];		   /* as one would write it: "198.51.100.0/24 (set:partners)" */
	char advice[512];	   /* one or two sentences: why, and what would change it */
};

/* The rule as one would write it, and where it is. `vault` NULL: the node's. */
__attribute__((format(printf, 5, 0))) void explanation_name(struct explanation *explanation,
							    const struct policy *policy,
							    const struct vault *vault,
							    struct position at, const char *format,
							    va_list arguments);

/* Adds to the advice. */
__attribute__((format(printf, 2, 0))) void
explanation_advise(struct explanation *explanation, const char *format, va_list arguments);

/* "rules.yaml:12", in `text` of `size` bytes. */
const char *explanation_place(const struct policy *policy, struct position at, char *text,
			      size_t size);

void explain_rule(const struct policy *policy, const struct node *node,
		  const struct explain_query *query, struct explanation *ret_explanation);
