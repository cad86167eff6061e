/* SPDX-License-Identifier: Apache-2.0 */
#include "scalar.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "random.h"

#define TIMES_MANY 20000

static void numbers_are_plain_decimal(void **state)
{
	static const char *const refused[] = {"",	    "-1",	   "+1", "01",	"0x10",
					      "1e3",	    "1 ",	   " 1", "1.0", "1_000",
					      "4294967296", "99999999999", "256"};
	uint32_t number = 7;

	(void)state;
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
		assert_false(integer_parse(refused[i], i == 12 ? 255 : UINT32_MAX, &number));
	assert_int_equal(number, 7);
	assert_true(integer_parse("0", UINT32_MAX, &number));
	assert_int_equal(number, 0);
	assert_true(integer_parse("4294967295", UINT32_MAX, &number));
	assert_int_equal(number, UINT32_MAX);
}

static void guids_come_out_in_lower_case(void **state)
{
	char guid[GUID_TEXT] = "";

	(void)state;
	assert_true(guid_parse("72F988BF-86f1-41AF-91ab-2d7cd011db47", guid));
	assert_string_equal(guid, "72f988bf-86f1-41af-91ab-2d7cd011db47");
	assert_false(guid_parse("", guid));
	assert_false(guid_parse("72f988bf86f141af91ab2d7cd011db47", guid));
	assert_false(guid_parse("72f988bf-86f1-41af-91ab-2d7cd011db4", guid));
	assert_false(guid_parse("72f988bf-86f1-41af-91ab-2d7cd011db4g", guid));
	assert_false(guid_parse("72f988bf-86f1-41af-91ab-2d7cd011db477", guid));
	assert_false(guid_parse("72f988bf-86f1-41af-91ab+2d7cd011db47", guid));
}

static void times_are_seconds_since_the_epoch(void **state)
{
	int64_t seconds = -1;

	(void)state;
	assert_false(time_parse("1970-01-01T00:00:00Z", &seconds));
	assert_true(time_parse("1970-01-01T00:00:01Z", &seconds));
	assert_int_equal(seconds, 1);
	assert_true(time_parse("2026-12-01T00:00:00Z", &seconds));
	assert_int_equal(seconds, 1796083200);
	assert_true(time_parse("2000-02-29T23:59:59Z", &seconds));
	assert_int_equal(seconds, 951868799);
	assert_true(time_parse("9999-12-31T23:59:59Z", &seconds));
	assert_int_equal(seconds, 253402300799);
}

static void what_is_no_utc_time_is_refused(void **state)
{
	static const char *const texts[] = {
		"",
		"2026-12-01",
		"2026-12-01T00:00:00",
		"2026-12-01T00:00:00z",
		"2026-12-01 00:00:00Z",
		"2026-12-01T00:00:00.5Z",
		"2026-12-01T00:00:00+00:00",
		"2026-13-01T00:00:00Z",
		"2026-00-01T00:00:00Z",
		"2026-12-00T00:00:00Z",
		"2026-12-32T00:00:00Z",
		"2026-11-31T00:00:00Z",
		"2026-02-29T00:00:00Z",
		"2100-02-29T00:00:00Z",
		"2026-12-01T24:00:00Z",
		"2026-12-01T00:60:00Z",
		"2026-12-01T00:00:60Z",
		"1969-12-31T23:59:59Z",
		"2026-12-01T00:00:0-Z",
	};
	int64_t seconds = 7;

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		assert_false(time_parse(texts[i], &seconds));
	assert_int_equal(seconds, 7);
}

static void times_survive_being_written_and_read(void **state)
{
	struct random random = {random_seed(1)};

	(void)state;
	for (size_t i = 0; i < TIMES_MANY; i++) {
		int64_t expected = (int64_t)(random_next(&random) % UINT64_C(253402300800));
		int64_t seconds = -1;
		char text[TIME_TEXT];

		time_format(expected, text);
		assert_true(time_parse(text, &seconds));
		assert_int_equal(seconds, expected);
	}
}

static void names_have_a_length_and_an_alphabet(void **state)
{
	(void)state;
	assert_true(name_is_valid("a", 3));
	assert_true(name_is_valid("9._", 3));
	assert_false(name_is_valid("", 3));
	assert_false(name_is_valid("abcd", 3));
	assert_false(name_is_valid(".a", 3));
	assert_false(name_is_valid("-a", 3));
	assert_false(name_is_valid("a/b", 3));
	assert_false(name_is_valid("a b", 3));
	assert_false(name_is_valid("\xc3\xa9", 3));
}

static void host_names_are_labels_with_dots(void **state)
{
	static const char label[] =
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
	static const char *const refused[] = {"",     ".",    "a.",  ".a",  "a..b", "-a.b",
					      "a-.b", "a.b-", "a_b", "*.b", "a b",  "a:1"};
	char hostname[HOSTNAME_TEXT] = "";
	char text[300] = "";

	(void)state;
	assert_true(hostname_parse("Contoso.Vault-1.EXAMPLE", hostname));
	assert_string_equal(hostname, "contoso.vault-1.example");
	assert_true(hostname_parse("localhost", hostname));
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
		assert_false(hostname_parse(refused[i], hostname));
	assert_true(hostname_parse(label, hostname));
	(void)snprintf(text, sizeof(text), "%sa", label);
	assert_false(hostname_parse(text, hostname));
	/* Four labels of 63 and their dots are 255, two more than a name may have. */
	(void)snprintf(text, sizeof(text), "%s.%s.%s.%s", label, label, label, label);
	assert_false(hostname_parse(text, hostname));
	assert_true(hostname_parse(text + 2, hostname));
}

static void urls_are_https_and_have_a_host(void **state)
{
	static const char *const refused[] = {
		"",
		"http://vault.example",
		"HTTPS://vault.example",
		"https://",
		"https:///keys",
		"https://user@vault.example",
		"https://vault.example:0",
		"https://vault.example:65536/",
		"https://vault.example:/",
		"https://vault.example/a b",
		"https://vault.example/\"",
		"https://vault.example/$x",
		"https://vault.example/;x",
		"https://vault.example/#x",
		"https://vault.example/\n",
		"https://vault.example/{tenant}",
		"https://{tenant}.example/",
	};
	(void)state;
	assert_null(url_problem("https://vault.example", false));
	assert_null(url_problem("https://vault.example:8443/keys?v=1&w=%20", false));
	assert_null(url_problem("https://vault.example/{tenant}/v2.0", true));
	assert_non_null(url_problem("https://vault.example/{tennant}", true));
	assert_non_null(url_problem("https://{tenant}.example/", true));
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
		assert_non_null(url_problem(refused[i], false));
}

static void paths_need_no_quotes(void **state)
{
	(void)state;
	assert_null(path_problem("/etc/vaultwall/contoso-1_a.pem"));
	assert_non_null(path_problem(""));
	assert_non_null(path_problem("contoso.pem"));
	assert_non_null(path_problem("/a b"));
	assert_non_null(path_problem("/a;b"));
	assert_non_null(path_problem("/a\nb"));
	assert_non_null(path_problem("/a\"b"));
	assert_non_null(path_problem("/$a"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_are_plain_decimal),
		cmocka_unit_test(guids_come_out_in_lower_case),
		cmocka_unit_test(times_are_seconds_since_the_epoch),
		cmocka_unit_test(what_is_no_utc_time_is_refused),
		cmocka_unit_test(times_survive_being_written_and_read),
		cmocka_unit_test(names_have_a_length_and_an_alphabet),
		cmocka_unit_test(host_names_are_labels_with_dots),
		cmocka_unit_test(urls_are_https_and_have_a_host),
		cmocka_unit_test(paths_need_no_quotes),
	};

	return cmocka_run_group_tests_name("scalar", tests, NULL, NULL);
}
