// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <stdio.h>
#include <strings.h>

#include "bundle_pack.h"
#include "cleanup.h"
#include "control_parts.h"
#include "journal.h"
#include "report.h"

static json_t *names_of(uint32_t bits, const char *const *labels, size_t count)
{
	json_t *names = json_array();

	for (size_t i = 0; i < count; i++)
		if (bits & 1U << i)
			(void)json_array_append_new(names, json_string(labels[i]));
	return names;
}

static json_t *changes_json(const struct policy_diff *diff)
{
	json_t *by_fate[] = {
		[VAULT_ADDED] = json_array(),
		[VAULT_REMOVED] = json_array(),
		[VAULT_CHANGED] = json_array(),
	};

	for (size_t i = 0; i < diff->count; i++) {
		const struct vault_change *change = &diff->items[i];
		json_t *what = names_of(change->aspects, vault_aspect_labels, VAULT_ASPECT_COUNT);

		if (change->fate == VAULT_CHANGED)
			what = json_pack("{s:s, s:o}", "vault", change->name, "what", what);
		else {
			json_decref(what);
			what = json_string(change->name);
		}
		(void)json_array_append_new(by_fate[change->fate], what);
	}
	return json_pack("{s:o, s:o, s:o, s:o}", "added", by_fate[VAULT_ADDED], "removed",
			 by_fate[VAULT_REMOVED], "changed", by_fate[VAULT_CHANGED], "shared",
			 names_of(diff->shared, shared_aspect_labels, SHARED_ASPECT_COUNT));
}

/* The vaults that network-rule has edited since the document that the new one takes the place of.
 */
static json_t *edited_json(const struct policy *before)
{
	json_t *names = json_array();

	for (size_t i = 0; before && i < before->vault_count; i++)
		if (before->vaults[i].edits)
			(void)json_array_append_new(names, json_string(before->vaults[i].name));
	return names;
}

static json_t *report_json(const struct push_report *report, bool dry_run)
{
	return json_pack("{s:I, s:b, s:b, s:o, s:o, s:I, s:I, s:o, s:{s:f, s:f, s:f}}",
			 "generation", (json_int_t)report->generation, "dry_run", dry_run,
			 "unchanged", report->unchanged, "changes", changes_json(&report->diff),
			 "edits_dropped", edited_json(report->before), "vaults",
			 (json_int_t)report->vaults, "ranges", (json_int_t)report->ranges,
			 "diagnostics", report_from_diags(report->diags), "seconds", "read",
			 report->read, "compile", report->compile, "publish", report->publish);
}

static void log_push(const struct pusher *pusher, const struct push_report *report, bool dry_run,
		     int code, const struct fault *fault)
{
	if (code < 0)
		journal(JOURNAL_WARNING, "push by uid %u (%s) refused: %s", pusher->uid,
			pusher->user, fault->text);
	else if (dry_run || report->unchanged)
		journal(JOURNAL_INFO, "push by uid %u (%s): %s", pusher->uid, pusher->user,
			dry_run ? "dry run" : "the rules that are in force already");
	else
		journal(JOURNAL_NOTICE,
			"push by uid %u (%s): generation %u is in force, %zu vaults, %zu ranges, %zu warnings, %zu vaults changed, %zu edits dropped; read %.3f s, compiled %.3f s, published %.3f s",
			pusher->uid, pusher->user, report->generation, report->vaults,
			report->ranges, report->diags->warnings, report->diff.count,
			report->before ? policy_edits_count(report->before) : 0, report->read,
			report->compile, report->publish);
}

static void answer(struct http_request *request, const struct push_report *report, bool dry_run,
		   int code, const struct fault *fault)
{
	if (code == 0)
		http_answer(request, 200, report_json(report, dry_run));
	else if (code == -EINVAL && report->diags)
		http_answer(request, 422,
			    json_pack("{s:{s:s}, s:o}", "error", "message", fault->text,
				      "diagnostics", report_from_diags(report->diags)));
	else
		http_refuse(request, 503, "%s", fault->text);
}

static int unpack_bundle(struct http_request *request, struct bundle *ret_bundle,
			 struct fault *fault)
{
	const char *type = NULL;
	size_t size = 0;

	if (http_header(request, "Content-Type", &type) != 1 || strcasecmp(type, PACK_TYPE) != 0) {
		const char *body = http_body(request, &size);

		return bundle_parse(body, size, ret_bundle, fault);
	}
	cleanup(free_ptr) char *block = http_take_body(request, &size);

	return pack_read(&block, size, ret_bundle, fault);
}

/* Who made an edit, and when, is for the agent to say. */
static int read_bundle(struct http_request *request, struct bundle *ret_bundle, struct fault *fault)
{
	int r = unpack_bundle(request, ret_bundle, fault);

	if (r == 0 && ret_bundle->rules.edits.size)
		return fault_set(fault, -EINVAL,
				 "a push has no edits; they are made by /v1/network-rules");
	return r;
}

void control_push(struct http_request *request, void *context)
{
	struct control *control = context;
	cleanup(bundle_free) struct bundle bundle = {0};
	bool dry_run = control_is_dry_run(request);
	struct pusher pusher = control_pusher(request);
	struct fault fault = {0};
	int r;

	if (read_bundle(request, &bundle, &fault) < 0) {
		http_refuse(request, 400, "%s", fault.text);
		return;
	}
	control_settle(control);
	control->pushed = true;
	r = firewall_push(control->firewall, &bundle, &pusher, dry_run, &control->report, &fault);
	log_push(&pusher, &control->report, dry_run, r, &fault);
	answer(request, &control->report, dry_run, r, &fault);
}
