/* SPDX-License-Identifier: Apache-2.0 */
/* Tokens that somebody made who may not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include "cleanup.h"
#include "gatehouse.h"

static const char rules[] =
	"version: 1\n"
	"issuers:\n"
	"  - {name: entra, issuer: 'https://sts.windows.net/{tenant}/', audiences: [vault]}\n"
	"vaults:\n"
	"  - name: contoso\n"
	"    frontends: [203.0.113.10:443]\n"
	"    tenant: " GATE_TENANT "\n";

static const char good[] = "{\"aud\":\"vault\",\"iss\":\"https://sts.windows.net/" GATE_TENANT
			   "/\",\"tid\":\"" GATE_TENANT "\",\"exp\":1800003600}";

static struct gate gate;

static int open_gate(void **state)
{
	(void)state;
	gate_open(&gate, rules);
	return 0;
}

static int close_gate(void **state)
{
	(void)state;
	gate_close(&gate);
	return 0;
}

static struct token_finding verify(const char *token)
{
	const struct token_trust trust = {&gate.policy, &gate.policy.vaults[0],
					  gate.authorizer.keyring};
	struct token_finding finding;

	token_verify(&trust, token, strlen(token), GATE_NOW, &finding);
	assert_int_equal(finding.claims != NULL, finding.fault == TOKEN_FAULT_NONE);
	return finding;
}

static void expect_text(const char *token, enum token_fault fault)
{
	struct token_finding finding = verify(token);

	claims_free(finding.claims);
	if (finding.fault != fault)
		fail_msg("%s, not %s: %s", token_fault_label(finding.fault),
			 token_fault_label(fault), token);
}

static void expect_raw(const char *header, const char *claims, enum token_fault fault)
{
	cleanup(free_ptr) char *token = issuer_token_with(&gate.signers[0], header, claims);

	expect_text(token, fault);
}

static void expect_header(const char *header, enum token_fault fault)
{
	expect_raw(header, good, fault);
}

static void headers_are_ours_or_nothing(void **state)
{
	(void)state;
	expect_header("{\"alg\":\"RS256\",\"kid\":\"rsa\"}", TOKEN_FAULT_NONE);
	expect_header("{\"alg\":\"RS256\",\"kid\":\"rsa\",\"typ\":\"at+jwt\"}", TOKEN_FAULT_NONE);
	expect_header("{\"alg\":\"RS256\",\"kid\":\"rsa\",\"typ\":\"jwt\",\"x5t\":\"a\"}",
		      TOKEN_FAULT_NONE);
	expect_header("{\"alg\":\"RS256\"}", TOKEN_FAULT_KEY_ID);
	expect_header("{\"alg\":\"RS256\",\"kid\":\"\"}", TOKEN_FAULT_KEY_ID);
	expect_header("{\"alg\":\"RS256\",\"kid\":7}", TOKEN_FAULT_KEY_ID);
	expect_header("{\"alg\":\"RS256\",\"kid\":\"RSA\"}", TOKEN_FAULT_UNKNOWN_KEY);
	expect_header("{\"alg\":\"RS256\",\"kid\":\"../../etc/passwd\"}", TOKEN_FAULT_UNKNOWN_KEY);
	expect_header("{\"alg\":\"RS256\",\"kid\":\"rsa\",\"crit\":[]}", TOKEN_FAULT_CRITICAL);
	expect_header("{\"alg\":\"RS256\",\"kid\":\"rsa\",\"crit\":[\"b64\"],\"b64\":false}",
		      TOKEN_FAULT_CRITICAL);
	expect_header("{\"alg\":\"RS256\",\"kid\":\"rsa\",\"typ\":\"secevent+jwt\"}",
		      TOKEN_FAULT_TYPE);
	expect_header("{\"alg\":\"RS256\",\"kid\":\"rsa\",\"typ\":7}", TOKEN_FAULT_TYPE);
	expect_header("{\"alg\":\"RS256\",\"kid\":\"rsa\",\"cty\":\"JWT\"}", TOKEN_FAULT_TYPE);
	expect_header("{\"alg\":\"RS256\",\"kid\":\"rsa\",\"zip\":\"DEF\"}", TOKEN_FAULT_TYPE);
	expect_header("{\"alg\":\"RSA-OAEP\",\"enc\":\"A256GCM\",\"kid\":\"rsa\"}",
		      TOKEN_FAULT_TYPE);
	expect_header("{\"kid\":\"rsa\"}", TOKEN_FAULT_ALGORITHM);
	expect_header("{\"alg\":[\"RS256\"],\"kid\":\"rsa\"}", TOKEN_FAULT_ALGORITHM);
	expect_header("{\"alg\":\"rs256\",\"kid\":\"rsa\"}", TOKEN_FAULT_ALGORITHM);
	expect_header("{\"alg\":\"RS512\",\"kid\":\"rsa\"}", TOKEN_FAULT_ALGORITHM);
	expect_header("{\"alg\":\"none\",\"alg\":\"RS256\",\"kid\":\"rsa\"}", TOKEN_FAULT_JSON);
	expect_header("{\"alg\":\"RS256\",\"kid\":\"rsa\\u0000\"}", TOKEN_FAULT_JSON);
	expect_header("[\"alg\"]", TOKEN_FAULT_JSON);
	expect_header("\"RS256\"", TOKEN_FAULT_JSON);
	expect_header("{\"alg\":\"RS256\",\"kid\":\"rsa\"} ", TOKEN_FAULT_NONE);
	expect_header("{\"alg\":\"RS256\",\"kid\":\"rsa\"}{}", TOKEN_FAULT_JSON);
}

static void payloads_are_one_json_object(void **state)
{
	static const char header[] = "{\"alg\":\"RS256\",\"kid\":\"rsa\"}";

	(void)state;
	expect_raw(header, "[]", TOKEN_FAULT_JSON);
	expect_raw(header, "null", TOKEN_FAULT_JSON);
	expect_raw(header, "x", TOKEN_FAULT_JSON);
	expect_raw(header, "{\"exp\":1,\"exp\":1800003600}", TOKEN_FAULT_JSON);
	expect_raw(header, "{\"iss\":\"a\\u0000b\"}", TOKEN_FAULT_JSON);
	expect_raw(header, "{\"iss\":\"\xff\"}", TOKEN_FAULT_JSON);
	expect_raw(header, "{\"exp\":99999999999999999999}", TOKEN_FAULT_JSON);
	expect_raw(header, "{}", TOKEN_FAULT_CLAIMS);
}

/* A token whose algorithm needs no secret, or one that everybody knows. */
static void nobody_signs_without_the_private_key(void **state)
{
	static const char *const headers[] = {"{\"alg\":\"none\",\"kid\":\"rsa\"}",
					      "{\"alg\":\"None\",\"kid\":\"rsa\"}",
					      "{\"alg\":\"HS256\",\"kid\":\"rsa\"}"};
	cleanup(free_ptr) char *payload = issuer_encode(good, strlen(good));
	BIO *pem = BIO_new(BIO_s_mem());
	char *text = NULL;

	(void)state;
	assert_int_equal(PEM_write_bio_PUBKEY(pem, gate.signers[0].key), 1);
	for (size_t i = 0; i < 3; i++) {
		cleanup(free_ptr) char *header = issuer_encode(headers[i], strlen(headers[i]));
		cleanup(free_ptr) char *token = NULL;
		cleanup(free_ptr) char *content = NULL;
		cleanup(free_ptr) char *mac = NULL;
		unsigned char bytes[32];
		long size = BIO_get_mem_data(pem, &text);

		assert_true(asprintf(&content, "%s.%s", header, payload) > 0);
		assert_non_null(HMAC(EVP_sha256(), text, (int)size, (unsigned char *)content,
				     strlen(content), bytes, NULL));
		mac = issuer_encode(bytes, sizeof(bytes));
		assert_true(asprintf(&token, "%s.%s", content, mac) > 0);
		expect_text(token, TOKEN_FAULT_ALGORITHM);
		token[strlen(content) + 1] = '\0';
		expect_text(token, TOKEN_FAULT_PARTS);
	}
	BIO_free(pem);
}

static void a_key_that_the_token_brings_is_not_used(void **state)
{
	cleanup(free_ptr) char *jwk = issuer_jwk(&gate.stranger, "");
	cleanup(free_ptr) char *header = NULL;
	cleanup(free_ptr) char *token = NULL;

	(void)state;
	assert_true(
		asprintf(
			&header,
			"{\"alg\":\"RS256\",\"kid\":\"rsa\",\"jwk\":%s,\"jku\":\"https://evil.example\","
			"\"x5u\":\"https://evil.example\",\"x5c\":[\"AAAA\"]}",
			jwk) > 0);
	token = issuer_token_with(&gate.stranger, header, good);
	expect_text(token, TOKEN_FAULT_SIGNATURE);
	expect_header(header, TOKEN_FAULT_NONE);
}

/* Every pair of a key and an algorithm that is not its own. */
static void an_algorithm_fits_its_key_only(void **state)
{
	static const char *const algorithms[] = {"RS256", "PS256", "ES256"};

	(void)state;
	for (size_t i = 0; i < 3; i++)
		for (size_t j = 0; j < 3; j++) {
			struct issuer_key key = gate.signers[i];
			char header[64];
			cleanup(free_ptr) char *token = NULL;

			(void)snprintf(header, sizeof(header), "{\"alg\":\"%s\",\"kid\":\"%s\"}",
				       algorithms[j], key.id);
			/* Signed the way that the header says, where the key can. */
			if (i < 2 && j < 2)
				key.algorithm = (enum token_algorithm)j;
			token = issuer_token_with(&key, header, good);
			expect_text(token, i == j ? TOKEN_FAULT_NONE : TOKEN_FAULT_KEY);
		}
}

static void any_flipped_bit_is_noticed(void **state)
{
	(void)state;
	for (size_t k = 0; k < 3; k++) {
		cleanup(free_ptr) char *token = issuer_token(&gate.signers[k], good);
		size_t length = strlen(token);

		for (size_t i = 0; i < length; i += 1 + i % 7) {
			struct token_finding finding;
			char was = token[i];

			token[i] = was == 'A' ? 'B' : 'A';
			finding = verify(token);
			assert_int_not_equal(finding.fault, TOKEN_FAULT_NONE);
			token[i] = was;
		}
		for (size_t i = 0; i < length; i += 1 + i % 5) {
			struct token_finding finding;
			char was = token[i];

			token[i] = '\0';
			finding = verify(token);
			assert_int_not_equal(finding.fault, TOKEN_FAULT_NONE);
			token[i] = was;
		}
		expect_text(token, TOKEN_FAULT_NONE);
	}
}

static void expect_with_signature(const char *algorithm, const char *id, const void *bytes,
				  size_t size, enum token_fault fault)
{
	cleanup(free_ptr) char *payload = issuer_encode(good, strlen(good));
	cleanup(free_ptr) char *signature = issuer_encode(bytes, size);
	cleanup(free_ptr) char *header = NULL;
	cleanup(free_ptr) char *first = NULL;
	cleanup(free_ptr) char *token = NULL;

	assert_true(asprintf(&header, "{\"alg\":\"%s\",\"kid\":\"%s\"}", algorithm, id) > 0);
	first = issuer_encode(header, strlen(header));
	assert_true(asprintf(&token, "%s.%s.%s", first, payload, signature) > 0);
	expect_text(token, fault);
}

static void signatures_of_zeros_or_of_other_sizes_are_refused(void **state)
{
	static const uint8_t zeros[1100];
	/* 0x30 0x06 ...: a DER sequence where two raw numbers are wanted. */
	static const uint8_t der[8] = {0x30, 0x06, 0x02, 0x01, 0x01, 0x02, 0x01, 0x01};

	(void)state;
	expect_with_signature("ES256", "ec", zeros, 64, TOKEN_FAULT_SIGNATURE);
	expect_with_signature("ES256", "ec", zeros, 63, TOKEN_FAULT_SIGNATURE);
	expect_with_signature("ES256", "ec", zeros, 65, TOKEN_FAULT_SIGNATURE);
	expect_with_signature("ES256", "ec", zeros, 96, TOKEN_FAULT_SIGNATURE);
	expect_with_signature("ES256", "ec", der, sizeof(der), TOKEN_FAULT_SIGNATURE);
	expect_with_signature("RS256", "rsa", zeros, 256, TOKEN_FAULT_SIGNATURE);
	expect_with_signature("RS256", "rsa", zeros, 1, TOKEN_FAULT_SIGNATURE);
	expect_with_signature("RS256", "rsa", zeros, 1024, TOKEN_FAULT_SIGNATURE);
	expect_with_signature("RS256", "rsa", zeros, 1100, TOKEN_FAULT_SIGNATURE);
	expect_with_signature("PS256", "pss", zeros, 256, TOKEN_FAULT_SIGNATURE);
}

static void a_token_of_another_form_is_refused(void **state)
{
	cleanup(free_ptr) char *token = issuer_token(&gate.signers[0], good);
	static const char *const before[] = {"", "", "", " ", "", "", "", "."};
	static const char *const behind[] = {"=", "==", ".", "", " ", "\n", ".AAAA", ""};
	static const enum token_fault faults[] = {
		TOKEN_FAULT_ENCODING, TOKEN_FAULT_ENCODING, TOKEN_FAULT_PARTS, TOKEN_FAULT_ENCODING,
		TOKEN_FAULT_ENCODING, TOKEN_FAULT_ENCODING, TOKEN_FAULT_PARTS, TOKEN_FAULT_PARTS};

	(void)state;
	for (size_t i = 0; i < sizeof(before) / sizeof(before[0]); i++) {
		cleanup(free_ptr) char *text = NULL;

		assert_true(asprintf(&text, "%s%s%s", before[i], token, behind[i]) > 0);
		expect_text(text, faults[i]);
	}
	expect_text("", TOKEN_FAULT_PARTS);
	expect_text("..", TOKEN_FAULT_PARTS);
	expect_text("a.b", TOKEN_FAULT_PARTS);
	expect_text("a.b.c.d.e", TOKEN_FAULT_PARTS);
}

static void large_tokens_are_refused_unread(void **state)
{
	cleanup(free_ptr) char *text = malloc(TOKEN_BYTES + 2);

	(void)state;
	assert_non_null(text);
	memset(text, 'A', TOKEN_BYTES + 1);
	text[10] = '.';
	text[20] = '.';
	text[TOKEN_BYTES + 1] = '\0';
	expect_text(text, TOKEN_FAULT_SIZE);
	text[TOKEN_BYTES] = '\0';
	expect_text(text, TOKEN_FAULT_JSON);
}

/* PS256 as it is nowhere defined: with a salt of another length than the digest's. */
static void a_salt_is_as_long_as_the_digest(void **state)
{
	cleanup(free_ptr) char *header = issuer_encode("{\"alg\":\"PS256\",\"kid\":\"pss\"}", 27);
	cleanup(free_ptr) char *payload = issuer_encode(good, strlen(good));
	cleanup(free_ptr) char *content = NULL;

	(void)state;
	assert_true(asprintf(&content, "%s.%s", header, payload) > 0);
	for (int salt = 0; salt <= 64; salt += 32) {
		EVP_MD_CTX *digest = EVP_MD_CTX_new();
		EVP_PKEY_CTX *context = NULL;
		unsigned char bytes[256];
		size_t size = sizeof(bytes);
		EVP_PKEY *key = gate.signers[TOKEN_PS256].key;

		assert_int_equal(EVP_DigestSignInit(digest, &context, EVP_sha256(), NULL, key), 1);
		assert_true(EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PSS_PADDING) > 0);
		assert_true(EVP_PKEY_CTX_set_rsa_pss_saltlen(context, salt) > 0);
		assert_int_equal(EVP_DigestSign(digest, bytes, &size, (unsigned char *)content,
						strlen(content)),
				 1);
		EVP_MD_CTX_free(digest);
		expect_with_signature("PS256", "pss", bytes, size,
				      salt == 32 ? TOKEN_FAULT_NONE : TOKEN_FAULT_SIGNATURE);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(headers_are_ours_or_nothing),
		cmocka_unit_test(payloads_are_one_json_object),
		cmocka_unit_test(nobody_signs_without_the_private_key),
		cmocka_unit_test(a_key_that_the_token_brings_is_not_used),
		cmocka_unit_test(an_algorithm_fits_its_key_only),
		cmocka_unit_test(any_flipped_bit_is_noticed),
		cmocka_unit_test(signatures_of_zeros_or_of_other_sizes_are_refused),
		cmocka_unit_test(a_salt_is_as_long_as_the_digest),
		cmocka_unit_test(a_token_of_another_form_is_refused),
		cmocka_unit_test(large_tokens_are_refused_unread),
	};

	return cmocka_run_group_tests_name("token_forged", tests, open_gate, close_gate);
}
