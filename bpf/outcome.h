/* SPDX-License-Identifier: GPL-2.0-only */
/* A decision in, its outcome and verdict out: two tables made of verdict.h. */
#pragma once

#include "match.h"
#include "verdict.h"

/* Beside an outcome, what its verdict means to a packet. */
enum outcome_mark {
	OUTCOME_NUMBER = 31, /* the bits of the outcome */
	OUTCOME_TOLD = 1 << 5,
	OUTCOME_OUT = 1 << 6,	/* kept out */
	OUTCOME_GATED = 1 << 7, /* kept out if connections are not steered to the gate */
};

#define OUTCOME_MARKS_PASS	 0
#define OUTCOME_MARKS_ALLOW	 0
#define OUTCOME_MARKS_GATE	 OUTCOME_GATED
#define OUTCOME_MARKS_DROP	 (OUTCOME_OUT | OUTCOME_TOLD)
#define OUTCOME_MARKS_WOULD_DROP OUTCOME_TOLD
#define OUTCOME_MARKS_WOULD_GATE 0
#define OUTCOME(reason, verdict) ((int)VW_OUTCOME_##reason##_##verdict | OUTCOME_MARKS_##verdict)

static const __u8 outcome_table[VW_REASON_COUNT][8] = {
#define X(reason, enforce, audit, shared, shared_audit, shared_mixed)                              \
	[VW_REASON_##reason] = {OUTCOME(reason, enforce), OUTCOME(reason, audit),                  \
				OUTCOME(reason, shared), OUTCOME(reason, shared_audit),            \
				OUTCOME(reason, shared_mixed)},
	VW_DECISIONS(X)
#undef X
};

static const __u8 outcome_verdicts[64] =
	{/* 32 bytes would land in a section of mergeable constants */
#define X(reason, verdict) [VW_OUTCOME_##reason##_##verdict] = VW_VERDICT_##verdict,
	 VW_OUTCOMES(X)
#undef X
};

/*
 * An outcome with its marks. A row or column that the tables do not have cannot come
 * from `compile`; it denies.
 */
static __always_inline __u32 outcome_marked(const struct decision *decision)
{
	if (decision->reason >= VW_REASON_COUNT || decision->mode >= VW_MODE_COUNT)
		return OUTCOME(NOT_ALLOWED, DROP);
	return outcome_table[decision->reason][decision->mode];
}

static __always_inline __u32 outcome_of(const struct decision *decision)
{
	return outcome_marked(decision) & OUTCOME_NUMBER;
}

static __always_inline enum vw_verdict outcome_verdict(__u32 outcome)
{
	return outcome_verdicts[outcome & 63];
}

/* 1 if events tell of it. */
static __always_inline __u64 outcome_is_told(__u32 marked)
{
	return (marked & OUTCOME_TOLD) / OUTCOME_TOLD;
}

/*
 * 1 if a packet is kept out, without a branch. Who is gated may come in as far as the
 * gate: that is, if connections are steered. Nothing else would keep him from the vault.
 */
static __always_inline __u64 outcome_keeps_out(__u32 marked, __u64 steered)
{
	return (marked & OUTCOME_OUT) / OUTCOME_OUT |
	       ((marked & OUTCOME_GATED) / OUTCOME_GATED & packet_equal(steered, 0));
}
