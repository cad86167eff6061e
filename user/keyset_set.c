// SPDX-License-Identifier: Apache-2.0
#include "keyset_set.h"

#include <errno.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "cleanup.h"
#include "diag.h"
#include "journal.h"
#include "keyset_fetch.h"

#define FILE_SECONDS 1 /* how often a file is looked at */

int64_t keyset_now(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_BOOTTIME, &now);
	return now.tv_sec;
}

/* A set takes what was read, or what went wrong. */

/* So that sets which began together do not stay together. */
static int64_t spread(const struct keyset *set, unsigned seconds)
{
	uint32_t hash = 2166136261U;

	for (const char *at = set->name; *at; at++)
		hash = (hash ^ (uint8_t)*at) * 16777619U;
	return seconds < 60 ? 0 : hash % (seconds / 6);
}

void keyset_drop_keys(struct keyset *set)
{
	if (!set->has_keys)
		return;
	token_keys_free(&set->keys);
	set->keys = (struct token_keys){0};
	set->has_keys = false;
	set->owner->version++;
}

static void note_success(struct keyset *set, int64_t now)
{
	unsigned refresh = set->owner->options.refresh;

	set->good = now;
	set->failures = 0;
	set->expired = false;
	set->kind_of_problem = KEYSET_PROBLEM_NONE;
	set->problem[0] = '\0';
	set->due = now + (set->kind == KEYSET_FILE ? FILE_SECONDS : refresh - spread(set, refresh));
}

static enum keyset_problem kind_of(const struct keyset *set, const struct fault *fault)
{
	if (fault->code == -ENODATA)
		return KEYSET_PROBLEM_EMPTY;
	return fault->code == -EIO && set->kind != KEYSET_FILE ? KEYSET_PROBLEM_UNREACHABLE
							       : KEYSET_PROBLEM_UNREADABLE;
}

static void note_failure(struct keyset *set, int64_t now, const struct fault *fault)
{
	const char *problem = fault->text;
	const struct keyset_options *options = &set->owner->options;
	unsigned wait = options->retry << (set->failures < 8 ? set->failures : 8);

	if (set->kind == KEYSET_FILE)
		wait = FILE_SECONDS;
	if (strcmp(set->problem, problem) != 0)
		journal(JOURNAL_WARNING, "no new keys from %s: %s", set->location, problem);
	(void)snprintf(set->problem, sizeof(set->problem), "%s", problem);
	set->kind_of_problem = kind_of(set, fault);
	set->failures++;
	set->due = now + (wait < options->refresh_miss ? wait : options->refresh_miss);
}

static int read_keys(const struct keyset *set, const char *text, size_t size,
		     struct token_keys *ret_keys, struct fault *fault)
{
	cleanup(diags_clear) struct diags diags = {0};
	int r = token_keys_read(text, size, set->location, &diags, ret_keys);

	for (size_t i = 0; i < diags.count; i++)
		if (diags.items[i].level == DIAG_ERROR)
			return fault_set(fault, r, "%.240s", diags.items[i].text);
		else
			journal(JOURNAL_WARNING, "%s: %s", set->location, diags.items[i].text);
	return r < 0 ? fault_set(fault, r, "its keys cannot be read: %s", strerror(-r)) : 0;
}

static int take_keys(struct keyset *set, const char *text, size_t size, struct fault *fault)
{
	uint8_t digest[KEYSET_DIGEST];
	struct token_keys keys = {0};
	int r;

	if (EVP_Digest(text, size, digest, NULL, EVP_sha256(), NULL) != 1)
		return fault_set(fault, -ENOMEM, "no memory for keys");
	if (set->has_keys && !memcmp(digest, set->digest, sizeof(digest)))
		return 0;
	r = read_keys(set, text, size, &keys, fault);
	if (r < 0)
		return r;
	keyset_drop_keys(set);
	set->keys = keys;
	set->has_keys = true;
	memcpy(set->digest, digest, sizeof(digest));
	set->owner->version++;
	return 0;
}

/* Fetching: a discovery document first, if there has to be one, then the keys. */

static void end_fetch(struct keyset *set, const struct fault *fault)
{
	int64_t now = keyset_now();

	set->under_way = false;
	set->owner->under_way--;
	if (fault)
		note_failure(set, now, fault);
	else
		note_success(set, now);
}

static void keys_came(void *context, const char *text, size_t size, const struct fault *fault)
{
	struct keyset *set = context;
	struct fault found = {0};

	if (!fault && take_keys(set, text, size, &found) < 0)
		fault = &found;
	end_fetch(set, fault);
}

static void discovery_came(void *context, const char *text, size_t size, const struct fault *fault)
{
	struct keyset *set = context;
	char url[KEYSET_NAME_MAX];
	struct fault found = {0};

	if (!fault && keyset_discovery_read(set->location, text, size, url, &found) < 0)
		fault = &found;
	if (!fault && fetcher_start(set->owner->fetcher, url, keys_came, set) < 0) {
		(void)fault_set(&found, -ENOMEM, "no memory to fetch keys");
		fault = &found;
	}
	if (fault)
		end_fetch(set, fault);
}

static int start_fetch(struct keyset *set)
{
	struct fetcher *fetcher = set->owner->fetcher;
	char url[KEYSET_NAME_MAX];

	if (set->kind == KEYSET_URL)
		return fetcher_start(fetcher, set->location, keys_came, set);
	if (!keyset_discovery_url(set->location, url))
		return -ENAMETOOLONG;
	return fetcher_start(fetcher, url, discovery_came, set);
}

static void read_file(struct keyset *set, int64_t now)
{
	cleanup(free_ptr) char *text = NULL;
	struct fault fault = {0};
	struct stat seen = set->seen;
	size_t size = 0;
	int r = keyset_file_read(set->owner->options.folder, set->location, &seen, &text, &size,
				 &fault);

	if (r == 0 && text) {
		set->seen = seen;
		r = take_keys(set, text, size, &fault);
		set->broken = r < 0;
	} else if (r == 0 && set->broken) {
		set->due = now + FILE_SECONDS; /* it has not changed, nor has the problem */
		return;
	}
	if (r < 0)
		note_failure(set, now, &fault);
	else
		note_success(set, now);
}

void keyset_look(struct keyset *set, int64_t now)
{
	struct fault fault = {0};

	if (set->kind == KEYSET_FILE) {
		read_file(set, now);
	} else if (start_fetch(set) == 0) {
		set->under_way = true;
		set->owner->under_way++;
	} else {
		(void)fault_set(&fault, -ENOMEM, "no memory to fetch keys");
		note_failure(set, now, &fault);
	}
}
