// SPDX-License-Identifier: Apache-2.0
#include "audit.h"

#include "authorizer_parts.h"
#include "authorizer_question.h"

static int64_t microseconds_since(const struct timespec *began)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (now.tv_sec - began->tv_sec) * 1000000 + (now.tv_nsec - began->tv_nsec) / 1000;
}

static int64_t milliseconds_now(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_REALTIME, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void authorizer_record(struct authorizer_service *service, const struct asked *asked,
		       const struct timespec *began)
{
	const struct audit_circumstances circumstances = {
		.time = milliseconds_now(),
		.duration = (uint32_t)microseconds_since(began),
		.client_info = asked->client,
		.correlation = asked->request_id,
	};
	char line[AUDIT_LINE_BYTES];

	(void)audit_format(&service->rules->policy, &asked->question, &service->decision,
			   &circumstances, line);
	audit_log_add(&service->audit, line);
}
