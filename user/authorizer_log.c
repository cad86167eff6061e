// SPDX-License-Identifier: Apache-2.0
#include "authorizer_log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cleanup.h"
#include "journal.h"

#define TEXT_MAX ((size_t)1 << 20) /* of one turn; what is more is written at once */

static int open_path(const char *path, int *ret_fd, struct fault *fault)
{
	int fd = path ? open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0640)
		      : fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);

	if (fd < 0)
		return fault_set(fault, -errno, "cannot open the audit log %s: %s",
				 path ? path : "(standard output)", strerror(errno));
	*ret_fd = fd;
	return 0;
}

int audit_log_open(const char *path, struct audit_log *ret_log, struct fault *fault)
{
	struct audit_log log = {.path = path, .fd = -1};
	int r = open_path(path, &log.fd, fault);

	if (r == 0)
		*ret_log = log;
	return r;
}

void audit_log_close(struct audit_log *log)
{
	if (log->fd >= 0)
		audit_log_flush(log);
	close_fd(&log->fd);
	free(log->text);
	log->text = NULL;
}

int audit_log_reopen(struct audit_log *log, struct fault *fault)
{
	int fd = -1;
	int r = log->path ? open_path(log->path, &fd, fault) : 0;

	if (r < 0 || fd < 0)
		return r;
	audit_log_flush(log);
	close_fd(&log->fd);
	log->fd = fd;
	return 0;
}

static uint64_t count_lines(const char *text, size_t size)
{
	uint64_t lines = 0;

	for (size_t i = 0; i < size; i++)
		lines += text[i] == '\n';
	return lines;
}

/* A decision is never held up by its record: what the disk refuses is counted and told once. */
static void lose(struct audit_log *log, size_t from, int error)
{
	log->lost += count_lines(log->text + from, log->size - from);
	if (!log->failing)
		journal(JOURNAL_ERROR, "audit records are lost: %s", strerror(error));
	log->failing = true;
}

void audit_log_flush(struct audit_log *log)
{
	size_t written = 0;

	while (written < log->size) {
		ssize_t n = write(log->fd, log->text + written, log->size - written);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			lose(log, written, errno);
			break;
		}
		written += (size_t)n;
	}
	if (log->failing && log->size > 0 && written == log->size) {
		log->failing = false;
		journal(JOURNAL_NOTICE, "audit records are written again");
	}
	log->size = 0;
}

static bool make_room(struct audit_log *log, size_t need)
{
	size_t capacity = 2 * need + 4096;
	char *larger;

	if (need <= log->capacity)
		return true;
	larger = realloc(log->text, capacity);
	if (!larger)
		return false;
	log->text = larger;
	log->capacity = capacity;
	return true;
}

void audit_log_add(struct audit_log *log, const char *record)
{
	size_t length = strlen(record);

	if (log->size > TEXT_MAX)
		audit_log_flush(log);
	if (!make_room(log, log->size + length + 1)) {
		log->lost++;
		return;
	}
	memcpy(log->text + log->size, record, length);
	log->text[log->size + length] = '\n';
	log->size += length + 1;
}
