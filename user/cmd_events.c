// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <stddef.h>
#include <stdio.h>

#include "ask.h"
#include "command.h"

#define LIMIT_MAX  100000
#define LIMIT_TEXT 24

struct events_options {
	bool follow;
	const char *vault;
	struct option_number limit;
};

#define TARGET(field) .target = offsetof(struct events_options, field)

static const struct option_spec options[] = {
	{.name = "follow",
	 .letter = 'f',
	 .type = OPTION_FLAG,
	 TARGET(follow),
	 .help = "from now on, as they happen, until interrupted"},
	{.name = "vault",
	 .type = OPTION_TEXT,
	 .metavar = "VAULT",
	 TARGET(vault),
	 .help = "only those of one vault"},
	{.name = "limit",
	 .type = OPTION_NUMBER,
	 .metavar = "N",
	 TARGET(limit),
	 .minimum = 1,
	 .maximum = LIMIT_MAX,
	 .help = "at most the last N (not with --follow)"},
	{0},
};

struct listing {
	const struct invocation *call;
	size_t count;
};

static bool receive(const json_t *record, void *context)
{
	struct listing *listing = context;
	const struct output *output = listing->call->output;
	const struct printer printer = {.stream = stdout, .colour = listing->call->colour};

	if (listing->count++ == 0)
		output->event_head(&printer);
	output->event(&printer, record);
	/* Whoever follows reads line by line, through a pipe as well. */
	return fflush(stdout) == 0;
}

static int follow(const struct invocation *call, const struct client_request *request, bool forever)
{
	struct listing listing = {.call = call};
	struct fault fault = {0};
	int ret = client_follow(&call->paths, request, receive, &listing, &fault);

	if (ferror(stdout))
		return STATUS_DONE; /* which main() makes a failure of */
	if (ret < 0 && !(forever && ret == -ECONNRESET))
		return ask_fail(call, ret == -EBADMSG ? STATUS_WRONG : STATUS_UNREACHABLE,
				fault.text);
	if (forever)
		return ask_fail(call, STATUS_UNREACHABLE,
				"the agent has stopped: no more events come");
	if (!listing.count && !call->json)
		(void)fputs("no events yet\n", stderr);
	return STATUS_DONE;
}

static int run(struct invocation *call)
{
	const struct events_options *chosen = call->options;
	char limit[LIMIT_TEXT];

	(void)snprintf(limit, sizeof(limit), "%llu", (unsigned long long)chosen->limit.value);
	const struct client_request request = {
		.path = "/v1/events",
		.parameters =
			{
				{"follow", chosen->follow ? "1" : NULL},
				{"vault", chosen->vault},
				{"limit", chosen->limit.given ? limit : NULL},
			},
	};
	return follow(call, &request, chosen->follow);
}

const struct command command_events = {
	.name = "events",
	.arguments = "",
	.summary = "Lists packets that were dropped or gated: the latest, or as they come",
	.help = "A sample: beyond a rate, packets are only counted, and the next event says how many\n"
		"were left out. --json prints an object a line.\n",
	.options = options,
	.options_size = sizeof(struct events_options),
	.run = run,
};
