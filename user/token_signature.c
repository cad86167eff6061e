/* SPDX-License-Identifier: Apache-2.0 */
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/rsa.h>

#include "cleanup.h"
#include "token_parts.h"

#define ES256_BYTES 64 /* two numbers of 32 bytes, one behind the other */
#define DER_BYTES   80 /* the same as OpenSSL wants them: 72 at most */

static void free_digest(EVP_MD_CTX **context)
{
	EVP_MD_CTX_free(*context);
}

static void free_pair(ECDSA_SIG **pair)
{
	ECDSA_SIG_free(*pair);
}

/* Returns the length, or 0. */
static size_t make_der(const uint8_t signature[ES256_BYTES], uint8_t der[DER_BYTES])
{
	cleanup(free_pair) ECDSA_SIG *pair = ECDSA_SIG_new();
	BIGNUM *r = BN_bin2bn(signature, ES256_BYTES / 2, NULL);
	BIGNUM *s = BN_bin2bn(signature + ES256_BYTES / 2, ES256_BYTES / 2, NULL);
	int length = 0;

	if (!pair || !r || !s || !ECDSA_SIG_set0(pair, r, s)) {
		BN_free(r);
		BN_free(s);
		return 0;
	}
	length = i2d_ECDSA_SIG(pair, NULL);
	if (length <= 0 || length > DER_BYTES)
		return 0;
	return (size_t)i2d_ECDSA_SIG(pair, &der);
}

/* The salt is as long as the digest, no shorter and no longer. */
static bool set_pss(EVP_PKEY_CTX *context)
{
	return EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PSS_PADDING) > 0 &&
	       EVP_PKEY_CTX_set_rsa_pss_saltlen(context, RSA_PSS_SALTLEN_DIGEST) > 0;
}

bool token_signature_fits(const struct token_key *key, const char *text, size_t length,
			  const uint8_t *signature, size_t size)
{
	cleanup(free_digest) EVP_MD_CTX *digest = EVP_MD_CTX_new();
	EVP_PKEY_CTX *context = NULL; /* the digest's */
	uint8_t der[DER_BYTES];
	bool fits = false;

	if (key->algorithm == TOKEN_ES256) {
		size = size == ES256_BYTES ? make_der(signature, der) : 0;
		signature = der;
	}
	if (digest && size > 0 &&
	    EVP_DigestVerifyInit(digest, &context, EVP_sha256(), NULL, key->key) > 0 &&
	    (key->algorithm != TOKEN_PS256 || set_pss(context)))
		fits = EVP_DigestVerify(digest, signature, size, (const uint8_t *)text, length) ==
		       1;
	ERR_clear_error();
	return fits;
}
