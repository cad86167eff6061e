// SPDX-License-Identifier: Apache-2.0
/*
 * The generation in force, for those who keep something that follows from the rules: asked once,
 * or followed, a line at first and one for each change.
 */
#include <stdlib.h>

#include "control_parts.h"

struct generation_follower {
	struct generation_follower *next, **link;
	struct http_stream *stream;
	uint32_t told;
};

static json_t *generation_json(uint32_t generation)
{
	return json_pack("{s:o}", "generation",
			 generation ? json_integer(generation) : json_null());
}

static void forget(struct http_stream *stream, void *context)
{
	struct generation_follower *follower = context;

	(void)stream;
	*follower->link = follower->next;
	if (follower->next)
		follower->next->link = follower->link;
	free(follower);
}

/* One that reads too slowly is told the next time, and then the newest. */
static void tell(struct generation_follower *follower, uint32_t generation)
{
	json_t *line = generation_json(generation);

	if (line && http_stream_send(follower->stream, line) == 0)
		follower->told = generation;
	json_decref(line);
}

static void follow(struct http_request *request, struct control *control)
{
	struct generation_follower *follower = calloc(1, sizeof(*follower));

	if (!follower) {
		http_refuse(request, 503, "no memory to follow the generation");
		return;
	}
	follower->stream = http_answer_stream(request, forget, follower);
	if (!follower->stream) {
		free(follower);
		return;
	}
	follower->next = control->generations;
	follower->link = &control->generations;
	if (follower->next)
		follower->next->link = &follower->next;
	control->generations = follower;
	tell(follower, control->firewall->generation);
}

void control_generation(struct http_request *request, void *context)
{
	struct control *control = context;

	if (http_query(request, "follow"))
		follow(request, control);
	else
		http_answer(request, 200, generation_json(control->firewall->generation));
}

void control_tell_generation(struct control *control)
{
	uint32_t generation = control->firewall->generation;

	for (struct generation_follower *follower = control->generations; follower;
	     follower = follower->next)
		if (follower->told != generation)
			tell(follower, generation);
}
