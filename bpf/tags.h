/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which endpoint tag a gated connection came in with. On a frontend of several vaults the gate
 * decides once more, by host name, and TCP does not tell it the tag; so steer notes it here,
 * under the connection's addresses and ports, before it leads the connection on.
 *
 * What the authoriser relies on:
 *
 *   A connection with a tag has a note of that tag for as long as it lives.
 *
 * Whoever has no note has no tag, so a lost note could be worth something to somebody. Hence
 *   - a connection that cannot be noted is refused, and the map forgets nothing by itself;
 *   - the first note stands: whatever comes in later with the same addresses and ports but with
 *     another tag, or with none, is refused. No packet weakens a note or takes it away;
 *   - only the agent does, when no such connection is there (user/firewall_tags.h), and only
 *     if no packet renewed the note meanwhile: both change `time` by compare and exchange. Who
 *     finds a note that is on its way out is refused.
 * This needs nothing of the kernel but that a connection is made after a look-up that led here:
 * at its SYN, or with SYN cookies at its ACK; and TIME_WAIT takes a SYN for new only after one.
 *
 * The other way round, a connection without a tag could be believed to have one if a tagged SYN
 * of the same addresses and ports is looked up between its own look-up and the moment, next in
 * the same call, that the kernel knows it; from then on there are no look-ups for it. That needs
 * somebody who may send with that tag and that source, and an answer goes one way only: both
 * together have no more than the tagged one has alone.
 *
 * VRFs are the exception: there connections of the same addresses and ports live beside each
 * other. Where there are tags at all, shared frontends are not reached through a VRF; nor through
 * a device that the agent has not seen yet, which may be a tunnel.
 */
#pragma once

#include "maps.h"
#include "match.h"

static __always_inline void tags_count(enum vw_tag_refusal refusal)
{
	struct vw_tag_totals *totals;
	__u32 zero = 0;

	totals = bpf_map_lookup_elem(&vw_tag_totals, &zero);
	if (totals && refusal < VW_TAG_REFUSAL_COUNT)
		__sync_fetch_and_add(&totals->refused[refusal], 1);
}

static __always_inline bool tags_refuse(enum vw_tag_refusal refusal)
{
	tags_count(refusal);
	return false;
}

static __always_inline void tags_key(const struct packet *packet, struct vw_tag_key *key)
{
	key->remote_port = packet->source_port;
	key->local_port = packet->destination_port;
	if (packet->family == 4) {
		vw_tag_write4(key->remote, &packet->source4);
		vw_tag_write4(key->local, &packet->destination4);
		return;
	}
	__builtin_memcpy(key->remote, packet->source, sizeof(key->remote));
	__builtin_memcpy(key->local, packet->destination, sizeof(key->local));
}

static __always_inline bool tags_add(const struct vw_tag_key *key, const struct vw_tag *fresh)
{
	struct vw_tag_totals *totals;
	__u32 zero = 0;

	if (bpf_map_update_elem(&vw_tags, key, fresh, BPF_NOEXIST))
		return tags_refuse(VW_TAG_REFUSAL_NO_ROOM);
	totals = bpf_map_lookup_elem(&vw_tag_totals, &zero);
	if (totals)
		__sync_fetch_and_add(&totals->noted, 1);
	return true;
}

static __always_inline bool tags_same(const struct vw_tag *note, const struct vw_tag *fresh)
{
	return note->tag == fresh->tag && note->flags == fresh->flags;
}

/*
 * A note that is there already. What it lies in may have been taken out and used again since it
 * was found, so it is looked for once more.
 */
static __always_inline bool tags_renew(const struct vw_tag_key *key, struct vw_tag *note,
				       const struct vw_tag *fresh)
{
	__u64 old = *(volatile __u64 *)&note->time;

	if (!old || !tags_same(note, fresh) ||
	    __sync_val_compare_and_swap(&note->time, old, fresh->time) != old)
		return tags_refuse(VW_TAG_REFUSAL_TAKEN);
	note = bpf_map_lookup_elem(&vw_tags, key);
	if (!note || !tags_same(note, fresh) || *(volatile __u64 *)&note->time < fresh->time)
		return tags_refuse(VW_TAG_REFUSAL_TAKEN);
	return true;
}

/* Why a connection is not led to a shared frontend, whatever is noted; _COUNT: nothing against it.
 */
static __always_inline enum vw_tag_refusal tags_object(const struct vw_device *device)
{
	__u32 listed = VW_DEVICES_LISTED;

	if (device)
		return device->flags & VW_DEVICE_APART ? VW_TAG_REFUSAL_APART
						       : VW_TAG_REFUSAL_COUNT;
	return bpf_map_lookup_elem(&vw_devices, &listed) ? VW_TAG_REFUSAL_UNSEEN
							 : VW_TAG_REFUSAL_COUNT;
}

/*
 * Notes what a gated connection came in with; `device` NULL: on a device without a tag. False:
 * it must be refused.
 */
static __always_inline bool tags_note(const struct packet *packet, const struct vw_device *device,
				      __u8 mode)
{
	struct vw_tag fresh = {};
	struct vw_tag_key key = {};
	enum vw_tag_refusal objection = VW_TAG_REFUSAL_COUNT;
	struct vw_tag *note;

	if (mode >= VW_MODE_SHARED)
		objection = tags_object(device);
	if (objection != VW_TAG_REFUSAL_COUNT)
		return tags_refuse(objection);
	tags_key(packet, &key);
	note = bpf_map_lookup_elem(&vw_tags, &key);
	if (!device || !(device->flags & VW_DEVICE_TAGGED))
		return note ? tags_refuse(VW_TAG_REFUSAL_TAKEN) : true;
	fresh.time = bpf_ktime_get_ns();
	fresh.tag = device->tag;
	fresh.flags = device->flags & VW_DEVICE_VLAN ? VW_TAG_VLAN : 0;
	return note ? tags_renew(&key, note, &fresh) : tags_add(&key, &fresh);
}
