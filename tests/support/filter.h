/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The real filter in the kernel, under an instance of its own, asked about single
 * frames: by `explain`, by running it, and by what its counters say. For tests
 * that are linked with the loader.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "counter.h"
#include "loader.h"
#include "oracle.h"
#include "packets.h"

struct filter {
	struct paths paths;
	struct loader *loader;
	struct policy policy;
	struct node node;
	struct seating seating;
	uint32_t generation; /* 0: no rules yet */
	bool vlan_tags;	     /* frames come in where VLAN ids are tags */
	bool steered;	     /* who is gated may come in */
};

/* These print why they failed, and then return false. From here on in a network namespace of its
 * own. */
bool filter_open(struct filter *filter);
bool filter_load(struct filter *filter, const char *rules, const char *node);
bool filter_set_vlan_tags(struct filter *filter, bool vlan_tags);
bool filter_steer(struct filter *filter);
void filter_close(struct filter *filter);

/* By the oracle. */
struct oracle_answer filter_expect(const struct filter *filter, const struct crafted *frame);

/* By `explain`, and by the filter itself, which counts. */
bool filter_explain(struct filter *filter, const struct crafted *frame,
		    struct oracle_answer *ret_answer);
bool filter_run(struct filter *filter, const struct crafted *frame, uint32_t *ret_action);

/* The action that a verdict becomes. */
uint32_t filter_action(const struct filter *filter, enum vw_verdict verdict);

const char *filter_reason_label(enum vw_reason reason);
const char *filter_verdict_label(enum vw_verdict verdict);
enum vw_outcome filter_outcome(enum vw_reason reason, enum vw_verdict verdict);

/*
 * True if the oracle, `explain`, the filter and its counters all say that this is
 * what becomes of the frame. Else it prints who says what, and the frame.
 */
bool filter_agrees(struct filter *filter, const char *name, const struct crafted *frame,
		   enum vw_reason reason, enum vw_verdict verdict, const char *seat);

/* The same where `explain`, the filter and its counters must say what the oracle says. */
bool filter_agrees_with_oracle(struct filter *filter, const char *name,
			       const struct crafted *frame);

/* For cmocka: *state is a struct filter with the rules of world.h. */
int filter_setup_world(void **state);
int filter_teardown_world(void **state);
