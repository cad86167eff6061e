/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What pushes and edits share. Only firewall_push.c and firewall_edit.c include it.
 */
#pragma once

#include <time.h>

#include "firewall_image.h"

struct timespec firewall_start_clock(void);
double firewall_seconds_since(const struct timespec *start);

uint32_t firewall_next_generation(const struct firewall *firewall);

/* Saves, publishes and commits. After a failure what was in force is, on disk, too. */
int firewall_put_in_force(struct firewall *firewall, struct stored *stored,
			  struct prepared *prepared, struct fault *fault);

/* What other rules mean for interfaces and for tags that were noted. */
void firewall_follow_up(struct firewall *firewall);
