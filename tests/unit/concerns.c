// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "concerns.h"

/* The names of what is wrong, with blanks between them. */
static void finds(const char *agent_text, const char *authorizer_text, const char *names,
		  const char *words)
{
	json_t *agent = json_loads(agent_text, 0, NULL);
	json_t *authorizer = authorizer_text ? json_loads(authorizer_text, 0, NULL) : NULL;
	json_t *list = concerns_find(agent, authorizer, "it is not there");
	char found[256] = "";
	char *end = found;

	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *each = json_array_get(list, i);

		end = stpcpy(end, i ? " " : "");
		end = stpcpy(end, json_string_value(json_object_get(each, "name")));
		assert_non_null(strstr(json_string_value(json_object_get(each, "text")), words));
	}
	assert_string_equal(found, names);
	json_decref(list);
	json_decref(agent);
	json_decref(authorizer);
}

#define AGENT "{\"generation\": 7, \"gate\": {}}"
#define SETS(set)                                                                                     \
	"{\"generation\": 7, \"agent\": {\"connected\": true}, \"keysets\": [{\"issuer\": \"entra\"," \
	" \"location\": \"https://i.example\", \"limit_seconds\": 86400, " set "}]}"

static void nothing_is_wrong_when_all_is_well(void **state)
{
	(void)state;
	finds(AGENT,
	      SETS("\"age_seconds\": 60, \"problem\": null, \"error\": null, \"expired\": false"),
	      "", "");
	/* On their way. */
	finds(AGENT, SETS("\"age_seconds\": null, \"problem\": null, \"error\": null"), "", "");
}

static void an_absent_authoriser_matters_where_there_is_a_gate(void **state)
{
	(void)state;
	finds(AGENT, NULL, "authorizer_absent", "it is not there");
	finds("{\"generation\": 7, \"gate\": null}", NULL, "", "");
}

static void other_rules_are_told(void **state)
{
	(void)state;
	finds(AGENT, "{\"generation\": 6, \"agent\": {\"connected\": true}}", "rules_behind",
	      "by generation 6, in force is 7");
	finds(AGENT, "{\"generation\": null, \"agent\": {\"connected\": true}}", "rules_behind",
	      "denies everything");
	finds(AGENT,
	      "{\"generation\": 7, \"agent\": {\"connected\": false, \"problem\": \"no answer\"}}",
	      "agent_unheard", "no answer");
	finds("{\"generation\": null}", "{\"generation\": null, \"agent\": {}}", "", "");
}

static void what_is_wrong_with_keys_has_a_name(void **state)
{
	(void)state;
	finds(AGENT,
	      SETS("\"age_seconds\": null, \"problem\": \"unreadable\", \"error\": \"no JSON\""),
	      "keys_unreadable", "no JSON); no token of it counts");
	finds(AGENT, SETS("\"age_seconds\": null, \"problem\": \"empty\", \"error\": \"none\""),
	      "keys_empty", "issuer entra: ");
	finds(AGENT,
	      SETS("\"age_seconds\": 82800, \"problem\": \"unreachable\", \"error\": \"refused\""),
	      "issuer_unreachable", "refused); older keys serve for 60 more minutes");
}

static void keys_that_are_too_old_are_told_besides(void **state)
{
	(void)state;
	finds(AGENT,
	      SETS("\"age_seconds\": null, \"problem\": \"unreachable\", \"error\": \"refused\","
		   " \"expired\": true"),
	      "issuer_unreachable keys_expired", "https://i.example");
}

static void an_answer_of_another_version_does_no_harm(void **state)
{
	(void)state;
	finds("{}", "{\"keysets\": 7, \"agent\": []}", "", "");
	finds("{}", "{\"keysets\": [7, {}, {\"problem\": 1, \"error\": {}}]}", "", "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_is_wrong_when_all_is_well),
		cmocka_unit_test(an_absent_authoriser_matters_where_there_is_a_gate),
		cmocka_unit_test(other_rules_are_told),
		cmocka_unit_test(what_is_wrong_with_keys_has_a_name),
		cmocka_unit_test(keys_that_are_too_old_are_told_besides),
		cmocka_unit_test(an_answer_of_another_version_does_no_harm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
