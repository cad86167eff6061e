// SPDX-License-Identifier: Apache-2.0
#include "gate_certificates.h"

#include <errno.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "cleanup.h"

static void free_digest(EVP_MD_CTX **digest)
{
	EVP_MD_CTX_free(*digest);
}

/* One that is missing counts as such. Nanoseconds: a renewal may take less than a second. */
static int add_file(EVP_MD_CTX *digest, const char *path)
{
	struct stat status = {0};
	bool there = stat(path, &status) == 0;
	const uint64_t seen[] = {
		there,
		status.st_dev,
		status.st_ino,
		(uint64_t)status.st_size,
		(uint64_t)status.st_mtim.tv_sec,
		(uint64_t)status.st_mtim.tv_nsec,
		status.st_mode,
		(uint64_t)status.st_uid << 32 | status.st_gid,
	};

	/* With its NUL, so that no two lists of paths look the same. */
	return EVP_DigestUpdate(digest, path, strlen(path) + 1) &&
			       EVP_DigestUpdate(digest, seen, sizeof(seen))
		       ? 0
		       : -ENOMEM;
}

static int add_files(EVP_MD_CTX *digest, const struct policy *policy)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < policy->vault_count; i++) {
		const struct vault *vault = &policy->vaults[i];

		if (vault->tls_certificate)
			r = add_file(digest, vault->tls_certificate);
		if (r == 0 && vault->tls_key)
			r = add_file(digest, vault->tls_key);
	}
	return r;
}

int gate_certificates_digest(const struct policy *policy, const char *upstream_ca,
			     char ret_text[GATE_CERTIFICATES_TEXT])
{
	cleanup(free_digest) EVP_MD_CTX *digest = EVP_MD_CTX_new();
	unsigned char bytes[EVP_MAX_MD_SIZE];
	unsigned length = 0;
	int r = digest && EVP_DigestInit_ex(digest, EVP_sha256(), NULL) ? 0 : -ENOMEM;

	if (r == 0)
		r = add_file(digest, upstream_ca);
	if (r == 0)
		r = add_files(digest, policy);
	if (r < 0 || !EVP_DigestFinal_ex(digest, bytes, &length))
		return -ENOMEM;
	for (size_t i = 0; i < 32; i++)
		(void)snprintf(ret_text + 2 * i, 3, "%02x", bytes[i]);
	return 0;
}
