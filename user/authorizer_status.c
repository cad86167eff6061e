// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include "authorizer_parts.h"

static json_t *agent_json(const struct authorizer_service *service, int64_t now)
{
	struct rules_connection agent;

	rules_follower_state(service->follower, &agent);
	return json_pack("{s:b, s:I, s:s?}", "connected", agent.connected, "since_seconds",
			 (json_int_t)(agent.since ? now - agent.since : 0), "problem",
			 agent.problem[0] ? agent.problem : NULL);
}

static json_t *answers_json(const struct gate_counts *counts)
{
	json_t *list = json_array();

	for (unsigned kind = 0; kind < VW_REQUEST_COUNT; kind++)
		(void)json_array_append_new(list, json_pack("{s:s, s:s, s:I}", "code",
							    gate_counts_code(kind), "error",
							    gate_counts_error(kind), "count",
							    (json_int_t)counts->totals[kind]));
	return list;
}

void authorizer_status(struct http_request *request, void *context)
{
	const struct authorizer_service *service = context;
	uint32_t generation = service->rules ? service->rules->generation : 0;
	struct timespec now;

	(void)clock_gettime(CLOCK_BOOTTIME, &now);
	http_answer(request, 200,
		    json_pack("{s:i, s:s, s:I, s:I, s:I, s:o, s:o, s:o, s:o, s:I, s:I}", "schema",
			      1, "version", VAULTWALL_VERSION, "pid", (json_int_t)getpid(),
			      "uptime_seconds", (json_int_t)(now.tv_sec - service->started.tv_sec),
			      "uid", (json_int_t)getuid(), "generation",
			      generation ? json_integer(generation) : json_null(), "agent",
			      agent_json(service, now.tv_sec), "keysets",
			      keysets_status(service->keysets), "answers",
			      answers_json(&service->counts), "tokens_cached",
			      (json_int_t)token_cache_count(service->tokens), "audit_records_lost",
			      (json_int_t)service->audit.lost));
}
