/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A unix stream socket to listen on, that is there for its clients either whole
 * or not at all, and open to one group only.
 */
#pragma once

#include <sys/types.h>

#include "fault.h"

/* 0, root's, if there is no such group. */
gid_t listener_group(const char *name);

/*
 * Mode 0660, owned by root and `group` (without such a group: by root alone). It
 * is made beside `path` and renamed there, over what an earlier process left.
 */
int listener_open(const char *path, const char *group, int *ret_fd, struct fault *fault);
