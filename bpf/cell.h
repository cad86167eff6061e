/* SPDX-License-Identifier: GPL-2.0-only */
/* The one look at the cell that a packet or a connection takes. */
#pragma once

#include "maps.h"
#include "match.h"

/*
 * Finds the image in force. The cell is read here and nowhere else, once: all that
 * follows sees one image; `before` 1: that in the other slot. False: there is none, and
 * the caller refuses.
 */
static __always_inline bool cell_open(struct match *match, __u32 before)
{
	const union image_line *line;
	struct vw_cell *cell;
	__u32 zero = 0, slot;

	match->header = NULL;
	match->steered = 0;
	cell = bpf_map_lookup_elem(&vw_cell, &zero);
	if (!cell)
		return false;
	slot = *(volatile __u32 *)&cell->slot ^ before;
	match->clock = cell->clock;
	match->steered = cell->steered;
	match->gate_port = cell->gate_port;
	match->image = bpf_map_lookup_elem(&vw_slots, &slot);
	if (!match->image)
		return false;
	line = match_line(match->image, IMAGE_LINE_HEADER);
	if (!line)
		return false;
	match->header = &line->header;
	return true;
}
