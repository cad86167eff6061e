/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What follows from a decision: the outcome, its counter, an event for some of
 * the drops. A flood costs no more than its counter once the events of this
 * second are spent.
 */
#pragma once

#include "maps.h"
#include "match.h"

static const __u8 account_outcomes[VW_REASON_COUNT][8] = {
#define X(reason, enforce, audit, shared, shared_audit, shared_mixed)                              \
	[VW_REASON_##reason] = {VW_OUTCOME_##reason##_##enforce, VW_OUTCOME_##reason##_##audit,    \
				VW_OUTCOME_##reason##_##shared,                                    \
				VW_OUTCOME_##reason##_##shared_audit,                              \
				VW_OUTCOME_##reason##_##shared_mixed},
	VW_DECISIONS(X)
#undef X
};

static const __u8 account_verdicts[64] =
	{/* 32 bytes would land in a section of mergeable constants */
#define X(reason, verdict) [VW_OUTCOME_##reason##_##verdict] = VW_VERDICT_##verdict,
	 VW_OUTCOMES(X)
#undef X
};

/* A row or column that the tables do not have cannot come from `compile`; it denies. */
static __always_inline __u32 account_outcome(const struct decision *decision)
{
	__u32 outcome;

	if (decision->reason >= VW_REASON_COUNT || decision->mode >= VW_MODE_COUNT)
		return VW_OUTCOME_NOT_ALLOWED_DROP;
	outcome = account_outcomes[decision->reason][decision->mode];
	return outcome < VW_OUTCOME_COUNT ? outcome : VW_OUTCOME_NOT_ALLOWED_DROP;
}

static __always_inline enum vw_verdict account_verdict(__u32 outcome)
{
	return account_verdicts[outcome & 63];
}

static __always_inline void account_count(__u32 seat, __u32 outcome, __u32 length)
{
	struct vw_counters *counters = bpf_map_lookup_elem(&vw_counters, &seat);

	if (!counters || outcome >= VW_OUTCOME_COUNT)
		return;
	counters->outcomes[outcome].packets++;
	counters->outcomes[outcome].bytes += length;
}

/* Fills `sighting` from what is known of the frame. */
MATCH_CALL void account_describe(const struct visit *visit, struct vw_sighting *sighting)
{
	const struct packet *packet = visit->tunnelled ? &visit->inside : &visit->outer;
	const struct decision *decision = &visit->decision;
	__u32 outcome = account_outcome(decision);

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
	sighting->verdict = (__u8)account_verdict(outcome);
	sighting->tag = decision->tag;
	sighting->tagged = decision->tagged;
	sighting->transport = decision->transport;
	if (visit->tunnelled && visit->outer.family == 4)
		__builtin_memcpy(sighting->outer_source, &visit->outer.source4, 4);
	sighting->seat = decision->seat;
	sighting->generation = visit->match.header ? visit->match.header->generation : 0;
}

/* May this CPU send an event? Refills once a second. */
static __always_inline bool account_may_send(struct vw_rate *rate)
{
	__u64 now = bpf_ktime_get_coarse_ns();

	if (now - rate->window >= 1000000000ULL) {
		rate->window = now;
		rate->left = VW_EVENTS_PER_SECOND;
	}
	if (!rate->left) {
		rate->suppressed++;
		return false;
	}
	rate->left--;
	return true;
}

MATCH_CALL int account_event(const struct visit *visit, __u32 length)
{
	__u32 zero = 0;
	struct vw_rate *rate = bpf_map_lookup_elem(&vw_rates, &zero);
	struct vw_event *event;

	if (!rate || !account_may_send(rate))
		return 0;
	event = bpf_ringbuf_reserve(&vw_events, sizeof(*event), 0);
	if (!event) {
		rate->suppressed++;
		return 0;
	}
	__builtin_memset(event, 0, sizeof(*event));
	event->time = bpf_ktime_get_boot_ns();
	event->interface = visit->interface;
	event->suppressed = rate->suppressed;
	event->length = length;
	rate->suppressed = 0;
	account_describe(visit, &event->sighting);
	bpf_ringbuf_submit(event, 0);
	return 1;
}
