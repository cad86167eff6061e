// SPDX-License-Identifier: Apache-2.0
#include "authorizer.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <systemd/sd-daemon.h>
#include <systemd/sd-event.h>
#include <unistd.h>

#include "authorizer_limits.h"
#include "authorizer_parts.h"
#include "authorizer_privileges.h"
#include "cleanup.h"
#include "configuration.h"
#include "journal.h"
#include "listener.h"
#include "loop.h"

#define IDLE_SECONDS  120
#define BODY_MAX      ((size_t)32 << 10) /* of an inquiry with the longest target */
#define TOKENS_CACHED 16384
#define MICROSECONDS  1000000ULL
#define START_WAIT    (3 * MICROSECONDS) /* for rules and keys, before questions are taken */
#define DRAIN_STEP    (50 * 1000ULL)
#define DRAIN_QUIET   6U   /* steps without a request, and the last one was answered */
#define DRAIN_MAX     100U /* steps */

/* The process: its parts, and the loop around them. */
struct process {
	struct authorizer_service service;
	int listener;
	sd_event *event;
	sd_event_source *waiting; /* for the time that is left to be complete before serving */
	unsigned steps, quiet;	  /* of draining */
};

static void process_close(struct process *process)
{
	struct authorizer_service *service = &process->service;

	(void)sd_event_source_unref(process->waiting);
	(void)sd_event_unref(process->event);
	http_close(service->http);
	rules_unfollow(service->follower);
	token_cache_free(service->tokens);
	keysets_close(service->keysets);
	followed_rules_free(service->rules);
	gate_counts_free(&service->counts);
	gate_maps_close(&service->maps);
	audit_log_close(&service->audit);
	node_free(&service->node);
	close_fd(&process->listener);
}

static void tell_state(const struct process *process)
{
	const struct authorizer_service *service = &process->service;

	(void)sd_notifyf(0, "STATUS=Rules of generation %u, %s",
			 service->rules ? service->rules->generation : 0,
			 service->http ? "answering" : "waiting for rules and keys");
}

/* Serving. */

static const struct http_route routes[] = {
	{"GET", "/authorize", authorizer_answer},
	{"POST", "/v1/explain", authorizer_explain},
	{"GET", "/v1/status", authorizer_status},
	{0},
};

static int on_question(sd_event_source *source, int fd, uint32_t events, void *context)
{
	struct process *process = context;
	int r = http_run(process->service.http);

	(void)source;
	(void)fd;
	(void)events;
	if (r < 0)
		journal(JOURNAL_ERROR, "the authorisation socket failed: %s", strerror(-r));
	audit_log_flush(&process->service.audit);
	return 0;
}

/*
 * Questions that come while the rules are not there yet wait in the socket: an answer without
 * rules, or without keys that are a moment away, would be a wrong one.
 */
static int serve(struct process *process, struct fault *fault)
{
	struct authorizer_service *service = &process->service;
	const unsigned connections = limits_connections();
	const struct http_options options = {
		.path = "",
		.routes = routes,
		.context = service,
		.body_max = BODY_MAX,
		.connections = connections,
		.connections_per_user = connections / 2,
		.timeout = IDLE_SECONDS,
		.listener = process->listener,
		.otherwise = service->node.gate.questions == QUESTIONS_ENVOY
				     ? authorizer_answer_envoy
				     : NULL,
	};
	int r = http_open(&options, &service->http, fault);

	if (r < 0)
		return r;
	(void)take_fd(&process->listener);
	r = sd_event_add_io(process->event, NULL, http_fd(service->http), EPOLLIN, on_question,
			    process);
	if (r < 0)
		return fault_set(fault, r, "cannot make an event loop: %s", strerror(-r));
	tell_state(process);
	return 0;
}

static void serve_if_complete(struct process *process, bool late)
{
	const struct authorizer_service *service = &process->service;
	bool complete = service->rules && keysets_pending(service->keysets) == 0;
	struct fault fault = {0};

	if (service->http || (!complete && !late))
		return;
	if (!complete)
		journal(JOURNAL_WARNING, "answering without %s",
			service->rules ? "all keys" : "rules: the agent does not answer");
	if (serve(process, &fault) < 0) {
		journal(JOURNAL_ERROR, "%s", fault.text);
		(void)sd_event_exit(process->event, -EIO);
	}
}

static int on_late(sd_event_source *source, uint64_t time, void *context)
{
	(void)source;
	(void)time;
	serve_if_complete(context, true);
	return 0;
}

/* Rules and keys. */

static void take_rules(struct process *process, struct followed_rules *rules)
{
	struct authorizer_service *service = &process->service;

	/* What was verified points into the rules before. */
	token_cache_drop(service->tokens);
	followed_rules_free(service->rules);
	service->rules = rules;
	service->rules_version++;
	gate_maps_open(&service->maps, service->paths);
	if (keysets_want(service->keysets, &rules->policy) < 0 ||
	    gate_counts_follow(&service->counts, &rules->policy, service->maps.requests) < 0)
		journal(JOURNAL_ERROR, "no memory for all keys and counts of generation %u",
			rules->generation);
	journal(JOURNAL_INFO, "rules of generation %u with %zu vaults", rules->generation,
		rules->policy.vault_count);
}

static int on_rules(sd_event_source *source, int fd, uint32_t events, void *context)
{
	struct process *process = context;
	struct followed_rules *rules = rules_follower_take(process->service.follower);

	(void)source;
	(void)fd;
	(void)events;
	if (rules)
		take_rules(process, rules);
	serve_if_complete(process, false);
	tell_state(process);
	return 0;
}

static int on_keys(sd_event_source *source, int fd, uint32_t events, void *context)
{
	struct process *process = context;

	(void)source;
	(void)fd;
	(void)events;
	keysets_run(process->service.keysets);
	serve_if_complete(process, false);
	return 0;
}

/* The end. */

/* Connections that a proxy keeps open are closed only once no question has come for a while. */
static int on_drain(sd_event_source *source, uint64_t time, void *context)
{
	struct process *process = context;

	(void)time;
	process->steps++;
	process->quiet = http_is_idle(process->service.http) ? process->quiet + 1 : 0;
	if (process->quiet >= DRAIN_QUIET || process->steps >= DRAIN_MAX)
		return sd_event_exit(process->event, 0);
	(void)sd_event_source_set_time_relative(source, DRAIN_STEP);
	return sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

static int on_stop(sd_event_source *source, const struct signalfd_siginfo *signal, void *context)
{
	struct process *process = context;

	(void)signal;
	(void)sd_notify(0, "STOPPING=1");
	journal(JOURNAL_NOTICE, "the authoriser ends");
	if (!process->service.http)
		return sd_event_exit(process->event, 0);
	rules_follower_stop(process->service.follower);
	http_drain(process->service.http);
	(void)sd_event_source_set_enabled(source, SD_EVENT_OFF);
	return sd_event_add_time_relative(process->event, NULL, CLOCK_MONOTONIC, DRAIN_STEP, 0,
					  on_drain, process);
}

static int on_rotate(sd_event_source *source, const struct signalfd_siginfo *signal, void *context)
{
	struct process *process = context;
	struct fault fault = {0};

	(void)source;
	(void)signal;
	if (audit_log_reopen(&process->service.audit, &fault) < 0)
		journal(JOURNAL_ERROR, "%s; the old file goes on", fault.text);
	return 0;
}

/* Start. */

/* A socket that a service manager holds stays there while we are restarted, and so do its clients.
 */
static int open_listener(struct process *process, const struct paths *paths, struct fault *fault)
{
	int count = sd_listen_fds(1);

	if (count < 0)
		return fault_set(fault, count, "cannot take the socket over: %s", strerror(-count));
	if (count > 1 || (count == 1 && sd_is_socket(SD_LISTEN_FDS_START, 0, SOCK_STREAM, 1) <= 0))
		return fault_set(fault, -EINVAL, "one socket that listens is expected, not %d",
				 count);
	if (count == 1) {
		process->listener = SD_LISTEN_FDS_START;
		return 0;
	}
	return listener_open(paths->authorize, process->service.options.group, &process->listener,
			     fault);
}

static int add_sources(struct process *process, struct fault *fault)
{
	struct authorizer_service *service = &process->service;
	sd_event *event = process->event;
	int r = sd_event_add_io(event, NULL, rules_follower_fd(service->follower), EPOLLIN,
				on_rules, process);

	if (r >= 0)
		r = sd_event_add_io(event, NULL, keysets_fd(service->keysets), EPOLLIN, on_keys,
				    process);
	if (r >= 0)
		r = sd_event_add_time_relative(event, &process->waiting, CLOCK_MONOTONIC,
					       START_WAIT, 0, on_late, process);
	return r < 0 ? fault_set(fault, r, "cannot make an event loop: %s", strerror(-r)) : 0;
}

/* What needs a privilege to be opened comes before privileges go, all that reads input after. */
static int open_privileged(struct process *process, const struct paths *paths, const char *config,
			   struct fault *fault)
{
	struct authorizer_service *service = &process->service;
	int r = configuration_need(config, &service->node, fault);

	if (r < 0)
		return r;
	if (privileges_any() && !service->options.user)
		return privileges_drop(NULL, fault);
	r = open_listener(process, paths, fault);
	return r < 0 ? r : privileges_drop(service->options.user, fault);
}

static void note_folder(const char *config, char folder[PATH_MAX])
{
	const char *slash = strrchr(config, '/');

	(void)snprintf(folder, PATH_MAX, "%.*s", slash ? (int)(slash - config) : 1,
		       slash ? config : ".");
}

static int process_open(struct process *process, const struct paths *paths, const char *config,
			struct fault *fault)
{
	struct authorizer_service *service = &process->service;
	const struct keyset_options keys = {.ca_file = service->options.ca_file,
					    .proxy = service->options.proxy,
					    .folder = service->folder};
	int r = loop_open(on_stop, on_rotate, process, &process->event, fault);

	if (r < 0)
		return r;
	(void)clock_gettime(CLOCK_BOOTTIME, &service->started);
	note_folder(config, service->folder);
	r = open_privileged(process, paths, config, fault);
	if (r == 0)
		r = audit_log_open(service->options.audit_log, &service->audit, fault);
	if (r == 0)
		r = keysets_open(&keys, &service->keysets, fault);
	if (r == 0 && token_cache_open(TOKENS_CACHED, &service->tokens) < 0)
		r = fault_set(fault, -ENOMEM, "no memory for the cache of tokens");
	if (r == 0)
		r = rules_follow(paths, &service->node.failsafe, &service->follower, fault);
	return r < 0 ? r : add_sources(process, fault);
}

int authorizer_run(const struct paths *paths, const char *config,
		   const struct authorizer_options *options, struct fault *fault)
{
	cleanup(process_close) struct process process = {.service = {.options = *options,
								     .paths = paths,
								     .maps = GATE_MAPS_NONE,
								     .audit = {.fd = -1}},
							 .listener = -1};
	int r = process_open(&process, paths, config, fault);

	if (r < 0)
		return r;
	limits_let_proxy_finish();
	(void)sd_notify(0, "READY=1");
	tell_state(&process);
	journal(JOURNAL_NOTICE, "vaultwall %s authorises: instance %s, %s", VAULTWALL_VERSION,
		paths->instance, paths->authorize);
	r = sd_event_loop(process.event);
	return r < 0 ? fault_set(fault, r, "the event loop failed: %s", strerror(-r)) : 0;
}
