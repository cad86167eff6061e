/* SPDX-License-Identifier: Apache-2.0 */
#include "explain_parts.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "diag.h"

void explain_advise(const struct explainer *explainer, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	explanation_advise(explainer->explanation, format, arguments);
	va_end(arguments);
}

void explain_advise_time(const struct explainer *explainer, const char *before, int64_t seconds)
{
	char text[32];
	time_t time = (time_t)seconds;
	struct tm parts;

	if (gmtime_r(&time, &parts) && strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &parts))
		explain_advise(explainer, "%s %s. ", before, text);
}

void explain_advise_set(const struct explainer *explainer, const struct explain_hold *hold,
			const char *whose)
{
	char at[EXPLAIN_PLACE_TEXT];

	if (hold->rule->set)
		explain_advise(explainer, "%s refer to set:%s at %s. ", whose,
			       hold->rule->set->name,
			       explain_place(explainer, hold->rule->entry.at, at));
}

void explain_advise_comment(const struct explainer *explainer, const struct explain_hold *hold)
{
	const char *comment = hold->rule->entry.comment;
	char quoted[DIAG_QUOTE_MAX];

	if (comment)
		explain_advise(explainer, "Its comment: %s. ",
			       diag_quote(quoted, sizeof(quoted), comment, strlen(comment)));
}

void explain_name_rule(const struct explainer *explainer, const struct vault *vault,
		       struct position at, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	explanation_name(explainer->explanation, explainer->policy, vault, at, format, arguments);
	va_end(arguments);
}

void explain_name_hold(const struct explainer *explainer, const struct vault *vault,
		       const struct explain_hold *hold, const char *prefix)
{
	const struct ip_set *set = hold->rule->set;
	char range[RANGE_TEXT];

	range_format(hold->entry->range, range);
	if (set)
		explain_name_rule(explainer, vault, hold->entry->at, "%s%s (set:%s)", prefix, range,
				  set->name);
	else
		explain_name_rule(explainer, vault, hold->entry->at, "%s%s", prefix, range);
}

const char *explain_place(const struct explainer *explainer, struct position at,
			  char text[EXPLAIN_PLACE_TEXT])
{
	return explanation_place(explainer->policy, at, text, EXPLAIN_PLACE_TEXT);
}

/* 255.255.255.255 is in no range; the filter keeps it as padding. */
bool explain_range_holds(struct range range, uint32_t address)
{
	return address != UINT32_MAX && range.first <= address && address <= range.last;
}

bool explain_is_over(const struct explainer *explainer, int64_t expires)
{
	return expires != 0 && explainer->query->now >= expires;
}

/* Whether a rule until `expires` outlasts one until `other`. */
static bool outlasts(int64_t expires, int64_t other)
{
	return other != 0 && (expires == 0 || expires > other);
}

static const struct range_entry *find_entry(const struct ip_rule *rule, uint32_t source)
{
	if (!rule->set)
		return explain_range_holds(rule->entry.range, source) ? &rule->entry : NULL;
	for (size_t i = 0; i < rule->set->ranges.count; i++) {
		const struct range_entry *entry = &rule->set->ranges.items[i];

		if (explain_range_holds(entry->range, source))
			return entry;
	}
	return NULL;
}

struct explain_hold explain_find_hold(const struct ip_rules *rules, uint32_t source)
{
	struct explain_hold best = {0};

	for (size_t i = 0; i < rules->count; i++) {
		const struct ip_rule *rule = &rules->items[i];
		const struct range_entry *entry = find_entry(rule, source);

		if (entry && (!best.entry || outlasts(rule->entry.expires, best.expires)))
			best = (struct explain_hold){entry, rule, rule->entry.expires};
	}
	return best;
}

bool explain_may_come_from(const struct explainer *explainer, const struct trusted_service *service)
{
	const struct explain_query *query = explainer->query;
	struct explain_hold hold = {0};

	if (query->family != 4 || query->tagged || query->source == UINT32_MAX)
		return false;
	if (service->anywhere)
		return true;
	hold = explain_find_hold(&service->ip_rules, query->source);
	return hold.entry && !explain_is_over(explainer, hold.expires);
}

size_t explain_list_services(const struct explainer *explainer, char text[EXPLAIN_NAMES_TEXT])
{
	const struct policy *policy = explainer->policy;
	size_t count = 0;

	text[0] = '\0';
	for (size_t i = 0; i < policy->service_count; i++) {
		const struct trusted_service *service = &policy->services[i];
		size_t length = strlen(text);

		if (!explain_may_come_from(explainer, service))
			continue;
		if (count++ < EXPLAIN_NAMES)
			(void)snprintf(text + length, EXPLAIN_NAMES_TEXT - length, "%s%s",
				       length ? ", " : "", service->name);
	}
	return count;
}

size_t explain_vault_count(const struct explainer *explainer)
{
	return explainer->query->vault ? 1 : explainer->query->vault_count;
}

const struct vault *explain_vault_at(const struct explainer *explainer, size_t i)
{
	return explainer->query->vault ? explainer->query->vault : explainer->query->vaults[i];
}
