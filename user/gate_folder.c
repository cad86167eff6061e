// SPDX-License-Identifier: Apache-2.0
#include "gate_folder.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cleanup.h"

/* Every part is a name: what is checked on the way is then what is opened in the end. */
static bool is_plain(const char *path)
{
	for (const char *part = path; *part;) {
		size_t length;

		part++; /* the slash */
		length = strcspn(part, "/");
		if (length == 0 || (length == 1 && part[0] == '.') ||
		    (length == 2 && part[0] == '.' && part[1] == '.'))
			return false;
		part += length;
	}
	return true;
}

int gate_folder_path(const char *path, char ret_path[PATH_TEXT], struct fault *fault)
{
	char text[PATH_TEXT], here[PATH_TEXT] = "";
	int length;

	if (path[0] != '/' && (!getcwd(here, sizeof(here)) || here[0] != '/'))
		return fault_set(fault, -EINVAL, "give an absolute path in place of '%.80s'", path);
	length = snprintf(text, sizeof(text), "%s%s%s", here, here[0] ? "/" : "", path);
	if (length < 0 || (size_t)length >= sizeof(text))
		return fault_set(fault, -EINVAL, "the path '%.80s...' is too long", path);
	if (!is_plain(text))
		return fault_set(fault, -EINVAL,
				 "'%.80s' is no plain path of a file, without '.' and '..'", path);
	memcpy(ret_path, text, sizeof(text));
	return 0;
}

int gate_folder_check(const struct stat *status, mode_t type, const char *path, struct fault *fault)
{
	if ((status->st_mode & S_IFMT) != type)
		return fault_set(fault, -EPERM, "%s is no %s", path,
				 type == S_IFDIR ? "folder" : "regular file");
	if (status->st_uid != 0 && status->st_uid != geteuid())
		return fault_set(fault, -EPERM,
				 "%s belongs to uid %u, who could change the configuration", path,
				 (unsigned)status->st_uid);
	/* In a sticky folder others may add names, but neither remove nor rename ours. */
	if ((status->st_mode & 022) && !(type == S_IFDIR && (status->st_mode & S_ISVTX)))
		return fault_set(fault, -EPERM,
				 "%s can be written by others, who could change the configuration",
				 path);
	return 0;
}

static int check_opened(int fd, const char *path, struct fault *fault)
{
	struct stat status;

	if (fd < 0 || fstat(fd, &status) < 0)
		return fault_set(
			fault, errno == ELOOP || errno == ENOTDIR ? -EPERM : -errno,
			"cannot open %s: %s", path,
			errno == ELOOP || errno == ENOTDIR
				? "not a folder, or a symbolic link: give the path behind it"
				: strerror(errno));
	return gate_folder_check(&status, S_IFDIR, path, fault);
}

/* Not sticky either: the file itself lies there, and names beside it. */
static int check_last(int fd, const char *path, struct fault *fault)
{
	struct stat status;

	if (fstat(fd, &status) < 0)
		return fault_set(fault, -errno, "cannot open %s: %s", path, strerror(errno));
	if (status.st_mode & 022)
		return fault_set(fault, -EPERM,
				 "%s can be written by others, who could change the configuration",
				 path);
	return 0;
}

int gate_folder_open(const char *path, int *ret_fd, struct fault *fault)
{
	cleanup(close_fd) int fd = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	char shown[PATH_TEXT] = "/";
	int r = check_opened(fd, "/", fault);

	for (const char *part = path + 1, *slash = strchr(part, '/'); r == 0 && slash;
	     part = slash + 1, slash = strchr(part, '/')) {
		char name[PATH_TEXT];
		int next;

		(void)snprintf(name, sizeof(name), "%.*s", (int)(slash - part), part);
		(void)snprintf(shown, sizeof(shown), "%.*s", (int)(slash - path), path);
		next = openat(fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
		r = check_opened(next, shown, fault);
		close_fd(&fd);
		fd = next;
	}
	if (r == 0)
		r = check_last(fd, shown, fault);
	if (r < 0)
		return r;
	*ret_fd = take_fd(&fd);
	return 0;
}
