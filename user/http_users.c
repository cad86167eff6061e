// SPDX-License-Identifier: Apache-2.0
#include "http_internal.h"

#include <stdlib.h>
#include <sys/socket.h>

#define USERS_MOST 64 /* that are connected at a time; more have to wait */

struct user {
	uid_t uid;
	unsigned connections; /* 0: the row is free */
};

struct http_users {
	unsigned most;
	struct user rows[USERS_MOST];
};

struct http_users *http_users_new(unsigned most)
{
	struct http_users *users = calloc(1, sizeof(*users));

	if (users)
		users->most = most;
	return users;
}

int http_connection_fd(struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);

	return info ? info->connect_fd : -1;
}

/* The user's row, or else a free one; NULL: there is none. */
static struct user *find(struct http_users *users, uid_t uid)
{
	struct user *free_row = NULL;

	for (size_t i = 0; i < USERS_MOST; i++) {
		struct user *row = &users->rows[i];

		if (row->connections && row->uid == uid)
			return row;
		if (!row->connections && !free_row)
			free_row = row;
	}
	return free_row;
}

static struct user *find_place(struct http_users *users, int fd)
{
	struct ucred credentials;
	socklen_t size = sizeof(credentials);
	struct user *row = NULL;

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &size) == 0)
		row = find(users, credentials.uid);
	if (!row || row->connections >= users->most)
		return NULL;
	row->uid = credentials.uid;
	return row;
}

void http_users_note(void *context, struct MHD_Connection *connection, void **mark,
		     enum MHD_ConnectionNotificationCode code)
{
	struct user *row = *mark;

	if (code == MHD_CONNECTION_NOTIFY_STARTED) {
		int fd = http_connection_fd(connection);

		*mark = row = find_place(context, fd);
		if (row)
			row->connections++;
		else
			(void)shutdown(fd, SHUT_RDWR); /* libmicrohttpd reads its end, and closes */
	} else if (row) {
		row->connections--;
		*mark = NULL;
	}
}
