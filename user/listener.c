// SPDX-License-Identifier: Apache-2.0
#include "listener.h"

#include <errno.h>
#include <grp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "cleanup.h"

#define BACKLOG	    64
#define GROUP_BYTES 65536 /* the names of its members are among them */

gid_t listener_group(const char *name)
{
	struct group entry, *found = NULL;
	char buffer[GROUP_BYTES];

	(void)getgrnam_r(name, &entry, buffer, sizeof(buffer), &found);
	return found ? found->gr_gid : 0;
}

/* Between bind() and listen() nobody can connect, whatever the umask made of the mode. */
static int bind_and_listen(int fd, const struct sockaddr_un *address, gid_t group)
{
	if (unlink(address->sun_path) < 0 && errno != ENOENT)
		return -errno;
	if (bind(fd, (const struct sockaddr *)address, sizeof(*address)) < 0)
		return -errno;
	if (chown(address->sun_path, (uid_t)-1, group) < 0 && errno != EPERM)
		return -errno;
	if (chmod(address->sun_path, 0660) < 0 || listen(fd, BACKLOG) < 0)
		return -errno;
	return 0;
}

int listener_open(const char *path, const char *group, int *ret_fd, struct fault *fault)
{
	cleanup(close_fd) int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int length = snprintf(address.sun_path, sizeof(address.sun_path), "%s.new", path);
	int r;

	if (fd < 0)
		return fault_set(fault, -errno, "cannot make a socket: %s", strerror(errno));
	if (length < 0 || (size_t)length >= sizeof(address.sun_path))
		return fault_set(fault, -ENAMETOOLONG, "the path of the socket %s is too long",
				 path);
	r = bind_and_listen(fd, &address, listener_group(group));
	if (r == 0 && rename(address.sun_path, path) < 0)
		r = -errno;
	if (r < 0) {
		(void)unlink(address.sun_path);
		return fault_set(fault, r, "cannot listen on %s: %s", path, strerror(-r));
	}
	*ret_fd = take_fd(&fd);
	return 0;
}
