/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where things are at run time. An instance NAME stands in place of "vaultwall"
 * in all of them, so that several run side by side.
 */
#pragma once

#include "fault.h"

#define PATH_TEXT 256

struct paths {
	char instance[33];
	char run[PATH_TEXT];	       /* /run/NAME */
	char control[PATH_TEXT];       /* /run/NAME/control.sock */
	char authorize[PATH_TEXT];     /* /run/NAME/authorize.sock */
	char lock[PATH_TEXT];	       /* /run/NAME/agent.lock */
	char metrics_mount[PATH_TEXT]; /* /run/NAME/bpf */
	char state[PATH_TEXT];	       /* /var/lib/NAME */
	char bpf[PATH_TEXT];	       /* /sys/fs/bpf/NAME */
};

#define INSTANCE_DEFAULT    "vaultwall"
#define NODE_CONFIG_DEFAULT "/etc/vaultwall/node.yaml"

/*
 * `instance` NULL: from VAULTWALL_INSTANCE, else "vaultwall". -EINVAL if it is not
 * 1 to 32 characters of [A-Za-z0-9_-], beginning with a letter or a digit.
 */
int paths_make(const char *instance, struct paths *ret_paths, struct fault *fault);
