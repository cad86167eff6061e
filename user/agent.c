// SPDX-License-Identifier: Apache-2.0
#include "agent.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <systemd/sd-daemon.h>
#include <systemd/sd-event.h>
#include <unistd.h>

#include "cleanup.h"
#include "control.h"
#include "firewall.h"
#include "firewall_connections.h"
#include "firewall_tags.h"
#include "journal.h"
#include "lock.h"
#include "loop.h"
#include "watcher.h"

/* Whoever refused the filter is asked again: another program may have left by then. */
#define RETRY_SECONDS 30U
#define MICROSECONDS  1000000ULL

struct agent {
	struct firewall firewall;
	struct control *control;
	struct watcher *watcher;
	sd_event *event;
	sd_event_source *settling; /* runs once at start and after each push */
	char told[128];		   /* systemd's last STATUS */
	int lock;
	int clock; /* readable when somebody set the wall clock */
};

static void agent_close(struct agent *agent)
{
	control_close(agent->control);
	watcher_close(agent->watcher);
	firewall_close(&agent->firewall);
	(void)sd_event_source_unref(agent->settling);
	(void)sd_event_unref(agent->event);
	close_fd(&agent->clock);
	close_fd(&agent->lock);
}

static size_t count_attached(const struct interfaces *interfaces)
{
	size_t count = 0;

	for (size_t i = 0; i < interfaces->count; i++)
		count += interfaces->items[i].tried &&
			 interfaces->items[i].attachment.state == ATTACH_ATTACHED;
	return count;
}

static void tell_state(struct agent *agent)
{
	const struct firewall *firewall = &agent->firewall;
	char status[sizeof(agent->told)];

	(void)snprintf(status, sizeof(status),
		       "STATUS=Generation %u, filter on %zu of %zu interfaces",
		       firewall->generation, count_attached(&firewall->interfaces),
		       firewall->interfaces.count);
	if (!strcmp(status, agent->told))
		return;
	memcpy(agent->told, status, sizeof(status));
	(void)sd_notify(0, status);
}

/* What happens. A failure is logged and the loop goes on: the filter does, too. */

static int on_stop(sd_event_source *source, const struct signalfd_siginfo *signal, void *context)
{
	(void)context;
	journal(JOURNAL_NOTICE, "%s: the agent ends, the filter stays in force",
		signal->ssi_signo == SIGINT ? "SIGINT" : "SIGTERM");
	(void)sd_notify(0, "STOPPING=1");
	return sd_event_exit(sd_event_source_get_event(source), 0);
}

static int on_reload(sd_event_source *source, const struct signalfd_siginfo *signal, void *context)
{
	struct agent *agent = context;

	(void)source;
	(void)signal;
	firewall_reload(&agent->firewall);
	tell_state(agent);
	return 0;
}

static int on_control(sd_event_source *source, int fd, uint32_t events, void *context)
{
	struct agent *agent = context;
	struct fault fault = {0};

	(void)source;
	(void)fd;
	(void)events;
	if (control_run(agent->control, &fault) < 0)
		journal(JOURNAL_ERROR, "%s", fault.text);
	if (!control_is_settled(agent->control))
		(void)sd_event_source_set_enabled(agent->settling, SD_EVENT_ONESHOT);
	tell_state(agent);
	return 0;
}

/* By now whoever pushed has his answer. */
static int on_settling(sd_event_source *source, void *context)
{
	struct agent *agent = context;

	(void)source;
	control_settle(agent->control);
	return 0;
}

static void receive_event(const struct vw_event *event, void *context)
{
	struct agent *agent = context;

	control_event(agent->control, event);
}

static int on_events(sd_event_source *source, int fd, uint32_t events, void *context)
{
	struct agent *agent = context;

	(void)source;
	(void)fd;
	(void)events;
	(void)loader_events(agent->firewall.loader, receive_event, agent);
	return 0;
}

static void link_changed(unsigned ifindex, bool gone, void *context)
{
	struct agent *agent = context;

	if (gone)
		interfaces_lost(&agent->firewall.interfaces, ifindex);
}

static int on_links(sd_event_source *source, int fd, uint32_t events, void *context)
{
	struct agent *agent = context;
	int r = watcher_run(agent->watcher);

	(void)source;
	(void)fd;
	(void)events;
	if (r < 0)
		journal(JOURNAL_ERROR, "cannot hear of interfaces: %s", strerror(-r));
	firewall_attach(&agent->firewall, false);
	tell_state(agent);
	return 0;
}

static int on_retry(sd_event_source *source, uint64_t time, void *context)
{
	struct agent *agent = context;

	(void)time;
	if (interfaces_any_refused(&agent->firewall.interfaces))
		firewall_attach(&agent->firewall, true);
	(void)sd_event_source_set_time_relative(source, RETRY_SECONDS * MICROSECONDS);
	return sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

/* A gate that was started anew is found within half a second. */
#define GATE_MICROSECONDS (MICROSECONDS / 2)

static int on_gate(sd_event_source *source, uint64_t time, void *context)
{
	struct agent *agent = context;

	(void)time;
	firewall_follow_gate(&agent->firewall);
	connections_expire(&agent->firewall);
	(void)sd_event_source_set_time_relative(source, GATE_MICROSECONDS);
	return sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

#define TAGS_MICROSECONDS (2 * MICROSECONDS)

static int on_tags(sd_event_source *source, uint64_t time, void *context)
{
	struct agent *agent = context;

	(void)time;
	firewall_tend_tags(&agent->firewall);
	(void)sd_event_source_set_time_relative(source, TAGS_MICROSECONDS);
	return sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

/* Fires never; it only fails as soon as somebody sets the clock. */
static int arm_clock(const struct agent *agent)
{
	const struct itimerspec never = {.it_value.tv_sec = INT_MAX};

	return timerfd_settime(agent->clock, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &never,
			       NULL);
}

static int on_clock(sd_event_source *source, int fd, uint32_t events, void *context)
{
	struct agent *agent = context;
	struct fault fault = {0};
	uint64_t count;

	(void)source;
	(void)events;
	(void)!read(fd, &count, sizeof(count));
	(void)arm_clock(agent);
	if (loader_set_clock(agent->firewall.loader, &fault) < 0)
		journal(JOURNAL_ERROR, "%s", fault.text);
	else
		journal(JOURNAL_INFO, "the clock was set; expiries follow it");
	return 0;
}

/* Start. */

static int make_folder(const char *path, struct fault *fault)
{
	if (mkdir(path, 0755) < 0)
		return errno == EEXIST
			       ? 0
			       : fault_set(fault, -errno, "cannot make %s: %s%s", path,
					   strerror(errno), errno == EACCES ? "; run as root" : "");
	/* Whatever the umask: the metrics in it are for everybody. */
	if (chmod(path, 0755) < 0)
		return fault_set(fault, -errno, "cannot open %s to all: %s", path, strerror(errno));
	return 0;
}

static int add_sources(struct agent *agent)
{
	const struct {
		int fd;
		sd_event_io_handler_t handle;
	} sources[] = {
		{control_fd(agent->control), on_control},
		{loader_events_fd(agent->firewall.loader), on_events},
		{watcher_fd(agent->watcher), on_links},
		{agent->clock, on_clock},
	};
	int r = 0;

	for (size_t i = 0; r >= 0 && i < sizeof(sources) / sizeof(sources[0]); i++)
		r = sd_event_add_io(agent->event, NULL, sources[i].fd, EPOLLIN, sources[i].handle,
				    agent);
	if (r >= 0)
		r = sd_event_add_defer(agent->event, &agent->settling, on_settling, agent);
	if (r >= 0)
		r = sd_event_add_time_relative(agent->event, NULL, CLOCK_MONOTONIC,
					       RETRY_SECONDS * MICROSECONDS, 0, on_retry, agent);
	if (r >= 0)
		r = sd_event_add_time_relative(agent->event, NULL, CLOCK_MONOTONIC, 0, 0, on_gate,
					       agent);
	if (r >= 0)
		r = sd_event_add_time_relative(agent->event, NULL, CLOCK_MONOTONIC,
					       TAGS_MICROSECONDS, 0, on_tags, agent);
	return r;
}

static int open_loop(struct agent *agent, struct fault *fault)
{
	int r = loop_open(on_stop, on_reload, agent, &agent->event, fault);

	if (r < 0)
		return r;
	agent->clock = timerfd_create(CLOCK_REALTIME, TFD_CLOEXEC | TFD_NONBLOCK);
	if (agent->clock < 0 || arm_clock(agent) < 0)
		return fault_set(fault, -errno, "cannot follow the clock: %s", strerror(errno));
	return 0;
}

/*
 * The watcher hears of interfaces before any is asked for, so that none slips
 * through; the control socket opens last, so that whoever can ask gets answers.
 */
static int agent_open(struct agent *agent, const struct paths *paths, const char *config,
		      const char *group, struct fault *fault)
{
	int r = make_folder(paths->run, fault);

	if (r == 0)
		r = lock_take(paths, &agent->lock, fault);
	if (r == 0)
		r = firewall_configure(&agent->firewall, paths, config, group, fault);
	if (r == 0)
		r = open_loop(agent, fault);
	if (r == 0)
		r = watcher_open(link_changed, agent, &agent->watcher, fault);
	if (r == 0)
		r = firewall_start(&agent->firewall, fault);
	if (r == 0)
		r = control_open(&agent->firewall, &agent->control, fault);
	if (r < 0)
		return r;
	r = add_sources(agent);
	return r < 0 ? fault_set(fault, r, "cannot make an event loop: %s", strerror(-r)) : 0;
}

int agent_run(const struct paths *paths, const char *config, const char *group, struct fault *fault)
{
	cleanup(agent_close) struct agent agent = {.lock = -1, .clock = -1};
	int r = agent_open(&agent, paths, config, group, fault);

	if (r < 0)
		return r;
	(void)sd_notify(0, "READY=1");
	tell_state(&agent);
	journal(JOURNAL_NOTICE, "vaultwall %s is ready: instance %s, %s", VAULTWALL_VERSION,
		paths->instance, paths->control);
	r = sd_event_loop(agent.event);
	return r < 0 ? fault_set(fault, r, "the event loop failed: %s", strerror(-r)) : 0;
}

/* Detaching. */

static void close_folder(DIR **folder)
{
	if (*folder)
		(void)closedir(*folder);
}

static void list_links(const struct paths *paths,
		       void (*removed)(const char *interface, void *context), void *context)
{
	cleanup(close_folder) DIR *folder = NULL;
	const struct dirent *entry;
	char path[PATH_TEXT + 8];

	(void)snprintf(path, sizeof(path), "%s/links", paths->bpf);
	folder = opendir(path);
	while (folder && (entry = readdir(folder)) != NULL)
		if (entry->d_name[0] != '.')
			removed(entry->d_name, context);
}

int agent_detach(const struct paths *paths, void (*removed)(const char *interface, void *context),
		 void *context, struct fault *fault)
{
	cleanup(close_fd) int lock = -1;
	int r = make_folder(paths->run, fault);

	if (r == 0)
		r = lock_take(paths, &lock, fault);
	if (r < 0)
		return r;
	list_links(paths, removed, context);
	return loader_uninstall(paths, fault);
}
