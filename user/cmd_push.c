// SPDX-License-Identifier: Apache-2.0
/*
 * Reads the rules and hands them to the agent, which judges them and puts them in
 * force, all or nothing.
 */
#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "ask.h"
#include "bundle_pack.h"
#include "cleanup.h"
#include "command.h"
#include "output.h"
#include "reading.h"
#include "report.h"

/* A million ranges take seconds; whoever waits longer has another trouble. */
#define PUSH_TIMEOUT   600
#define PROGRESS_AFTER 1.0 /* seconds */

struct push_options {
	bool dry_run;
};

static const struct option_spec options[] = {
	{.name = "dry-run",
	 .letter = 'n',
	 .type = OPTION_FLAG,
	 .target = offsetof(struct push_options, dry_run),
	 .help = "say what would change, and change nothing"},
	{0},
};

static volatile sig_atomic_t interrupted;

static void note_interrupt(int number)
{
	(void)number;
	interrupted = 1;
}

struct progress {
	const char *name;
	bool terminal;
	bool shown;
};

static bool show_progress(void *context, double seconds)
{
	static const char signs[] = "|/-\\";
	struct progress *progress = context;

	if (progress->terminal && seconds > PROGRESS_AFTER) {
		(void)fprintf(stderr, "\r\033[K%c pushing, %.0f s", signs[(long)seconds % 4],
			      seconds);
		(void)fflush(stderr);
		progress->shown = true;
	}
	return !interrupted;
}

static void end_progress(const struct progress *progress)
{
	if (!progress->shown)
		return;
	(void)fputs("\r\033[K", stderr);
	(void)fflush(stderr);
}

/* Ends as if SIGINT had not been caught, so that a script ends with its push. */
static int end_interrupted(const struct invocation *call)
{
	(void)ask_fail(call, STATUS_UNREACHABLE,
		       "interrupted: 'vaultwall status' tells whether the push was finished");
	(void)signal(SIGINT, SIG_DFL);
	(void)raise(SIGINT);
	return STATUS_UNREACHABLE;
}

static int send_rules(const struct invocation *call, const struct pack *pack,
		      struct client_reply *ret_reply)
{
	const struct push_options *chosen = call->options;
	struct progress progress = {.terminal = isatty(STDERR_FILENO)};
	const struct client_request request = {
		.path = "/v1/push",
		.parameters = {{"dry_run", chosen->dry_run ? "1" : NULL}},
		.pack = pack,
		.timeout = PUSH_TIMEOUT,
		.wait = show_progress,
		.context = &progress,
	};
	const struct sigaction action = {.sa_handler = note_interrupt};
	struct fault fault = {0};
	int ret;

	(void)sigaction(SIGINT, &action, NULL);
	ret = client_call(&call->paths, &request, ret_reply, &fault);
	end_progress(&progress);
	if (ret == -EINTR)
		return end_interrupted(call);
	(void)signal(SIGINT, SIG_DFL);
	return ret < 0 ? ask_fail(call, STATUS_UNREACHABLE, fault.text) : STATUS_DONE;
}

static void print_diagnostics(const struct invocation *call, const struct reading *reading,
			      const json_t *diagnostics)
{
	const struct printer printer = {.stream = stderr, .colour = call->error_colour};

	if (call->json)
		return;
	(void)report_print(&printer, diagnostics, isatty(STDERR_FILENO) ? &reading->bundle : NULL);
}

/* What the agent made of the rules. 422 is an answer like 200: it has diagnostics. */
static int tell(const struct invocation *call, const struct reading *reading,
		const struct client_reply *reply)
{
	const struct printer printer = {.stream = stdout, .colour = call->colour};
	const json_t *diagnostics = json_object_get(reply->body, "diagnostics");
	int status = ask_status(reply->status);
	struct fault fault = {0};

	print_diagnostics(call, reading, diagnostics);
	if (status == STATUS_DONE || (call->json && diagnostics))
		call->output->push(&printer, reply->body);
	if (status == STATUS_DONE)
		return STATUS_DONE;
	if (!diagnostics)
		return ask_fail(call, status, client_error(reply));
	(void)fault_set(&fault, -EINVAL, "%s; what was in force stays in force",
			client_error(reply));
	return ask_fail(call, status, fault.text);
}

/* Files are missing, or are no text: the rest is judged here. */
static int tell_unsent(const struct invocation *call, const struct reading *reading,
		       struct diags *diags, const char *why)
{
	const struct printer printer = {.stream = stdout, .colour = call->colour};
	cleanup(policy_free) struct policy policy = {0};
	cleanup(free_ptr) char *message = output_escape(why, strlen(why));
	json_t *answer;

	(void)policy_read(&reading->bundle, time(NULL), diags, &policy);
	answer = json_pack("{s:{s:s}, s:o}", "error", "message", message, "diagnostics",
			   report_from_diags(diags));
	print_diagnostics(call, reading, json_object_get(answer, "diagnostics"));
	if (call->json && answer)
		call->output->push(&printer, answer);
	json_decref(answer);
	return ask_fail(call, STATUS_WRONG, why);
}

static int pack_rules(const struct rules_bundle *rules, struct pack *ret_pack, struct fault *fault)
{
	int ret = pack_check(rules, fault);
	json_t *head;

	if (ret < 0)
		return ret;
	head = pack_head(rules);
	ret = head ? pack_make(rules, head, ret_pack) : -ENOMEM;
	json_decref(head);
	return ret < 0 ? fault_set(fault, ret, "out of memory") : 0;
}

static int push(const struct invocation *call, const struct reading *reading, struct diags *diags)
{
	cleanup(client_reply_free) struct client_reply reply = {0};
	cleanup(pack_free) struct pack pack = {0};
	struct fault fault = {0};
	int status;

	if (diags->errors)
		return tell_unsent(call, reading, diags,
				   "nothing was sent, since a file cannot be read");
	if (pack_rules(&reading->bundle, &pack, &fault) < 0)
		return tell_unsent(call, reading, diags, fault.text);
	status = send_rules(call, &pack, &reply);
	return status == STATUS_DONE ? tell(call, reading, &reply) : status;
}

static int run(struct invocation *call)
{
	cleanup(diags_clear) struct diags diags = {0};
	cleanup(reading_free) struct reading reading = {0};
	struct fault fault = {0};

	if (reading_open(call->arguments[0], &diags, &reading, &fault) < 0)
		return ask_fail(call, STATUS_WRONG, fault.text);
	return push(call, &reading, &diags);
}

const struct command command_push = {
	.name = "push",
	.arguments = "FILE",
	.summary = "Puts rules in force, all or nothing, and says what changed",
	.help = "FILE - is standard input; list files are found relative to it and sent along. Rules that\n"
		"are wrong, and a push that fails, leave in force what was.\n",
	.options = options,
	.options_size = sizeof(struct push_options),
	.run = run,
};
