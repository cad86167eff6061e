// SPDX-License-Identifier: Apache-2.0
#include "configuration.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bytes.h"
#include "cleanup.h"

#define CONFIG_MAX ((off_t)4 << 20)

static int read_text(const char *path, char **ret_text, size_t *ret_size, struct fault *fault)
{
	cleanup(close_fd) int fd = open(path, O_RDONLY | O_CLOEXEC);
	cleanup(free_ptr) char *text = NULL;
	struct stat status;
	int r;

	if (fd < 0 || fstat(fd, &status) < 0)
		return fault_set(fault, -EINVAL, "cannot read %s: %s", path, strerror(errno));
	if (!S_ISREG(status.st_mode) || status.st_size > CONFIG_MAX)
		return fault_set(fault, -EINVAL, "%s is no node configuration: it is %s", path,
				 S_ISREG(status.st_mode) ? "too large" : "not a file");
	text = malloc((size_t)status.st_size + 1);
	if (!text)
		return fault_set(fault, -ENOMEM, "no memory for %s", path);
	r = bytes_read(fd, text, (size_t)status.st_size, ret_size);
	if (r < 0)
		return fault_set(fault, -EINVAL, "cannot read %s: %s", path, strerror(-r));
	text[*ret_size] = '\0';
	*ret_text = take_ptr(&text);
	return 0;
}

int configuration_read(const char *path, struct diags *diags, struct node *ret_node,
		       struct fault *fault)
{
	cleanup(free_ptr) char *text = NULL;
	struct rules_file document = {.name = path};
	int r = read_text(path, &text, &document.size, fault);

	if (r < 0)
		return r;
	document.text = text;
	r = node_read(&document, diags, ret_node);
	diags_sort(diags);
	return r;
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

int configuration_need(const char *path, struct node *ret_node, struct fault *fault)
{
	cleanup(diags_clear) struct diags diags = {0};
	int r = configuration_read(path, &diags, ret_node, fault);

	return r < 0 && fault->code == 0 ? tell_error(&diags, path, r, fault) : r;
}
