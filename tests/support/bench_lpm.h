/* SPDX-License-Identifier: Apache-2.0 */
/* The rules in the kernel's own maps, for the LPM_TRIE peer. */
#pragma once

#include <stdbool.h>

#include "bench_rules.h"
#include "bench_subject.h"
#include "image.h"

/* Of the image that the peer is loaded for: a header and a guard. */
#define LPM_LINES (IMAGE_LINE_FIRST + (1U << (IMAGE_GUARD_BITS_MAX - IMAGE_GUARD_LINE_BITS)))

/* Fills the maps and puts an image in force that has nothing but those. */
bool lpm_publish(struct subject *subject, const struct bench_rules *rules);
