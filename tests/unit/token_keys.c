/* SPDX-License-Identifier: Apache-2.0 */
#include "token_keys.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>
#include <openssl/rsa.h>

#include "cleanup.h"
#include "issuer.h"

static struct issuer_key rsa;
static struct issuer_key ec;
static struct issuer_key small;

static int make_keys(void **state)
{
	(void)state;
	rsa = issuer_key_make(TOKEN_RS256, "rsa");
	ec = issuer_key_make(TOKEN_ES256, "ec");
	small = (struct issuer_key){EVP_RSA_gen(1024), TOKEN_RS256, "small"};
	return small.key ? 0 : -1;
}

static int free_keys(void **state)
{
	(void)state;
	issuer_key_free(&rsa);
	issuer_key_free(&ec);
	issuer_key_free(&small);
	return 0;
}

/* A set that was read, or not, with what was said about it. */
struct sample {
	struct token_keys keys;
	struct diags diags;
	int r;
};

static void sample_free(struct sample *sample)
{
	token_keys_free(&sample->keys);
	diags_clear(&sample->diags);
}

static void sample_read(struct sample *sample, const char *text)
{
	sample->r = token_keys_read(text, strlen(text), "keys.json", &sample->diags, &sample->keys);
	assert_int_equal(sample->r == 0, sample->diags.errors == 0);
}

/* A set of `keys` and of one more, which is good, so that the set can be read. */
static void sample_read_with(struct sample *sample, const char *keys)
{
	cleanup(free_ptr) char *good = issuer_jwk(&ec, "");
	cleanup(free_ptr) char *text = NULL;

	assert_true(asprintf(&text, "{\"keys\":[%s%s%s]}", keys, *keys ? "," : "", good) > 0);
	sample_read(sample, text);
	assert_int_equal(sample->r, 0);
	assert_non_null(token_keys_find(&sample->keys, "ec"));
}

/* The key is left out, and a warning names it and says why. */
static void expect_left_out(const char *jwk, const char *name, const char *why)
{
	cleanup(sample_free) struct sample sample = {.r = 0};
	char line[DIAG_LINE_MAX] = "";

	sample_read_with(&sample, jwk);
	assert_int_equal(sample.keys.count, 1);
	if (sample.diags.count != 1)
		fail_msg("%s", jwk);
	(void)diag_format(&sample.diags.items[0], line, sizeof(line));
	if (!strstr(line, "keys.json: warning: ") || !strstr(line, name) || !strstr(line, why))
		fail_msg("%s: %s", jwk, line);
}

static void expect_more_left_out(const struct issuer_key *key, const char *more, const char *why)
{
	cleanup(free_ptr) char *jwk = issuer_jwk(key, more);

	expect_left_out(jwk, key->id, why);
}

static void keys_are_found_by_their_id(void **state)
{
	cleanup(sample_free) struct sample sample = {.r = 0};
	cleanup(free_ptr) char *jwk =
		issuer_jwk(&rsa, ",\"use\":\"sig\",\"x5t\":\"a\",\"x5c\":[\"b\"],"
				 "\"issuer\":\"https://sts.example/{tenantid}/\"");

	(void)state;
	sample_read_with(&sample, jwk);
	assert_int_equal(sample.keys.count, 2);
	assert_int_equal(sample.diags.count, 0);
	assert_int_equal(token_keys_find(&sample.keys, "rsa")->algorithm, TOKEN_RS256);
	assert_int_equal(token_keys_find(&sample.keys, "ec")->algorithm, TOKEN_ES256);
	assert_string_equal(token_keys_find(&sample.keys, "rsa")->issuer,
			    "https://sts.example/{tenantid}/");
	assert_null(token_keys_find(&sample.keys, "ec")->issuer);
	assert_null(token_keys_find(&sample.keys, "rs"));
	assert_null(token_keys_find(&sample.keys, "RSA"));
	assert_int_equal(EVP_PKEY_eq(token_keys_find(&sample.keys, "rsa")->key, rsa.key), 1);
	assert_int_equal(EVP_PKEY_eq(token_keys_find(&sample.keys, "ec")->key, ec.key), 1);
}

static void a_key_has_one_algorithm(void **state)
{
	cleanup(sample_free) struct sample sample = {.r = 0};
	cleanup(free_ptr) char *jwk = issuer_jwk(&rsa, ",\"alg\":\"PS256\"");

	(void)state;
	sample_read_with(&sample, jwk);
	assert_int_equal(token_keys_find(&sample.keys, "rsa")->algorithm, TOKEN_PS256);
}

static void keys_for_something_else_are_left_out(void **state)
{
	(void)state;
	expect_more_left_out(&rsa, ",\"use\":\"enc\"", "'use' is not sig");
	expect_more_left_out(&rsa, ",\"use\":7", "'use' is not sig");
	expect_more_left_out(&rsa, ",\"key_ops\":[\"encrypt\"]", "lacks verify");
	expect_more_left_out(&rsa, ",\"key_ops\":\"verify\"", "lacks verify");
	expect_more_left_out(&rsa, ",\"alg\":\"RS512\"", "'alg' is none of");
	expect_more_left_out(&rsa, ",\"alg\":\"HS256\"", "'alg' is none of");
	expect_more_left_out(&rsa, ",\"alg\":\"none\"", "'alg' is none of");
	expect_more_left_out(&rsa, ",\"alg\":[\"RS256\"]", "'alg' is no text");
	expect_more_left_out(&rsa, ",\"alg\":\"ES256\"", "does not fit its 'kty'");
	expect_more_left_out(&rsa, ",\"issuer\":{}", "'issuer' is no text");
	expect_left_out("{\"kid\":\"a\",\"kty\":\"oct\",\"k\":\"AAAA\"}", "'a'",
			"neither RSA nor EC");
	expect_left_out("{\"kid\":\"a\",\"kty\":\"OKP\",\"crv\":\"Ed448\",\"x\":\"AAAA\"}", "'a'",
			"neither RSA nor EC");
	expect_left_out("{\"kid\":\"a\"}", "'a'", "neither RSA nor EC");
}

static void weak_rsa_keys_are_left_out(void **state)
{
	(void)state;
	expect_more_left_out(&small, "", "less than 2048 bits");
}

/* `number` of 256 bytes with the last one as given. */
static void expect_rsa_left_out(const char *exponent, unsigned char last, size_t size,
				const char *why)
{
	unsigned char number[2048];
	cleanup(free_ptr) char *modulus = NULL;
	cleanup(free_ptr) char *jwk = NULL;

	memset(number, 0xc5, sizeof(number));
	number[size - 1] = last;
	modulus = issuer_encode(number, size);
	assert_true(asprintf(&jwk, "{\"kid\":\"a\",\"kty\":\"RSA\",\"n\":\"%s\",\"e\":\"%s\"}",
			     modulus, exponent) > 0);
	expect_left_out(jwk, "'a'", why);
}

static void odd_rsa_keys_are_left_out(void **state)
{
	(void)state;
	expect_rsa_left_out("AQAB", 0xc4, 256, "modulus is even");
	expect_rsa_left_out("AQAA", 0xc5, 256, "exponent is even");
	expect_rsa_left_out("Aw", 0xc5, 256, "below 65537");
	expect_rsa_left_out("AQ", 0xc5, 256, "below 65537");
	expect_rsa_left_out("AAAB", 0xc5, 256, "below 65537");
	expect_rsa_left_out("AQAAAAAAAAAB", 0xc5, 256, "more than 64 bits");
	expect_rsa_left_out("AQAB=", 0xc5, 256, "cannot be read");
	expect_rsa_left_out("", 0xc5, 256, "cannot be read");
	expect_rsa_left_out("AQAB", 0xc5, 1025, "more than 8192 bits");
	expect_rsa_left_out("AQAB", 0xc5, 2048, "cannot be read");
	expect_left_out("{\"kid\":\"a\",\"kty\":\"RSA\",\"n\":5,\"e\":\"AQAB\"}", "'a'",
			"cannot be read");
}

static void odd_ec_keys_are_left_out(void **state)
{
#define COORDINATE "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE"
	(void)state;
	expect_left_out("{\"kid\":\"a\",\"kty\":\"EC\",\"crv\":\"P-384\"}", "'a'", "not P-256");
	expect_left_out("{\"kid\":\"a\",\"kty\":\"EC\"}", "'a'", "not P-256");
	expect_left_out("{\"kid\":\"a\",\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" COORDINATE
			"\",\"y\":\"" COORDINATE "\"}",
			"'a'", "not on the curve");
	expect_left_out("{\"kid\":\"a\",\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" COORDINATE
			"\",\"y\":\"AAAA\"}",
			"'a'", "coordinates cannot be read");
}

static void keys_without_an_id_are_left_out(void **state)
{
	char jwk[600];

	(void)state;
	expect_left_out("{\"kty\":\"RSA\"}", "number 1", "no 'kid'");
	expect_left_out("{\"kid\":\"\",\"kty\":\"RSA\"}", "number 1", "no 'kid'");
	expect_left_out("{\"kid\":1,\"kty\":\"RSA\"}", "number 1", "no 'kid'");
	expect_left_out("\"key\"", "number 1", "no 'kid'");
	(void)snprintf(jwk, sizeof(jwk), "{\"kid\":\"%0300d\"}", 0);
	expect_left_out(jwk, "number 1", "too long");
}

static void of_two_keys_with_one_id_neither_counts(void **state)
{
	cleanup(sample_free) struct sample sample = {.r = 0};
	const struct issuer_key namesake = {ec.key, TOKEN_ES256, "rsa"};
	cleanup(free_ptr) char *one = issuer_jwk(&rsa, "");
	cleanup(free_ptr) char *other = issuer_jwk(&namesake, "");
	cleanup(free_ptr) char *keys = NULL;

	(void)state;
	assert_true(asprintf(&keys, "%s,%s", one, other) > 0);
	sample_read_with(&sample, keys);
	assert_int_equal(sample.keys.count, 1);
	assert_null(token_keys_find(&sample.keys, "rsa"));
	assert_int_equal(sample.diags.warnings, 1);
}

static void a_private_key_is_told(void **state)
{
	cleanup(sample_free) struct sample sample = {.r = 0};
	cleanup(free_ptr) char *jwk = issuer_jwk(&rsa, ",\"d\":\"AAAA\"");

	(void)state;
	sample_read_with(&sample, jwk);
	assert_int_equal(sample.keys.count, 2);
	assert_int_equal(sample.diags.warnings, 1);
}

static void what_is_no_set_is_refused(void **state)
{
	static const char *const texts[] = {
		"",
		"{",
		"[]",
		"{}",
		"null",
		"\"keys\"",
		"{\"keys\":{}}",
		"{\"keys\":[]}",
		"{\"keys\":[{}]}",
		"{\"keys\":[],\"keys\":[]}",
		"{\"keys\":[]} more",
		"{\"keys\":[{\"kid\":\"a\\u0000b\"}]}",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		cleanup(sample_free) struct sample sample = {.r = 0};

		sample_read(&sample, texts[i]);
		/* Text that is a set, but an empty one, is told apart. */
		assert_int_equal(sample.r, i == 7 || i == 8 ? -ENODATA : -EINVAL);
		assert_null(sample.keys.items);
	}
}

static void sets_have_an_end(void **state)
{
	cleanup(sample_free) struct sample large = {.r = 0};
	cleanup(sample_free) struct sample many = {.r = 0};
	cleanup(free_ptr) char *text = malloc(TOKEN_KEYS_BYTES + 2);
	char *end = NULL;

	(void)state;
	assert_non_null(text);
	memset(text, ' ', TOKEN_KEYS_BYTES + 1);
	text[TOKEN_KEYS_BYTES + 1] = '\0';
	sample_read(&large, text);
	assert_int_equal(large.r, -EINVAL);
	end = stpcpy(text, "{\"keys\":[{}");
	for (size_t i = 0; i < TOKEN_KEYS_MAX; i++)
		end = stpcpy(end, ",{}");
	(void)stpcpy(end, "]}");
	sample_read(&many, text);
	assert_int_equal(many.r, -EINVAL);
	assert_non_null(strstr(many.diags.items[0].text, "1000"));
}

static void names_of_algorithms_are_exact(void **state)
{
	(void)state;
	assert_int_equal(token_algorithm_find("RS256"), TOKEN_RS256);
	assert_int_equal(token_algorithm_find("PS256"), TOKEN_PS256);
	assert_int_equal(token_algorithm_find("ES256"), TOKEN_ES256);
	assert_int_equal(token_algorithm_find("rs256"), TOKEN_ALGORITHM_COUNT);
	assert_int_equal(token_algorithm_find("none"), TOKEN_ALGORITHM_COUNT);
	assert_int_equal(token_algorithm_find(""), TOKEN_ALGORITHM_COUNT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keys_are_found_by_their_id),
		cmocka_unit_test(a_key_has_one_algorithm),
		cmocka_unit_test(keys_for_something_else_are_left_out),
		cmocka_unit_test(weak_rsa_keys_are_left_out),
		cmocka_unit_test(odd_rsa_keys_are_left_out),
		cmocka_unit_test(odd_ec_keys_are_left_out),
		cmocka_unit_test(keys_without_an_id_are_left_out),
		cmocka_unit_test(of_two_keys_with_one_id_neither_counts),
		cmocka_unit_test(a_private_key_is_told),
		cmocka_unit_test(what_is_no_set_is_refused),
		cmocka_unit_test(sets_have_an_end),
		cmocka_unit_test(names_of_algorithms_are_exact),
	};

	return cmocka_run_group_tests_name("token_keys", tests, make_keys, free_keys);
}
