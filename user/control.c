// SPDX-License-Identifier: Apache-2.0
#include "control.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "bundle_pack.h"
#include "cleanup.h"
#include "control_parts.h"
#include "report.h"

#define CONNECTIONS	  64
#define IDLE_SECONDS	  60
#define CONNECTION_MEMORY ((size_t)512 << 10) /* rules come in large pieces */

static const struct http_route routes[] = {
	{"GET", "/v1/status", control_status},
	{"POST", "/v1/push", control_push},
	{"POST", "/v1/network-rules", control_network_rules},
	{"GET", "/v1/rules", control_rules},
	{"GET", "/v1/generation", control_generation},
	{"GET", "/v1/show", control_show},
	{"POST", "/v1/explain", control_explain},
	{"GET", "/v1/events", control_events},
	{"GET", "/v1/diagnostics", control_diagnostics},
	{"POST", "/v1/gate-configuration", control_gate_configuration},
	{0},
};

static void free_control(struct control **control)
{
	control_close(*control);
}

int control_open(struct firewall *firewall, struct control **ret_control, struct fault *fault)
{
	cleanup(free_control) struct control *control = calloc(1, sizeof(*control));
	const struct http_options options = {
		.path = firewall->paths.control,
		.group = firewall->group,
		.routes = routes,
		.context = control,
		.body_max = BUNDLE_JSON_MAX,
		.connections = CONNECTIONS,
		.timeout = IDLE_SECONDS,
		.memory = CONNECTION_MEMORY,
	};
	int r;

	if (!control)
		return fault_set(fault, -ENOMEM, "no memory for the control API");
	control->firewall = firewall;
	(void)clock_gettime(CLOCK_BOOTTIME, &control->started);
	r = http_open(&options, &control->http, fault);
	if (r < 0)
		return r;
	*ret_control = take_ptr(&control);
	return 0;
}

void control_close(struct control *control)
{
	if (!control)
		return;
	http_close(control->http);
	control_settle(control);
	control_events_free(control);
	json_decref(control->gate_report);
	free(control);
}

int control_fd(const struct control *control)
{
	return http_fd(control->http);
}

int control_run(struct control *control, struct fault *fault)
{
	int r = http_run(control->http);

	control_tell_generation(control);
	return r < 0 ? fault_set(fault, r, "the control socket failed: %s", strerror(-r)) : 0;
}

bool control_is_settled(const struct control *control)
{
	return !control->pushed && firewall_is_settled(control->firewall);
}

void control_settle(struct control *control)
{
	firewall_settle(control->firewall);
	if (control->pushed)
		push_report_free(&control->report);
	control->pushed = false;
}

/* What the handlers share. */

bool control_is_reached(const struct frontend *frontend, const struct frontend *destination)
{
	return frontend->port == destination->port && frontend->protocol == destination->protocol &&
	       (frontend->family == 0 ||
		(frontend->family == destination->family &&
		 !memcmp(frontend->address, destination->address, sizeof(frontend->address))));
}

static bool has_frontend(const struct vault *vault, const struct frontend *destination, bool exact)
{
	for (size_t i = 0; i < vault->frontend_count; i++)
		if ((vault->frontends[i].family != 0) == exact &&
		    control_is_reached(&vault->frontends[i], destination))
			return true;
	return false;
}

static size_t find_vaults(const struct policy *policy, const struct frontend *destination,
			  bool exact, const struct vault **vaults, size_t room)
{
	size_t count = 0;

	for (size_t i = 0; i < policy->vault_count && count < room; i++)
		if (has_frontend(&policy->vaults[i], destination, exact))
			vaults[count++] = &policy->vaults[i];
	return count;
}

size_t control_find_vaults(const struct policy *policy, const struct frontend *destination,
			   const struct vault **vaults, size_t room)
{
	size_t count = find_vaults(policy, destination, true, vaults, room);

	return count ? count : find_vaults(policy, destination, false, vaults, room);
}

const struct rules *control_need_rules(const struct control *control, struct http_request *request)
{
	const struct firewall *firewall = control->firewall;

	if (!firewall->rules)
		http_refuse(request, 404, "%s",
			    firewall->message[0] ? firewall->message : "no rules are in force");
	return firewall->rules;
}

/* Small handlers. */

static void answer_packed(struct http_request *request, const struct rules_bundle *rules)
{
	char *text = pack_text(rules);

	if (text)
		http_answer_text(request, 200, PACK_TYPE, text, NULL);
	else
		http_refuse(request, 503, "no memory for the rules");
}

void control_rules(struct http_request *request, void *context)
{
	const struct control *control = context;
	const struct rules *rules = control_need_rules(control, request);
	struct fault fault = {0};
	const char *accepted = NULL;
	json_t *json = NULL;

	if (!rules)
		return;
	if (http_header(request, "Accept", &accepted) == 1 && !strcasecmp(accepted, PACK_TYPE))
		answer_packed(request, &rules->stored.bundle.rules);
	else if (bundle_to_json(&rules->stored.bundle.rules, &json, &fault) < 0)
		http_refuse(request, 503, "%s", fault.text);
	else
		http_answer(request, 200, json);
}

void control_diagnostics(struct http_request *request, void *context)
{
	const struct control *control = context;
	const struct rules *rules = control_need_rules(control, request);

	if (rules)
		http_answer(request, 200,
			    json_pack("{s:I, s:o}", "generation",
				      (json_int_t)control->firewall->generation, "diagnostics",
				      report_from_diags(&rules->diags)));
}
