// SPDX-License-Identifier: Apache-2.0
#include "authorizer_limits.h"

#include <sched.h>
#include <sys/resource.h>

#define RESERVED 256 /* descriptors for everything but connections */
#define LEAST	 64U /* connections, if there are not even so many descriptors */

unsigned limits_connections(void)
{
	const rlim_t wanted = CONNECTIONS_MOST + RESERVED;
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return LEAST;
	if (limit.rlim_cur < wanted) {
		limit.rlim_cur = limit.rlim_max < wanted ? limit.rlim_max : wanted;
		(void)setrlimit(RLIMIT_NOFILE, &limit);
		(void)getrlimit(RLIMIT_NOFILE, &limit);
	}
	if (limit.rlim_cur >= wanted)
		return CONNECTIONS_MOST;
	return limit.rlim_cur > RESERVED + LEAST ? (unsigned)limit.rlim_cur - RESERVED : LEAST;
}

void limits_let_proxy_finish(void)
{
	const struct sched_param none = {0};

	if (sched_getscheduler(0) == SCHED_OTHER)
		(void)sched_setscheduler(0, SCHED_BATCH, &none);
}
