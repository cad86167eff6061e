// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "authorize_text.h"
#include "cleanup.h"
#include "control_parts.h"
#include "journal.h"
#include "report.h"

#define BODY_MAX ((size_t)1 << 20)
#define TOLD_MAX 256 /* bytes of what the journal says of the rules */

static void release(json_t **json)
{
	json_decref(*json);
}

static const char *change_label(const struct rule_edit *edit)
{
	if (edit->removed)
		return "removed";
	return edit->listed ? "expiry" : "added";
}

static json_t *changes_json(const struct edit_request *request)
{
	json_t *array = json_array();
	char rule[EDIT_RULE_TEXT];

	for (size_t i = 0; i < request->count; i++) {
		const struct rule_edit *edit = &request->changes[i];

		(void)json_array_append_new(
			array, json_pack("{s:s, s:s, s:o}", "change", change_label(edit), "rule",
					 edit_rule_format(edit, rule), "expires",
					 control_time(edit->expires)));
	}
	return array;
}

static json_t *report_json(const struct edit_report *report, const json_t *body, bool dry_run)
{
	return json_pack("{s:I, s:b, s:b, s:O, s:o, s:I, s:I, s:o, s:{s:f, s:f, s:f}}",
			 "generation", (json_int_t)report->generation, "dry_run", dry_run,
			 "unchanged", report->unchanged, "vault", json_object_get(body, "vault"),
			 "changes", changes_json(&report->request), "vaults",
			 (json_int_t)report->vaults, "ranges", (json_int_t)report->ranges,
			 "diagnostics", report_from_diags(&report->diags), "seconds", "read",
			 report->read, "compile", report->compile, "publish", report->publish);
}

/* "+192.0.2.77/32 -vnet-app/web" */
static const char *list_changes(const struct edit_request *request, char text[TOLD_MAX])
{
	struct text_buffer buffer = text_buffer_start(text, TOLD_MAX);
	char rule[EDIT_RULE_TEXT];

	for (size_t i = 0; i < request->count && !buffer.cut; i++)
		text_addf(&buffer, " %c%s", request->changes[i].removed ? '-' : '+',
			  edit_rule_format(&request->changes[i], rule));
	return text;
}

static void log_edit(const struct pusher *pusher, const struct edit_report *report, bool dry_run,
		     int code, const struct fault *fault)
{
	const struct vault *vault = report->request.edit.vault;
	char told[TOLD_MAX];

	if (code < 0)
		journal(JOURNAL_WARNING, "network-rule by uid %u (%s) refused: %s", pusher->uid,
			pusher->user, fault->text);
	else if (dry_run || report->unchanged)
		journal(JOURNAL_INFO, "network-rule by uid %u (%s): %s", pusher->uid, pusher->user,
			dry_run ? "dry run" : "the rules that are in force already");
	else
		journal(JOURNAL_NOTICE,
			"network-rule by uid %u (%s): generation %u is in force, vault %s, %zu rules changed:%s; read %.3f s, compiled %.3f s, published %.3f s",
			pusher->uid, pusher->user, report->generation, vault->name,
			report->request.count, list_changes(&report->request, told), report->read,
			report->compile, report->publish);
}

static void answer(struct http_request *request, const struct edit_report *report,
		   const json_t *body, bool dry_run, int code, const struct fault *fault)
{
	if (code == 0)
		http_answer(request, 200, report_json(report, body, dry_run));
	else if (code == -EINVAL && report->diags.count)
		http_answer(request, 422,
			    json_pack("{s:{s:s}, s:o}", "error", "message", fault->text,
				      "diagnostics", report_from_diags(&report->diags)));
	else
		http_refuse(request, code == -ENOENT ? 404 : 503, "%s", fault->text);
}

/* As one line of JSON again; NULL: the client was told. */
static char *read_body(struct http_request *request, json_t **ret_body)
{
	size_t size = 0;
	const char *text = http_body(request, &size);
	json_error_t error;
	char *line = NULL;

	if (size > BODY_MAX) {
		http_refuse(request, 413, "an edit has at most %zu MiB", BODY_MAX >> 20);
		return NULL;
	}
	*ret_body = json_loadb(text ? text : "", size, JSON_REJECT_DUPLICATES, &error);
	if (!json_is_object(*ret_body)) {
		http_refuse(request, 400, "an edit is a JSON object%s%s", *ret_body ? "" : ": ",
			    *ret_body ? "" : error.text);
		return NULL;
	}
	line = json_dumps(*ret_body, 0);
	if (!line)
		http_refuse(request, 503, "no memory for the edit");
	return line;
}

void control_network_rules(struct http_request *request, void *context)
{
	struct control *control = context;
	cleanup(edit_report_free) struct edit_report report = {0};
	cleanup(release) json_t *body = NULL;
	cleanup(free_ptr) char *text = read_body(request, &body);
	bool dry_run = control_is_dry_run(request);
	struct pusher pusher = control_pusher(request);
	struct fault fault = {0};
	int r;

	if (!text)
		return;
	control_settle(control);
	r = firewall_edit(control->firewall, text, strlen(text), &pusher, dry_run, &report, &fault);
	log_edit(&pusher, &report, dry_run, r, &fault);
	answer(request, &report, body, dry_run, r, &fault);
}
