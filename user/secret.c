// SPDX-License-Identifier: Apache-2.0
#include "secret.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bytes.h"
#include "cleanup.h"
#include "token.h"

#define NEWLINE 2 /* bytes of the longest one */

void secret_free(struct secret *secret)
{
	if (secret->text)
		explicit_bzero(secret->text, secret->room);
	free(secret->text);
	*secret = (struct secret){0};
}

static int open_file(const char *path, int *ret_fd, struct fault *fault)
{
	bool standard = strcmp(path, "-") == 0;
	cleanup(close_fd) int fd = standard ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3)
					    : open(path, O_RDONLY | O_CLOEXEC);
	struct stat state;

	if (fd < 0 || fstat(fd, &state) < 0)
		return fault_set(fault, -errno, "cannot read the token from %s: %s", path,
				 strerror(errno));
	if (S_ISDIR(state.st_mode))
		return fault_set(fault, -EISDIR, "cannot read the token from %s: %s", path,
				 strerror(EISDIR));
	*ret_fd = take_fd(&fd);
	return 0;
}

/* NULL, or what is wrong. What it is made of is for the authoriser to say. */
static const char *find_problem(const char *text, size_t length)
{
	if (length == 0)
		return "holds no token";
	if (length > TOKEN_BYTES)
		return "is longer than a token may be, 16 KiB";
	for (size_t i = 0; i < length; i++)
		if (text[i] <= ' ' || text[i] > '~')
			return "holds something else than a token: one line without blanks";
	return NULL;
}

int secret_read(const char *path, struct secret *ret_secret, struct fault *fault)
{
	cleanup(secret_free) struct secret secret = {.room = TOKEN_BYTES + NEWLINE + 2};
	cleanup(close_fd) int fd = -1;
	const char *problem;
	size_t length = 0;
	int r;

	(void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	r = open_file(path, &fd, fault);
	if (r < 0)
		return r;
	secret.text = malloc(secret.room);
	if (!secret.text)
		return fault_set(fault, -ENOMEM, "out of memory");
	/* All of it, or as much as shows that it is too long. */
	r = bytes_read(fd, secret.text, secret.room - 1, &length);
	if (r < 0)
		return fault_set(fault, r, "cannot read the token from %s: %s", path, strerror(-r));
	if (length > 0 && secret.text[length - 1] == '\n')
		length--;
	if (length > 0 && secret.text[length - 1] == '\r')
		length--;
	problem = find_problem(secret.text, length);
	if (problem)
		return fault_set(fault, -EINVAL, "%s %s",
				 strcmp(path, "-") == 0 ? "standard input" : path, problem);
	secret.text[length] = '\0';
	*ret_secret = secret;
	secret = (struct secret){0};
	return 0;
}
