// SPDX-License-Identifier: Apache-2.0
/*
 * nginx's configuration for the vaults in force, or for those of a file: printed, put in place
 * once, or kept in place.
 */
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "ask.h"
#include "bundle.h"
#include "cleanup.h"
#include "command.h"
#include "gate_install.h"
#include "gate_keeper.h"
#include "output.h"
#include "reading.h"
#include "report.h"

struct gate_config_options {
	const char *install;
	bool follow;
	const char *program;
	const char *user;
	const char *upstream_ca;
};

#define TARGET(field) .target = offsetof(struct gate_config_options, field)

static const struct option_spec options[] = {
	{.name = "install",
	 .type = OPTION_TEXT,
	 .metavar = "FILE",
	 TARGET(install),
	 .help = "put it there and reload nginx, if it changed and nginx accepts it"},
	{.name = "follow",
	 .letter = 'f',
	 .type = OPTION_FLAG,
	 TARGET(follow),
	 .help = "stay, and do that after each push"},
	{.name = "nginx",
	 .type = OPTION_TEXT,
	 .metavar = "FILE",
	 TARGET(program),
	 .help = "the absolute path of nginx (default: where packages put it)"},
	{.name = "user",
	 .type = OPTION_TEXT,
	 .metavar = "NAME",
	 TARGET(user),
	 .help = "make all of an nginx.conf, whose workers run as NAME"},
	{.name = "upstream-ca",
	 .type = OPTION_TEXT,
	 .metavar = "FILE",
	 TARGET(upstream_ca),
	 .help = "what the vaults' certificates are checked against (default: the system's)"},
	{0},
};

static bool check(const struct invocation *call, struct fault *fault)
{
	const struct gate_config_options *chosen = call->options;

	if (!chosen->install && (chosen->follow || chosen->program))
		(void)fault_set(fault, -EINVAL, "'%s' goes with '--install FILE'",
				chosen->follow ? "--follow" : "--nginx");
	else if (chosen->follow && call->argument_count > 0)
		(void)fault_set(fault, -EINVAL, "with '--follow' the rules come from the agent");
	return fault->code == 0;
}

/* Wrong is what would be so the next time, too: a manager need not try again. */
static int fail(const struct invocation *call, const struct fault *fault)
{
	bool wrong = fault->code == -EINVAL || fault->code == -EBADMSG || fault->code == -EPERM;

	return ask_fail(call, wrong ? STATUS_WRONG : STATUS_UNREACHABLE, fault->text);
}

/* The rules. */

struct source {
	struct reading reading; /* of a file */
	struct bundle bundle;	/* of the agent */
	struct policy policy;
	uint32_t generation; /* 0: of a file */
};

static void free_source(struct source *source)
{
	policy_free(&source->policy);
	bundle_free(&source->bundle);
	reading_free(&source->reading);
}

static void release_json(json_t **json)
{
	json_decref(*json);
}

static int read_rules(const struct invocation *call, const struct rules_bundle *bundle,
		      struct diags *diags, struct policy *ret_policy)
{
	int r = policy_read(bundle, time(NULL), diags, ret_policy);

	return r == -ENOMEM ? ask_fail(call, STATUS_UNREACHABLE, strerror(ENOMEM))
	       : r < 0	    ? STATUS_WRONG
			    : STATUS_DONE;
}

static int read_file(const struct invocation *call, struct diags *diags, struct source *source)
{
	struct fault fault = {0};

	if (reading_open(call->arguments[0], diags, &source->reading, &fault) < 0)
		return ask_fail(call, STATUS_WRONG, fault.text);
	return read_rules(call, &source->reading.bundle, diags, &source->policy);
}

/* Rules that come after it may be newer, never older. */
static int ask_generation(const struct invocation *call, uint32_t *ret_generation)
{
	const struct client_request request = {.path = "/v1/generation"};
	cleanup(release_json) json_t *body = NULL;
	int status = ask_agent(call, &request, &body);

	if (status == STATUS_DONE)
		*ret_generation = (uint32_t)json_integer_value(json_object_get(body, "generation"));
	return status;
}

/* Warnings of rules in force were told when they were pushed. */
static int read_in_force(const struct invocation *call, struct diags *diags, struct source *source)
{
	const struct client_request request = {.path = "/v1/rules"};
	cleanup(release_json) json_t *body = NULL;
	struct fault fault = {0};
	int status = ask_generation(call, &source->generation);

	if (status == STATUS_DONE)
		status = ask_agent(call, &request, &body);
	if (status != STATUS_DONE)
		return status;
	if (bundle_from_json(body, &source->bundle, &fault) < 0)
		return ask_fail(call, STATUS_UNREACHABLE, fault.text);
	status = read_rules(call, &source->bundle.rules, diags, &source->policy);
	if (status == STATUS_DONE)
		diags_clear(diags);
	return status;
}

static int read_source(const struct invocation *call, struct diags *diags, struct source *source)
{
	return call->argument_count ? read_file(call, diags, source)
				    : read_in_force(call, diags, source);
}

static void print_faults(const struct invocation *call, const struct diags *diags)
{
	const struct printer printer = {.stream = stderr, .colour = call->error_colour};
	json_t *report = report_from_diags(diags);

	(void)report_print(&printer, report, NULL);
	json_decref(report);
}

/* Printed. */

static int print_config(const struct invocation *call, const struct gate_wish *wish,
			const struct policy *policy, struct diags *diags)
{
	cleanup(node_free) struct node node = {0};
	cleanup(free_ptr) char *text = NULL;
	struct fault fault = {0};
	int r = gate_install_node(call->config, &node, &fault);

	if (r < 0)
		return ask_fail(call, STATUS_WRONG, fault.text);
	r = gate_install_make(wish, &node, policy, diags, &text);
	if (r == -ENOMEM)
		return ask_fail(call, STATUS_UNREACHABLE, strerror(ENOMEM));
	if (r < 0)
		return STATUS_WRONG;
	(void)fputs(text, stdout);
	return STATUS_DONE;
}

/* Put in place. */

static void print_change(const struct invocation *call, const struct gate_installer *installer,
			 enum gate_change change)
{
	static const char *const sentences[] = {
		[GATE_UNCHANGED] = "%s is right already: nothing to do",
		[GATE_RELOADED] = "%s is new: nginx accepts it and reloads",
		[GATE_WRITTEN] = "%s is new: nginx accepts it, but does not run yet",
	};
	const struct printer printer = {.stream = stdout, .colour = call->colour};
	cleanup(release_json) json_t *report = NULL;

	if (!call->json) {
		output_print(&printer, HUE_PLAIN, sentences[change], installer->file.path);
		output_newline(&printer);
		return;
	}
	report = gate_install_report(installer, false);
	(void)json_dumpf(report, stdout, JSON_INDENT(2) | JSON_ENSURE_ASCII);
	(void)putchar('\n');
}

static int install(const struct invocation *call, const struct gate_wish *wish,
		   const struct source *source, struct diags *diags)
{
	cleanup(gate_install_close) struct gate_installer installer = GATE_INSTALLER_CLOSED;
	struct fault fault = {0}, deaf = {0};
	int change;

	if (gate_install_open(wish, &installer, &fault) < 0)
		return fail(call, &fault);
	change = gate_install_run(&installer, &source->policy, source->generation, diags);
	/* Rules of a file are of no generation, and the agent may not even be there. */
	if (source->generation && gate_install_tell(&installer, false, &deaf) < 0)
		(void)ask_fail(call, STATUS_DONE, deaf.text);
	if (change < 0)
		return fail(call, &installer.fault);
	print_change(call, &installer, (enum gate_change)change);
	return STATUS_DONE;
}

static int run_once(const struct invocation *call, const struct gate_wish *wish)
{
	cleanup(diags_clear) struct diags diags = {0};
	cleanup(free_source) struct source source = {0};
	int status = read_source(call, &diags, &source);

	if (status == STATUS_DONE)
		status = wish->file ? install(call, wish, &source, &diags)
				    : print_config(call, wish, &source.policy, &diags);
	diags_sort(&diags);
	print_faults(call, &diags);
	return status;
}

static int run(struct invocation *call)
{
	const struct gate_config_options *chosen = call->options;
	const struct gate_wish wish = {
		.paths = &call->paths,
		.config = call->config,
		.file = chosen->install,
		.program = chosen->program,
		.user = chosen->user,
		.upstream_ca = chosen->upstream_ca,
	};
	struct fault fault = {0};

	if (!chosen->follow)
		return run_once(call, &wish);
	return gate_keeper_run(&wish, &fault) < 0 ? fail(call, &fault) : STATUS_DONE;
}

const struct command command_gate_config = {
	.name = "gate-config",
	.arguments = "[FILE]",
	.summary = "Makes nginx's configuration for the vaults in force, or of a rules file",
	.help = "Without --install it is printed. It goes into an http block; with --user it is all\n"
		"that an nginx of its own needs. What nginx refuses is taken back, with the reason.\n"
		"With --follow, SIGHUP makes it look at once, and SIGTERM ends it.\n"
		"Run it as root: a vault whose certificate cannot be read is left out, with a warning.\n",
	.options = options,
	.options_size = sizeof(struct gate_config_options),
	.check = check,
	.run = run,
};
