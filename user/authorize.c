/* SPDX-License-Identifier: Apache-2.0 */
#include "authorize.h"

#include <string.h>

#include "authorize_parts.h"

static const struct {
	unsigned int row;
	unsigned int status;
	const char *error;
	const char *label;
	const char *help;
} reasons[AUTHORIZE_REASON_COUNT] = {
#define X(name, row, status, innererror, label, help)                                              \
	[AUTHORIZE_##name] = {row, status, innererror, label, help},
	AUTHORIZE_REASONS(X)
#undef X
};

const char *authorize_reason_label(enum authorize_reason reason)
{
	return reasons[reason].label;
}

const char *authorize_reason_help(enum authorize_reason reason)
{
	return reasons[reason].help;
}

unsigned int authorize_reason_row(enum authorize_reason reason)
{
	return reasons[reason].row;
}

const char *authorize_reason_error(enum authorize_reason reason)
{
	return reasons[reason].error;
}

const char *authorize_verdict_label(enum authorize_verdict verdict)
{
	static const char *const labels[] = {
		[AUTHORIZE_ALLOW] = "allow",
		[AUTHORIZE_DENY] = "deny",
		[AUTHORIZE_WOULD_DENY] = "would_deny",
	};

	return labels[verdict];
}

/* A listener for both families reports IPv4 as IPv6. */
static struct peer unmap(const struct peer *peer)
{
	static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
	struct peer plain = {.family = 4, .port = peer->port};

	if (peer->family != 6 || memcmp(peer->address, mapped, sizeof(mapped)) != 0)
		return *peer;
	memcpy(plain.address, peer->address + sizeof(mapped), 4);
	return plain;
}

bool authorize_needs_tag(const struct authorize_index *index, const struct question *question)
{
	const struct peer frontend = unmap(&question->frontend);

	return authorize_is_shared(index, &frontend);
}

static uint32_t address_of(const struct peer *peer)
{
	const uint8_t *bytes = peer->address;

	return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 |
	       bytes[3];
}

static bool is_readable(const struct question *question)
{
	return question->method && question->target && question->host && question->source.family &&
	       (question->frontend.family || question->frontend_untold);
}

/* What it would be if it were not empty; the large texts are not wiped each time. */
static void decision_start(struct decision *decision)
{
	memset(decision, 0, offsetof(struct decision, operation));
	decision->operation_fault = OPERATION_UNKNOWN;
	decision->detail[0] = '\0';
	decision->caller_text[0] = '\0';
	decision->body[0] = '\0';
	decision->challenge[0] = '\0';
}

/* The rows in their order; the first that decides is the reason. */
static enum authorize_reason decide(const struct inquiry *inquiry)
{
	const struct question *question = inquiry->question;
	struct decision *decision = inquiry->decision;
	enum authorize_reason reason = AUTHORIZE_UNREADABLE;

	if (!is_readable(question))
		return AUTHORIZE_UNREADABLE;
	decision->operation_fault = operation_read(question->method, question->target,
						   question->tunnel, &decision->operation);
	reason = authorize_find_vault(inquiry);
	if (reason == AUTHORIZE_REASON_COUNT)
		reason = authorize_network(inquiry);
	if (reason == AUTHORIZE_REASON_COUNT)
		reason = authorize_token(inquiry);
	return reason == AUTHORIZE_REASON_COUNT ? authorize_caller(inquiry) : reason;
}

/* A vault in audit keeps nobody out but those on the block list, as in the filter. */
static enum authorize_verdict judge(const struct decision *decision)
{
	if (reasons[decision->reason].status == 200)
		return AUTHORIZE_ALLOW;
	if (decision->vault && decision->vault->audit && decision->reason != AUTHORIZE_BLOCKED)
		return AUTHORIZE_WOULD_DENY;
	return AUTHORIZE_DENY;
}

void authorize(const struct authorizer *authorizer, const struct question *question, int64_t now,
	       struct decision *ret_decision)
{
	struct inquiry inquiry = {
		.authorizer = authorizer,
		.index = authorizer->index,
		.question = question,
		.now = now,
		.source = unmap(&question->source),
		.frontend = unmap(&question->frontend),
		.tagged = question->tagged &&
			  (!question->vlan ||
			   authorize_knows_tag(authorizer->index->policy, question->tag)),
		.decision = ret_decision,
	};

	inquiry.address = inquiry.source.family == 4 ? address_of(&inquiry.source) : 0;
	decision_start(ret_decision);
	ret_decision->reason = decide(&inquiry);
	ret_decision->verdict = judge(ret_decision);
	ret_decision->status = ret_decision->verdict == AUTHORIZE_DENY
				       ? reasons[ret_decision->reason].status
				       : 200;
	authorize_write(&inquiry);
}
