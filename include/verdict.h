/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * Why a packet was decided as it was, and what became of it. The one list of
 * reasons, verdicts and outcomes: the filter returns them, counters are indexed
 * by them, metrics, events and `explain` print their labels.
 */
#pragma once

/*
 * Reasons, in the order in which the filter asks; the first that fits decides.
 *   X(NAME, label, help)
 * NOT_OURS comes first and is the only one without a counter.
 */
#define VW_REASONS(X)                                                                              \
	X(NOT_OURS, "not_ours", "not for a frontend: passed and not counted")                      \
	X(MALFORMED, "malformed", "cut short, or its lengths and header sizes disagree")           \
	X(FRAGMENT, "fragment", "an IP fragment: its ports cannot be trusted")                     \
	X(UNTRUSTED_TUNNEL, "untrusted_tunnel",                                                    \
	  "in a tunnel from an address that is no peer, or with an invalid tunnel header")         \
	X(FAILSAFE, "failsafe", "the source is a failsafe address of the node")                    \
	X(BLOCKED, "blocked", "the source or its endpoint tag is on the block list")               \
	X(DEFAULT_ALLOW, "default_allow", "the vault's default action is allow")                   \
	X(VIRTUAL_NETWORK, "virtual_network", "tag and source fit a subnet that the vault lists")  \
	X(UNKNOWN_SUBNET, "unknown_subnet", "tagged, but from no subnet that the vault lists")     \
	X(IP_RULE, "ip_rule", "the source is in the vault's IP rules")                             \
	X(TRUSTED_SERVICE, "trusted_service", "a trusted service may come from there: token gate") \
	X(NOT_ALLOWED, "not_allowed", "no rule of the vault admits the source")

enum vw_reason {
#define X(name, label, help) VW_REASON_##name,
	VW_REASONS(X)
#undef X
		VW_REASON_COUNT,
};

/*
 * Verdicts.   X(NAME, label)
 * WOULD_DROP and WOULD_GATE let the packet in: the vault is in audit.
 */
#define VW_VERDICTS(X)                                                                             \
	X(PASS, "pass")                                                                            \
	X(ALLOW, "allow")                                                                          \
	X(GATE, "gate")                                                                            \
	X(DROP, "drop")                                                                            \
	X(WOULD_DROP, "would_drop")                                                                \
	X(WOULD_GATE, "would_gate")

enum vw_verdict {
#define X(name, label) VW_VERDICT_##name,
	VW_VERDICTS(X)
#undef X
		VW_VERDICT_COUNT,
};

/*
 * An outcome is a reason together with the verdict that followed: one counter.
 *   X(reason, verdict)
 * PASS must be the first row: outcome 0 is never counted. Four in a row share a cache
 * line; the commonest, those around (NOT_ALLOWED, DROP), have one together.
 */
#define VW_OUTCOMES(X)                                                                             \
	X(NOT_OURS, PASS)                                                                          \
	X(MALFORMED, DROP)                                                                         \
	X(FRAGMENT, DROP)                                                                          \
	X(UNTRUSTED_TUNNEL, DROP)                                                                  \
	X(FAILSAFE, ALLOW)                                                                         \
	X(FAILSAFE, GATE)                                                                          \
	X(FAILSAFE, WOULD_GATE)                                                                    \
	X(BLOCKED, DROP)                                                                           \
	X(DEFAULT_ALLOW, ALLOW)                                                                    \
	X(DEFAULT_ALLOW, GATE)                                                                     \
	X(DEFAULT_ALLOW, WOULD_GATE)                                                               \
	X(VIRTUAL_NETWORK, ALLOW)                                                                  \
	X(VIRTUAL_NETWORK, GATE)                                                                   \
	X(VIRTUAL_NETWORK, WOULD_GATE)                                                             \
	X(UNKNOWN_SUBNET, DROP)                                                                    \
	X(UNKNOWN_SUBNET, WOULD_DROP)                                                              \
	X(UNKNOWN_SUBNET, GATE)                                                                    \
	X(TRUSTED_SERVICE, GATE)                                                                   \
	X(TRUSTED_SERVICE, WOULD_GATE)                                                             \
	X(IP_RULE, GATE)                                                                           \
	X(IP_RULE, WOULD_GATE)                                                                     \
	X(IP_RULE, ALLOW)                                                                          \
	X(NOT_ALLOWED, DROP)                                                                       \
	X(NOT_ALLOWED, WOULD_DROP)                                                                 \
	X(NOT_ALLOWED, GATE)

enum vw_outcome {
#define X(reason, verdict) VW_OUTCOME_##reason##_##verdict,
	VW_OUTCOMES(X)
#undef X
		VW_OUTCOME_COUNT,
};

/*
 * How a frontend turns a reason into a verdict.
 *   ENFORCE      one vault, enforcing
 *   AUDIT        one vault in audit: what would be dropped or gated gets in
 *   SHARED       several vaults, all enforcing: who is admitted goes to the gate
 *   SHARED_AUDIT several vaults, all in audit
 *   SHARED_MIXED several vaults, some in audit: nobody is kept from the gate
 */
enum vw_mode {
	VW_MODE_ENFORCE,
	VW_MODE_AUDIT,
	VW_MODE_SHARED,
	VW_MODE_SHARED_AUDIT,
	VW_MODE_SHARED_MIXED,
	VW_MODE_COUNT,
};

/*
 * The outcome of each reason in each mode; rows as in VW_REASONS.
 *   X(reason, ENFORCE, AUDIT, SHARED, SHARED_AUDIT, SHARED_MIXED)
 */
#define VW_DECISIONS(X)                                                                            \
	X(NOT_OURS, PASS, PASS, PASS, PASS, PASS)                                                  \
	X(MALFORMED, DROP, DROP, DROP, DROP, DROP)                                                 \
	X(FRAGMENT, DROP, DROP, DROP, DROP, DROP)                                                  \
	X(UNTRUSTED_TUNNEL, DROP, DROP, DROP, DROP, DROP)                                          \
	X(FAILSAFE, ALLOW, ALLOW, GATE, WOULD_GATE, GATE)                                          \
	X(BLOCKED, DROP, DROP, DROP, DROP, DROP)                                                   \
	X(DEFAULT_ALLOW, ALLOW, ALLOW, GATE, WOULD_GATE, GATE)                                     \
	X(VIRTUAL_NETWORK, ALLOW, ALLOW, GATE, WOULD_GATE, GATE)                                   \
	X(UNKNOWN_SUBNET, DROP, WOULD_DROP, DROP, WOULD_DROP, GATE)                                \
	X(IP_RULE, ALLOW, ALLOW, GATE, WOULD_GATE, GATE)                                           \
	X(TRUSTED_SERVICE, GATE, WOULD_GATE, GATE, WOULD_GATE, GATE)                               \
	X(NOT_ALLOWED, DROP, WOULD_DROP, DROP, WOULD_DROP, GATE)

_Static_assert(VW_OUTCOME_NOT_OURS_PASS == 0, "outcome 0 is the one that is not counted");
_Static_assert(VW_OUTCOME_COUNT <= 32, "an outcome is masked to five bits in the filter");
