// SPDX-License-Identifier: Apache-2.0
#include "keyset.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>

#include "cleanup.h"
#include "keyset_fetch.h"
#include "keyset_set.h"

#define PARALLEL_MAX 16U /* documents under way at once */

/* The clock. */

static void arm(const struct keysets *keysets, int64_t now)
{
	struct itimerspec when = {0};
	int64_t next = INT64_MAX;

	for (const struct keyset *set = keysets->sets; set; set = set->next)
		if (!set->under_way && set->due < next)
			next = set->due;
	if (next < INT64_MAX)
		when.it_value.tv_sec = next > now ? next - now : 1;
	(void)timerfd_settime(keysets->timer, 0, &when, NULL);
}

/* Starts what is due, as far as there is room; what finds none starts when something ends. */
static void look_at_due(struct keysets *keysets)
{
	int64_t now = keyset_now();

	for (struct keyset *set = keysets->sets; set; set = set->next) {
		if (set->has_keys && now - set->good > keysets->options.age_max) {
			keyset_drop_keys(set);
			set->expired = true;
		}
		if (!set->under_way && set->due <= now &&
		    (set->kind == KEYSET_FILE || keysets->under_way < PARALLEL_MAX))
			keyset_look(set, now);
	}
	arm(keysets, now);
}

int keysets_fd(const struct keysets *keysets)
{
	return keysets->epoll;
}

void keysets_run(struct keysets *keysets)
{
	uint64_t count;

	(void)!read(keysets->timer, &count, sizeof(count));
	fetcher_run(keysets->fetcher);
	look_at_due(keysets);
}

/* What the rules want. */

static void free_set(struct keyset *set)
{
	if (set->under_way) {
		fetcher_cancel(set->owner->fetcher, set);
		set->owner->under_way--;
	}
	keyset_drop_keys(set);
	free(set->name);
	free(set);
}

static struct keyset *add_set(struct keysets *keysets, const char *name)
{
	struct keyset *set = calloc(1, sizeof(*set));

	if (!set)
		return NULL;
	set->owner = keysets;
	set->name = strdup(name);
	if (!set->name) {
		free(set);
		return NULL;
	}
	set->kind = keyset_name_split(set->name, &set->location);
	set->next = keysets->sets;
	keysets->sets = set;
	return set;
}

static int want(struct keysets *keysets, const struct issuer *issuer, const char *tenant)
{
	char name[KEYSET_NAME_MAX];
	const void *there = NULL;
	struct keyset *set;

	if (!keyset_name(issuer, tenant, name))
		return 0;
	there = names_find(&keysets->index, name);
	if (there) {
		memcpy(&set, &there, sizeof(there));
	} else {
		set = add_set(keysets, name);
		if (!set || names_add(&keysets->index, &keysets->arena, set->name, set, &there) < 0)
			return -ENOMEM;
	}
	/* The first of several who have the same keys. */
	if (!set->wanted)
		(void)snprintf(set->issuer, sizeof(set->issuer), "%s", issuer->name);
	set->wanted = true;
	return 0;
}

/* The issuers of a vault, and all that need no tenant: federated identities name those. */
static int want_all(struct keysets *keysets, const struct policy *policy)
{
	int r = 0;

	for (size_t i = 0; i < policy->issuer_count && r == 0; i++)
		r = want(keysets, &policy->issuers[i], NULL);
	for (size_t i = 0; i < policy->vault_count && r == 0; i++) {
		const struct vault *vault = &policy->vaults[i];

		for (size_t k = 0; vault->trusted_services && k < vault->issuer_count; k++)
			r = r ? r : want(keysets, vault->issuers[k], vault->tenant);
		for (size_t k = 0; vault->trusted_services && vault->issuer_count == 0 &&
				   k < policy->issuer_count;
		     k++)
			r = r ? r : want(keysets, &policy->issuers[k], vault->tenant);
	}
	return r;
}

static int keep_wanted(struct keysets *keysets)
{
	struct keyset **link = &keysets->sets;
	const void *there;
	int r = 0;

	keysets->index = (struct names){0};
	arena_free_all(&keysets->arena);
	while (*link) {
		struct keyset *set = *link;

		if (set->wanted) {
			r = r ? r
			      : names_add(&keysets->index, &keysets->arena, set->name, set, &there);
			link = &set->next;
		} else {
			*link = set->next;
			free_set(set);
		}
	}
	return r;
}

int keysets_want(struct keysets *keysets, const struct policy *policy)
{
	int added, kept;

	for (struct keyset *set = keysets->sets; set; set = set->next)
		set->wanted = false;
	added = want_all(keysets, policy);
	kept = keep_wanted(keysets);
	look_at_due(keysets);
	return added < 0 ? added : kept;
}

/* What requests ask. */

static struct keyset *find(const struct keysets *keysets, const struct issuer *issuer,
			   const char *tenant)
{
	char name[KEYSET_NAME_MAX];
	const void *found = NULL;
	struct keyset *set;

	if (keyset_name(issuer, tenant, name))
		found = names_find(&keysets->index, name);
	memcpy(&set, &found, sizeof(found));
	return set;
}

const struct token_keys *keysets_find(struct keysets *keysets, const struct issuer *issuer,
				      const char *tenant)
{
	const struct keyset *set = find(keysets, issuer, tenant);

	if (!set || !set->has_keys || keyset_now() - set->good > keysets->options.age_max)
		return NULL;
	return &set->keys;
}

void keysets_miss(struct keysets *keysets, const struct issuer *issuer, const char *tenant)
{
	struct keyset *set = find(keysets, issuer, tenant);
	int64_t now = keyset_now();

	if (!set || set->under_way ||
	    (set->missed && now - set->missed < keysets->options.refresh_miss))
		return;
	set->missed = now;
	set->due = now;
	look_at_due(keysets);
}

size_t keysets_pending(const struct keysets *keysets)
{
	size_t pending = 0;

	for (const struct keyset *set = keysets->sets; set; set = set->next)
		pending += !set->has_keys && !set->problem[0];
	return pending;
}

uint64_t keysets_version(const struct keysets *keysets)
{
	return keysets->version;
}

static const char *const problem_labels[] = {
#define X(name, label) [KEYSET_PROBLEM_##name] = (label),
	KEYSET_PROBLEMS(X)
#undef X
};

static json_t *set_status(const struct keyset *set, int64_t now)
{
	json_t *age = set->has_keys ? json_integer(now - set->good) : json_null();
	int64_t wait = set->under_way || set->due < now ? 0 : set->due - now;

	return json_pack("{s:s, s:s, s:s, s:I, s:o, s:I, s:I, s:s?, s:s?, s:b}", "issuer",
			 set->issuer, "source", keyset_kind_name(set->kind), "location",
			 set->location, "keys", (json_int_t)set->keys.count, "age_seconds", age,
			 "next_seconds", (json_int_t)wait, "limit_seconds",
			 (json_int_t)set->owner->options.age_max, "problem",
			 problem_labels[set->kind_of_problem], "error",
			 set->problem[0] ? set->problem : NULL, "expired", set->expired);
}

json_t *keysets_status(const struct keysets *keysets)
{
	json_t *list = json_array();
	int64_t now = keyset_now();

	for (const struct keyset *set = keysets->sets; set; set = set->next)
		(void)json_array_append_new(list, set_status(set, now));
	return list;
}

/* The whole. */

void keysets_close(struct keysets *keysets)
{
	if (!keysets)
		return;
	while (keysets->sets) {
		struct keyset *next = keysets->sets->next;

		free_set(keysets->sets);
		keysets->sets = next;
	}
	fetcher_close(keysets->fetcher);
	arena_free_all(&keysets->arena);
	close_fd(&keysets->epoll);
	close_fd(&keysets->timer);
	free(keysets);
}

static void free_keysets(struct keysets **keysets)
{
	keysets_close(*keysets);
}

static struct keyset_options fill_in(const struct keyset_options *options)
{
	struct keyset_options filled = *options;

	filled.refresh = filled.refresh ? filled.refresh : 3600;
	filled.refresh_miss = filled.refresh_miss ? filled.refresh_miss : 300;
	filled.age_max = filled.age_max ? filled.age_max : 86400;
	filled.retry = filled.retry ? filled.retry : 5;
	filled.timeout = filled.timeout ? filled.timeout : 10;
	return filled;
}

static int add_to_loop(const struct keysets *keysets, int fd)
{
	struct epoll_event event = {.events = EPOLLIN};

	return epoll_ctl(keysets->epoll, EPOLL_CTL_ADD, fd, &event) < 0 ? -errno : 0;
}

int keysets_open(const struct keyset_options *options, struct keysets **ret_keysets,
		 struct fault *fault)
{
	cleanup(free_keysets) struct keysets *keysets = calloc(1, sizeof(*keysets));
	struct fetch_options fetching = {0};
	int r;

	if (!keysets)
		return fault_set(fault, -ENOMEM, "no memory for keys");
	keysets->options = fill_in(options);
	keysets->epoll = epoll_create1(EPOLL_CLOEXEC);
	keysets->timer = timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC | TFD_NONBLOCK);
	arena_init(&keysets->arena, (size_t)256 << 20);
	fetching.ca_file = options->ca_file;
	fetching.proxy = options->proxy;
	fetching.timeout = keysets->options.timeout;
	r = fetcher_open(&fetching, &keysets->fetcher, fault);
	if (r < 0)
		return r;
	if (keysets->epoll < 0 || keysets->timer < 0 || add_to_loop(keysets, keysets->timer) < 0 ||
	    add_to_loop(keysets, fetcher_fd(keysets->fetcher)) < 0)
		return fault_set(fault, -EIO, "cannot make an event loop for keys");
	*ret_keysets = take_ptr(&keysets);
	return 0;
}
