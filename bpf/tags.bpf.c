// SPDX-License-Identifier: GPL-2.0-only
/*
 * Takes a note out of vw_tags, for the agent: only if no packet renewed it since the agent read
 * it. User space cannot compare and delete in one; see tags.h.
 */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

#include "maps.h"

/* 0: it is out; 1: it is not what it was. */
SEC("syscall")
int vw_forget(struct vw_tag_removal *removal)
{
	struct vw_tag_key key = removal->key;
	__u64 time = removal->time;
	struct vw_tag_totals *totals;
	struct vw_tag *note;
	__u32 zero = 0;

	note = bpf_map_lookup_elem(&vw_tags, &key);
	if (!note || !time || __sync_val_compare_and_swap(&note->time, time, 0) != time)
		return 1;
	if (bpf_map_delete_elem(&vw_tags, &key))
		return 1;
	totals = bpf_map_lookup_elem(&vw_tag_totals, &zero);
	if (totals)
		__sync_fetch_and_add(&totals->removed, 1);
	return 0;
}

char LICENSE_TAGS[] SEC("license") = "GPL";
