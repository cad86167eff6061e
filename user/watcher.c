// SPDX-License-Identifier: Apache-2.0
#include "watcher.h"

#include <errno.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "cleanup.h"

#define BUFFER_BYTES 32768

struct watcher {
	int fd;
	void (*changed)(unsigned ifindex, bool gone, void *context);
	void *context;
};

static void free_watcher(struct watcher **watcher)
{
	watcher_close(*watcher);
}

int watcher_open(void (*changed)(unsigned ifindex, bool gone, void *context), void *context,
		 struct watcher **ret_watcher, struct fault *fault)
{
	const struct sockaddr_nl address = {.nl_family = AF_NETLINK, .nl_groups = RTMGRP_LINK};
	cleanup(free_watcher) struct watcher *watcher = calloc(1, sizeof(*watcher));

	if (!watcher)
		return fault_set(fault, -ENOMEM, "no memory to watch interfaces");
	watcher->changed = changed;
	watcher->context = context;
	watcher->fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);
	if (watcher->fd < 0 ||
	    bind(watcher->fd, (const struct sockaddr *)&address, sizeof(address)) < 0)
		return fault_set(fault, -errno, "cannot watch interfaces: %s", strerror(errno));
	*ret_watcher = take_ptr(&watcher);
	return 0;
}

void watcher_close(struct watcher *watcher)
{
	if (!watcher)
		return;
	close_fd(&watcher->fd);
	free(watcher);
}

int watcher_fd(const struct watcher *watcher)
{
	return watcher->fd;
}

static void tell(const struct watcher *watcher, const struct nlmsghdr *message)
{
	const struct ifinfomsg *link = NLMSG_DATA(message);

	if (message->nlmsg_type != RTM_NEWLINK && message->nlmsg_type != RTM_DELLINK)
		return;
	/* A bridge announces a port that leaves it as a link that is gone, too. */
	if (message->nlmsg_len < NLMSG_LENGTH(sizeof(*link)) || link->ifi_family != AF_UNSPEC)
		return;
	watcher->changed((unsigned)link->ifi_index, message->nlmsg_type == RTM_DELLINK,
			 watcher->context);
}

int watcher_run(struct watcher *watcher)
{
	_Alignas(struct nlmsghdr) char buffer[BUFFER_BYTES];

	for (;;) {
		ssize_t size = recv(watcher->fd, buffer, sizeof(buffer), 0);
		const struct nlmsghdr *message = (const struct nlmsghdr *)buffer;
		size_t rest = size > 0 ? (size_t)size : 0;

		if (size < 0 && errno == ENOBUFS)
			watcher->changed(0, false, watcher->context);
		else if (size <= 0)
			return size < 0 && errno != EAGAIN && errno != EINTR ? -errno : 0;
		for (; NLMSG_OK(message, rest); message = NLMSG_NEXT(message, rest))
			tell(watcher, message);
	}
}
