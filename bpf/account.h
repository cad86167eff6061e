/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What follows from an outcome: its counter, and an event for some of the drops. A flood costs no
 * more than its counter once the events of this second are spent.
 */
#pragma once

#include "maps.h"
#include "match.h"
#include "outcome.h"

static __always_inline struct vw_counters *account_find(__u32 seat)
{
	return bpf_map_lookup_elem(&vw_counters, &seat);
}

/*
 * The same, and has the line fetched that most packets for a seat are counted in, while
 * it is found out which of its counters is the one: nothing waits for this.
 */
static __always_inline struct vw_counters *account_expect(__u32 seat)
{
	struct vw_counters *counters = account_find(seat);

	if (counters)
		(void)*(volatile __u64 *)&counters->outcomes[VW_OUTCOME_IP_RULE_ALLOW].packets;
	return counters;
}

static __always_inline void account_count(struct vw_counters *counters, __u32 outcome, __u32 length)
{
	if (!counters || outcome >= VW_OUTCOME_COUNT)
		return;
	counters->outcomes[outcome].packets++;
	counters->outcomes[outcome].bytes += length;
}

/* Fills `sighting` from what is known of the frame. */
MATCH_CALL void account_describe(const struct visit *visit, struct vw_sighting *sighting)
{
	const struct packet *packet = &visit->packet;
	const struct decision *decision = &visit->decision;
	__u32 outcome = outcome_of(decision);

	if (packet->family == 4) {
		__builtin_memcpy(sighting->source, &packet->source4, 4);
		__builtin_memcpy(sighting->destination, &packet->destination4, 4);
	} else {
		__builtin_memcpy(sighting->source, packet->source, 16);
		__builtin_memcpy(sighting->destination, packet->destination, 16);
	}
	sighting->source_port = packet->source_port;
	sighting->destination_port = packet->destination_port;
	sighting->family = packet->family;
	sighting->protocol = packet->protocol;
	sighting->reason = decision->reason;
	sighting->verdict = (__u8)outcome_verdict(outcome);
	sighting->tag = decision->tag;
	sighting->tagged = decision->tagged;
	sighting->transport = decision->transport;
	__builtin_memcpy(sighting->outer_source, &visit->outer_source, 4);
	sighting->seat = decision->seat;
	sighting->generation = visit->match.header ? visit->match.header->generation : 0;
}

/* Once a second this CPU may send VW_EVENTS_PER_SECOND more. */
static __always_inline void account_refill(struct vw_rate *rate)
{
	__u64 now = bpf_ktime_get_coarse_ns();

	if (now - rate->window < 1000000000ULL)
		return;
	rate->window = now;
	rate->left = VW_EVENTS_PER_SECOND;
}

MATCH_CALL int account_send(struct xdp_md *context, const struct visit *visit, struct vw_rate *rate,
			    __u32 length)
{
	struct vw_event *event;

	if (!rate)
		return 0;
	account_refill(rate);
	if (!rate->left) {
		rate->suppressed++;
		return 0;
	}
	rate->left--;
	event = bpf_ringbuf_reserve(&vw_events, sizeof(*event), 0);
	if (!event) {
		rate->suppressed++;
		return 0;
	}
	__builtin_memset(event, 0, sizeof(*event));
	event->time = bpf_ktime_get_boot_ns();
	event->interface = context->ingress_ifindex;
	event->suppressed = rate->suppressed;
	event->length = length;
	rate->suppressed = 0;
	account_describe(visit, &event->sighting);
	bpf_ringbuf_submit(event, 0);
	return 1;
}

/*
 * An event of a packet, if `wanted` is 1 and this CPU may send one. The clock moves by
 * ticks, so it is looked at once a tick; between two looks a packet without a claim
 * and one that comes too late go the same way, and nothing is mispredicted.
 */
static __always_inline void account_event(struct xdp_md *context, const struct visit *visit,
					  __u32 length, __u64 wanted)
{
	__u32 zero = 0;
	struct vw_rate *rate = bpf_map_lookup_elem(&vw_rates, &zero);
	__u64 tick = bpf_jiffies64(), due;

	if (!rate)
		return;
	due = (rate->tick ^ tick) | rate->left;
	PACKET_BARRIER(due);
	if (packet_equal(due, 0) | (wanted ^ 1)) {
		rate->suppressed += (__u32)wanted;
		return;
	}
	rate->tick = tick;
	account_send(context, visit, rate, length);
}
