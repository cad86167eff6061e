/* SPDX-License-Identifier: Apache-2.0 */
#include "issuer.h"

#include <jansson.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/rsa.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"

#define RSA_BITS       2048
#define ES256_BYTES    64
#define SIGNATURE_MOST 1024

static const char *const names[] = {"RS256", "PS256", "ES256"};

static void expect(bool holds)
{
	if (!holds)
		abort();
}

__attribute__((format(printf, 1, 2))) static char *format(const char *form, ...)
{
	char *text = NULL;
	va_list arguments;

	va_start(arguments, form);
	expect(vasprintf(&text, form, arguments) >= 0);
	va_end(arguments);
	return text;
}

static void free_number(BIGNUM **number)
{
	BN_free(*number);
}

static void free_digest(EVP_MD_CTX **context)
{
	EVP_MD_CTX_free(*context);
}

static void free_pair(ECDSA_SIG **pair)
{
	ECDSA_SIG_free(*pair);
}

struct issuer_key issuer_key_make(enum token_algorithm algorithm, const char *id)
{
	struct issuer_key key = {.algorithm = algorithm, .id = id};

	key.key = algorithm == TOKEN_ES256 ? EVP_EC_gen("P-256") : EVP_RSA_gen(RSA_BITS);
	expect(key.key);
	return key;
}

void issuer_key_free(struct issuer_key *key)
{
	EVP_PKEY_free(key->key);
	*key = (struct issuer_key){0};
}

char *issuer_encode(const void *bytes, size_t size)
{
	char *text = malloc(4 * (size / 3 + 1) + 1);

	expect(text);
	(void)EVP_EncodeBlock((unsigned char *)text, bytes, (int)size);
	for (char *c = text; *c; c++) {
		if (*c == '+')
			*c = '-';
		if (*c == '/')
			*c = '_';
		if (*c == '=')
			*c = '\0';
	}
	return text;
}

/* A number of the key, padded to `size`; 0: as short as it gets. */
static char *encode_number(const EVP_PKEY *key, const char *name, size_t size)
{
	cleanup(free_number) BIGNUM *number = NULL;
	unsigned char bytes[SIGNATURE_MOST];

	expect(EVP_PKEY_get_bn_param(key, name, &number));
	if (!size)
		size = (size_t)BN_num_bytes(number);
	expect(size <= sizeof(bytes) && BN_bn2binpad(number, bytes, (int)size) >= 0);
	return issuer_encode(bytes, size);
}

char *issuer_jwk(const struct issuer_key *key, const char *more)
{
	bool rsa = key->algorithm != TOKEN_ES256;
	cleanup(free_ptr) char *one =
		encode_number(key->key, rsa ? OSSL_PKEY_PARAM_RSA_N : OSSL_PKEY_PARAM_EC_PUB_X,
			      rsa ? 0 : ES256_BYTES / 2);
	cleanup(free_ptr) char *other =
		encode_number(key->key, rsa ? OSSL_PKEY_PARAM_RSA_E : OSSL_PKEY_PARAM_EC_PUB_Y,
			      rsa ? 0 : ES256_BYTES / 2);

	return format("{\"kid\":\"%s\",%s\"%s\",\"%s\":\"%s\"%s}", key->id,
		      rsa ? "\"kty\":\"RSA\",\"n\":" : "\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":",
		      one, rsa ? "e" : "y", other, more);
}

char *issuer_jwks(const struct issuer_key *keys, size_t count)
{
	char *list = format("{\"keys\":[");

	for (size_t i = 0; i < count; i++) {
		cleanup(free_ptr) char *more =
			format(",\"use\":\"sig\",\"alg\":\"%s\"", names[keys[i].algorithm]);
		cleanup(free_ptr) char *jwk = issuer_jwk(&keys[i], more);
		cleanup(free_ptr) char *before = list;

		list = format("%s%s%s", before, i ? "," : "", jwk);
	}

	cleanup(free_ptr) char *before = list;

	return format("%s]}", before);
}

/* OpenSSL's form to the token's. */
static size_t make_raw(unsigned char *signature, size_t size)
{
	const unsigned char *from = signature;
	cleanup(free_pair) ECDSA_SIG *pair = d2i_ECDSA_SIG(NULL, &from, (long)size);

	expect(pair);
	expect(BN_bn2binpad(ECDSA_SIG_get0_r(pair), signature, ES256_BYTES / 2) > 0);
	expect(BN_bn2binpad(ECDSA_SIG_get0_s(pair), signature + ES256_BYTES / 2, ES256_BYTES / 2) >
	       0);
	return ES256_BYTES;
}

char *issuer_sign(const struct issuer_key *key, const char *text)
{
	cleanup(free_digest) EVP_MD_CTX *digest = EVP_MD_CTX_new();
	EVP_PKEY_CTX *context = NULL;
	unsigned char signature[SIGNATURE_MOST];
	size_t size = sizeof(signature);

	expect(digest && EVP_DigestSignInit(digest, &context, EVP_sha256(), NULL, key->key) > 0);
	if (key->algorithm == TOKEN_PS256)
		expect(EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PSS_PADDING) > 0 &&
		       EVP_PKEY_CTX_set_rsa_pss_saltlen(context, RSA_PSS_SALTLEN_DIGEST) > 0);
	expect(EVP_DigestSign(digest, signature, &size, (const unsigned char *)text, strlen(text)) >
	       0);
	if (key->algorithm == TOKEN_ES256)
		size = make_raw(signature, size);
	return issuer_encode(signature, size);
}

char *issuer_token_with(const struct issuer_key *key, const char *header, const char *claims)
{
	cleanup(free_ptr) char *first = issuer_encode(header, strlen(header));
	cleanup(free_ptr) char *second = issuer_encode(claims, strlen(claims));
	cleanup(free_ptr) char *content = format("%s.%s", first, second);
	cleanup(free_ptr) char *third = issuer_sign(key, content);

	return format("%s.%s", content, third);
}

char *issuer_token(const struct issuer_key *key, const char *claims)
{
	cleanup(free_ptr) char *header = format("{\"typ\":\"JWT\",\"alg\":\"%s\",\"kid\":\"%s\"}",
						names[key->algorithm], key->id);

	return issuer_token_with(key, header, claims);
}

char *issuer_change(const char *claims, const char *changes)
{
	json_t *object = json_loads(claims, 0, NULL);
	json_t *others = json_loads(changes, 0, NULL);
	const char *name;
	json_t *value;
	void *next;
	char *text = NULL;

	expect(object && others && json_object_update(object, others) == 0);
	json_object_foreach_safe(object, next, name, value)
	{
		if (json_is_null(value))
			(void)json_object_del(object, name);
	}
	text = json_dumps(object, JSON_COMPACT);
	expect(text);
	json_decref(object);
	json_decref(others);
	return text;
}
