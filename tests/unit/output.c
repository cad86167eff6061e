// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <locale.h>
#include <stdlib.h>
#include <string.h>

#include "output.h"
#include "output_fields.h"
#include "output_table.h"
#include "output_text.h"
#include "output_units.h"

/* What `print` makes of a JSON text, in memory. */
struct page {
	char *text;
	size_t size;
	struct printer printer;
};

static void page_begin(struct page *page, bool colour)
{
	page->printer.colour = colour;
	page->printer.stream = open_memstream(&page->text, &page->size);
	assert_non_null(page->printer.stream);
}

static void page_is(struct page *page, const char *expected)
{
	assert_int_equal(fclose(page->printer.stream), 0);
	assert_string_equal(page->text, expected);
	free(page->text);
}

static void prints(void (*print)(const struct printer *, const json_t *), const char *json,
		   const char *expected)
{
	json_t *answer = json_loads(json, 0, NULL);
	struct page page;

	assert_non_null(answer);
	page_begin(&page, false);
	print(&page.printer, answer);
	page_is(&page, expected);
	json_decref(answer);
}

/* Nothing of an answer may be taken for granted, or be obeyed by a terminal. */
static void is_harmless(void (*print)(const struct printer *, const json_t *), const char *json)
{
	json_t *answer = json_loads(json, 0, NULL);
	struct page page;

	assert_non_null(answer);
	page_begin(&page, false);
	print(&page.printer, answer);
	assert_int_equal(fclose(page.printer.stream), 0);
	for (size_t i = 0; i < page.size; i++)
		assert_true((unsigned char)page.text[i] >= ' ' || page.text[i] == '\n');
	assert_null(strstr(page.text, "\xc2\x9b"));
	free(page.text);
	json_decref(answer);
}

static void control_characters_are_escaped(void **state)
{
	struct page page;

	(void)state;
	page_begin(&page, false);
	output_print(&page.printer, HUE_BAD, "a%sb", "\x1b[2J\n\xc2\x9b\xff");
	page_is(&page, "a\\x1b[2J\\x0a\\xc2\\x9b\\xffb");
}

static void colour_is_only_where_it_was_asked_for(void **state)
{
	struct page plain;
	struct page coloured;

	(void)state;
	page_begin(&plain, false);
	output_print(&plain.printer, HUE_GOOD, "yes");
	page_is(&plain, "yes");
	page_begin(&coloured, true);
	output_print(&coloured.printer, HUE_GOOD, "yes");
	output_print(&coloured.printer, HUE_PLAIN, "no");
	page_is(&coloured, "\033[32myes\033[0mno");
}

static void wide_characters_take_two_columns(void **state)
{
	(void)state;
	assert_int_equal(output_width("abc"), 3);
	assert_int_equal(output_width(""), 0);
	if (!setlocale(LC_CTYPE, "C.UTF-8"))
		skip();
	assert_int_equal(output_width("\xc3\xa4"), 1);
	assert_int_equal(output_width("\xe4\xbd\xa0"), 2);
	assert_int_equal(output_width("e\xcc\x81"), 1);
	(void)setlocale(LC_CTYPE, "C");
}

static void columns_are_aligned_and_empty_ones_left_out(void **state)
{
	static const struct table_column columns[] = {
		{"NAME", false}, {"NOTHING", false}, {"COUNT", true}, {"NOTE", false}};
	struct table table = {.columns = columns, .column_count = 4};
	struct page page;
	static const char *const cells[] = {"a", "", "1,000", "", "longer", "", "2", "x\ty"};

	(void)state;
	for (size_t i = 0; i < 8; i++)
		table_add(&table, HUE_PLAIN, "%s", cells[i]);
	page_begin(&page, false);
	table_print(&table, &page.printer);
	page_is(&page, "NAME    COUNT  NOTE\n"
		       "a       1,000\n"
		       "longer      2  x\\x09y\n");
	table_free(&table);
}

static void a_table_without_rows_prints_nothing(void **state)
{
	static const struct table_column columns[] = {{"NAME", false}};
	struct table table = {.columns = columns, .column_count = 1};
	struct page page;

	(void)state;
	page_begin(&page, false);
	table_print(&table, &page.printer);
	page_is(&page, "");
	table_free(&table);
}

static void figures_are_readable(void **state)
{
	char text[UNITS_TEXT];

	(void)state;
	assert_string_equal(units_count(0, text), "0");
	assert_string_equal(units_count(999, text), "999");
	assert_string_equal(units_count(1000, text), "1,000");
	assert_string_equal(units_count(INT64_MAX, text), "9,223,372,036,854,775,807");
	assert_string_equal(units_count(-5, text), "0");
	assert_string_equal(units_bytes(1023, text), "1023 B");
	assert_string_equal(units_bytes(1024, text), "1.0 KiB");
	assert_string_equal(units_bytes(1536L * 1024, text), "1.5 MiB");
	assert_string_equal(units_bytes(INT64_MAX, text), "8.0 EiB");
	assert_string_equal(units_duration(0, text), "0 s");
	assert_string_equal(units_duration(0.0042, text), "4.2 ms");
	assert_string_equal(units_duration(0.82, text), "0.82 s");
	assert_string_equal(units_duration(5, text), "5 s");
	assert_string_equal(units_duration(312, text), "5 min 12 s");
	assert_string_equal(units_duration(3600.0 * 3 + 240, text), "3 h 4 min");
	assert_string_equal(units_duration(86400.0 * 12 + 3 * 3600, text), "12 d 3 h");
	assert_string_equal(units_duration(-1, text), "0 s");
	assert_string_equal(units_duration(1e300, text), "0 s");
	assert_string_equal(units_items(1, "vault", text), "1 vault");
	assert_string_equal(units_items(2000, "vault", text), "2,000 vaults");
}

static void a_push_tells_what_changed(void **state)
{
	(void)state;
	prints(output_text.push,
	       "{\"generation\": 8, \"dry_run\": false, \"unchanged\": false, \"changes\": {"
	       "\"added\": [\"new\"], \"removed\": [\"old\"], \"changed\": [{\"vault\": \"contoso\","
	       "\"what\": [\"ip_rules\", \"frontends\"]}], \"shared\": [\"block\"]},"
	       "\"vaults\": 2, \"ranges\": 12345}",
	       "Generation 8 is in force: 2 vaults, 12,345 ranges\n"
	       "Changed:\n"
	       "  + new\n"
	       "  - old\n"
	       "  ~ contoso: ip_rules, frontends\n"
	       "  ~ for every vault: block\n");
}

static void a_push_of_the_same_says_so(void **state)
{
	(void)state;
	prints(output_text.push,
	       "{\"generation\": 8, \"unchanged\": true, \"vaults\": 1, \"ranges\": 1}",
	       "Generation 8 stays in force: 1 vault, 1 range\n"
	       "  the rules are the same as before\n");
}

static void a_dry_run_changes_nothing(void **state)
{
	(void)state;
	prints(output_text.push,
	       "{\"generation\": 8, \"dry_run\": true, \"changes\": {\"added\": [\"new\"]},"
	       "\"vaults\": 1, \"ranges\": 1}",
	       "Dry run, nothing was changed: 1 vault, 1 range\n"
	       "A push would change:\n"
	       "  + new\n");
}

static void an_explanation_answers_why(void **state)
{
	(void)state;
	prints(output_text.explain,
	       "{\"verdict\": \"drop\", \"reason\": \"not_allowed\", \"reason_text\": \"no rule\","
	       "\"vault\": null, \"vaults\": [\"a\", \"b\"], \"frontend\": \"203.0.113.10:443\","
	       "\"source\": \"198.18.0.7:40000\", \"destination\": \"203.0.113.10:443\","
	       "\"protocol\": \"tcp\", \"tag\": 7001, \"generation\": 7, \"rule\": {\"text\":"
	       "\"default_action: deny\", \"file\": \"rules.yaml\", \"line\": 47, \"column\": 7,"
	       "\"vault\": \"a\"}, \"advice\": \"Nothing in the ip_rules of the vault admits "
	       "198.18.0.7. Add a rule for it, and push.\"}",
	       "drop: no rule (not_allowed)\n"
	       "  vaults      a, b\n"
	       "  frontend    203.0.113.10:443\n"
	       "  packet      198.18.0.7:40000 -> 203.0.113.10:443, tcp, tag 7001\n"
	       "  rule        default_action: deny of vault a\n"
	       "  written at  rules.yaml:47:7\n"
	       "  advice      Nothing in the ip_rules of the vault admits 198.18.0.7. Add a\n"
	       "              rule for it, and push.\n"
	       "  generation  7\n");
}

static void the_gate_s_half_follows_the_packet_s(void **state)
{
	(void)state;
	prints(output_text.explain,
	       "{\"verdict\": \"gate\", \"reason\": \"trusted_service\", \"reason_text\": \"of a service\","
	       "\"vault\": \"contoso\", \"source\": \"192.0.2.7:5\", \"destination\": \"203.0.113.1:443\","
	       "\"protocol\": \"tcp\", \"generation\": 7, \"frames\": \"left out\", \"advice\": \"left out\","
	       "\"request\": \"GET /secrets\", \"reaches_gate\": true, \"gate\": {\"verdict\": \"deny\","
	       "\"row\": 8, \"status\": 403, \"innererror\": \"ForbiddenByPolicy\", \"reason\":"
	       "\"no_permission\", \"reason_text\": \"no policy\", \"host\": \"c.example\", \"vault\":"
	       "\"contoso\", \"issuer\": \"entra\", \"token\": {\"verified\": true, \"claims\": {\"iss\":"
	       "\"https://i/t\", \"appid\": \"a\", \"idtyp\": \"app\", \"oid\": \"o\", \"tid\": \"t\","
	       "\"sub\": \"o\", \"aud\": [\"v\"]}}, \"service\": \"backup\", \"identity\": {\"text\":"
	       "\"application a\", \"matches\": true, \"file\": \"r.yaml\", \"line\": 9, \"column\": 3},"
	       "\"operation\": {\"event\": \"SecretList\", \"permission\": \"secrets/list\"},"
	       "\"rule\": {\"text\": \"access_policies\", \"file\": \"r.yaml\", \"line\": 12,"
	       "\"column\": 5, \"vault\": \"contoso\"}, \"advice\": \"Give it.\"}}",
	       "gate: of a service (trusted_service)\n"
	       "  vault       contoso\n"
	       "  packet      192.0.2.7:5 -> 203.0.113.1:443, tcp\n"
	       "  generation  7\n"
	       "\n"
	       "The connection is led to the gate, which says to GET /secrets\n"
	       "deny: no policy (no_permission)\n"
	       "  answer      403 ForbiddenByPolicy, row 8\n"
	       "  host        c.example, vault contoso\n"
	       "  token       verified, of issuer entra\n"
	       "  claims      iss=https://i/t\n"
	       "              appid=a idtyp=app\n"
	       "              oid=o\n"
	       "              aud=v\n"
	       "  service     backup, by application a (r.yaml:9:3)\n"
	       "  operation   SecretList, takes secrets/list\n"
	       "  rule        access_policies of vault contoso\n"
	       "  written at  r.yaml:12:5\n"
	       "  advice      Give it.\n");
}

static void an_event_is_a_line_and_says_what_was_left_out(void **state)
{
	(void)state;
	prints(output_text.event,
	       "{\"time\": \"2026-11-23T22:10:06.001Z\", \"vault\": null, \"verdict\": \"drop\","
	       "\"reason\": \"untrusted_tunnel\", \"source\": \"2001:db8::7\", \"source_port\": 5,"
	       "\"destination\": \"2001:db8::10\", \"destination_port\": 443, \"protocol\": \"udp\","
	       "\"tag\": 7001, \"transport\": \"vxlan\", \"outer_source\": \"192.0.2.99\","
	       "\"generation\": 7, \"suppressed\": 1234}",
	       "(1,234 events left out by the rate limit)\n"
	       "2026-11-23T22:10:06.001Z  drop        untrusted_tunnel  -                 "
	       "[2001:db8::7]:5 -> [2001:db8::10]:443 udp tag 7001 in vxlan from 192.0.2.99 gen 7\n");
}

static void a_vault_is_shown_with_its_places(void **state)
{
	(void)state;
	prints(output_text.vault,
	       "{\"vaults\": [{\"name\": \"contoso\", \"file\": \"r.yaml\", \"line\": 4, \"column\": 5,"
	       "\"frontends\": [\"203.0.113.10:443\", \"*:8200\"], \"tenant\": null, \"ip_rules\": [{"
	       "\"rule\": \"192.0.2.7\", \"file\": \"r.yaml\", \"line\": 9, \"column\": 3,"
	       "\"expires\": \"2026-12-01T00:00:00Z\", \"expired\": true, \"ranges\": 1}],"
	       "\"virtual_network_rules\": [{\"subnet\": \"n/web\", \"prefix\": \"10.1.0.0/24\","
	       "\"tag\": 7001, \"service_endpoint\": false, \"line\": 0}]}]}",
	       "contoso\n"
	       "  written at        r.yaml:4:5\n"
	       "  frontends         203.0.113.10:443, *:8200\n"
	       "\n"
	       "IP RULE    RANGES  EXPIRES                         WRITTEN AT\n"
	       "192.0.2.7       1  2026-12-01T00:00:00Z (expired)  r.yaml:9:3\n"
	       "\n"
	       "SUBNET  PREFIX        TAG  SERVICE ENDPOINT\n"
	       "n/web   10.1.0.0/24  7001  off: not in effect\n");
}

static void a_check_sums_up(void **state)
{
	(void)state;
	prints(output_text.check,
	       "{\"ok\": true, \"file\": \"r.yaml\", \"summary\": {\"vaults\": 1, \"frontends\": 2,"
	       "\"ranges\": 3, \"ip_sets\": 1, \"subnets\": 0, \"trusted_services\": 0, \"warnings\": 1}}",
	       "r.yaml is correct: 1 vault, 2 frontends, 3 ranges, 1 IP set; "
	       "1 warning\n");
	prints(output_text.check, "{\"ok\": false, \"summary\": null}", "");
}

static void json_is_one_object_in_order_and_plain_ascii(void **state)
{
	(void)state;
	prints(output_json.status, "{\"z\": 1, \"a\": \"\\u009b\\u001b\"}",
	       "{\n  \"z\": 1,\n  \"a\": \"\\u009B\\u001B\"\n}\n");
	prints(output_json.event, "{\"z\": 1, \"a\": []}", "{\"z\":1,\"a\":[]}\n");
}

static void an_answer_of_another_version_is_harmless(void **state)
{
	static const struct output *const formats[] = {&output_text, &output_json};
	static const char *const answers[] = {
		"{}",
		"{\"rules\": 1, \"image\": [], \"interfaces\": {}, \"totals\": [1], \"seats\": \"\","
		" \"vaults\": [1, null, {}], \"block\": 3, \"rule\": [], \"changes\": [], \"summary\": 1}",
		"{\"rules\": {}, \"image\": {}, \"interfaces\": [1, {}], \"totals\": {\"x\": 1},"
		" \"seats\": {}, \"vaults\": [{\"ip_rules\": [1], \"frontends\": [1, \"\\u001b\"]}],"
		" \"changes\": {\"added\": [1, \"\\u009b\"], \"changed\": [1]}, \"summary\": {}}",
		"{\"message\": \"\\u001b[2J\\n\", \"reason\": \"\\r\", \"verdict\": \"\\u009b\","
		" \"advice\": \"\\u0007 \\u001b\", \"request\": \"\\u001b\", \"warnings\": [1, {\"name\": \"\\r\"}],"
		" \"authorizer\": {\"keysets\": [7, {\"location\": \"\\u001b\"}], \"answers\": 1},"
		" \"gate\": {\"host\": \"\\u009b\", \"token\": {\"fault\": \"\\n\", \"claims\":"
		" {\"iss\": \"\\u001b]0;x\\u0007\", \"aud\": [1, \"\\u001b\"], \"sub\": 7}}, \"identity\": [],"
		" \"service\": \"\\u001b\", \"operation_fault\": 1, \"rule\": {\"text\": \"\\u001b\"}},"
		" \"time\": \"\\t\", \"source\": \"\\u001b:\"}",
	};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		for (size_t j = 0; j < sizeof(answers) / sizeof(answers[0]); j++) {
			is_harmless(formats[i]->check, answers[j]);
			is_harmless(formats[i]->push, answers[j]);
			is_harmless(formats[i]->status, answers[j]);
			is_harmless(formats[i]->show, answers[j]);
			is_harmless(formats[i]->vault, answers[j]);
			is_harmless(formats[i]->explain, answers[j]);
			is_harmless(formats[i]->event, answers[j]);
		}
	}
}

#define CONFIGURATION(rest)                                                                          \
	"{\"configuration\": {\"file\": \"/etc/n.conf\", \"since\": \"2026-12-01T00:00:00Z\", " rest \
	"}}"

static void a_configuration_in_step_is_told_in_two_lines(void **state)
{
	(void)state;
	prints(text_gate_configuration,
	       CONFIGURATION("\"follows\": true, \"kept\": true, \"current\": true,"
			     " \"generation\": 7, \"problem\": null, \"unserved\": 0,"
			     " \"diagnostics\": []"),
	       "nginx       configuration of generation 7, unchanged since 2026-12-01T00:00:00Z\n"
	       "            kept in /etc/n.conf\n");
}

static void what_is_wrong_with_a_configuration_is_told(void **state)
{
	(void)state;
	prints(text_gate_configuration,
	       CONFIGURATION("\"follows\": true, \"kept\": false, \"current\": false,"
			     " \"generation\": null, \"reported_seconds\": 60,"
			     " \"problem\": \"nginx refuses it: [emerg] x\", \"unserved\": 3,"
			     " \"diagnostics\": [{\"file\": \"r.yaml\", \"line\": 3,"
			     " \"column\": 5, \"text\": \"vault 'a' has no place\"}]"),
	       "nginx       configuration of an unknown generation, not of the one in force,"
	       " unchanged since 2026-12-01T00:00:00Z\n"
	       "            put into /etc/n.conf\n"
	       "            nginx refuses it: [emerg] x\n"
	       "            nobody keeps it any more: no word for 1 min 0 s\n"
	       "            r.yaml:3:5: vault 'a' has no place\n"
	       "            and 2 more without a place in the gate\n");
}

static void a_configuration_that_nobody_keeps_is_told(void **state)
{
	(void)state;
	prints(text_gate_configuration, "{}", "");
	prints(text_gate_configuration, "{\"configuration\": null}",
	       "nginx       nobody keeps its configuration:"
	       " vaultwall gate-config --install FILE --follow\n");
	prints(text_gate_configuration, CONFIGURATION("\"current\": true, \"generation\": 7"),
	       "nginx       configuration of generation 7, unchanged since 2026-12-01T00:00:00Z\n"
	       "            put into /etc/n.conf\n"
	       "            nobody keeps it: it does not follow a push\n");
	is_harmless(text_gate_configuration,
		    CONFIGURATION("\"problem\": \"\\u001b[2J\", \"unserved\": -1,"
				  " \"diagnostics\": [7, {\"text\": \"\\u009b\"}]"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(control_characters_are_escaped),
		cmocka_unit_test(colour_is_only_where_it_was_asked_for),
		cmocka_unit_test(wide_characters_take_two_columns),
		cmocka_unit_test(columns_are_aligned_and_empty_ones_left_out),
		cmocka_unit_test(a_table_without_rows_prints_nothing),
		cmocka_unit_test(figures_are_readable),
		cmocka_unit_test(a_push_tells_what_changed),
		cmocka_unit_test(a_push_of_the_same_says_so),
		cmocka_unit_test(a_dry_run_changes_nothing),
		cmocka_unit_test(an_explanation_answers_why),
		cmocka_unit_test(the_gate_s_half_follows_the_packet_s),
		cmocka_unit_test(an_event_is_a_line_and_says_what_was_left_out),
		cmocka_unit_test(a_vault_is_shown_with_its_places),
		cmocka_unit_test(a_check_sums_up),
		cmocka_unit_test(json_is_one_object_in_order_and_plain_ascii),
		cmocka_unit_test(an_answer_of_another_version_is_harmless),
		cmocka_unit_test(a_configuration_in_step_is_told_in_two_lines),
		cmocka_unit_test(what_is_wrong_with_a_configuration_is_told),
		cmocka_unit_test(a_configuration_that_nobody_keeps_is_told),
	};

	return cmocka_run_group_tests_name("output", tests, NULL, NULL);
}
