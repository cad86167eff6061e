/* SPDX-License-Identifier: Apache-2.0 */
/* The frames that the generator writes addresses into. */
#pragma once

#include <stdint.h>

#include "bench.h"

struct bench_frame {
	uint8_t bytes[BENCH_TUNNEL_BYTES];
	uint32_t length;
};

/* To port BENCH_FRONTEND_PORT; in the tunnel to that of vault number BENCH_TUNNEL_VAULT. */
#define BENCH_TUNNEL_VAULT 7
struct bench_frame bench_frame_plain(void);
struct bench_frame bench_frame_tunnel(void);
