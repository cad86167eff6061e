// SPDX-License-Identifier: Apache-2.0
#include "sockets.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "cleanup.h"

#define DUMP_BYTES	 65536
#define STATE_BIT(state) (1U << (state))

/* What is asked, and who is told each answer. -errno from `tell` ends the walk. */
struct inquiry {
	uint8_t family;
	uint32_t states;
	uint16_t port; /* local, host order; 0: any */
	int (*tell)(const struct inet_diag_msg *socket, void *context);
	void *context;
};

static int open_diag(void)
{
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);

	return fd < 0 ? -errno : fd;
}

static int send_request(int fd, uint16_t type, uint16_t flags, const struct inet_diag_req_v2 *body)
{
	struct {
		struct nlmsghdr header;
		struct inet_diag_req_v2 body;
	} request = {{.nlmsg_len = sizeof(request), .nlmsg_type = type, .nlmsg_flags = flags},
		     *body};

	return send(fd, &request, sizeof(request), 0) < 0 ? -errno : 0;
}

/* One datagram of answers. 1: it held the last one. */
static int read_answers(const char *buffer, size_t size, const struct inquiry *inquiry)
{
	const struct nlmsghdr *message = (const struct nlmsghdr *)(const void *)buffer;

	for (; NLMSG_OK(message, size); message = NLMSG_NEXT(message, size)) {
		const struct inet_diag_msg *socket = NLMSG_DATA(message);
		int r;

		if (message->nlmsg_type == NLMSG_DONE)
			return 1;
		if (message->nlmsg_type == NLMSG_ERROR)
			return -EIO;
		if (message->nlmsg_len < NLMSG_LENGTH(sizeof(*socket)))
			continue;
		if (inquiry->port && ntohs(socket->id.idiag_sport) != inquiry->port)
			continue;
		r = inquiry->tell(socket, inquiry->context);
		if (r)
			return r;
	}
	return 0;
}

static int inquire(const struct inquiry *inquiry)
{
	const struct inet_diag_req_v2 body = {.sdiag_family = inquiry->family,
					      .sdiag_protocol = IPPROTO_TCP,
					      .idiag_states = inquiry->states};
	cleanup(free_ptr) char *buffer = malloc(DUMP_BYTES);
	cleanup(close_fd) int fd = open_diag();
	int r;

	if (!buffer || fd < 0)
		return buffer ? fd : -ENOMEM;
	r = send_request(fd, SOCK_DIAG_BY_FAMILY, NLM_F_REQUEST | NLM_F_DUMP, &body);
	while (!r) {
		ssize_t size = recv(fd, buffer, DUMP_BYTES, 0);

		if (size <= 0)
			return size < 0 ? -errno : -EIO;
		r = read_answers(buffer, (size_t)size, inquiry);
	}
	return r < 0 ? r : 0;
}

/* The listener. */

struct listener_search {
	uint32_t inode; /* 0: not found */
	bool foreign;	/* somebody other than root listens there */
};

static int tell_listener(const struct inet_diag_msg *socket, void *context)
{
	struct listener_search *search = context;

	if (socket->id.idiag_src[0] != htonl(INADDR_ANY))
		return 0;
	if (socket->idiag_uid)
		search->foreign = true;
	else
		search->inode = socket->idiag_inode;
	return 0;
}

static void close_directory(DIR **directory)
{
	if (*directory)
		(void)closedir(*directory);
}

/* The number of a process's descriptor for the socket; -ENOENT. */
static int find_descriptor(const char *process, uint32_t inode)
{
	char path[300], link[64], wanted[64];
	cleanup(close_directory) DIR *directory = NULL;
	const struct dirent *entry;

	(void)snprintf(wanted, sizeof(wanted), "socket:[%u]", inode);
	(void)snprintf(path, sizeof(path), "/proc/%.20s/fd", process);
	directory = opendir(path);
	while (directory && (entry = readdir(directory))) {
		ssize_t length =
			readlinkat(dirfd(directory), entry->d_name, link, sizeof(link) - 1);

		if (length <= 0)
			continue;
		link[length] = '\0';
		if (!strcmp(link, wanted))
			return (int)strtol(entry->d_name, NULL, 10);
	}
	return -ENOENT;
}

/* Takes a copy of a process's descriptor; the process notices nothing. */
static int copy_descriptor(const char *process, int descriptor)
{
	pid_t pid = (pid_t)strtol(process, NULL, 10);
	cleanup(close_fd) int handle = (int)syscall(SYS_pidfd_open, pid, 0);
	int fd;

	if (handle < 0)
		return -errno;
	fd = (int)syscall(SYS_pidfd_getfd, handle, descriptor, 0);
	return fd < 0 ? -errno : fd;
}

/* Looks for the socket in every process. The last refusal is remembered if none gave it. */
static int take_socket(uint32_t inode, int *ret_fd)
{
	cleanup(close_directory) DIR *directory = opendir("/proc");
	const struct dirent *entry;
	int r = -ENOENT;

	while (directory && (entry = readdir(directory))) {
		int descriptor, fd;

		if (!isdigit((unsigned char)entry->d_name[0]))
			continue;
		descriptor = find_descriptor(entry->d_name, inode);
		if (descriptor < 0)
			continue;
		fd = copy_descriptor(entry->d_name, descriptor);
		if (fd >= 0) {
			*ret_fd = fd;
			return 0;
		}
		r = fd;
	}
	return r;
}

int sockets_find_listener(uint16_t port, int *ret_fd, struct fault *fault)
{
	struct listener_search search = {0};
	const struct inquiry inquiry = {.family = AF_INET,
					.states = STATE_BIT(TCP_LISTEN),
					.port = port,
					.tell = tell_listener,
					.context = &search};
	int r = inquire(&inquiry);

	if (r)
		return fault_set(fault, r, "the kernel does not tell who listens: %s",
				 strerror(-r));
	if (!search.inode && search.foreign)
		return fault_set(fault, -EPERM,
				 "the socket on port %u was not made by root: it is not the gate",
				 port);
	if (!search.inode)
		return fault_set(fault, -ENOENT, "nobody listens on port %u of 0.0.0.0", port);
	r = take_socket(search.inode, ret_fd);
	if (r)
		return fault_set(fault, r,
				 "the gate's listener on port %u cannot be taken over (%s): "
				 "CAP_SYS_PTRACE is needed",
				 port, strerror(-r));
	return 0;
}

/* Connections. */

struct closing {
	bool (*closes)(const struct connection *connection, void *context);
	void *context;
	int fd; /* that destroys */
	long closed;
};

static void read_connection(const struct inet_diag_msg *socket, struct connection *connection)
{
	size_t bytes = socket->idiag_family == AF_INET ? 4 : 16;

	*connection = (struct connection){
		.family = socket->idiag_family == AF_INET ? 4 : 6,
		.local_port = socket->id.idiag_sport,
		.remote_port = socket->id.idiag_dport,
		.cookie = socket->id.idiag_cookie[0] | (uint64_t)socket->id.idiag_cookie[1] << 32,
	};
	memcpy(connection->local, socket->id.idiag_src, bytes);
	memcpy(connection->remote, socket->id.idiag_dst, bytes);
}

/* An IPv4 connection on an IPv6 socket is an IPv4 one. */
static void unmap(struct connection *connection)
{
	static const uint8_t prefix[12] = {[10] = 0xff, [11] = 0xff};

	if (connection->family != 6 || memcmp(connection->local, prefix, sizeof(prefix)) != 0)
		return;
	connection->family = 4;
	memmove(connection->local, connection->local + 12, 4);
	memmove(connection->remote, connection->remote + 12, 4);
}

static int destroy(int fd, const struct inet_diag_msg *socket)
{
	const struct inet_diag_req_v2 body = {.sdiag_family = socket->idiag_family,
					      .sdiag_protocol = IPPROTO_TCP,
					      .idiag_states = ~0U,
					      .id = socket->id};
	char buffer[1024];
	const struct nlmsghdr *answer = (const struct nlmsghdr *)(const void *)buffer;
	const struct nlmsgerr *error = NLMSG_DATA(answer);
	ssize_t size;
	int r = send_request(fd, SOCK_DESTROY, NLM_F_REQUEST | NLM_F_ACK, &body);

	if (r)
		return r;
	size = recv(fd, buffer, sizeof(buffer), 0);
	if (size < (ssize_t)NLMSG_LENGTH(sizeof(*error)) || answer->nlmsg_type != NLMSG_ERROR)
		return -EIO;
	return error->error;
}

static int tell_connection(const struct inet_diag_msg *socket, void *context)
{
	struct closing *closing = context;
	struct connection connection;
	int r;

	read_connection(socket, &connection);
	unmap(&connection);
	if (!closing->closes(&connection, closing->context))
		return 0;
	r = destroy(closing->fd, socket);
	if (r && r != -ENOENT) /* it ended by itself */
		return r;
	closing->closed += !r;
	return 0;
}

/* Both families, in every state in which somebody may still be served. */
static int inquire_all(int (*tell)(const struct inet_diag_msg *socket, void *context),
		       void *context)
{
	static const uint8_t families[] = {AF_INET, AF_INET6};
	int r = 0;

	for (size_t i = 0; i < sizeof(families) && !r; i++) {
		const struct inquiry inquiry = {
			.family = families[i],
			.states = STATE_BIT(TCP_ESTABLISHED) | STATE_BIT(TCP_SYN_RECV) |
				  STATE_BIT(TCP_CLOSE_WAIT) | STATE_BIT(TCP_FIN_WAIT1) |
				  STATE_BIT(TCP_FIN_WAIT2),
			.tell = tell,
			.context = context};

		r = inquire(&inquiry);
	}
	return r;
}

long sockets_close(bool (*closes)(const struct connection *connection, void *context),
		   void *context, struct fault *fault)
{
	struct closing closing = {.closes = closes, .context = context, .fd = open_diag()};
	cleanup(close_fd) int fd = closing.fd;
	int r = fd < 0 ? fd : inquire_all(tell_connection, &closing);

	return r ? fault_set(fault, r, "connections cannot be closed: %s", strerror(-r))
		 : closing.closed;
}

struct visit {
	void (*visit)(const struct connection *connection, void *context);
	void *context;
};

static int tell_visit(const struct inet_diag_msg *socket, void *context)
{
	const struct visit *visit = context;
	struct connection connection;

	read_connection(socket, &connection);
	unmap(&connection);
	visit->visit(&connection, visit->context);
	return 0;
}

int sockets_visit(void (*visit)(const struct connection *connection, void *context), void *context,
		  struct fault *fault)
{
	struct visit whole = {visit, context};
	int r = inquire_all(tell_visit, &whole);

	return r ? fault_set(fault, r, "connections cannot be listed: %s", strerror(-r)) : 0;
}
