/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ownership that can be read off a declaration: `cleanup(free_ptr) char *name = NULL;` is
 * released when its scope ends, whichever way, and leaves it alive only through take_*().
 * A destructor takes the address of the variable and accepts what was never filled.
 */
#pragma once

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define cleanup(destroy) __attribute__((__cleanup__(destroy)))

/* Hands over what *ADDRESS owns and leaves NULL there: `*ret_name = take_ptr(&name);`. */
#define take_ptr(address)                                                                          \
	({                                                                                         \
		__typeof__(address) take_from_ = (address);                                        \
		__typeof__(*take_from_) taken_ = *take_from_;                                      \
		*take_from_ = NULL;                                                                \
		taken_;                                                                            \
	})

/* The same for a descriptor; an empty one is -1. */
static inline int take_fd(int *fd)
{
	int taken = *fd;

	*fd = -1;
	return taken;
}

static inline void close_fd(int *fd)
{
	if (*fd >= 0)
		(void)close(*fd);
	*fd = -1;
}

/* ADDRESS is that of a pointer of any type, which is why it is copied and not cast. */
static inline void free_ptr(void *address)
{
	void *pointer = NULL;

	memcpy(&pointer, address, sizeof(pointer));
	free(pointer);
	pointer = NULL;
	memcpy(address, &pointer, sizeof(pointer));
}
