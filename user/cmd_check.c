// SPDX-License-Identifier: Apache-2.0
/*
 * Reads rules as the agent would, without one: what is wrong with them, or how much
 * they hold.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "ask.h"
#include "cleanup.h"
#include "command.h"
#include "output.h"
#include "output_units.h"
#include "policy.h"
#include "reading.h"
#include "report.h"
#include "summary.h"

static json_t *summary_to_json(const struct policy_summary *summary, const struct diags *diags)
{
	return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "vaults",
			 (json_int_t)summary->vaults, "frontends", (json_int_t)summary->frontends,
			 "ranges", (json_int_t)summary->ranges, "ip_sets",
			 (json_int_t)summary->ip_sets, "subnets", (json_int_t)summary->subnets,
			 "trusted_services", (json_int_t)summary->trusted_services, "warnings",
			 (json_int_t)diags->warnings);
}

/* The report of cmd_check in output.h; `summary` NULL: the rules are wrong. */
static json_t *make_report(const struct reading *reading, const struct diags *diags,
			   const struct policy_summary *summary)
{
	cleanup(free_ptr) char *file =
		output_escape(reading->bundle.document.name, strlen(reading->bundle.document.name));

	return json_pack("{s:b, s:s, s:o, s:o?}", "ok", summary != NULL, "file", file,
			 "diagnostics", report_from_diags(diags), "summary",
			 summary ? summary_to_json(summary, diags) : NULL);
}

static void print_faults(const struct invocation *call, const struct reading *reading,
			 const struct diags *diags, const json_t *report)
{
	const struct printer printer = {.stream = stderr, .colour = call->error_colour};
	bool terminal = isatty(STDERR_FILENO);
	char errors[UNITS_TEXT];
	char warnings[UNITS_TEXT];

	(void)report_print(&printer, json_object_get(report, "diagnostics"),
			   terminal ? &reading->bundle : NULL);
	if (diags->dropped)
		(void)fprintf(stderr, "... and %zu more\n", diags->dropped);
	if (!diags->errors)
		return;
	output_print(&printer, HUE_PLAIN, "%s: %s, %s", reading->bundle.document.name,
		     units_items((int64_t)diags->errors, "error", errors),
		     units_items((int64_t)diags->warnings, "warning", warnings));
	output_newline(&printer);
}

static int tell(const struct invocation *call, const struct reading *reading,
		const struct diags *diags, const struct policy_summary *summary)
{
	const struct printer printer = {.stream = stdout, .colour = call->colour};
	json_t *report = make_report(reading, diags, summary);

	if (!report)
		return ask_fail(call, STATUS_UNREACHABLE, strerror(ENOMEM));
	if (!call->json)
		print_faults(call, reading, diags, report);
	call->output->check(&printer, report);
	json_decref(report);
	return summary ? STATUS_DONE : STATUS_WRONG;
}

static int run(struct invocation *call)
{
	cleanup(diags_clear) struct diags diags = {0};
	cleanup(reading_free) struct reading reading = {0};
	cleanup(policy_free) struct policy policy = {0};
	struct policy_summary summary = {0};
	struct fault fault = {0};
	int ret;

	if (reading_open(call->arguments[0], &diags, &reading, &fault) < 0)
		return ask_fail(call, STATUS_WRONG, fault.text);
	ret = policy_read(&reading.bundle, time(NULL), &diags, &policy);
	if (ret == 0)
		ret = policy_summarize(&policy, &summary);
	if (ret == -ENOMEM && !diags.errors)
		return ask_fail(call, STATUS_UNREACHABLE, strerror(ENOMEM));
	return tell(call, &reading, &diags, ret == 0 ? &summary : NULL);
}

const struct command command_check = {
	.name = "check",
	.arguments = "FILE",
	.summary = "Says what is wrong with rules, or how much they hold",
	.help = "Needs no agent and no privilege. FILE - is standard input. Every error and warning is\n"
		"listed in one run; the exit status is 1 if there is an error.\n",
	.run = run,
};
