/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where a set of keys comes from, and what the documents on the way to it say. Fetches nothing.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

#include "fault.h"
#include "policy.h"

#define KEYSET_NAME_MAX 2304

enum keyset_kind { KEYSET_FILE, KEYSET_URL, KEYSET_DISCOVERY };

/* "file", "url", "discovery" */
const char *keyset_kind_name(enum keyset_kind kind);

/*
 * What a set is known by, "KIND:LOCATION": the file, the URL, or the issuer with the tenant filled
 * in. False: a tenant is needed and there is none, or the name is too long.
 */
bool keyset_name(const struct issuer *issuer, const char *tenant, char name[KEYSET_NAME_MAX]);

/* Takes such a name apart; the location is a part of it. */
enum keyset_kind keyset_name_split(const char *name, const char **ret_location);

/* Where the discovery document of an issuer is; false: too long. */
bool keyset_discovery_url(const char *issuer, char url[KEYSET_NAME_MAX]);

/* The jwks_uri of a discovery document that is `issuer`'s own. */
int keyset_discovery_read(const char *issuer, const char *text, size_t size,
			  char ret_url[KEYSET_NAME_MAX], struct fault *fault);

/*
 * A file of keys, at most FETCH_BODY_MAX bytes; *ret_text is the caller's. A relative path begins
 * in `folder`, NULL: where we run. 0 with *ret_text NULL: it is what `seen` tells. `seen` starts as
 * {0} and is updated on success.
 */
int keyset_file_read(const char *folder, const char *file, struct stat *seen, char **ret_text,
		     size_t *ret_size, struct fault *fault);
