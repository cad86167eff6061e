/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The keys that tokens are checked with: a set for each issuer and tenant that the rules name, from
 * a file, from a URL or found by OIDC discovery. Where they come from is the rules' business alone,
 * never a token's. Fetching is under way beside the requests, never within one: while a set is not
 * there, whoever asks for it is told so, and denies.
 */
#pragma once

#include <jansson.h>
#include <stdint.h>

#include "fault.h"
#include "policy.h"
#include "token_keys.h"

/* Seconds; what is 0 is replaced by the figure in the comment. */
struct keyset_options {
	const char *ca_file; /* what issuers' servers are checked against; NULL: the system's */
	const char *proxy;   /* NULL: none, whatever the environment says */
	const char *folder; /* where a file with a relative path is; NULL: where we run; borrowed */
	unsigned refresh;   /* 3600: how often a set is fetched again */
	unsigned refresh_miss; /* 300: at most one more in so long, for a key that is not there */
	unsigned age_max;      /* 86400: how long a set serves when no newer one can be had */
	unsigned retry;	  /* 5: after a failure; twice that after the next, up to refresh_miss */
	unsigned timeout; /* 10: for one document */
};

struct keysets;

int keysets_open(const struct keyset_options *options, struct keysets **ret_keysets,
		 struct fault *fault);
void keysets_close(struct keysets *keysets);

/* For epoll; whenever it is readable, keysets_run(). */
int keysets_fd(const struct keysets *keysets);
void keysets_run(struct keysets *keysets);

/*
 * What the rules need from now on. Sets that they need no more go, those that are there stay, new
 * ones are fetched at once. Keeps nothing of `policy`. -ENOMEM: then some sets may be missing.
 */
int keysets_want(struct keysets *keysets, const struct policy *policy);

/* NULL: there are none (yet, or any more). They live until keysets_run() or keysets_want(). */
const struct token_keys *keysets_find(struct keysets *keysets, const struct issuer *issuer,
				      const char *tenant);

/* A token named a key that the set does not have: it may be new. */
void keysets_miss(struct keysets *keysets, const struct issuer *issuer, const char *tenant);

/* How many sets are on their way for the first time. */
size_t keysets_pending(const struct keysets *keysets);

/* Another number whenever keys came or went: what was verified before has to be verified again. */
uint64_t keysets_version(const struct keysets *keysets);

/*
 * [{"issuer": its name in the rules, "source": "file"|"url"|"discovery", "location", "keys",
 *   "age_seconds": N|null, "next_seconds": N: until it is looked for again, "limit_seconds": N,
 *   "problem": null|"unreadable"|"unreachable"|"empty", "error": text|null, "expired": bool}]
 * `problem` and `error` are those of the last attempt; keys that were there before serve until they
 * are older than the limit, and have expired then. No keys and no error: they are on their way.
 * "unreadable": what is there is no key set, or cannot be opened; "unreachable": nothing came, or
 * nothing from whom it should.
 */
json_t *keysets_status(const struct keysets *keysets);
