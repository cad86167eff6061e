// SPDX-License-Identifier: Apache-2.0
#include "store_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bytes.h"
#include "cleanup.h"

#define NAME_TEXT 64

/* Whatever the umask is. A group that is not ours to give away stays what it was. */
static int give_to_group(int fd, mode_t mode, gid_t group)
{
	if (fchmod(fd, mode) < 0 || (fchown(fd, (uid_t)-1, group) < 0 && errno != EPERM))
		return -errno;
	return 0;
}

int store_folder_open(int at, const char *path, gid_t group, int *ret_fd)
{
	cleanup(close_fd) int fd = -1;
	bool made = mkdirat(at, path, 0750) == 0;
	int r = 0;

	if (!made && errno != EEXIST)
		return -errno;
	fd = openat(at, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (made)
		r = give_to_group(fd, 0750, group);
	if (r < 0)
		return r;
	*ret_fd = take_fd(&fd);
	return 0;
}

static int write_temporary(int folder, const char *name, gid_t group,
			   const struct pack_piece *pieces, size_t count)
{
	cleanup(close_fd) int fd =
		openat(folder, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0640);
	int r;

	if (fd < 0)
		return -errno;
	r = give_to_group(fd, 0640, group);
	for (size_t i = 0; i < count && r == 0; i++)
		r = bytes_write(fd, pieces[i].text, pieces[i].size);
	if (r == 0 && fsync(fd) < 0)
		r = -errno;
	return r;
}

int store_file_write(int folder, const char *name, gid_t group, const struct pack_piece *pieces,
		     size_t count)
{
	char temporary[NAME_TEXT];
	int r;

	(void)snprintf(temporary, sizeof(temporary), "%s" STORE_FILE_TEMPORARY, name);
	r = write_temporary(folder, temporary, group, pieces, count);
	if (r == 0 && renameat(folder, temporary, folder, name) < 0)
		r = -errno;
	if (r < 0) {
		(void)unlinkat(folder, temporary, 0);
		return r;
	}
	return fsync(folder) < 0 ? -errno : 0;
}

int store_file_read(int fd, size_t most, char **ret_bytes, size_t *ret_size)
{
	cleanup(free_ptr) char *bytes = NULL;
	struct stat status;
	size_t size;
	int r;

	if (fstat(fd, &status) < 0)
		return -errno;
	if (status.st_size < 0 || (size_t)status.st_size > most)
		return -EFBIG;
	size = (size_t)status.st_size;
	bytes = malloc(size + 1);
	if (!bytes)
		return -ENOMEM;
	r = bytes_read(fd, bytes, size, ret_size);
	if (r < 0)
		return r;
	*ret_bytes = take_ptr(&bytes);
	return 0;
}
