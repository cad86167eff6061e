/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rules in force, for programs beside the agent: a thread follows its generation and reads
 * rules, however many, beside the program's other work. While the agent is away the last ones stay.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "authorize.h"
#include "fault.h"
#include "paths.h"
#include "policy.h"

/* Ended with followed_rules_free(). */
struct followed_rules {
	struct policy policy;	       /* of generation 0, when nothing is in force: no vaults */
	struct authorize_index *index; /* NULL: not asked for */
	uint32_t generation;
	char problem[256]; /* there are rules, but nobody can read them: no vaults; "": there is
			      none */
};

void followed_rules_free(struct followed_rules *rules);

struct rules_follower;

/*
 * `paths` and `failsafe` are borrowed; `failsafe` NULL: rules without an index. Signals of the
 * caller's thread that are blocked stay so in the other.
 */
int rules_follow(const struct paths *paths, const struct range_list *failsafe,
		 struct rules_follower **ret_follower, struct fault *fault);

/* Asks the thread to end, which may take it a second; rules_unfollow() waits for it. */
void rules_follower_stop(struct rules_follower *follower);
void rules_unfollow(struct rules_follower *follower);

/* Readable when there are new rules. */
int rules_follower_fd(const struct rules_follower *follower);

/* The newest rules that were not taken yet, the caller's from now on; NULL: none. */
struct followed_rules *rules_follower_take(struct rules_follower *follower);

struct rules_connection {
	bool connected;
	int64_t since; /* seconds of CLOCK_BOOTTIME */
	char problem[256];
};

void rules_follower_state(struct rules_follower *follower, struct rules_connection *ret_state);
