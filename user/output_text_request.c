// SPDX-License-Identifier: Apache-2.0
/*
 * The gate's half of `explain` for people: what it answers, why, and what was missing.
 */
#include <string.h>

#include "cleanup.h"
#include "output_fields.h"
#include "output_lines.h"
#include "output_text.h"

#define CLAIM_MOST 100 /* columns of a claim */

static const char *member(const json_t *object, const char *name, const char *key)
{
	return field_text(json_object_get(object, name), key);
}

static void print_place(const struct printer *printer, const json_t *object)
{
	char place[FIELD_PLACE_TEXT];

	if (field_place(object, place)[0])
		output_print(printer, HUE_DIM, " (%s)", place);
	output_newline(printer);
}

/* Where the connection goes decides whether all that follows is more than a thought. */
static void print_way(const struct printer *printer, const json_t *answer)
{
	const char *verdict = field_text(answer, "verdict");

	if (field_flag(answer, "reaches_gate"))
		output_print(printer, HUE_PLAIN,
			     "The connection is led to the gate, which says to");
	else if (strcmp(verdict, "drop") == 0)
		output_print(printer, HUE_WARN,
			     "The packet never reaches the gate. It would say to");
	else
		output_print(
			printer, HUE_WARN,
			"The connection goes past the gate to where it is meant for. Asked, it would say to");
	output_print(printer, HUE_BOLD, " %s", field_text(answer, "request"));
	output_newline(printer);
}

static void print_verdict(const struct printer *printer, const json_t *gate)
{
	const char *verdict = field_text(gate, "verdict");
	const char *inner = field_text(gate, "innererror");
	bool passes = strcmp(verdict, "allow") == 0;
	enum hue hue = strcmp(verdict, "deny") == 0 ? HUE_BAD : passes ? HUE_GOOD : HUE_WARN;

	output_print(printer, hue, "%s", verdict);
	output_print(printer, HUE_PLAIN, ": %s (%s)", field_text(gate, "reason_text"),
		     field_text(gate, "reason"));
	output_newline(printer);
	line_label(printer, "answer");
	output_print(printer, HUE_PLAIN, "%lld%s%s, row %lld",
		     (long long)field_count(gate, "status"), inner[0] ? " " : "", inner,
		     (long long)field_count(gate, "row"));
	output_newline(printer);
}

static void print_host(const struct printer *printer, const json_t *gate)
{
	line_label(printer, "host");
	output_print(printer, HUE_PLAIN, "%.100s", field_text(gate, "host"));
	if (field_given(gate, "vault"))
		output_print(printer, HUE_PLAIN, ", vault %s", field_text(gate, "vault"));
	output_newline(printer);
}

static void print_token(const struct printer *printer, const json_t *gate)
{
	const json_t *token = json_object_get(gate, "token");

	if (!json_is_object(token))
		return;
	line_label(printer, "token");
	if (field_flag(token, "verified"))
		output_print(printer, HUE_PLAIN, "verified, of issuer %s",
			     field_text(gate, "issuer"));
	else if (field_given(token, "fault"))
		output_print(printer, HUE_BAD, "does not count: %s (%s)",
			     field_text(token, "fault_text"), field_text(token, "fault"));
	else
		output_print(printer, HUE_PLAIN, "not looked at");
	output_newline(printer);
}

/* "appid=..., idtyp=app"; a claim that is not there is left out. */
static void print_claims(const struct printer *printer, const json_t *claims, const char *label,
			 const char *const *names)
{
	bool first = true;

	for (; *names; names++) {
		if (!field_given(claims, *names))
			continue;
		if (first)
			line_label(printer, label);
		output_print(printer, HUE_PLAIN, "%s%s=%.*s", first ? "" : " ", *names, CLAIM_MOST,
			     field_text(claims, *names));
		first = false;
	}
	if (!first)
		output_newline(printer);
}

/* Said already: a subject that is the object id, a tenant that stands in the issuer. */
static bool is_said(const json_t *claims, const char *name)
{
	const char *claim = field_text(claims, name);

	if (strcmp(name, "sub") == 0)
		return strcmp(claim, field_text(claims, "oid")) == 0;
	return strcmp(name, "tid") == 0 && strstr(field_text(claims, "iss"), claim);
}

static void print_all_claims(const struct printer *printer, const json_t *gate)
{
	static const char *const rows[][4] = {
		{"iss"}, {"appid", "idtyp"}, {"oid"},	     {"tid"},
		{"sub"}, {"xms_mirid"},	     {"xms_az_rid"}, {"nbf", "exp"},
	};
	const json_t *token = json_object_get(gate, "token");
	const json_t *claims = json_object_get(token, "claims");
	cleanup(free_ptr) char *audiences = NULL;
	const char *label = field_flag(token, "verified") ? "claims" : "it claims";

	/* Nothing depended on what a token says that was not looked at. */
	if (!json_is_object(claims) ||
	    !(field_flag(token, "verified") || field_given(token, "fault")))
		return;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (is_said(claims, rows[i][0]))
			continue;
		print_claims(printer, claims, i ? "" : label, rows[i]);
	}
	audiences = field_joined(claims, "aud", ", ");
	if (!audiences)
		return;
	line_label(printer, "");
	output_print(printer, HUE_PLAIN, "aud=%.*s", 2 * CLAIM_MOST, audiences);
	output_newline(printer);
}

static void print_service(const struct printer *printer, const json_t *gate)
{
	const json_t *identity = json_object_get(gate, "identity");

	if (!field_given(gate, "service"))
		return;
	line_label(printer, field_flag(identity, "matches") ? "service" : "nearest");
	output_print(printer, HUE_PLAIN, "%s, by %s", field_text(gate, "service"),
		     field_text(identity, "text"));
	print_place(printer, identity);
}

static void print_operation(const struct printer *printer, const json_t *gate)
{
	const char *permission = member(gate, "operation", "permission");

	if (!field_given(gate, "operation") && !field_given(gate, "operation_fault"))
		return;
	line_label(printer, "operation");
	if (field_given(gate, "operation"))
		output_print(printer, HUE_PLAIN, "%s, %s%s", member(gate, "operation", "event"),
			     permission[0] ? "takes " : "takes no permission", permission);
	else
		output_print(printer, HUE_BAD, "none: %s (%s)",
			     member(gate, "operation_fault", "text"),
			     member(gate, "operation_fault", "fault"));
	output_newline(printer);
}

void text_explain_request(const struct printer *printer, const json_t *answer)
{
	const json_t *gate = json_object_get(answer, "gate");

	if (!json_is_object(gate))
		return;
	output_newline(printer);
	print_way(printer, answer);
	print_verdict(printer, gate);
	print_host(printer, gate);
	print_token(printer, gate);
	print_all_claims(printer, gate);
	print_service(printer, gate);
	print_operation(printer, gate);
	line_rule(printer, json_object_get(gate, "rule"));
	line_wrapped(printer, "advice", field_text(gate, "advice"));
}
