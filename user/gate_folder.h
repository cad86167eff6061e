/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A folder that a program with root's rights may write to: nobody else can change what lies in it,
 * or lead the way to it somewhere else.
 */
#pragma once

#include <sys/stat.h>

#include "fault.h"
#include "paths.h"

/*
 * The absolute path of a file, from the working directory if it is a relative one. -EINVAL: it
 * names no file, or has a part that is `.` or `..`, or is empty.
 */
int gate_folder_path(const char *path, char ret_path[PATH_TEXT], struct fault *fault);

/*
 * -EPERM unless it is of this type (S_IFREG, S_IFDIR), belongs to root or to this user, and nobody
 * else may write to it.
 */
int gate_folder_check(const struct stat *status, mode_t type, const char *path,
		      struct fault *fault);

/* The folder of an absolute path; each one on the way has passed the check above. */
int gate_folder_open(const char *path, int *ret_fd, struct fault *fault);
