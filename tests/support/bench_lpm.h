/* SPDX-License-Identifier: Apache-2.0 */
/* The rules in the kernel's own maps, for the LPM_TRIE peer. */
#pragma once

#include <stdbool.h>

#include "bench_rules.h"
#include "bench_subject.h"

/* Fills the maps and puts an image in force that has nothing but a header. */
bool lpm_publish(struct subject *subject, const struct bench_rules *rules);
