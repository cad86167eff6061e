/* SPDX-License-Identifier: GPL-2.0-only */
/* A decision in, its outcome and verdict out: two tables made of verdict.h. */
#pragma once

#include "match.h"
#include "verdict.h"

static const __u8 outcome_table[VW_REASON_COUNT][8] = {
#define X(reason, enforce, audit, shared, shared_audit, shared_mixed)                              \
	[VW_REASON_##reason] = {VW_OUTCOME_##reason##_##enforce, VW_OUTCOME_##reason##_##audit,    \
				VW_OUTCOME_##reason##_##shared,                                    \
				VW_OUTCOME_##reason##_##shared_audit,                              \
				VW_OUTCOME_##reason##_##shared_mixed},
	VW_DECISIONS(X)
#undef X
};

static const __u8 outcome_verdicts[64] =
	{/* 32 bytes would land in a section of mergeable constants */
#define X(reason, verdict) [VW_OUTCOME_##reason##_##verdict] = VW_VERDICT_##verdict,
	 VW_OUTCOMES(X)
#undef X
};

/* A row or column that the tables do not have cannot come from `compile`; it denies. */
static __always_inline __u32 outcome_of(const struct decision *decision)
{
	__u32 outcome;

	if (decision->reason >= VW_REASON_COUNT || decision->mode >= VW_MODE_COUNT)
		return VW_OUTCOME_NOT_ALLOWED_DROP;
	outcome = outcome_table[decision->reason][decision->mode];
	return outcome < VW_OUTCOME_COUNT ? outcome : VW_OUTCOME_NOT_ALLOWED_DROP;
}

static __always_inline enum vw_verdict outcome_verdict(__u32 outcome)
{
	return outcome_verdicts[outcome & 63];
}

/* 1 for a verdict that events tell of, without a branch. */
static __always_inline __u64 outcome_is_told(enum vw_verdict verdict)
{
	return packet_equal(verdict, VW_VERDICT_DROP) |
	       packet_equal(verdict, VW_VERDICT_WOULD_DROP);
}

/*
 * 1 if a packet is kept out, without a branch. Who is gated may come in as far as the
 * gate: that is, if connections are steered. Nothing else would keep him from the vault.
 */
static __always_inline __u64 outcome_keeps_out(enum vw_verdict verdict, __u64 steered)
{
	return packet_equal(verdict, VW_VERDICT_DROP) |
	       (packet_equal(verdict, VW_VERDICT_GATE) & packet_equal(steered, 0));
}
