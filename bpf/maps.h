/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Every map, and who writes it. Weak, so that the objects that include this are
 * linked to one set of maps. Pins, sizes and life time: user/loader.h.
 */
#pragma once

#include <linux/bpf.h>
#include <linux/types.h>

#include <bpf/bpf_helpers.h>

#include "counter.h"
#include "event.h"
#include "image.h"
#include "request.h"
#include "tag.h"

#define MAP_SLOT_LINES	 (1U << 19) /* set anew by the loader */
#define MAP_EVENTS_BYTES (256U * 1024)
#define MAP_INTERFACES	 1024U
#define MAP_DEVICES	 16384U

/* Which image is in force. Writer: the agent. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct vw_cell);
} vw_cell __weak SEC(".maps");

/* clang describes the value of an inner map only where some other object has its type. */
const union image_line vw_line_type __weak SEC(".rodata.types") = {};

/*
 * Two images at most. Writer: the agent; it fills an image before it puts it into
 * the slot that the cell does not name, and nobody writes to it afterwards.
 */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 2);
	__type(key, __u32);
	__array(
		values, struct {
			__uint(type, BPF_MAP_TYPE_ARRAY);
			__uint(map_flags, BPF_F_MMAPABLE);
			__uint(max_entries, MAP_SLOT_LINES);
			__type(key, __u32);
			__type(value, union image_line);
		});
} vw_slots __weak SEC(".maps");

/* Whose seat is whose. Writer: the agent. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, VW_SEATS);
	__type(key, __u32);
	__type(value, struct vw_seat);
} vw_seats __weak SEC(".maps");

/* Key: seat. Writer: the filter; the agent zeroes a seat that changes hands. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, VW_SEATS);
	__type(key, __u32);
	__type(value, struct vw_counters);
} vw_counters __weak SEC(".maps");

/* Key: ifindex, of interfaces whose VLAN ids are endpoint tags. Writer: the agent. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, MAP_INTERFACES);
	__type(key, __u32);
	__type(value, __u32);
} vw_interfaces __weak SEC(".maps");

/* Key: ifindex, of tunnel and VLAN devices. Writer: the agent. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, MAP_DEVICES);
	__type(key, __u32);
	__type(value, struct vw_device);
} vw_devices __weak SEC(".maps");

/* The gate's listening socket. Writer: the agent; the kernel takes a dead one out. */
struct {
	__uint(type, BPF_MAP_TYPE_SOCKMAP);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} vw_gates __weak SEC(".maps");

/* Key: seat. Writer: steer; the agent zeroes a seat that changes hands. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, VW_SEATS);
	__type(key, __u32);
	__type(value, struct vw_connections);
} vw_connections __weak SEC(".maps");

/*
 * Endpoint tags of gated connections. Writers: steer, and vw_forget for the agent. No LRU: what
 * it threw out would be a connection without a tag.
 */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, VW_TAGS);
	__type(key, struct vw_tag_key);
	__type(value, struct vw_tag);
} vw_tags __weak SEC(".maps");

/* Writers: the same. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct vw_tag_totals);
} vw_tag_totals __weak SEC(".maps");

/* Key: seat. Writers: the authoriser, and the agent when a seat changes hands: request.h. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, VW_SEATS);
	__type(key, __u32);
	__type(value, struct vw_requests);
} vw_requests __weak SEC(".maps");

/* Sampled drops. Writer: the filter. */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, MAP_EVENTS_BYTES);
} vw_events __weak SEC(".maps");

/* What is left of this CPU's events. Writer: the filter. */
struct vw_rate {
	__u64 window; /* CLOCK_MONOTONIC, nanoseconds: when `left` was last filled */
	__u64 tick;   /* jiffies at the last look at that clock */
	__u32 left;
	__u32 suppressed;
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct vw_rate);
} vw_rates __weak SEC(".maps");

/* A question and its answer. Writers: the agent, then vw_explain; one at a time. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct vw_answer);
} vw_answers __weak SEC(".maps");

/* A row for each family and seat: what the metrics iterator walks. Writer: nobody. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, VW_FAMILY_COUNT *VW_SEATS);
	__type(key, __u32);
	__type(value, __u32);
} vw_rows __weak SEC(".maps");
