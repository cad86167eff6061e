// SPDX-License-Identifier: GPL-2.0-only
/*
 * The filter: an XDP program that decides about every packet that comes in on an
 * interface, and its twin `explain`, which decides the same and counts nothing.
 */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

#include "account.h"
#include "cell.h"
#include "maps.h"
#include "match.h"

#define READ_OFFSET_BITS 14 /* headers end before 16 KiB */
#define READ_OFFSET	 ((1U << READ_OFFSET_BITS) - 1)

/* Does the frame bear a VLAN id, and came in where that is an endpoint tag? */
static __always_inline bool has_vlan_tag(const struct packet *packet, struct xdp_md *context,
					 const struct vw_answer *asked)
{
	__u32 interface;

	if (!packet->vlan)
		return false;
	interface = asked ? asked->interface : context->ingress_ifindex;
	return bpf_map_lookup_elem(&vw_interfaces, &interface);
}

/*
 * Reading a frame is a function that the verifier checks by itself, once: it takes
 * the context and gives scalars, so that the many ways through the headers are not
 * multiplied with the ways through the rules. Returns 0; -1 without a packet.
 */
__attribute__((noinline)) int vw_read_frame(struct xdp_md *context, struct packet *packet,
					    __u32 length)
{
	struct cursor cursor = {
		.at = (void *)(long)context->data,
		.start = (void *)(long)context->data,
		.end = (void *)(long)context->data_end,
		.length = length,
	};

	if (!packet)
		return -1;
	packet_read(&cursor, packet);
	return 0;
}

/* The same for what is in a tunnel whose header begins at `offset`. */
__attribute__((noinline)) int vw_read_inside(struct xdp_md *context, struct tunnel *tunnel,
					     struct packet *inside, __u32 offset_transport,
					     __u32 length)
{
	struct cursor cursor = {
		.at = (void *)(long)context->data,
		.start = (void *)(long)context->data,
		.end = (void *)(long)context->data_end,
		.length = length,
	};

	if (!tunnel || !inside)
		return -1;
	if (!cursor_take(&cursor, offset_transport & READ_OFFSET))
		return 0;
	tunnel_read(&cursor, offset_transport >> READ_OFFSET_BITS, tunnel, inside);
	tunnel->hidden |= packet_is_hidden(&cursor, inside);
	return 0;
}

/* A frame in one of the node's tunnels: from here on the packet is the one inside. */
MATCH_CALL void enter_tunnel(struct xdp_md *context, struct visit *visit,
			     const struct image_tunnel *entry, __u32 length)
{
	__u32 transport = entry->transport;
	struct tunnel tunnel = {};
	struct packet inside = {};
	bool peer;

	if (visit->packet.shape == PACKET_FRAGMENT) {
		match_refuse(&visit->decision, VW_REASON_FRAGMENT);
		return;
	}
	peer = match_is_peer(&visit->match, entry->peers, &visit->packet);
	vw_read_inside(context, &tunnel, &inside,
		       (visit->packet.payload & READ_OFFSET) | transport << READ_OFFSET_BITS,
		       length);
	visit->decision.transport = (__u8)transport;
	visit->outer_source = visit->packet.family == 4 ? visit->packet.source4 : 0;
	visit->packet = inside;
	match_inside(visit, &tunnel, peer);
}

/* The commonest frames, Ethernet and IPv4, are read in place; all others by a call. */
static __always_inline void read_frame(struct xdp_md *context, struct packet *packet, __u32 length)
{
	struct cursor cursor = {
		.at = (void *)(long)context->data,
		.start = (void *)(long)context->data,
		.end = (void *)(long)context->data_end,
		.length = length,
	};

	if (!packet_read_plain(&cursor, packet))
		vw_read_frame(context, packet, length);
}

/*
 * Decides about one frame. `asked` says which interface it is to have come in on, when, and which
 * image is to decide; NULL: that of the context, now, and the one in force. Without an image
 * nothing can be told apart: then all is refused. It cannot happen once the agent has attached,
 * since that comes last. Returns where the packet is to be counted, if that was looked up already.
 */
static __always_inline struct vw_counters *decide(struct xdp_md *context, struct visit *visit,
						  const struct vw_answer *asked, __u32 length)
{
	const struct image_tunnel *tunnel;
	const struct image_target *target;
	struct vw_counters *counters;

	visit->packet = (struct packet){};
	visit->decision = (struct decision){};
	visit->outer_source = 0;
	if (!cell_open(&visit->match, asked ? asked->before & 1 : 0)) {
		match_refuse(&visit->decision, VW_REASON_NOT_ALLOWED);
		return NULL;
	}
	if (asked)
		visit->match.clock -= asked->earlier * 1000000000LL;
	read_frame(context, &visit->packet, length);
	tunnel = match_tunnel(&visit->match, &visit->packet);
	if (tunnel) {
		enter_tunnel(context, visit, tunnel, length);
		return NULL;
	}
	target = match_admit(&visit->match, &visit->packet, &visit->decision);
	if (!target)
		return NULL;
	counters = account_expect(target->seat);
	match_plain(visit, target, has_vlan_tag(&visit->packet, context, asked));
	return counters;
}

static __always_inline int action_of(__u32 marked, const struct match *match)
{
	return XDP_PASS - (int)outcome_keeps_out(marked, match->steered);
}

_Static_assert(XDP_PASS - 1 == XDP_DROP, "what is kept out is dropped");

static __always_inline int filter(struct xdp_md *context, __u32 length)
{
	struct visit visit;
	struct vw_counters *counters = decide(context, &visit, NULL, length);
	__u32 marked;

	if (visit.decision.reason == VW_REASON_NOT_OURS)
		return XDP_PASS;
	marked = outcome_marked(&visit.decision);
	if (!counters)
		counters = account_find(visit.decision.seat);
	account_count(counters, marked & OUTCOME_NUMBER, length);
	account_event(context, &visit, length, outcome_is_told(marked));
	return action_of(marked, &visit.match);
}

SEC("xdp")
int vw_filter(struct xdp_md *context)
{
	return filter(context, context->data_end - context->data);
}

/* The same for frames of several buffers (jumbo frames), where the kernel has them. */
SEC("xdp.frags")
int vw_filter_frags(struct xdp_md *context)
{
	return filter(context, (__u32)bpf_xdp_get_buff_len(context));
}

SEC("xdp")
int vw_explain(struct xdp_md *context)
{
	struct visit visit;
	struct vw_answer *answer;
	__u32 zero = 0;

	answer = bpf_map_lookup_elem(&vw_answers, &zero);
	if (!answer)
		return XDP_ABORTED;
	(void)decide(context, &visit, answer, context->data_end - context->data);
	__builtin_memset(&answer->sighting, 0, sizeof(answer->sighting));
	account_describe(&visit, &answer->sighting);
	return action_of(outcome_marked(&visit.decision), &visit.match);
}

char LICENSE[] SEC("license") = "GPL";
