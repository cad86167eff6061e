/* SPDX-License-Identifier: Apache-2.0 */
#include "policy.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

static void every_permission_has_a_bit_of_its_own(void **state)
{
	static const size_t counts[PERMISSION_KINDS] = {20, 8, 16, 14};

	(void)state;
	for (unsigned int kind = 0; kind < PERMISSION_KINDS; kind++) {
		const char *const *names = permission_names(kind);
		uint32_t all = 0;
		unsigned int count = 0;

		for (; names[count]; count++) {
			assert_int_equal(permission_bits(kind, names[count]), 1U << count);
			all |= 1U << count;
		}
		assert_int_equal(count, counts[kind]);
		assert_int_equal(permission_bits(kind, "all"), all);
	}
}

static void case_does_not_matter(void **state)
{
	(void)state;
	assert_int_equal(permission_bits(PERMISSION_KEYS, "WRAPKEY"),
			 permission_bits(PERMISSION_KEYS, "wrapKey"));
	assert_int_equal(permission_bits(PERMISSION_SECRETS, "All"), 0xff);
}

static void unknown_permissions_have_no_bits(void **state)
{
	(void)state;
	assert_int_equal(permission_bits(PERMISSION_SECRETS, ""), 0);
	assert_int_equal(permission_bits(PERMISSION_SECRETS, "ge"), 0);
	assert_int_equal(permission_bits(PERMISSION_SECRETS, "gets"), 0);
	assert_int_equal(permission_bits(PERMISSION_SECRETS, "sign"), 0);
}

static void an_operation_is_a_kind_and_a_permission(void **state)
{
	enum permission_kind kind = PERMISSION_KINDS;

	(void)state;
	assert_int_equal(operation_bits("Secrets/Get", &kind), 1);
	assert_int_equal(kind, PERMISSION_SECRETS);
	assert_int_equal(operation_bits("storage/all", &kind), 0x3fff);
	assert_int_equal(kind, PERMISSION_STORAGE);
	assert_int_equal(operation_bits("keys/mount", &kind), 0);
	assert_int_equal(kind, PERMISSION_KEYS);
	kind = PERMISSION_KINDS;
	assert_int_equal(operation_bits("secrets", &kind), 0);
	assert_int_equal(operation_bits("/get", &kind), 0);
	assert_int_equal(operation_bits("", &kind), 0);
	assert_int_equal(operation_bits("secretsx/get", &kind), 0);
	assert_int_equal(kind, PERMISSION_KINDS);
}

static void a_policy_can_be_freed_that_was_never_read(void **state)
{
	struct policy policy = {0};

	(void)state;
	policy_free(&policy);
	policy_free(&policy);
	policy_free(NULL);
	assert_null(policy_find_vault(&policy, "contoso"));
}

static void the_next_expiry_is_the_first_one_after(void **state)
{
	struct range_entry in_set[] = {{.expires = 300}, {.expires = 0}};
	struct ip_set set = {.ranges = {in_set, 2}};
	struct ip_rule of_service[] = {{.entry = {.expires = 250}}};
	struct ip_rule of_vault[] = {{.set = &set, .entry = {.expires = 200}},
				     {.entry = {.expires = 0}},
				     {.entry = {.expires = 100}}};
	struct trusted_service service = {.ip_rules = {of_service, 1}};
	struct vault vault = {.ip_rules = {of_vault, 3}};
	const struct policy policy = {.sets = &set,
				      .set_count = 1,
				      .services = &service,
				      .service_count = 1,
				      .vaults = &vault,
				      .vault_count = 1};
	static const int64_t moments[][2] = {{0, 100},	 {99, 100},  {100, 200}, {200, 250},
					     {250, 300}, {299, 300}, {300, 0}};

	(void)state;
	for (size_t i = 0; i < sizeof(moments) / sizeof(*moments); i++)
		assert_int_equal(policy_next_expiry(&policy, moments[i][0]), moments[i][1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_permission_has_a_bit_of_its_own),
		cmocka_unit_test(case_does_not_matter),
		cmocka_unit_test(unknown_permissions_have_no_bits),
		cmocka_unit_test(an_operation_is_a_kind_and_a_permission),
		cmocka_unit_test(a_policy_can_be_freed_that_was_never_read),
		cmocka_unit_test(the_next_expiry_is_the_first_one_after),
	};

	return cmocka_run_group_tests_name("policy", tests, NULL, NULL);
}
