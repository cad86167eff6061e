// SPDX-License-Identifier: Apache-2.0
#include "paths.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool is_instance(const char *name)
{
	size_t length =
		strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-");

	return length > 0 && length <= 32 && name[length] == '\0' &&
	       isalnum((unsigned char)name[0]);
}

int paths_make(const char *instance, struct paths *ret_paths, struct fault *fault)
{
	const char *name = instance ? instance : getenv("VAULTWALL_INSTANCE");

	if (!name || !name[0])
		name = INSTANCE_DEFAULT;
	if (!is_instance(name))
		return fault_set(fault, -EINVAL,
				 "instance '%.40s' is not 1 to 32 letters, digits, '-' or '_'",
				 name);
	memset(ret_paths, 0, sizeof(*ret_paths));
	(void)snprintf(ret_paths->instance, sizeof(ret_paths->instance), "%s", name);
	(void)snprintf(ret_paths->run, PATH_TEXT, "/run/%s", name);
	(void)snprintf(ret_paths->control, PATH_TEXT, "/run/%s/control.sock", name);
	(void)snprintf(ret_paths->authorize, PATH_TEXT, "/run/%s/authorize.sock", name);
	(void)snprintf(ret_paths->lock, PATH_TEXT, "/run/%s/agent.lock", name);
	(void)snprintf(ret_paths->metrics_mount, PATH_TEXT, "/run/%s/bpf", name);
	(void)snprintf(ret_paths->state, PATH_TEXT, "/var/lib/%s", name);
	(void)snprintf(ret_paths->bpf, PATH_TEXT, "/sys/fs/bpf/%s", name);
	return 0;
}
