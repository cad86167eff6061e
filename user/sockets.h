/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The sockets of other programs: the gate's listener, whoever started it, and
 * connections that are already there. Asks the kernel by sock_diag. Knows neither
 * rules nor maps.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "fault.h"

/*
 * A descriptor of the TCP socket that listens on port `port` (host order) of
 * 0.0.0.0, taken from the process that has it. Only a socket that root made is the
 * gate's: any user may listen on a high port. -ENOENT: nobody listens there.
 */
int sockets_find_listener(uint16_t port, int *ret_fd, struct fault *fault);

/* An established TCP connection, seen from this node. Wire order. */
struct connection {
	uint8_t family;			  /* 4 or 6 */
	uint8_t local[16], remote[16];	  /* IPv4 in the first four bytes */
	uint16_t local_port, remote_port; /* wire order */
	uint64_t cookie;
};

/*
 * Asks about every established connection of this network namespace, and closes those
 * for which the answer is yes: both ends get a reset. Returns how many, or -errno.
 */
long sockets_close(bool (*closes)(const struct connection *connection, void *context),
		   void *context, struct fault *fault);

/* Tells about each of them. 0 or -errno. */
int sockets_visit(void (*visit)(const struct connection *connection, void *context), void *context,
		  struct fault *fault);
