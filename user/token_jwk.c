/* SPDX-License-Identifier: Apache-2.0 */
#include "token_jwk.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/param_build.h>
#include <string.h>

#include "base64.h"
#include "cleanup.h"

#define RSA_BITS_LEAST	   2048
#define RSA_BITS_MOST	   8192 /* beyond, each token costs too much */
#define RSA_EXPONENT_LEAST 65537
#define EC_COORDINATE	   32 /* bytes, P-256 */
#define NUMBER_BYTES	   (RSA_BITS_MOST / 8 + 1)

static const char no_memory[] = "out of memory";

static void free_number(BIGNUM **number)
{
	BN_free(*number);
}

static void free_builder(OSSL_PARAM_BLD **builder)
{
	OSSL_PARAM_BLD_free(*builder);
}

static void free_params(OSSL_PARAM **params)
{
	OSSL_PARAM_free(*params);
}

static void free_context(EVP_PKEY_CTX **context)
{
	EVP_PKEY_CTX_free(*context);
}

static void free_key(EVP_PKEY **key)
{
	EVP_PKEY_free(*key);
}

/* A member that must be text; NULL if it is none. */
static const char *text_of(const json_t *jwk, const char *member)
{
	return json_string_value(json_object_get(jwk, member));
}

/* Bytes of a base64url member; 0 if it is none, or too long for `bytes`. */
static size_t bytes_of(const json_t *jwk, const char *member, uint8_t *bytes, size_t size)
{
	const json_t *value = json_object_get(jwk, member);
	size_t length = json_string_length(value);

	if (!json_is_string(value) || base64url_size(length) > size ||
	    base64url_decode(json_string_value(value), length, bytes) < 0)
		return 0;
	return base64url_size(length);
}

static BIGNUM *number_of(const json_t *jwk, const char *member)
{
	uint8_t bytes[NUMBER_BYTES];
	size_t size = bytes_of(jwk, member, bytes, sizeof(bytes));

	return size ? BN_bin2bn(bytes, (int)size, NULL) : NULL;
}

/* A public key of its parts; NULL if OpenSSL will not have them. */
static EVP_PKEY *make_key(const char *type, OSSL_PARAM *params)
{
	cleanup(free_context) EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
	EVP_PKEY *key = NULL;

	if (!context || !params || EVP_PKEY_fromdata_init(context) <= 0 ||
	    EVP_PKEY_fromdata(context, &key, EVP_PKEY_PUBLIC_KEY, params) <= 0)
		return NULL;
	return key;
}

static const char *rsa_problem(const BIGNUM *modulus, const BIGNUM *exponent)
{
	if (!modulus || !exponent)
		return "its modulus or exponent cannot be read";
	if (BN_num_bits(modulus) < RSA_BITS_LEAST)
		return "it is an RSA key of less than 2048 bits";
	if (BN_num_bits(modulus) > RSA_BITS_MOST)
		return "it is an RSA key of more than 8192 bits";
	if (!BN_is_odd(modulus))
		return "its modulus is even";
	if (!BN_is_odd(exponent))
		return "its exponent is even";
	/* 64 bits at most, or checking one token takes as long as signing it. */
	if (BN_get_word(exponent) < RSA_EXPONENT_LEAST || BN_num_bits(exponent) > 64)
		return "its exponent is below 65537 or of more than 64 bits";
	return NULL;
}

static const char *read_rsa(const json_t *jwk, EVP_PKEY **ret_key)
{
	cleanup(free_number) BIGNUM *modulus = number_of(jwk, "n");
	cleanup(free_number) BIGNUM *exponent = number_of(jwk, "e");
	cleanup(free_builder) OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
	cleanup(free_params) OSSL_PARAM *params = NULL;
	const char *problem = rsa_problem(modulus, exponent);

	if (problem)
		return problem;
	if (!builder || !OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_N, modulus) ||
	    !OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_E, exponent))
		return no_memory;
	params = OSSL_PARAM_BLD_to_param(builder);
	*ret_key = make_key("RSA", params);
	return *ret_key ? NULL : "it is no RSA key";
}

/* Whether the point lies on the curve, and is not the one at infinity. */
static bool is_valid(EVP_PKEY *key)
{
	cleanup(free_context) EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);

	return context && EVP_PKEY_public_check(context) == 1;
}

static const char *read_ec(const json_t *jwk, EVP_PKEY **ret_key)
{
	uint8_t point[1 + 2 * EC_COORDINATE] = {POINT_CONVERSION_UNCOMPRESSED};
	char group[] = "prime256v1";
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group, 0),
		OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point, sizeof(point)),
		OSSL_PARAM_construct_end(),
	};
	cleanup(free_key) EVP_PKEY *key = NULL;
	const char *curve = text_of(jwk, "crv");

	if (!curve || strcmp(curve, "P-256") != 0)
		return "its curve is not P-256";
	if (bytes_of(jwk, "x", point + 1, EC_COORDINATE) != EC_COORDINATE ||
	    bytes_of(jwk, "y", point + 1 + EC_COORDINATE, EC_COORDINATE) != EC_COORDINATE)
		return "its coordinates cannot be read";
	key = make_key("EC", params);
	if (!key || !is_valid(key))
		return "its point is not on the curve";
	*ret_key = take_ptr(&key);
	return NULL;
}

static const char *purpose_problem(const json_t *jwk)
{
	const json_t *use = json_object_get(jwk, "use");
	const json_t *operations = json_object_get(jwk, "key_ops");
	const json_t *operation;
	size_t i;

	if (use && (!json_is_string(use) || strcmp(json_string_value(use), "sig") != 0))
		return "it is not for signatures ('use' is not sig)";
	if (!operations)
		return NULL;
	json_array_foreach(operations, i, operation) if (json_is_string(operation) &&
							 strcmp(json_string_value(operation),
								"verify") == 0) return NULL;
	return "it is not for verification ('key_ops' lacks verify)";
}

/* One key, one algorithm: without "alg" an RSA key is for RS256 and nothing else. */
static const char *read_algorithm(const json_t *jwk, bool rsa, enum token_algorithm *ret_algorithm)
{
	const json_t *name = json_object_get(jwk, "alg");
	enum token_algorithm algorithm = rsa ? TOKEN_RS256 : TOKEN_ES256;

	if (name && !json_is_string(name))
		return "its 'alg' is no text";
	if (name)
		algorithm = token_algorithm_find(json_string_value(name));
	if (algorithm == TOKEN_ALGORITHM_COUNT)
		return "its 'alg' is none of RS256, PS256 and ES256";
	if (rsa == (algorithm == TOKEN_ES256))
		return "its 'alg' does not fit its 'kty'";
	*ret_algorithm = algorithm;
	return NULL;
}

const char *token_jwk_read(const json_t *jwk, struct token_key *ret_key)
{
	const char *type = text_of(jwk, "kty");
	bool rsa = type && strcmp(type, "RSA") == 0;
	const char *problem = NULL;

	if (!rsa && (!type || strcmp(type, "EC") != 0))
		return "its 'kty' is neither RSA nor EC";
	problem = purpose_problem(jwk);
	if (!problem)
		problem = read_algorithm(jwk, rsa, &ret_key->algorithm);
	if (!problem)
		problem = rsa ? read_rsa(jwk, &ret_key->key) : read_ec(jwk, &ret_key->key);
	ERR_clear_error();
	return problem;
}
