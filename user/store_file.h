/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files that are on disk whole or not at all. Only store.c includes it.
 */
#pragma once

#include <sys/types.h>

#include "bundle_pack.h"

/* What follows the name of a file that is being written; a crash may leave one. */
#define STORE_FILE_TEMPORARY ".new"

/* A folder for the owner and `group` (mode 0750), made if it is missing. */
int store_folder_open(int at, const char *path, gid_t group, int *ret_fd);

/*
 * Puts the pieces into the file in place of what it held, readable by `group`. On
 * return it is on disk; after a failure nothing has changed.
 */
int store_file_write(int folder, const char *name, gid_t group, const struct pack_piece *pieces,
		     size_t count);

/* All of a file that holds at most `most` bytes. -EFBIG if it holds more. */
int store_file_read(int fd, size_t most, char **ret_bytes, size_t *ret_size);
