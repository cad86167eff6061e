// SPDX-License-Identifier: Apache-2.0
#include "authorizer_metrics.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cleanup.h"
#include "journal.h"
#include "paths.h"

static int write_file(const char *path, const char *text)
{
	cleanup(close_fd) int fd =
		open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);
	size_t length = strlen(text);

	if (fd < 0 || fchmod(fd, 0644) < 0)
		return -errno;
	return write(fd, text, length) == (ssize_t)length ? 0 : -EIO;
}

void authorizer_metrics_write(const struct gate_counts *counts, const char *path)
{
	static int told;
	cleanup(free_ptr) char *text = gate_counts_print(counts);
	char temporary[2 * PATH_TEXT];
	int length = snprintf(temporary, sizeof(temporary), "%s.new", path);
	int r = !text ? -ENOMEM : length >= (int)sizeof(temporary) ? -ENAMETOOLONG : 0;

	if (r == 0)
		r = write_file(temporary, text);
	if (r == 0 && rename(temporary, path) < 0)
		r = -errno;
	if (r < 0 && r != told)
		journal(JOURNAL_WARNING, "cannot write %s: %s", path, strerror(-r));
	told = r;
}
