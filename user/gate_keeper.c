// SPDX-License-Identifier: Apache-2.0
#include "gate_keeper.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <systemd/sd-daemon.h>
#include <systemd/sd-event.h>

#include "cleanup.h"
#include "gate_report.h"
#include "journal.h"
#include "loop.h"
#include "rules_follower.h"

#define MICROSECONDS 1000000ULL
#define START_WAIT   (5 * MICROSECONDS) /* for the agent, before we count as started without it */
#define LOOK_EVERY   (GATE_REPORT_EVERY * MICROSECONDS)
#define RETRY_LOOKS  6U /* of them until what nginx refused is tried again */

struct keeper {
	struct gate_installer installer;
	struct rules_follower *follower;
	struct followed_rules *rules; /* NULL: none have come yet */
	sd_event *event;
	bool started;	/* systemd was told */
	bool told;	/* the agent was, of the last run */
	unsigned looks; /* since the last run */
	char said[512]; /* the last fault that was logged */
};

static void keeper_close(struct keeper *keeper)
{
	(void)sd_event_unref(keeper->event);
	rules_unfollow(keeper->follower);
	followed_rules_free(keeper->rules);
	gate_install_close(&keeper->installer);
}

/* Telling. */

static void tell_manager(struct keeper *keeper)
{
	const struct gate_installer *installer = &keeper->installer;

	if (!keeper->started)
		(void)sd_notify(0, "READY=1");
	keeper->started = true;
	if (!keeper->rules)
		(void)sd_notify(0, "STATUS=Waiting for the agent");
	else if (installer->fault.code)
		(void)sd_notifyf(0, "STATUS=Not of generation %u: %s", installer->wanted,
				 installer->fault.text);
	else
		(void)sd_notifyf(0, "STATUS=Configuration of generation %u", installer->generation);
}

/* One that is away hears of it as soon as it is back. */
static void tell_agent(struct keeper *keeper)
{
	struct fault fault = {0};

	if (gate_install_tell(&keeper->installer, true, &fault) == 0) {
		keeper->told = true;
		return;
	}
	if (keeper->told)
		journal(JOURNAL_WARNING, "cannot tell the agent about the configuration: %s",
			fault.text);
	keeper->told = false;
}

/* The same fault once, however often it is met. */
static void log_fault(struct keeper *keeper)
{
	const struct gate_installer *installer = &keeper->installer;

	if (installer->fault.code && strcmp(keeper->said, installer->fault.text) != 0)
		journal(JOURNAL_ERROR, "%s is not of generation %u: %s", installer->file.path,
			installer->wanted, installer->fault.text);
	memcpy(keeper->said, installer->fault.text, sizeof(keeper->said));
}

static void log_warnings(const struct diags *diags)
{
	char line[DIAG_LINE_MAX];

	for (size_t i = 0; i < diags->count && i < GATE_REPORT_DIAGNOSTICS; i++) {
		(void)diag_format(&diags->items[i], line, sizeof(line));
		journal(JOURNAL_WARNING, "%s", line);
	}
	if (diags->count > GATE_REPORT_DIAGNOSTICS)
		journal(JOURNAL_WARNING, "and %zu more", diags->count - GATE_REPORT_DIAGNOSTICS);
}

/* Doing. */

static void install(struct keeper *keeper)
{
	static const char *const endings[] = {
		[GATE_UNCHANGED] = "nothing to change",
		[GATE_RELOADED] = "nginx reloads it",
		[GATE_WRITTEN] = "nginx does not run and will read it when it starts",
	};
	struct gate_installer *installer = &keeper->installer;
	const struct followed_rules *rules = keeper->rules;
	cleanup(diags_clear) struct diags diags = {0};
	int change = gate_install_run(installer, &rules->policy, rules->generation, &diags);

	if (change > 0 || (change < 0 && strcmp(keeper->said, installer->fault.text) != 0))
		log_warnings(&diags);
	if (change >= 0)
		journal(change == GATE_UNCHANGED ? JOURNAL_INFO : JOURNAL_NOTICE,
			"%s is of generation %u: %s", installer->file.path, rules->generation,
			endings[change]);
}

/* What nobody can read is no reason to close the gate: the authoriser refuses everybody then. */
static void look(struct keeper *keeper)
{
	const struct followed_rules *rules = keeper->rules;

	keeper->looks = 0;
	if (!rules)
		return;
	if (rules->problem[0])
		gate_install_skip(&keeper->installer, rules->generation, rules->problem);
	else
		install(keeper);
	log_fault(keeper);
	tell_agent(keeper);
	tell_manager(keeper);
}

static int on_rules(sd_event_source *source, int fd, uint32_t events, void *context)
{
	struct keeper *keeper = context;
	struct followed_rules *rules = rules_follower_take(keeper->follower);

	(void)source;
	(void)fd;
	(void)events;
	if (!rules)
		return 0;
	followed_rules_free(keeper->rules);
	keeper->rules = rules;
	look(keeper);
	return 0;
}

/* Renewed certificates, a FILE that somebody changed, and whether a fault is still one. */
static int on_time(sd_event_source *source, uint64_t time, void *context)
{
	struct keeper *keeper = context;
	const struct gate_installer *installer = &keeper->installer;

	(void)time;
	keeper->looks++;
	if (keeper->rules && !keeper->rules->problem[0] &&
	    (gate_install_is_stale(installer, &keeper->rules->policy) ||
	     (installer->fault.code && keeper->looks >= RETRY_LOOKS)))
		look(keeper);
	else if (keeper->rules)
		tell_agent(keeper);
	(void)sd_event_source_set_time_relative(source, LOOK_EVERY);
	return sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

static int on_late(sd_event_source *source, uint64_t time, void *context)
{
	struct keeper *keeper = context;
	struct rules_connection agent;

	(void)source;
	(void)time;
	if (keeper->started)
		return 0;
	rules_follower_state(keeper->follower, &agent);
	journal(JOURNAL_WARNING, "no rules yet: %s",
		agent.problem[0] ? agent.problem : "the agent does not answer");
	tell_manager(keeper);
	return 0;
}

static int on_reload(sd_event_source *source, const struct signalfd_siginfo *signal, void *context)
{
	struct keeper *keeper = context;
	struct gate_installer *installer = &keeper->installer;
	struct node node = {0};
	struct fault fault = {0};

	(void)source;
	(void)signal;
	if (gate_install_node(installer->wish.config, &node, &fault) < 0) {
		journal(JOURNAL_ERROR, "%s; the old one goes on", fault.text);
	} else {
		node_free(&installer->node);
		installer->node = node;
	}
	look(keeper);
	return 0;
}

static int on_stop(sd_event_source *source, const struct signalfd_siginfo *signal, void *context)
{
	struct keeper *keeper = context;

	(void)signal;
	(void)sd_notify(0, "STOPPING=1");
	journal(JOURNAL_NOTICE, "%s stays as it is from now on", keeper->installer.file.path);
	rules_follower_stop(keeper->follower);
	return sd_event_exit(sd_event_source_get_event(source), 0);
}

/* Start. */

static int add_sources(struct keeper *keeper, struct fault *fault)
{
	sd_event *event = keeper->event;
	int r = sd_event_add_io(event, NULL, rules_follower_fd(keeper->follower), EPOLLIN, on_rules,
				keeper);

	if (r >= 0)
		r = sd_event_add_time_relative(event, NULL, CLOCK_MONOTONIC, START_WAIT, 0, on_late,
					       keeper);
	if (r >= 0)
		r = sd_event_add_time_relative(event, NULL, CLOCK_MONOTONIC, LOOK_EVERY, 0, on_time,
					       keeper);
	return r < 0 ? fault_set(fault, r, "cannot make an event loop: %s", strerror(-r)) : 0;
}

int gate_keeper_run(const struct gate_wish *wish, struct fault *fault)
{
	cleanup(keeper_close) struct keeper keeper = {.installer = GATE_INSTALLER_CLOSED};
	int r = loop_open(on_stop, on_reload, &keeper, &keeper.event, fault);

	if (r == 0)
		r = gate_install_open(wish, &keeper.installer, fault);
	if (r == 0)
		r = rules_follow(wish->paths, NULL, &keeper.follower, fault);
	if (r == 0)
		r = add_sources(&keeper, fault);
	if (r < 0)
		return r;
	journal(JOURNAL_NOTICE, "vaultwall %s keeps nginx's configuration: instance %s, %s",
		VAULTWALL_VERSION, wish->paths->instance, keeper.installer.file.path);
	r = sd_event_loop(keeper.event);
	return r < 0 ? fault_set(fault, r, "the event loop failed: %s", strerror(-r)) : 0;
}
