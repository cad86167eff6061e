/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The filter's parsers on the host, held against dissect.h: each frame lies in a
 * block of its exact size, so that a sanitizer sees every byte that is read too far.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "image.h"

/* True if both read the same out of it. Else what differs is printed. */
bool packet_check_frame(const uint8_t *bytes, size_t length);

/* The same for what follows the UDP header of a tunnel, or the IP header for GRE. */
bool packet_check_tunnel(enum image_transport transport, const uint8_t *bytes, size_t length);
