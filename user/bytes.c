// SPDX-License-Identifier: Apache-2.0
#include "bytes.h"

#include <errno.h>
#include <unistd.h>

int bytes_read(int fd, void *to, size_t room, size_t *ret_size)
{
	char *text = to;
	size_t done = 0;

	while (done < room) {
		ssize_t got = read(fd, text + done, room - done);

		if (got < 0 && errno != EINTR)
			return -errno;
		if (got == 0)
			break;
		done += got > 0 ? (size_t)got : 0;
	}
	*ret_size = done;
	return 0;
}

int bytes_write(int fd, const void *from, size_t size)
{
	const char *text = from;
	size_t done = 0;

	while (done < size) {
		ssize_t wrote = write(fd, text + done, size - done);

		if (wrote < 0 && errno != EINTR)
			return -errno;
		done += wrote > 0 ? (size_t)wrote : 0;
	}
	return 0;
}
