/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A decision for whoever owns the vault: the rule that decided in words, and what would
 * change it. What the decision is was settled by authorize(). Pure.
 */
#pragma once

#include "authorize.h"
#include "explain.h"

struct authorize_case {
	const struct policy *policy;
	const struct node *node;
	const struct question *question;
	const struct decision *decision;
	const struct claims *claims; /* what the token says, verified or not; NULL: nothing */
	int64_t now;
};

void authorize_explain(const struct authorize_case *subject, struct explanation *ret_explanation);
