// SPDX-License-Identifier: Apache-2.0
#include <time.h>

#include "ask.h"
#include "command.h"
#include "concerns.h"

#define AUTHORIZER_TIMEOUT 5L /* seconds */
#define LOOKS		   3  /* at rules that a push may just have changed */
#define PAUSE		   200000000L

/* NULL: it could not be asked, and `fault` says why. */
static json_t *ask_authorizer(const struct invocation *call, struct fault *fault)
{
	const struct client_request request = {
		.server = CLIENT_AUTHORIZER, .path = "/v1/status", .timeout = AUTHORIZER_TIMEOUT};
	struct client_reply reply = {0};

	if (client_call(&call->paths, &request, &reply, fault) < 0)
		return NULL;
	if (reply.status == 200)
		return reply.body;
	(void)fault_set(fault, -1, "%s", client_error(&reply));
	client_reply_free(&reply);
	return NULL;
}

/* Both, the authoriser's within the agent's; an absent one is a part of the answer. */
static int ask_both(const struct invocation *call, json_t **ret_answer)
{
	const struct client_request request = {.path = "/v1/status"};
	struct fault fault = {0};
	json_t *authorizer;
	int status = ask_agent(call, &request, ret_answer);

	if (status != STATUS_DONE)
		return status;
	authorizer = ask_authorizer(call, &fault);
	(void)json_object_set_new(*ret_answer, "warnings",
				  concerns_find(*ret_answer, authorizer, fault.text));
	(void)json_object_set_new(*ret_answer, "authorizer", authorizer ? authorizer : json_null());
	if (!authorizer)
		(void)json_object_set_new(*ret_answer, "authorizer_problem",
					  json_string(fault.text));
	return status;
}

/* The authoriser reads a push a moment later than it comes into force. */
static bool is_behind(const json_t *answer)
{
	const json_t *authorizer = json_object_get(answer, "authorizer");

	return json_is_object(authorizer) && !json_equal(json_object_get(authorizer, "generation"),
							 json_object_get(answer, "generation"));
}

static int run(struct invocation *call)
{
	const struct timespec pause = {.tv_nsec = PAUSE};
	const struct printer printer = {.stream = stdout, .colour = call->colour};
	json_t *answer = NULL;
	int status = ask_both(call, &answer);

	for (int i = 1; i < LOOKS && status == STATUS_DONE && is_behind(answer); i++) {
		json_decref(answer);
		answer = NULL;
		(void)nanosleep(&pause, NULL);
		status = ask_both(call, &answer);
	}
	if (status == STATUS_DONE)
		call->output->status(&printer, answer);
	json_decref(answer);
	return status;
}

const struct command command_status = {
	.name = "status",
	.arguments = "",
	.summary = "Shows agent, interfaces, gate and keys, and what is enforced, with totals",
	.help = "A total counts since the filter was first loaded; pushes and restarts keep it.\n"
		"The exit status is 0 whether or not the authoriser answers.\n",
	.run = run,
};
