/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the parts of the control API share. Only control*.c include it.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "control.h"
#include "http.h"

#define EVENTS_KEPT 256U

struct follower;
struct generation_follower;

struct control {
	struct firewall *firewall;
	struct http_server *http;
	struct timespec started;
	json_t *events[EVENTS_KEPT]; /* a ring, the next one goes to event_count % EVENTS_KEPT */
	uint64_t event_count;
	struct follower *followers;
	struct generation_follower *generations;
	json_t *gate_report;   /* as gate_report.h says; NULL: nobody has made one */
	int64_t gate_reported; /* seconds of CLOCK_BOOTTIME */
	bool pushed;	       /* and `report` is still to be let go */
	struct push_report report;
};

/* Handlers; `context` is the struct control. */
http_handler control_status, control_push, control_rules, control_show, control_explain,
	control_events, control_diagnostics, control_generation, control_gate_configuration,
	control_network_rules;

void control_events_free(struct control *control);

/* Adds what is known of nginx's configuration to the status of the gate, if nginx is the gate. */
void control_gate_add(const struct control *control, json_t *gate);

/* The rules in force; NULL: nobody knows them, and the client was told. */
const struct rules *control_need_rules(const struct control *control, struct http_request *request);

/* Who asks. */
struct pusher control_pusher(const struct http_request *request);

/* Whether nothing is to be changed: ?dry_run=1. */
bool control_is_dry_run(const struct http_request *request);

/* As in verdict.h; NULL for numbers of another version. */
const char *control_reason_label(unsigned reason);
const char *control_verdict_label(unsigned verdict);

/* "2026-12-01T00:00:00Z"; null for 0. */
json_t *control_time(int64_t seconds);

/* null for NULL, and for bytes that no JSON can carry. */
json_t *control_text(const char *text);

/* Adds "file", "line" and "column" to `object`, and returns it. */
json_t *control_add_place(json_t *object, const struct policy *policy, struct position at);

/* Whether a packet to it comes to this frontend: the same one, or `*`. */
bool control_is_reached(const struct frontend *frontend, const struct frontend *destination);

/* `vaults` has room for `room`. Exact frontends win over `*`, as in the filter. */
size_t control_find_vaults(const struct policy *policy, const struct frontend *destination,
			   const struct vault **vaults, size_t room);
