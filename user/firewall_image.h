/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From rules to what the kernel has in force. Only firewall*.c include it.
 */
#pragma once

#include "firewall.h"

/* A compiled image and the seats it speaks of. Starts as {0}. */
struct prepared {
	struct image image;
	struct seating seating;
	uint32_t generation;
};

enum prepare_seats {
	PREPARE_ASSIGN_SEATS,
	PREPARE_KEEP_SEATS, /* the vaults and their frontends are those of the image in force */
};

/*
 * -ENOSPC: more than the kernel's maps hold, and `diags` has the figure. `node` need not be
 * the firewall's own yet.
 */
int firewall_prepare(struct firewall *firewall, const struct node *node, const struct rules *rules,
		     enum prepare_seats seats, struct diags *diags, struct prepared *ret_prepared,
		     struct fault *fault);

/* Takes the seating out of `prepared`. After a failure what was in force still is. */
int firewall_publish(struct firewall *firewall, struct prepared *prepared, struct fault *fault);

void prepared_free(struct prepared *prepared);

/* The digest that an image of these rules and this node has. -ENOMEM. */
int firewall_image_digest(const struct node *node, const struct rules *rules,
			  uint8_t ret_digest[BUNDLE_DIGEST]);
