/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One agent for each instance: a lock on a file that says who holds it. It ends
 * with the process, however that ends.
 */
#pragma once

#include "paths.h"

/* -EBUSY: another agent runs, and `fault` says which. The lock lives as long as *ret_fd. */
int lock_take(const struct paths *paths, int *ret_fd, struct fault *fault);
