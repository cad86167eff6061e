/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the rows of an explanation share. For user/authorize_explain*.c only.
 */
#pragma once

#include "authorize_explain.h"

#define EXPLAIN_TEXT 160

struct teller {
	const struct authorize_case *subject;
	struct explanation *explanation;
};

/* The rule as one would write it, at `at`. */
__attribute__((format(printf, 3, 4))) void tell_rule(const struct teller *teller,
						     struct position at, const char *format, ...);

/* Adds to the advice. */
__attribute__((format(printf, 2, 3))) void tell_advice(const struct teller *teller,
						       const char *format, ...);

/* "rules.yaml:12" */
const char *tell_place(const struct teller *teller, struct position at, char text[EXPLAIN_TEXT]);

/* "application 2620...", "managed identity /subscriptions/...", "federated 5d0e..." */
const char *tell_identity(const struct service_identity *identity, char text[EXPLAIN_TEXT]);

/* authorize_explain_token.c: row 5. */
void tell_invalid_token(const struct teller *teller);
