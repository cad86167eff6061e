// SPDX-License-Identifier: Apache-2.0
/*
 * Explain: a question becomes a frame, the live filter decides about it, and the
 * policy is asked which rule that was.
 */
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <time.h>

#include "address.h"
#include "control_inquiry.h"
#include "control_parts.h"
#include "explain.h"
#include "verdict.h"

static const char *const reason_texts[] = {
#define X(name, label, help) [VW_REASON_##name] = (help),
	VW_REASONS(X)
#undef X
};

/* The answer. */

static void format_endpoint(const struct endpoint *endpoint, char *text, size_t size)
{
	char address[ADDRESS_TEXT];

	address_format(endpoint->family, endpoint->address, address);
	(void)snprintf(text, size, endpoint->family == 6 ? "[%s]:%u" : "%s:%u", address,
		       endpoint->port);
}

static void describe_tag(const struct frame_plan *plan, char *text, size_t size)
{
	static const char *const names[] = {
		[IMAGE_TRANSPORT_VXLAN] = "VXLAN",
		[IMAGE_TRANSPORT_GENEVE] = "Geneve",
		[IMAGE_TRANSPORT_GRE] = "GRE",
	};
	char source[ADDRESS_TEXT];

	text[0] = '\0';
	if (!plan->tagged)
		return;
	if (plan->transport == IMAGE_TRANSPORT_NONE) {
		(void)snprintf(text, size, "VLAN %u / ", plan->tag);
		return;
	}
	address_format(4, plan->outer_source.address, source);
	(void)snprintf(text, size, "IPv4 from %s / %s %u / Ethernet / ", source,
		       names[plan->transport], plan->tag);
}

static json_t *frames_json(const struct frame_plan *plan)
{
	char tag[128], source[ADDRESS_TEXT], destination[ADDRESS_TEXT];
	unsigned family = plan->source.family;

	describe_tag(plan, tag, sizeof(tag));
	address_format(plan->source.family, plan->source.address, source);
	address_format(plan->destination.family, plan->destination.address, destination);
	return json_sprintf("Ethernet / %sIPv%u %s > %s / %s %u > %u", tag, family, source,
			    destination, plan->protocol == IPPROTO_UDP ? "UDP" : "TCP SYN",
			    plan->source.port, plan->destination.port);
}

static struct explanation find_rule(const struct firewall *firewall, const struct inquiry *inquiry,
				    enum vw_reason reason)
{
	const uint8_t *source = inquiry->plan.source.address;
	const struct explain_query query = {
		.vault = inquiry->vault_count == 1 ? inquiry->vaults[0] : NULL,
		.vaults = inquiry->vaults,
		.vault_count = inquiry->vault_count,
		.reason = reason,
		.family = inquiry->plan.source.family,
		.source = (uint32_t)source[0] << 24 | (uint32_t)source[1] << 16 |
			  (uint32_t)source[2] << 8 | source[3],
		.tagged = inquiry->plan.tagged,
		.tag = inquiry->plan.tag,
		.now = time(NULL),
	};
	struct explanation explanation = {0};

	explain_rule(&firewall->rules->policy, &firewall->node, &query, &explanation);
	return explanation;
}

static json_t *rule_json(const struct explanation *explanation)
{
	if (!explanation->found)
		return json_null();
	return json_pack("{s:s, s:o, s:I, s:I, s:o}", "text", explanation->rule, "file",
			 control_text(explanation->file), "line", (json_int_t)explanation->at.line,
			 "column", (json_int_t)explanation->at.column, "vault",
			 control_text(explanation->vault ? explanation->vault->name : NULL));
}

static json_t *vault_names(const struct inquiry *inquiry)
{
	json_t *names = json_array();

	for (size_t i = 0; i < inquiry->vault_count; i++)
		(void)json_array_append_new(names, json_string(inquiry->vaults[i]->name));
	return names;
}

/* As the rules have it: `*` stays `*`. */
static json_t *frontend_json(const struct inquiry *inquiry)
{
	const struct vault *vault = inquiry->vault_count > 0 ? inquiry->vaults[0] : NULL;
	const struct frontend *found = NULL;
	char text[FRONTEND_ADDRESS_TEXT];

	for (size_t i = 0; vault && i < vault->frontend_count; i++)
		if (control_is_reached(&vault->frontends[i], &inquiry->destination) &&
		    (!found || vault->frontends[i].family != 0))
			found = &vault->frontends[i];
	if (!found)
		return json_null();
	frontend_format(found, text);
	return json_string(text);
}

static json_t *answer_json(const struct firewall *firewall, const struct inquiry *inquiry,
			   const struct vw_sighting *sighting)
{
	const struct frame_plan *plan = &inquiry->plan;
	struct explanation explanation = find_rule(firewall, inquiry, sighting->reason);
	const char *vault = inquiry->vault_count == 1 ? inquiry->vaults[0]->name : NULL;
	char source[ADDRESS_TEXT + 8], destination[ADDRESS_TEXT + 8];
	json_t *tag = plan->tagged ? json_integer(plan->tag) : json_null();
	bool vlan = plan->tagged && plan->transport == IMAGE_TRANSPORT_NONE;

	format_endpoint(&plan->source, source, sizeof(source));
	format_endpoint(&plan->destination, destination, sizeof(destination));
	return json_pack(
		"{s:s, s:s, s:s, s:o, s:o, s:o, s:s, s:s, s:s, s:o, s:b, s:I, s:o, s:o, s:o}",
		"verdict", control_verdict_label(sighting->verdict), "reason",
		control_reason_label(sighting->reason), "reason_text",
		reason_texts[sighting->reason], "vault", control_text(vault), "vaults",
		vault_names(inquiry), "frontend", frontend_json(inquiry), "source", source,
		"destination", destination, "protocol",
		plan->protocol == IPPROTO_UDP ? "udp" : "tcp", "tag", tag, "vlan", vlan,
		"generation", (json_int_t)sighting->generation, "rule", rule_json(&explanation),
		"advice", control_text(explanation.advice[0] ? explanation.advice : NULL), "frames",
		frames_json(plan));
}

/* Asks the live filter. */
static int ask_filter(const struct firewall *firewall, const struct inquiry *inquiry,
		      struct vw_sighting *ret_sighting, struct fault *fault)
{
	uint8_t frame[FRAME_BYTES];
	int length = frame_build(&inquiry->plan, frame);
	int r;

	if (length < 0)
		return fault_set(fault, -EINVAL, "tag %u does not fit into a VLAN id",
				 inquiry->plan.tag);
	r = loader_explain(firewall->loader, frame, (size_t)length, inquiry->ifindex, ret_sighting,
			   fault);
	if (r < 0)
		return -EIO;
	if (ret_sighting->reason >= VW_REASON_COUNT || ret_sighting->verdict >= VW_VERDICT_COUNT)
		return fault_set(fault, -EIO, "the filter is of another version than the agent");
	return 0;
}

static unsigned status_of(int code)
{
	if (code == -EINVAL)
		return 400;
	return code == -ENOENT ? 404 : 503;
}

static void explain(struct http_request *request, const struct firewall *firewall, json_t *json)
{
	struct vw_sighting sighting = {0};
	struct inquiry inquiry = {0};
	struct fault fault = {0};
	int r;

	r = control_inquire(firewall, json, &inquiry, &fault);
	if (r == 0)
		r = ask_filter(firewall, &inquiry, &sighting, &fault);
	if (r < 0)
		http_refuse(request, status_of(r), "%s", fault.text);
	else
		http_answer(request, 200, answer_json(firewall, &inquiry, &sighting));
}

void control_explain(struct http_request *request, void *context)
{
	const struct control *control = context;
	json_error_t error;
	size_t size;
	const char *body = http_body(request, &size);
	json_t *json;

	if (!control_need_rules(control, request))
		return;
	json = json_loadb(body, size, JSON_REJECT_DUPLICATES, &error);
	if (json)
		explain(request, control->firewall, json);
	else
		http_refuse(request, 400, "the question is no JSON: %s", error.text);
	json_decref(json);
}
