// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include "address.h"
#include "control_parts.h"
#include "counter.h"
#include "request.h"
#include "tag.h"
#include "verdict.h"

static const enum vw_verdict outcome_verdicts[] = {
#define X(reason, verdict) [VW_OUTCOME_##reason##_##verdict] = VW_VERDICT_##verdict,
	VW_OUTCOMES(X)
#undef X
};

static const char *const mode_labels[] = {
	[ATTACH_AUTO] = "auto",
	[ATTACH_NATIVE] = "native",
	[ATTACH_GENERIC] = "generic",
};

static const char *const state_labels[] = {
	[ATTACH_ABSENT] = "absent",
	[ATTACH_REFUSED] = "refused",
	[ATTACH_ATTACHED] = "attached",
};

static json_t *interface_json(const struct interface *interface)
{
	const struct attachment *attachment = &interface->attachment;
	bool attached = interface->tried && attachment->state == ATTACH_ATTACHED;
	const char *mode = attachment->generic ? "generic" : "native";
	const char *reason = attachment->reason[0] ? attachment->reason : NULL;

	return json_pack("{s:s, s:I, s:s, s:s, s:o, s:b, s:o}", "name", interface->name, "ifindex",
			 (json_int_t)attachment->ifindex, "wanted", mode_labels[interface->wanted],
			 "state", interface->tried ? state_labels[attachment->state] : "waiting",
			 "mode", control_text(attached ? mode : NULL), "frags",
			 attached && attachment->frags, "reason",
			 control_text(interface->tried ? reason : NULL));
}

static json_t *interfaces_json(const struct interfaces *interfaces)
{
	json_t *array = json_array();

	for (size_t i = 0; i < interfaces->count; i++)
		(void)json_array_append_new(array, interface_json(&interfaces->items[i]));
	return array;
}

static bool is_enforcing(const struct firewall *firewall)
{
	for (size_t i = 0; i < firewall->interfaces.count; i++)
		if (firewall->interfaces.items[i].tried &&
		    firewall->interfaces.items[i].attachment.state == ATTACH_ATTACHED)
			return firewall->generation > 0;
	return false;
}

static json_t *rules_json(const struct rules *rules)
{
	char digest[BUNDLE_DIGEST_TEXT];

	if (!rules)
		return json_null();
	bundle_digest_format(rules->stored.digest, digest);
	return json_pack("{s:s, s:s, s:o, s:{s:I, s:o}, s:I, s:I, s:I, s:I, s:I}", "name",
			 rules->stored.bundle.rules.document.name, "digest", digest, "pushed_at",
			 control_time(rules->stored.pushed_at), "pushed_by", "uid",
			 (json_int_t)rules->stored.uid, "user", control_text(rules->stored.user),
			 "vaults", (json_int_t)rules->policy.vault_count, "ranges",
			 (json_int_t)rules->ranges, "subnets", (json_int_t)rules->subnets,
			 "warnings", (json_int_t)rules->diags.warnings, "edits",
			 (json_int_t)policy_edits_count(&rules->policy));
}

static json_t *image_json(const struct firewall *firewall)
{
	if (firewall->generation == 0)
		return json_null();
	return json_pack("{s:I, s:I, s:I}", "lines", (json_int_t)firewall->lines, "limit",
			 (json_int_t)LOADER_SLOT_LINES, "bytes",
			 (json_int_t)(firewall->lines * IMAGE_LINE_BYTES));
}

static void add_counters(struct vw_counter totals[VW_VERDICT_COUNT],
			 const struct vw_counters *counters)
{
	for (unsigned i = 0; i < VW_OUTCOME_COUNT; i++) {
		totals[outcome_verdicts[i]].packets += counters->outcomes[i].packets;
		totals[outcome_verdicts[i]].bytes += counters->outcomes[i].bytes;
	}
}

static json_t *totals_json(const struct firewall *firewall)
{
	struct vw_counter totals[VW_VERDICT_COUNT] = {{0}};
	struct vw_counters counters;
	json_t *object = json_object();

	for (uint32_t seat = 0; seat == 0 || seat < firewall->seating.count; seat++)
		if (loader_counters(firewall->loader, seat, &counters, NULL) == 0)
			add_counters(totals, &counters);
	for (unsigned i = VW_VERDICT_PASS + 1; i < VW_VERDICT_COUNT; i++)
		(void)json_object_set_new(object, control_verdict_label(i),
					  json_pack("{s:I, s:I}", "packets",
						    (json_int_t)totals[i].packets, "bytes",
						    (json_int_t)totals[i].bytes));
	return object;
}

static json_t *seats_json(const struct seating *seating)
{
	json_int_t used = 1; /* the node's own */

	for (size_t i = 1; i < seating->count; i++)
		used += seating->names[i] != NULL;
	return json_pack("{s:I, s:I}", "used", used, "limit", (json_int_t)VW_SEATS);
}

/* What the gate answered; counted by the authoriser, whether or not it lives. */
static json_t *requests_json(const struct firewall *firewall)
{
	static const char *const kinds[VW_REQUEST_COUNT][2] = {
#define X(name, code, error) [VW_REQUEST_##name] = {code, error},
		VW_REQUESTS(X)
#undef X
	};
	struct vw_requests requests;
	json_t *array = json_array();

	loader_requests(firewall->loader, &requests);
	for (unsigned i = 0; i < VW_REQUEST_COUNT; i++)
		(void)json_array_append_new(array, json_pack("{s:s, s:s, s:I}", "code", kinds[i][0],
							     "error", kinds[i][1], "count",
							     (json_int_t)requests.kinds[i]));
	return array;
}

static json_t *tags_json(const struct firewall *firewall)
{
	static const char *const refusals[VW_TAG_REFUSAL_COUNT] = {
#define X(name, label) [VW_TAG_REFUSAL_##name] = (label),
		VW_TAG_REFUSALS(X)
#undef X
	};
	struct vw_tag_totals totals = {0};
	json_t *refused = json_object();

	(void)loader_tag_totals(firewall->loader, &totals);
	for (unsigned i = 0; i < VW_TAG_REFUSAL_COUNT; i++)
		(void)json_object_set_new(refused, refusals[i],
					  json_integer((json_int_t)totals.refused[i]));
	return json_pack("{s:I, s:I, s:o}", "noted", (json_int_t)(totals.noted - totals.removed),
			 "limit", (json_int_t)VW_TAGS, "refused", refused);
}

/* null: node.yaml has no gate. */
static json_t *gate_json(const struct control *control)
{
	const struct firewall *firewall = control->firewall;
	char listen[FRONTEND_ADDRESS_TEXT];
	json_t *gate;

	if (!firewall->node.gate.present)
		return json_null();
	frontend_format(&firewall->node.gate.listen, listen);
	gate = json_pack("{s:s, s:s, s:o}", "listen", listen, "state",
			 firewall->gate_stands ? "stands" : "absent", "reason",
			 control_text(firewall->gate_reason[0] ? firewall->gate_reason : NULL));
	control_gate_add(control, gate);
	return gate;
}

void control_status(struct http_request *request, void *context)
{
	const struct control *control = context;
	const struct firewall *firewall = control->firewall;
	json_t *generation =
		firewall->generation ? json_integer(firewall->generation) : json_null();
	struct timespec now;

	(void)clock_gettime(CLOCK_BOOTTIME, &now);
	http_answer(
		request, 200,
		json_pack(
			"{s:i, s:s, s:s, s:i, s:I, s:b, s:o, s:o, s:o, s:o, s:o, s:o, s:b, s:o, s:o, s:o, s:o}",
			"schema", 1, "instance", firewall->paths.instance, "version",
			VAULTWALL_VERSION, "pid", (int)getpid(), "uptime_seconds",
			(json_int_t)(now.tv_sec - control->started.tv_sec), "enforcing",
			is_enforcing(firewall), "generation", generation, "message",
			control_text(firewall->message[0] ? firewall->message : NULL), "rules",
			rules_json(firewall->rules), "image", image_json(firewall), "interfaces",
			interfaces_json(&firewall->interfaces), "gate", gate_json(control),
			"steered", firewall->steered, "totals", totals_json(firewall), "seats",
			seats_json(&firewall->seating), "requests", requests_json(firewall), "tags",
			tags_json(firewall)));
}
