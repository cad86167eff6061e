// SPDX-License-Identifier: Apache-2.0
#include <pwd.h>
#include <stdio.h>
#include <string.h>

#include "control_parts.h"
#include "verdict.h"

static const char *const reason_labels[] = {
#define X(name, label, help) [VW_REASON_##name] = (label),
	VW_REASONS(X)
#undef X
};

static const char *const verdict_labels[] = {
#define X(name, label) [VW_VERDICT_##name] = (label),
	VW_VERDICTS(X)
#undef X
};

const char *control_reason_label(unsigned reason)
{
	return reason < VW_REASON_COUNT ? reason_labels[reason] : NULL;
}

const char *control_verdict_label(unsigned verdict)
{
	return verdict < VW_VERDICT_COUNT ? verdict_labels[verdict] : NULL;
}

json_t *control_time(int64_t seconds)
{
	time_t time = seconds;
	struct tm parts;
	char text[40];

	if (seconds == 0 || !gmtime_r(&time, &parts) ||
	    strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &parts) == 0)
		return json_null();
	return json_string(text);
}

json_t *control_text(const char *text)
{
	json_t *string = text ? json_string(text) : NULL;

	return string ? string : json_null();
}

json_t *control_add_place(json_t *object, const struct policy *policy, struct position at)
{
	const char *file = at.file < policy->file_count ? policy->files[at.file] : NULL;

	(void)json_object_set_new(object, "file", control_text(file));
	(void)json_object_set_new(object, "line", json_integer(at.line));
	(void)json_object_set_new(object, "column", json_integer(at.column));
	return object;
}

struct pusher control_pusher(const struct http_request *request)
{
	struct pusher pusher = {.uid = http_peer(request).uid};
	struct passwd entry, *found = NULL;
	char buffer[4096];

	(void)getpwuid_r(pusher.uid, &entry, buffer, sizeof(buffer), &found);
	if (found)
		(void)snprintf(pusher.user, sizeof(pusher.user), "%s", found->pw_name);
	else
		(void)snprintf(pusher.user, sizeof(pusher.user), "%u", (unsigned)pusher.uid);
	return pusher;
}

bool control_is_dry_run(const struct http_request *request)
{
	const char *text = http_query(request, "dry_run");

	return text && !strcmp(text, "1");
}
