// SPDX-License-Identifier: Apache-2.0
#include "ask.h"

#include "cleanup.h"

int ask_fail(const struct invocation *call, int status, const char *text)
{
	const struct printer printer = {.stream = stderr, .colour = call->error_colour};

	output_print(&printer, HUE_BAD, "vaultwall: ");
	output_print(&printer, HUE_PLAIN, "%s", text);
	output_newline(&printer);
	return status;
}

int ask_status(long http_status)
{
	if (http_status >= 200 && http_status < 300)
		return STATUS_DONE;
	return http_status >= 400 && http_status < 500 ? STATUS_WRONG : STATUS_UNREACHABLE;
}

int ask_agent(const struct invocation *call, const struct client_request *request,
	      json_t **ret_body)
{
	cleanup(client_reply_free) struct client_reply reply = {0};
	struct fault fault = {0};
	int status;

	if (client_call(&call->paths, request, &reply, &fault) < 0)
		return ask_fail(call, STATUS_UNREACHABLE, fault.text);
	status = ask_status(reply.status);
	if (status != STATUS_DONE)
		return ask_fail(call, status, client_error(&reply));
	*ret_body = take_ptr(&reply.body);
	return STATUS_DONE;
}

int ask_and_print(const struct invocation *call, const struct client_request *request,
		  void (*print)(const struct printer *printer, const json_t *answer))
{
	const struct printer printer = {.stream = stdout, .colour = call->colour};
	json_t *body = NULL;
	int status = ask_agent(call, request, &body);

	if (status == STATUS_DONE)
		print(&printer, body);
	json_decref(body);
	return status;
}
