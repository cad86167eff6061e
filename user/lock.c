// SPDX-License-Identifier: Apache-2.0
#include "lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "cleanup.h"

static int held(const struct paths *paths, int fd, struct fault *fault)
{
	char holder[16] = "";

	if (pread(fd, holder, sizeof(holder) - 1, 0) <= 0)
		(void)snprintf(holder, sizeof(holder), "?");
	holder[strcspn(holder, "\n")] = '\0';
	return fault_set(
		fault, -EBUSY,
		"another agent (pid %s) runs for instance %s; stop it first, or choose another instance with --instance",
		holder, paths->instance);
}

int lock_take(const struct paths *paths, int *ret_fd, struct fault *fault)
{
	cleanup(close_fd) int fd =
		open(paths->lock, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);

	if (fd < 0)
		return fault_set(fault, -errno, "cannot open %s: %s%s", paths->lock,
				 strerror(errno), errno == EACCES ? "; run as root" : "");
	if (flock(fd, LOCK_EX | LOCK_NB) < 0 && errno == EWOULDBLOCK)
		return held(paths, fd, fault);
	if (ftruncate(fd, 0) < 0 || dprintf(fd, "%d\n", (int)getpid()) < 0)
		return fault_set(fault, -errno, "cannot write %s: %s", paths->lock,
				 strerror(errno));
	*ret_fd = take_fd(&fd);
	return 0;
}
