/* SPDX-License-Identifier: Apache-2.0 */
#include "concerns.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define TEXT_MOST 1024

__attribute__((format(printf, 3, 4))) static void add(json_t *list, const char *name,
						      const char *format, ...)
{
	char text[TEXT_MOST];
	va_list arguments;

	va_start(arguments, format);
	(void)vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	(void)json_array_append_new(list, json_pack("{s:s, s:s}", "name", name, "text", text));
}

static const char *text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "";
}

static json_int_t count_of(const json_t *object, const char *key)
{
	return json_integer_value(json_object_get(object, key));
}

/* Without a gate in node.yaml nobody would ask it. */
static void check_presence(json_t *list, const json_t *agent, const json_t *authorizer,
			   const char *problem)
{
	if (!authorizer && json_is_object(json_object_get(agent, "gate")))
		add(list, "authorizer_absent", "no request passes the gate: %s", problem);
}

static void check_rules(json_t *list, const json_t *agent, const json_t *authorizer)
{
	json_int_t in_force = count_of(agent, "generation");
	json_int_t known = count_of(authorizer, "generation");
	const json_t *ear = json_object_get(authorizer, "agent");

	if (known != in_force && known)
		add(list, "rules_behind",
		    "the authoriser decides by generation %lld, in force is %lld", (long long)known,
		    (long long)in_force);
	else if (known != in_force)
		add(list, "rules_behind",
		    "the authoriser has no rules, so it denies everything; in force is generation %lld",
		    (long long)in_force);
	if (json_is_false(json_object_get(ear, "connected")))
		add(list, "agent_unheard", "the authoriser does not hear of new rules: %s",
		    text_of(ear, "problem"));
}

/* What a set that could not be renewed means for tokens. */
static void describe_rest(const json_t *set, char text[TEXT_MOST])
{
	const json_t *age = json_object_get(set, "age_seconds");
	json_int_t left = count_of(set, "limit_seconds") - json_integer_value(age);

	if (json_is_integer(age))
		(void)snprintf(text, TEXT_MOST, "older keys serve for %lld more minutes",
			       (long long)(left > 0 ? left : 0) / 60);
	else
		(void)snprintf(text, TEXT_MOST, "no token of it counts");
}

static void check_set(json_t *list, const json_t *set)
{
	static const struct {
		const char *problem, *name, *words;
	} kinds[] = {
		{"unreadable", "keys_unreadable", "its keys cannot be read"},
		{"empty", "keys_empty", "its key set has no key that counts"},
		{"unreachable", "issuer_unreachable", "its keys cannot be fetched"},
	};
	const char *issuer = text_of(set, "issuer");
	const char *location = text_of(set, "location");
	char rest[TEXT_MOST];

	describe_rest(set, rest);
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strcmp(text_of(set, "problem"), kinds[i].problem) == 0)
			add(list, kinds[i].name, "issuer %.80s: %s (%.200s: %.300s); %.80s", issuer,
			    kinds[i].words, location, text_of(set, "error"), rest);
	if (json_is_true(json_object_get(set, "expired")))
		add(list, "keys_expired",
		    "issuer %.80s: its keys (%.200s) are older than %lld hours, and serve no more",
		    issuer, location, (long long)count_of(set, "limit_seconds") / 3600);
}

json_t *concerns_find(const json_t *agent, const json_t *authorizer, const char *problem)
{
	json_t *list = json_array();
	const json_t *sets = json_object_get(authorizer, "keysets");

	check_presence(list, agent, authorizer, problem);
	if (!authorizer)
		return list;
	check_rules(list, agent, authorizer);
	for (size_t i = 0; i < json_array_size(sets); i++)
		check_set(list, json_array_get(sets, i));
	return list;
}
