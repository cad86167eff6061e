// SPDX-License-Identifier: Apache-2.0
/*
 * nginx's configuration, as the one that keeps it reports it: remembered, and shown by `status`
 * beside the generation in force. A report changes nothing else.
 */
#include "control_parts.h"
#include "gate_report.h"

static int64_t now_seconds(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_BOOTTIME, &now);
	return now.tv_sec;
}

void control_gate_configuration(struct http_request *request, void *context)
{
	struct control *control = context;
	struct fault fault = {0};
	size_t size;
	const char *body = http_body(request, &size);
	json_t *report;

	if (size > GATE_REPORT_BYTES) {
		http_refuse(request, 413, "a report has at most %d bytes", GATE_REPORT_BYTES);
		return;
	}
	report = json_loadb(body, size, JSON_REJECT_DUPLICATES, NULL);
	if (gate_report_check(report, &fault) < 0) {
		json_decref(report);
		http_refuse(request, 400, "no report about nginx's configuration: %s", fault.text);
		return;
	}
	json_decref(control->gate_report);
	control->gate_report = report;
	control->gate_reported = now_seconds();
	http_answer(request, 200,
		    json_pack("{s:I}", "generation", (json_int_t)control->firewall->generation));
}

/* Of this generation, without a fault. One that nobody knows the generation of is not. */
static bool is_current(const struct control *control)
{
	const json_t *report = control->gate_report;
	const json_t *generation = json_object_get(report, "generation");

	return json_is_integer(generation) && json_is_null(json_object_get(report, "problem")) &&
	       json_integer_value(generation) == (json_int_t)control->firewall->generation;
}

static json_t *configuration_json(const struct control *control)
{
	const json_t *report = control->gate_report;
	int64_t age = now_seconds() - control->gate_reported;
	bool follows = json_is_true(json_object_get(report, "follows"));
	json_int_t since = json_integer_value(json_object_get(report, "since"));

	if (!report)
		return json_null();
	return json_pack("{s:O, s:b, s:b, s:O, s:b, s:o, s:I, s:O, s:O, s:O}", "file",
			 json_object_get(report, "file"), "follows", follows, "kept",
			 follows && age <= GATE_REPORT_LATE, "generation",
			 json_object_get(report, "generation"), "current", is_current(control),
			 "since", control_time(since), "reported_seconds", (json_int_t)age,
			 "problem", json_object_get(report, "problem"), "unserved",
			 json_object_get(report, "unserved"), "diagnostics",
			 json_object_get(report, "diagnostics"));
}

void control_gate_add(const struct control *control, json_t *gate)
{
	if (json_is_object(gate) && control->firewall->node.gate.questions == QUESTIONS_ORIGINAL)
		(void)json_object_set_new(gate, "configuration", configuration_json(control));
}
