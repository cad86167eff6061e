/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * How many requests of each vault the gate answered in which way. Counted by the authoriser,
 * printed by the kernel.
 */
#pragma once

#include <linux/types.h>

/*
 * The kinds of answers.   X(NAME, code, innererror)
 */
#define VW_REQUESTS(X)                                                                             \
	X(ALLOWED, "200", "")                                                                      \
	X(CHALLENGE, "401", "")                                                                    \
	X(INVALID_TOKEN, "401", "invalid_token")                                                   \
	X(FIREWALL, "403", "ForbiddenByFirewall")                                                  \
	X(POLICY, "403", "ForbiddenByPolicy")

enum vw_request {
#define X(name, code, error) VW_REQUEST_##name,
	VW_REQUESTS(X)
#undef X
		VW_REQUEST_COUNT,
};

#define VW_REQUEST_VAULT 64U

/*
 * Key: the vault's seat; the node's own for requests that are for no vault. Writer of `kinds`: the
 * authoriser. Writer of `vault`: the agent, which may give the seat to another: it takes the name
 * away, zeroes the counts, and then writes the other name.
 */
struct vw_requests {
	char vault[VW_REQUEST_VAULT]; /* NUL-terminated; empty: do not count here */
	__u64 kinds[VW_REQUEST_COUNT];
};

_Static_assert(sizeof(struct vw_requests) == 64 + 8 * VW_REQUEST_COUNT, "no padding");
