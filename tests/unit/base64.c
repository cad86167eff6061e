/* SPDX-License-Identifier: Apache-2.0 */
#include "base64.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cleanup.h"
#include "issuer.h"

static void what_was_encoded_is_decoded(void **state)
{
	uint8_t bytes[100];
	uint8_t again[100];

	(void)state;
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(i * 37 + 250);
	for (size_t size = 0; size <= sizeof(bytes); size++) {
		cleanup(free_ptr) char *text = issuer_encode(bytes, size);

		assert_int_equal(base64url_size(strlen(text)), size);
		assert_int_equal(base64url_decode(text, strlen(text), again), 0);
		assert_memory_equal(again, bytes, size);
	}
}

static void anything_but_the_one_form_is_refused(void **state)
{
	static const char *const texts[] = {
		"A",	"AAAAA", "AA==", "AA=", "AA A", "AA\nA",  " AAA", "AAA ",
		"A+AA", "A/AA",	 "AB",	 "AAB", "A.AA", "AA\x80", "A=AA", "____B",
	};
	uint8_t bytes[16];

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (base64url_decode(texts[i], strlen(texts[i]), bytes) == 0)
			fail_msg("%s", texts[i]);
	assert_int_equal(base64url_decode("AA\0A", 4, bytes) < 0, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_encoded_is_decoded),
		cmocka_unit_test(anything_but_the_one_form_is_refused),
	};

	return cmocka_run_group_tests_name("base64", tests, NULL, NULL);
}
