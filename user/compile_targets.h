/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The frontends of a policy, each with the vaults behind it: the things that
 * packets are sent to, and that an image has a target for.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "policy.h"
#include "verdict.h"

/* One frontend, and the run of vaults in targets->vaults that are reached there. */
struct target {
	const struct frontend *frontend; /* as the first of its vaults wrote it */
	const struct vault *const *vaults;
	size_t vault_count;
};

struct targets {
	struct target *items; /* ordered by family, address, protocol, port */
	size_t count;
	const struct vault **vaults;
};

/* 0 or -ENOMEM. The policy must outlive the targets. */
int targets_collect(const struct policy *policy, struct targets *ret_targets);
void targets_free(struct targets *targets);

bool target_is_shared(const struct target *target);
enum vw_mode target_mode(const struct target *target);

/* Whether two frontends have address and protocol in common. */
bool targets_same_host(const struct target *left, const struct target *right);

#define TARGET_NAME FRONTEND_ADDRESS_TEXT

/* The name of the seat that counts for it: its vault's, or if it is shared, the frontend's text. */
const char *target_name(const struct target *target, char text[TARGET_NAME]);
