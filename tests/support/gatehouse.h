/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A gate for the authoriser's tests: rules, an issuer with its keys, and questions that
 * differ from a good one in what a test is about.
 */
#pragma once

#include "authorize.h"
#include "issuer.h"

#define GATE_NOW     INT64_C(1800000000)
#define GATE_TENANT  "72f988bf-86f1-41af-91ab-2d7cd011db47"
#define GATE_FOREIGN "11111111-86f1-41af-91ab-2d7cd011db47"
#define GATE_HOME    "0b1f6471-1bf0-4dda-aec3-cb9272f09590" /* the vaults' subscription */
#define GATE_APP     "262044b1-e2ce-469f-a196-69ab7ada62d3" /* backup */
#define GATE_CALLER  "33333333-e2ce-469f-a196-69ab7ada62d3" /* its object id */
#define GATE_RULES   "rules.yaml"

struct gate {
	struct issuer_key
		signers[TOKEN_ALGORITHM_COUNT]; /* by algorithm; their ids: rsa, pss, ec */
	struct issuer_key stranger;		/* RSA; the id of the first, but not in the set */
	struct token_keys keys;
	struct policy policy;
	const char *rules;
	struct range_list failsafe; /* 192.0.2.250 */
	struct authorize_index *index;
	struct authorizer authorizer;
	struct decision decision; /* of the last question */
	struct question question; /* the last one */
	char *authorization;	  /* its header */
	size_t key_requests;	  /* signatures that were checked, or nearly */
};

void gate_open(struct gate *gate, const char *rules);
void gate_close(struct gate *gate);

/*
 * What the last question becomes: a good one, from 192.0.2.130 without a token to
 * contoso.vault.example on 203.0.113.10:443: GET /secrets/x.
 */
void gate_reset(struct gate *gate);

/* Puts in the good claims with `changes`, see issuer_change(). */
void gate_token(struct gate *gate, const char *changes);
void gate_authorization(struct gate *gate, const char *header);
void gate_source(struct gate *gate, const char *address);
void gate_frontend(struct gate *gate, const char *frontend);

/* Asks, and fails the test unless this is the answer. */
void gate_expect(struct gate *gate, enum authorize_reason reason);

/* That it points to the line of the rules with this comment. */
void gate_expect_line(const struct gate *gate, const char *comment);

/* Of the body: error.code, error.innererror.code (NULL: none) and error.message. */
void gate_expect_body(const struct gate *gate, const char *code, const char *inner,
		      const char *message);
