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

/* Key: the vault's seat; the node's own for requests that are for no vault. */
struct vw_requests {
	__u64 kinds[VW_REQUEST_COUNT];
};
