/* SPDX-License-Identifier: Apache-2.0 */
/*
 * All of the bytes, whatever read() and write() make of one call: short counts and signals.
 */
#pragma once

#include <stddef.h>

/* Until the end, or until there is no more room. 0 with what was read, or -errno. */
int bytes_read(int fd, void *to, size_t room, size_t *ret_size);

/* 0 or -errno. */
int bytes_write(int fd, const void *from, size_t size);
