/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fetches small documents over HTTPS without ever blocking its caller. Follows no redirect, takes
 * no more than FETCH_BODY_MAX bytes and no proxy from the environment. Knows nothing of keys.
 */
#pragma once

#include <stddef.h>

#include "fault.h"

#define FETCH_BODY_MAX ((size_t)1 << 20)

struct fetcher;

struct fetch_options {
	const char *ca_file; /* what servers are checked against; NULL: the system's */
	const char *proxy;   /* NULL: none */
	unsigned timeout;    /* seconds for all of one document */
};

/*
 * Called once for each start that was not cancelled, from fetcher_run(). `fault` is NULL, and there
 * are `size` bytes of text, or it says what went wrong.
 */
typedef void fetch_done(void *context, const char *text, size_t size, const struct fault *fault);

int fetcher_open(const struct fetch_options *options, struct fetcher **ret_fetcher,
		 struct fault *fault);
void fetcher_close(struct fetcher *fetcher);

/* For epoll; whenever it is readable, fetcher_run(). */
int fetcher_fd(const struct fetcher *fetcher);
void fetcher_run(struct fetcher *fetcher);

int fetcher_start(struct fetcher *fetcher, const char *url, fetch_done *done, void *context);

/* Forgets what was started with `context`. */
void fetcher_cancel(struct fetcher *fetcher, const void *context);
