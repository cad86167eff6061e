// SPDX-License-Identifier: Apache-2.0
#include "keyset_source.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bytes.h"
#include "cleanup.h"
#include "keyset_fetch.h"

#define TENANT "{tenant}"

static const char *const kind_names[] = {
	[KEYSET_FILE] = "file", [KEYSET_URL] = "url", [KEYSET_DISCOVERY] = "discovery"};

const char *keyset_kind_name(enum keyset_kind kind)
{
	return kind_names[kind];
}

/* Appends to a text of KEYSET_NAME_MAX bytes. */
static bool append(char *text, size_t *used, const char *piece, size_t length)
{
	if (length >= KEYSET_NAME_MAX - *used)
		return false;
	memcpy(text + *used, piece, length);
	*used += length;
	text[*used] = '\0';
	return true;
}

bool keyset_name(const struct issuer *issuer, const char *tenant, char name[KEYSET_NAME_MAX])
{
	const char *location = issuer->jwks_file ? issuer->jwks_file : issuer->jwks_url;
	const char *kind = issuer->jwks_file ? "file:" : issuer->jwks_url ? "url:" : "discovery:";
	const char *place;
	size_t used = 0;

	if (!location)
		location = issuer->issuer;
	if (!append(name, &used, kind, strlen(kind)))
		return false;
	while ((place = strstr(location, TENANT)) != NULL) {
		if (!tenant || !append(name, &used, location, (size_t)(place - location)) ||
		    !append(name, &used, tenant, strlen(tenant)))
			return false;
		location = place + strlen(TENANT);
	}
	return append(name, &used, location, strlen(location));
}

enum keyset_kind keyset_name_split(const char *name, const char **ret_location)
{
	size_t length = strcspn(name, ":");
	enum keyset_kind kind = KEYSET_DISCOVERY;

	*ret_location = name + length + 1;
	while (kind > KEYSET_FILE && strncmp(kind_names[kind], name, length) != 0)
		kind--;
	return kind;
}

bool keyset_discovery_url(const char *issuer, char url[KEYSET_NAME_MAX])
{
	static const char path[] = "/.well-known/openid-configuration";
	size_t length = strlen(issuer);
	size_t used = 0;

	while (length > 0 && issuer[length - 1] == '/')
		length--;
	return append(url, &used, issuer, length) && append(url, &used, path, sizeof(path) - 1);
}

static void release_json(json_t **json)
{
	json_decref(*json);
}

static bool is_https(const char *url)
{
	for (const char *at = url; *at; at++)
		if (*at <= ' ' || *at > '~')
			return false;
	return strncmp(url, "https://", 8) == 0 && strlen(url) < KEYSET_NAME_MAX;
}

int keyset_discovery_read(const char *issuer, const char *text, size_t size,
			  char ret_url[KEYSET_NAME_MAX], struct fault *fault)
{
	json_error_t error;
	cleanup(release_json) json_t *document =
		json_loadb(text, size, JSON_REJECT_DUPLICATES, &error);
	const char *of = json_string_value(json_object_get(document, "issuer"));
	const char *url = json_string_value(json_object_get(document, "jwks_uri"));

	if (!document)
		return fault_set(fault, -EBADMSG, "the discovery document is no JSON: %s",
				 error.text);
	if (!of || !url)
		return fault_set(fault, -EBADMSG,
				 "the discovery document has no 'issuer' and 'jwks_uri'");
	if (strcmp(of, issuer) != 0)
		return fault_set(fault, -EBADMSG,
				 "the discovery document is that of another issuer, '%.200s'", of);
	if (!is_https(url))
		return fault_set(fault, -EBADMSG, "its 'jwks_uri' is no https URL");
	(void)snprintf(ret_url, KEYSET_NAME_MAX, "%s", url);
	return 0;
}

/*
 * A file that was written less than two seconds before it was read may be written again within the
 * grain of its time stamp, so that it looks the same.
 */
static bool is_seen(const struct stat *now, const struct stat *seen)
{
	struct timespec wall;

	(void)clock_gettime(CLOCK_REALTIME, &wall);
	return now->st_ino == seen->st_ino && now->st_dev == seen->st_dev &&
	       now->st_size == seen->st_size && now->st_mtim.tv_sec == seen->st_mtim.tv_sec &&
	       now->st_mtim.tv_nsec == seen->st_mtim.tv_nsec &&
	       wall.tv_sec - now->st_mtim.tv_sec > 2;
}

static int read_file(int fd, const char *path, const struct stat *state, char **ret_text,
		     size_t *ret_size, struct fault *fault)
{
	cleanup(free_ptr) char *text = NULL;
	int r;

	if (!S_ISREG(state->st_mode))
		return fault_set(fault, -EINVAL, "%s is no file", path);
	if ((size_t)state->st_size > FETCH_BODY_MAX)
		return fault_set(fault, -EFBIG, "%s is longer than %zu bytes", path,
				 FETCH_BODY_MAX);
	text = malloc((size_t)state->st_size + 1);
	if (!text)
		return fault_set(fault, -ENOMEM, "no memory for %s", path);
	r = bytes_read(fd, text, (size_t)state->st_size, ret_size);
	if (r < 0)
		return fault_set(fault, r, "cannot read %s: %s", path, strerror(-r));
	*ret_text = take_ptr(&text);
	return 0;
}

/* False: too long. */
static bool place_file(const char *folder, const char *path, char place[PATH_MAX])
{
	bool relative = path[0] != '/' && folder;
	int length = snprintf(place, PATH_MAX, "%s%s%s", relative ? folder : "",
			      relative ? "/" : "", path);

	return length >= 0 && length < PATH_MAX;
}

int keyset_file_read(const char *folder, const char *file, struct stat *seen, char **ret_text,
		     size_t *ret_size, struct fault *fault)
{
	char path[PATH_MAX];
	/* Nor may a pipe that somebody put there hold us up. */
	cleanup(close_fd) int fd = -1;
	struct stat state;
	int r;

	if (!place_file(folder, file, path))
		return fault_set(fault, -ENAMETOOLONG, "the path %.200s... is too long", file);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0 || fstat(fd, &state) < 0)
		return fault_set(fault, -errno, "cannot read %s: %s", path, strerror(errno));
	*ret_text = NULL;
	if (is_seen(&state, seen))
		return 0;
	r = read_file(fd, path, &state, ret_text, ret_size, fault);
	if (r == 0)
		*seen = state;
	return r;
}
