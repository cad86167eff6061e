/* SPDX-License-Identifier: Apache-2.0 */
/* The frames that the generator writes addresses into. */
#pragma once

#include <stdint.h>

#include "bench.h"

struct bench_frame {
	uint8_t bytes[BENCH_TUNNEL_BYTES];
	uint32_t length;
};

struct bench_frame bench_frame_plain(void);
struct bench_frame bench_frame_tunnel(void);
