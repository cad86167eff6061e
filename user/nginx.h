/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The program nginx: what it says about a configuration, and the signal to read it again. Knows
 * nothing of what is configured.
 */
#pragma once

#include <stdbool.h>

#include "fault.h"
#include "paths.h"

struct nginx {
	char program[PATH_TEXT];
	const char *
		configuration; /* the nginx.conf that is its own; NULL: the one it was built with */
	unsigned seconds;      /* that it may take */
};

/*
 * `program` NULL: looked for where packages put it. -EINVAL: it is no absolute path, or somebody
 * else could have written it; -ENOENT. What else is in *ret_nginx is the caller's to fill.
 */
int nginx_find(const char *program, struct nginx *ret_nginx, struct fault *fault);

/* Where a file that is tested lies now, and where it will be found when it is told about. */
struct nginx_subject {
	const char *now;
	const char *later;
};

/*
 * `whole`: the file is an nginx.conf and is tested in place of the configuration. -EBADMSG: nginx
 * refuses it, and `fault` has what it said; -ETIMEDOUT; anything else: it could not be run.
 */
int nginx_test(const struct nginx *nginx, const struct nginx_subject *subject, bool whole,
	       struct fault *fault);

/* -ESRCH: there is none that runs; otherwise as above. */
int nginx_reload(const struct nginx *nginx, struct fault *fault);
