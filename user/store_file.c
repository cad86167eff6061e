// SPDX-License-Identifier: Apache-2.0
#include "store_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cleanup.h"

#define NAME_TEXT 64

static void close_file(FILE **file)
{
	if (*file)
		(void)fclose(*file);
}

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

static int write_json(FILE *file, const json_t *json)
{
	errno = 0;
	if (!json || json_dumpf(json, file, JSON_COMPACT | JSON_ENCODE_ANY) < 0)
		return errno ? -errno : -ENOMEM;
	if (fputc('\n', file) < 0 || fflush(file) || fsync(fileno(file)))
		return -errno;
	return 0;
}

static int write_temporary(int folder, const char *name, gid_t group, const json_t *json)
{
	cleanup(close_file) FILE *file = NULL;
	cleanup(close_fd) int fd =
		openat(folder, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0640);
	int r;

	if (fd < 0)
		return -errno;
	r = give_to_group(fd, 0640, group);
	if (r < 0)
		return r;
	file = fdopen(fd, "w");
	if (!file)
		return -errno;
	fd = -1;
	return write_json(file, json);
}

int store_file_write(int folder, const char *name, gid_t group, const json_t *json)
{
	char temporary[NAME_TEXT];
	int r;

	(void)snprintf(temporary, sizeof(temporary), "%s" STORE_FILE_TEMPORARY, name);
	r = write_temporary(folder, temporary, group, json);
	if (r == 0 && renameat(folder, temporary, folder, name) < 0)
		r = -errno;
	if (r < 0) {
		(void)unlinkat(folder, temporary, 0);
		return r;
	}
	return fsync(folder) < 0 ? -errno : 0;
}
