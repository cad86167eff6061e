/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What reads tokens from everybody has no privilege to lose. For authorizer*.c only.
 */
#pragma once

#include <stdbool.h>

#include "fault.h"

/* Whether this process is root's or has any capability. */
bool privileges_any(void);

/*
 * Gives up everything for good: becomes `user` with that user's groups, without capabilities, and
 * without a way to get any by executing another program. `user` NULL: nothing to become, and then
 * -EPERM if there is a privilege. Success has been checked, not assumed.
 */
int privileges_drop(const char *user, struct fault *fault);
