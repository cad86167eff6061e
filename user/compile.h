/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Policy and node configuration in, image out. Pure and deterministic: the same
 * policy, node and seats give the same bytes.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "image.h"
#include "node.h"
#include "policy.h"

/* A compiled image. Owned by the caller, ended with image_free(). */
struct image {
	union image_line *lines;
	size_t count;	 /* lines in use */
	size_t capacity; /* lines allocated */
};

/*
 * The seats that an image needs: each vault's name, and the text of each frontend
 * that several vaults share ("203.0.113.10:443"); seat 0 is the node's own.
 */
struct seating {
	char **names; /* index: seat; NULL: free. Owned, strings and all */
	size_t count; /* one past the last seat taken */
};

/*
 * Gives each name that `policy` needs a seat: the one it had in `before` (may be
 * NULL), else the lowest free one. -ENOSPC with a diag if more than `limit` are
 * needed.
 */
int seating_assign(const struct policy *policy, const struct seating *before, size_t limit,
		   struct diags *diags, struct seating *ret_seating);
void seating_free(struct seating *seating);

/* Seats a copy of `name`; `names` must have room for `seat`. 0 or -ENOMEM. */
int seating_take(struct seating *seating, size_t seat, const char *name);

struct image_stamp {
	uint32_t generation;
	uint64_t created; /* seconds since the epoch */
	uint8_t digest[32];
};

/*
 * 0, -ENOMEM, or -ENOSPC with a diag that names the figure if the image would
 * need more than `limit` lines.
 */
int image_compile(const struct policy *policy, const struct node *node,
		  const struct seating *seating, const struct image_stamp *stamp, size_t limit,
		  struct diags *diags, struct image *ret_image);
void image_free(struct image *image);
