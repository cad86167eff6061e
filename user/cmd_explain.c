// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <stddef.h>

#include "ask.h"
#include "command.h"

#define TAG_MAX 16777215

struct explain_options {
	const char *vault;
	const char *to;
	const char *from;
	const char *interface;
	struct option_number tag;
};

#define TARGET(field) .target = offsetof(struct explain_options, field)

static const struct option_spec options[] = {
	{.name = "vault",
	 .type = OPTION_TEXT,
	 .metavar = "VAULT",
	 TARGET(vault),
	 .help = "the vault that is called, at its first frontend of that family"},
	{.name = "to",
	 .type = OPTION_TEXT,
	 .metavar = "IP:PORT",
	 TARGET(to),
	 .help = "the frontend that is called; with /udp behind it for UDP"},
	{.name = "from",
	 .required = true,
	 .type = OPTION_TEXT,
	 .metavar = "IP[:PORT]",
	 TARGET(from),
	 .help = "the caller"},
	{.name = "tag",
	 .type = OPTION_NUMBER,
	 .metavar = "N",
	 TARGET(tag),
	 .minimum = 1,
	 .maximum = TAG_MAX,
	 .help = "the endpoint tag that the packet comes with"},
	{.name = "interface",
	 .type = OPTION_TEXT,
	 .metavar = "INTERFACE",
	 TARGET(interface),
	 .help = "where it comes in (default: on none in particular)"},
	{0},
};

static bool check(const struct invocation *call, struct fault *fault)
{
	const struct explain_options *chosen = call->options;

	if (chosen->vault && chosen->to)
		(void)fault_set(fault, -EINVAL, "either '--vault' or '--to', not both");
	else if (!chosen->vault && !chosen->to)
		(void)fault_set(fault, -EINVAL,
				"option '--vault VAULT' or '--to IP:PORT' is missing");
	return !chosen->vault != !chosen->to;
}

static json_t *make_question(const struct explain_options *chosen)
{
	json_t *tag = chosen->tag.given ? json_integer((json_int_t)chosen->tag.value) : NULL;

	return json_pack("{s:s, s:s*, s:s*, s:o*, s:s*}", "from", chosen->from, "vault",
			 chosen->vault, "to", chosen->to, "tag", tag, "interface",
			 chosen->interface);
}

static int run(struct invocation *call)
{
	json_t *question = make_question(call->options);
	const struct client_request request = {.path = "/v1/explain", .body = question};
	int status;

	/* A word of the command line may hold bytes that no JSON can. */
	if (!question)
		return ask_fail(call, STATUS_WRONG, "the question is no UTF-8 text");
	status = ask_and_print(call, &request, call->output->explain);
	json_decref(question);
	return status;
}

const struct command command_explain = {
	.name = "explain",
	.arguments = "",
	.summary = "Says what would become of a packet, and which rule decides it",
	.help = "Runs the live filter on such a packet, without counting it. The exit status is 0\n"
		"whatever the verdict.\n"
		"\n"
		"  vaultwall explain --vault contoso --from 198.51.100.7\n"
		"  vaultwall explain --to 203.0.113.10:443 --from 10.1.0.5 --tag 7001\n",
	.options = options,
	.options_size = sizeof(struct explain_options),
	.check = check,
	.run = run,
};
