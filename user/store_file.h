/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files that are on disk whole or not at all. Only store.c includes it.
 */
#pragma once

#include <jansson.h>
#include <sys/types.h>

/* What follows the name of a file that is being written; a crash may leave one. */
#define STORE_FILE_TEMPORARY ".new"

/* A folder for the owner and `group` (mode 0750), made if it is missing. */
int store_folder_open(int at, const char *path, gid_t group, int *ret_fd);

/*
 * Puts `json` (NULL: -ENOMEM) into the file in place of what it held, readable by
 * `group`. On return it is on disk; after a failure nothing has changed.
 */
int store_file_write(int folder, const char *name, gid_t group, const json_t *json);
