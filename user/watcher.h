/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Watches interfaces come and go in this network namespace. Knows nothing of the
 * filter: it only tells what the kernel announced.
 */
#pragma once

#include <stdbool.h>

#include "fault.h"

struct watcher;

/*
 * `changed` is called for each announcement: of an interface that is there (new,
 * or changed in whatever way), or that is `gone`. ifindex 0: announcements were
 * lost, and anything may have changed.
 */
int watcher_open(void (*changed)(unsigned ifindex, bool gone, void *context), void *context,
		 struct watcher **ret_watcher, struct fault *fault);
void watcher_close(struct watcher *watcher);

/* For epoll; whenever it is readable, watcher_run(). */
int watcher_fd(const struct watcher *watcher);
int watcher_run(struct watcher *watcher);
