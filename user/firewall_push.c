// SPDX-License-Identifier: Apache-2.0
/*
 * A push, step by step; whatever fails, the rules before it are in force.
 *
 *   read, compare, compile    nothing is changed yet
 *   store_save                the new rules are on disk, the old ones are `current`
 *   publish                   the kernel has the new ones; a crash from here on is made
 *   store_commit              good at the next start: the image says what it was made of
 */
#include <errno.h>
#include <malloc.h>
#include <string.h>
#include <time.h>

#include "cleanup.h"
#include "firewall_parts.h"
#include "firewall_tags.h"
#include "journal.h"

double firewall_seconds_since(const struct timespec *start)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)(now.tv_sec - start->tv_sec) + (double)(now.tv_nsec - start->tv_nsec) / 1e9;
}

struct timespec firewall_start_clock(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return now;
}

uint32_t firewall_next_generation(const struct firewall *firewall)
{
	uint32_t next = store_next(firewall->store);

	return next > firewall->generation ? next : firewall->generation + 1;
}

static void report_rules(struct push_report *report, const struct rules *rules)
{
	report->generation = rules->stored.generation;
	report->vaults = rules->policy.vault_count;
	report->ranges = rules->ranges;
	report->diags = &rules->diags;
}

struct digests {
	uint8_t document[BUNDLE_DIGEST], all[BUNDLE_DIGEST];
};

static int digest(const struct rules_bundle *rules, struct digests *ret_digests)
{
	int r = bundle_digest_document(rules, ret_digests->document);

	return r < 0 ? r
		     : bundle_digest_edits(ret_digests->document, &rules->edits, ret_digests->all);
}

static int read_rules(const struct firewall *firewall, struct bundle *bundle,
		      const struct pusher *pusher, const struct digests *digests,
		      struct push_report *report, struct fault *fault)
{
	struct stored stored = {.generation = firewall_next_generation(firewall),
				.pushed_at = time(NULL),
				.uid = pusher->uid,
				.bundle = *bundle};
	struct timespec start = firewall_start_clock();
	int r;

	*bundle = (struct bundle){0};
	memcpy(stored.user, pusher->user, sizeof(stored.user));
	memcpy(stored.digest, digests->all, sizeof(stored.digest));
	memcpy(stored.document, digests->document, sizeof(stored.document));
	r = rules_read(&stored, &report->owned, fault);
	report->read = firewall_seconds_since(&start);
	if (report->owned)
		report_rules(report, report->owned);
	return r;
}

static int prepare(struct firewall *firewall, struct push_report *report, struct prepared *prepared,
		   struct fault *fault)
{
	const struct policy *before = firewall->rules ? &firewall->rules->policy : NULL;
	struct timespec start = firewall_start_clock();
	int r;

	report->before = before;
	if (policy_diff_make(before, &report->owned->policy, &report->diff) < 0)
		return fault_set(fault, -ENOMEM, "no memory to compare the rules");
	r = firewall_prepare(firewall, &firewall->node, report->owned, PREPARE_ASSIGN_SEATS,
			     &report->owned->diags, prepared, fault);
	report->compile = firewall_seconds_since(&start);
	return r < 0 && report->owned->diags.errors > 0 ? -EINVAL : r;
}

/* The rules are in force and saved, yet a reboot would bring back the old ones. */
static void commit(struct firewall *firewall)
{
	struct fault fault = {0};

	firewall->message[0] = '\0';
	if (store_commit(firewall->store, firewall->generation, &fault) == 0)
		return;
	journal(JOURNAL_ERROR, "%s", fault.text);
	(void)snprintf(
		firewall->message, sizeof(firewall->message),
		"generation %u is in force, but a reboot would bring back generation %u: %.300s",
		firewall->generation, store_current(firewall->store), fault.text);
}

int firewall_put_in_force(struct firewall *firewall, struct stored *stored,
			  struct prepared *prepared, struct fault *fault)
{
	int r = store_save(firewall->store, stored, fault);

	if (r < 0)
		return r;
	r = firewall_publish(firewall, prepared, fault);
	if (r < 0) {
		store_discard(firewall->store, stored->generation);
		return r;
	}
	commit(firewall);
	return 0;
}

void firewall_follow_up(struct firewall *firewall)
{
	firewall_attach(firewall, false);
	firewall_cut_tags(firewall);
}

static int put_in_force(struct firewall *firewall, struct push_report *report,
			struct prepared *prepared, struct fault *fault)
{
	struct timespec start = firewall_start_clock();
	struct rules *old = firewall->rules;
	int r = firewall_put_in_force(firewall, &report->owned->stored, prepared, fault);

	if (r < 0)
		return r;
	firewall->rules = report->owned;
	report->owned = old;
	firewall_follow_up(firewall);
	report->publish = firewall_seconds_since(&start);
	return 0;
}

int firewall_push(struct firewall *firewall, struct bundle *bundle, const struct pusher *pusher,
		  bool dry_run, struct push_report *report, struct fault *fault)
{
	cleanup(prepared_free) struct prepared prepared = {0};
	cleanup(bundle_free) struct bundle mine = *bundle;
	struct digests digests;
	int r;

	*bundle = (struct bundle){0};
	if (digest(&mine.rules, &digests) < 0)
		return fault_set(fault, -ENOMEM, "no memory for a digest");
	if (firewall->rules &&
	    !memcmp(firewall->rules->stored.digest, digests.all, sizeof(digests.all))) {
		report->unchanged = true;
		report_rules(report, firewall->rules);
		return 0;
	}
	r = read_rules(firewall, &mine, pusher, &digests, report, fault);
	if (r == 0)
		r = prepare(firewall, report, &prepared, fault);
	if (r < 0 || dry_run)
		return r;
	return put_in_force(firewall, report, &prepared, fault);
}

void push_report_free(struct push_report *report)
{
	policy_diff_free(&report->diff);
	rules_free(&report->owned);
	*report = (struct push_report){0};
	(void)malloc_trim(0); /* reading a large document took many times its size */
}
