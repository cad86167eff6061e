// SPDX-License-Identifier: Apache-2.0
#include "authorizer_node.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cleanup.h"
#include "diag.h"

#define CONFIG_MAX ((off_t)4 << 20)

static int read_text(const char *path, char **ret_text, size_t *ret_size, struct fault *fault)
{
	cleanup(close_fd) int fd = open(path, O_RDONLY | O_CLOEXEC);
	cleanup(free_ptr) char *text = NULL;
	struct stat status;
	ssize_t size;

	if (fd < 0 || fstat(fd, &status) < 0)
		return fault_set(fault, -EINVAL, "cannot read %s: %s", path, strerror(errno));
	if (!S_ISREG(status.st_mode) || status.st_size > CONFIG_MAX)
		return fault_set(fault, -EINVAL, "%s is no node configuration", path);
	text = malloc((size_t)status.st_size + 1);
	if (!text)
		return fault_set(fault, -ENOMEM, "no memory for %s", path);
	size = read(fd, text, (size_t)status.st_size);
	if (size < 0)
		return fault_set(fault, -EINVAL, "cannot read %s: %s", path, strerror(errno));
	text[size] = '\0';
	*ret_text = take_ptr(&text);
	*ret_size = (size_t)size;
	return 0;
}

static int tell_error(const struct diags *diags, const char *path, int code, struct fault *fault)
{
	char line[DIAG_LINE_MAX];

	for (size_t i = 0; i < diags->count; i++)
		if (diags->items[i].level == DIAG_ERROR) {
			(void)diag_format(&diags->items[i], line, sizeof(line));
			return fault_set(fault, code, "%.500s", line);
		}
	return fault_set(fault, code, "cannot read %s: %s", path, strerror(-code));
}

int authorizer_node_read(const char *path, struct node *ret_node, struct fault *fault)
{
	cleanup(free_ptr) char *text = NULL;
	cleanup(diags_clear) struct diags diags = {0};
	struct rules_file document = {.name = path};
	int r = read_text(path, &text, &document.size, fault);

	if (r < 0)
		return r;
	document.text = text;
	r = node_read(&document, &diags, ret_node);
	diags_sort(&diags);
	return r < 0 ? tell_error(&diags, path, r, fault) : 0;
}
