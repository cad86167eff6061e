/* SPDX-License-Identifier: Apache-2.0 */
#include "token_digest.h"

#include <errno.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <stdbool.h>
#include <stdlib.h>

#include "cleanup.h"

#define KEY_BYTES_MOST 32

/* A function under its key. Fetched once: that costs more than the digest. */
struct keyed {
	EVP_MAC_CTX *context;
	uint8_t key[KEY_BYTES_MOST];
	size_t key_bytes;
};

struct token_digester {
	struct keyed poly1305, siphash;
};

static void free_mac(EVP_MAC **mac)
{
	EVP_MAC_free(*mac);
}

static void free_digester(struct token_digester **digester)
{
	token_digester_free(*digester);
}

static int keyed_open(struct keyed *keyed, const char *name, size_t key_bytes)
{
	cleanup(free_mac) EVP_MAC *mac = EVP_MAC_fetch(NULL, name, NULL);

	keyed->key_bytes = key_bytes;
	keyed->context = mac ? EVP_MAC_CTX_new(mac) : NULL;
	return keyed->context && RAND_priv_bytes(keyed->key, (int)key_bytes) == 1 ? 0 : -EIO;
}

static void keyed_close(struct keyed *keyed)
{
	EVP_MAC_CTX_free(keyed->context);
	OPENSSL_cleanse(keyed->key, sizeof(keyed->key));
}

static bool keyed_digest(struct keyed *keyed, const void *bytes, size_t count,
			 uint8_t ret_digest[TOKEN_DIGEST_BYTES])
{
	size_t length = 0;

	return EVP_MAC_init(keyed->context, keyed->key, keyed->key_bytes, NULL) &&
	       EVP_MAC_update(keyed->context, bytes, count) &&
	       EVP_MAC_final(keyed->context, ret_digest, &length, TOKEN_DIGEST_BYTES) &&
	       length == TOKEN_DIGEST_BYTES;
}

int token_digester_open(struct token_digester **ret_digester)
{
	cleanup(free_digester) struct token_digester *digester = calloc(1, sizeof(*digester));
	struct token_digest digest = {0};
	int r;

	if (!digester)
		return -ENOMEM;
	r = keyed_open(&digester->poly1305, "POLY1305", 32);
	if (r == 0)
		r = keyed_open(&digester->siphash, "SIPHASH", 16);
	if (r == 0 && token_digest(digester, "", 0, &digest))
		r = -EIO;
	ERR_clear_error();
	if (r == 0)
		*ret_digester = take_ptr(&digester);
	return r;
}

void token_digester_free(struct token_digester *digester)
{
	if (!digester)
		return;
	keyed_close(&digester->poly1305);
	keyed_close(&digester->siphash);
	free(digester);
}

int token_digest(struct token_digester *digester, const char *text, size_t length,
		 struct token_digest *ret_digest)
{
	uint8_t inner[TOKEN_DIGEST_BYTES] = {0};
	struct token_digest digest = {0};

	if (!keyed_digest(&digester->poly1305, text, length, inner) ||
	    !keyed_digest(&digester->siphash, inner, sizeof(inner), digest.bytes)) {
		ERR_clear_error();
		return -ENOMEM;
	}
	*ret_digest = digest;
	return 0;
}
