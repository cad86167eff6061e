/* SPDX-License-Identifier: Apache-2.0 */
#include "address.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>

#include "cleanup.h"
#include "random.h"

#define RANGES_MANY 20000

/* From a block of exactly its length, so that a byte read behind the end is found. */
static int parse_exact(const char *text, struct range *range, bool *host_bits, const char **problem)
{
	size_t length = strlen(text);
	cleanup(free_ptr) char *copy = malloc(length ? length : 1);

	assert_non_null(copy);
	for (size_t i = 0; i < length; i++)
		copy[i] = text[i];
	return range_parse(copy, length, range, host_bits, problem);
}

static void assert_range(const char *text, uint32_t first, uint32_t last, bool expected_host_bits)
{
	struct range range = {0};
	bool host_bits = !expected_host_bits;
	const char *problem = NULL;

	assert_int_equal(parse_exact(text, &range, &host_bits, &problem), 0);
	assert_int_equal(range.first, first);
	assert_int_equal(range.last, last);
	assert_int_equal(host_bits, expected_host_bits);
	assert_null(problem);
}

static void a_range_is_first_to_last(void **state)
{
	(void)state;
	assert_range("10.0.0.0/8", 0x0a000000, 0x0affffff, false);
	assert_range("192.0.2.1", 0xc0000201, 0xc0000201, false);
	assert_range("192.0.2.1/32", 0xc0000201, 0xc0000201, false);
	assert_range("192.0.2.2/31", 0xc0000202, 0xc0000203, false);
	assert_range("128.0.0.0/1", 0x80000000, 0xffffffff, false);
	assert_range("0.0.0.0/0", 0, 0xffffffff, false);
	assert_range("255.255.255.255", 0xffffffff, 0xffffffff, false);
}

static void host_bits_are_cut_off_and_told(void **state)
{
	(void)state;
	assert_range("10.0.0.1/8", 0x0a000000, 0x0affffff, true);
	assert_range("255.255.255.255/0", 0, 0xffffffff, true);
	assert_range("192.0.2.3/31", 0xc0000202, 0xc0000203, true);
}

static void what_is_no_range_is_refused_and_nothing_written(void **state)
{
	static const char *const texts[] = {
		"",
		" ",
		"10",
		"10.0.0",
		"10.0.0.0.",
		"10.0.0.0.0",
		"10..0.0",
		".10.0.0",
		"10.0.0.256",
		"10.0.0.0/33",
		"10.0.0.0/",
		"10.0.0.0/-1",
		"10.0.0.0/08",
		"10.0.0.0/008",
		"10.0.0.0/8/8",
		"010.0.0.0",
		"10.0.0.00",
		"0x0a.0.0.0",
		" 10.0.0.0",
		"10.0.0.0 ",
		"10.0.0.0/ 8",
		"10.0.0.0-1",
		"::",
		"2001:db8::/32",
		"::ffff:10.0.0.0",
		"localhost",
		"10.0.0.1000",
		"4294967296",
		"10.0.0.+1",
		"1e1.0.0.0",
	};
	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct range range = {1, 2};
		bool host_bits = true;
		const char *problem = NULL;

		assert_int_equal(parse_exact(texts[i], &range, &host_bits, &problem), -EINVAL);
		assert_non_null(problem);
		assert_int_equal(range.first, 1);
		assert_int_equal(range.last, 2);
		assert_true(host_bits);
	}
}

static void ipv6_is_told_apart_from_nonsense(void **state)
{
	struct range range = {0};
	bool host_bits = false;
	const char *problem = NULL;

	(void)state;
	assert_int_equal(parse_exact("2001:db8::/32", &range, &host_bits, &problem), -EINVAL);
	assert_string_equal(problem, "IPv6 is not supported in ranges");
	assert_int_equal(parse_exact("set:partners", &range, &host_bits, &problem), -EINVAL);
	assert_string_equal(problem, "not an IPv4 address or CIDR range");
}

static void the_length_counts_and_not_a_terminator(void **state)
{
	struct range range = {0};
	bool host_bits = false;
	const char *problem = NULL;

	(void)state;
	assert_int_equal(range_parse("10.0.0.0/8 # ours", 10, &range, &host_bits, &problem), 0);
	assert_int_equal(range.last, 0x0affffff);
	assert_int_equal(range_parse("10.0.0.0\0", 9, &range, &host_bits, &problem), -EINVAL);
}

static void ranges_survive_being_written_and_read(void **state)
{
	struct random random = {random_seed(1)};

	(void)state;
	for (size_t i = 0; i < RANGES_MANY; i++) {
		uint32_t address = (uint32_t)random_next(&random);
		uint32_t mask = (uint32_t)(UINT64_C(0xffffffff) >> random_below(&random, 33));
		char text[RANGE_TEXT];

		range_format((struct range){address & ~mask, address | mask}, text);
		assert_range(text, address & ~mask, address | mask, false);
	}
}

static void a_range_that_is_no_prefix_is_written_with_a_dash(void **state)
{
	char text[RANGE_TEXT];

	(void)state;
	range_format((struct range){0xc0000201, 0xc0000202}, text);
	assert_string_equal(text, "192.0.2.1-192.0.2.2");
	range_format((struct range){0xc0000200, 0xc0000202}, text);
	assert_string_equal(text, "192.0.2.0-192.0.2.2");
	range_format((struct range){0xc0000202, 0xc0000205}, text);
	assert_string_equal(text, "192.0.2.2-192.0.2.5");
	range_format((struct range){0x00000001, 0xffffffff}, text);
	assert_string_equal(text, "0.0.0.1-255.255.255.255");
	range_format((struct range){0, 0xffffffff}, text);
	assert_string_equal(text, "0.0.0.0/0");
}

static void assert_address(const char *text, uint8_t expected_family, const char *canonical)
{
	uint8_t family = 0;
	uint8_t address[16];
	char again[ADDRESS_TEXT];

	assert_int_equal(address_parse(text, &family, address), 0);
	assert_int_equal(family, expected_family);
	address_format(family, address, again);
	assert_string_equal(again, canonical);
}

static void addresses_have_one_form(void **state)
{
	uint8_t family = 9;
	uint8_t address[16];

	(void)state;
	assert_address("192.0.2.1", 4, "192.0.2.1");
	assert_address("2001:DB8:0:0:0:0:0:10", 6, "2001:db8::10");
	assert_address("::", 6, "::");
	assert_int_equal(address_parse("192.0.2.01", &family, address), -EINVAL);
	assert_int_equal(address_parse("192.0.2", &family, address), -EINVAL);
	assert_int_equal(address_parse("fe80::1%eth0", &family, address), -EINVAL);
	assert_int_equal(address_parse("", &family, address), -EINVAL);
	assert_int_equal(family, 9);
}

static void assert_frontend(const char *text, const char *canonical)
{
	struct frontend frontend = {0};
	const char *problem = NULL;
	char again[FRONTEND_ADDRESS_TEXT];

	assert_int_equal(frontend_parse(text, &frontend, &problem), 0);
	frontend_format(&frontend, again);
	assert_string_equal(again, canonical);
}

static void frontends_have_one_form(void **state)
{
	(void)state;
	assert_frontend("203.0.113.10:443", "203.0.113.10:443");
	assert_frontend("203.0.113.10:443/tcp", "203.0.113.10:443");
	assert_frontend("203.0.113.10:53/udp", "203.0.113.10:53/udp");
	assert_frontend("[2001:DB8::0:10]:443", "[2001:db8::10]:443");
	assert_frontend("*:8200", "*:8200");
	assert_frontend("*:65535/udp", "*:65535/udp");
	assert_frontend("[ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255]:65535/udp",
			"[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535/udp");
}

static void a_frontend_has_family_protocol_and_port(void **state)
{
	struct frontend frontend = {0};
	const char *problem = NULL;

	(void)state;
	assert_int_equal(frontend_parse("*:8200/udp", &frontend, &problem), 0);
	assert_int_equal(frontend.family, 0);
	assert_int_equal(frontend.protocol, IPPROTO_UDP);
	assert_int_equal(frontend.port, 8200);
	assert_int_equal(frontend_parse("203.0.113.10:1", &frontend, &problem), 0);
	assert_int_equal(frontend.family, 4);
	assert_int_equal(frontend.protocol, IPPROTO_TCP);
	assert_memory_equal(frontend.address, "\xcb\x00\x71\x0a", 4);
}

static void what_is_no_frontend_is_refused(void **state)
{
	static const char *const texts[] = {
		"",
		":443",
		"*",
		"**:443",
		"[*]:443",
		"[]:443",
		"[2001:db8::10]",
		"[2001:db8::10]443",
		"[2001:db8::10",
		"2001:db8::10:443",
		"[203.0.113.10]:443",
		"203.0.113.10:",
		"203.0.113.10:0",
		"203.0.113.10:0443",
		"203.0.113.10:65536",
		"203.0.113.10:100000",
		"203.0.113.10:443 ",
		"203.0.113.10:443/",
		"203.0.113.10:443/TCP",
		"203.0.113.10:443/tcp/udp",
		"vault.example:443",
		"a-name-that-is-longer-than-any-address-can-be-written-in.example:443",
	};
	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct frontend frontend = {.port = 7};
		const char *problem = NULL;

		assert_int_equal(frontend_parse(texts[i], &frontend, &problem), -EINVAL);
		assert_non_null(problem);
		assert_int_equal(frontend.port, 7);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_range_is_first_to_last),
		cmocka_unit_test(host_bits_are_cut_off_and_told),
		cmocka_unit_test(what_is_no_range_is_refused_and_nothing_written),
		cmocka_unit_test(ipv6_is_told_apart_from_nonsense),
		cmocka_unit_test(the_length_counts_and_not_a_terminator),
		cmocka_unit_test(ranges_survive_being_written_and_read),
		cmocka_unit_test(a_range_that_is_no_prefix_is_written_with_a_dash),
		cmocka_unit_test(addresses_have_one_form),
		cmocka_unit_test(frontends_have_one_form),
		cmocka_unit_test(a_frontend_has_family_protocol_and_port),
		cmocka_unit_test(what_is_no_frontend_is_refused),
	};

	return cmocka_run_group_tests_name("address", tests, NULL, NULL);
}
