/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The gate as nginx's configuration: the vaults of a policy as server blocks, each request asked
 * about at the authoriser. Pure, and deterministic: the same rules give the same bytes, so that a
 * reload happens only when something changed.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "diag.h"
#include "policy.h"

#define GATE_UPSTREAM_CA "/etc/ssl/certs/ca-certificates.crt"

struct gate_options {
	struct frontend listen;
	const char *authorize;	 /* the socket that the authoriser listens on */
	const char *folder;	 /* in memory, not on a disk: for what nginx must put down */
	const char *upstream_ca; /* what a vault's certificate is checked against */

	/* All of nginx.conf, for an nginx of its own; NULL: what goes into an http block. */
	const char *user; /* that its workers run as */

	/* Whether nginx could read such a certificate or key; NULL: not asked. */
	bool (*usable)(const char *path, void *context);
	void *context;
};

/*
 * A vault without host name, upstream or certificate has no place in the gate, and is told in
 * `diags` as a warning if its rules would need one. -EINVAL with an error in `diags` if an option
 * or a name cannot stand in a configuration file. *ret_text is the caller's to free().
 */
int gate_config_make(const struct gate_options *options, const struct policy *policy,
		     struct diags *diags, char **ret_text);
