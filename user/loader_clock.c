// SPDX-License-Identifier: Apache-2.0
/*
 * The wall clock for expiries: the kernel's programs can only read the time since boot, and add
 * the difference.
 */
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

#include "loader_internal.h"

#define READINGS  8
#define PRECISION 50000 /* nanoseconds */

static int64_t nanoseconds(const struct timespec *time)
{
	return time->tv_sec * 1000000000LL + time->tv_nsec;
}

/*
 * Between two readings this process may have to wait for a CPU, and by so much the difference
 * would be wrong: the closest readings count. What is left makes rules end early, never late.
 */
int loader_set_clock(struct loader *loader, struct fault *fault)
{
	int64_t closest = INT64_MAX, clock = 0;

	for (unsigned i = 0; i < READINGS && closest > PRECISION; i++) {
		struct timespec before, wall, after;
		int64_t apart;

		if (clock_gettime(CLOCK_BOOTTIME, &before) ||
		    clock_gettime(CLOCK_REALTIME, &wall) || clock_gettime(CLOCK_BOOTTIME, &after))
			return fault_set(fault, -errno, "the clocks cannot be read: %s",
					 strerror(errno));
		apart = nanoseconds(&after) - nanoseconds(&before);
		if (apart >= closest)
			continue;
		closest = apart;
		clock = nanoseconds(&wall) - nanoseconds(&before);
	}
	__atomic_store_n(&loader->cell->clock, clock, __ATOMIC_RELAXED);
	return 0;
}
