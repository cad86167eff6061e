// SPDX-License-Identifier: Apache-2.0
/*
 * An edit of the rules in force: the order of a push (firewall_push.c), but one vault's rules are
 * changed where they are, and changed back if anything fails.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "firewall_parts.h"

/* The other side of an edit: what the rules are to be, or what they were. */
struct version {
	struct policy_edit *edit;
	struct stored stored; /* shares the bundle's texts with the other side, but for `edits` */
	size_t ranges;
};

static void swap(struct rules *rules, struct version *version)
{
	struct version other = {version->edit, rules->stored, rules->ranges};

	policy_edit_swap(&rules->policy, version->edit);
	rules->stored = version->stored;
	rules->ranges = version->ranges;
	*version = other;
}

/* As rules.c counts them: sets are counted elsewhere. */
static size_t count_written(const struct ip_rules *rules)
{
	size_t count = 0;

	for (size_t i = 0; i < rules->count; i++)
		count += rules->items[i].set == NULL;
	return count;
}

/* What is in force, under a generation of its own and with the other rules' count. */
static struct version make_version(const struct firewall *firewall, const struct pusher *pusher,
				   int64_t now, struct edit_report *report)
{
	const struct rules *rules = firewall->rules;
	struct policy_edit *edit = &report->request.edit;
	struct version version = {edit, rules->stored, rules->ranges};
	struct stored *stored = &version.stored;

	version.ranges += count_written(&edit->rules.ip_rules);
	version.ranges -= count_written(&edit->vault->ip_rules);
	stored->base = stored->base ? stored->base : stored->generation;
	stored->generation = firewall_next_generation(firewall);
	stored->pushed_at = now;
	stored->uid = pusher->uid;
	memcpy(stored->user, pusher->user, sizeof(stored->user));
	return version;
}

/* The text of the edits that the policy has now, and the digest of the rules with them. */
static int set_edits(struct rules *rules, struct fault *fault)
{
	struct stored *stored = &rules->stored;
	size_t size = 0;
	char *text = policy_edits_format(&rules->policy, &size);

	stored->bundle.edits = text;
	stored->bundle.rules.edits = (struct rules_file){EDITS_FILE, text, size};
	if (!text ||
	    bundle_digest_edits(stored->document, &stored->bundle.rules.edits, stored->digest) < 0)
		return fault_set(fault, -ENOMEM, "no memory for the edits");
	return 0;
}

static int prepare(struct firewall *firewall, struct edit_report *report, struct prepared *prepared,
		   struct fault *fault)
{
	struct timespec start = firewall_start_clock();
	int r = set_edits(firewall->rules, fault);

	if (r == 0)
		r = firewall_prepare(firewall, &firewall->node, firewall->rules, PREPARE_KEEP_SEATS,
				     &report->diags, prepared, fault);
	report->compile = firewall_seconds_since(&start);
	return r < 0 && report->diags.errors > 0 ? -EINVAL : r;
}

static int put_in_force(struct firewall *firewall, struct edit_report *report,
			struct prepared *prepared, struct fault *fault)
{
	struct timespec start = firewall_start_clock();
	int r = firewall_put_in_force(firewall, &firewall->rules->stored, prepared, fault);

	if (r == 0)
		firewall_follow_up(firewall);
	report->publish = firewall_seconds_since(&start);
	return r;
}

static void report_rules(struct edit_report *report, const struct rules *rules)
{
	report->generation = rules->stored.generation;
	report->vaults = rules->policy.vault_count;
	report->ranges = rules->ranges;
}

/* From the request to what is in force; `version` is what is to be forgotten in the end. */
static int apply(struct firewall *firewall, bool dry_run, struct version *version,
		 struct edit_report *report, struct fault *fault)
{
	cleanup(prepared_free) struct prepared prepared = {0};
	int r;

	swap(firewall->rules, version);
	r = prepare(firewall, report, &prepared, fault);
	if (r == 0 && !dry_run)
		r = put_in_force(firewall, report, &prepared, fault);
	report_rules(report, firewall->rules);
	if (r < 0 || dry_run)
		swap(firewall->rules, version);
	return r;
}

static int read_request(const struct firewall *firewall, const char *text, size_t size,
			const struct edit_author *author, struct edit_report *report,
			struct fault *fault)
{
	struct timespec start = firewall_start_clock();
	int r = edit_request_read(&firewall->rules->policy, text, size, author, &report->diags,
				  &report->request);

	diags_sort(&report->diags);
	report->read = firewall_seconds_since(&start);
	if (r == -EINVAL)
		return fault_set(fault, r, "the edit has %zu error%s", report->diags.errors,
				 report->diags.errors == 1 ? "" : "s");
	return r < 0 ? fault_set(fault, r, "no memory for the edit") : 0;
}

int firewall_edit(struct firewall *firewall, const char *text, size_t size,
		  const struct pusher *pusher, bool dry_run, struct edit_report *report,
		  struct fault *fault)
{
	const struct edit_author author = {pusher->user, time(NULL)};
	struct version version;
	int r;

	if (!firewall->rules)
		return fault_set(fault, -ENOENT, "%s",
				 firewall->message[0] ? firewall->message
						      : "no rules are in force");
	report_rules(report, firewall->rules);
	r = read_request(firewall, text, size, &author, report, fault);
	if (r < 0)
		return r;
	report->unchanged = report->request.count == 0;
	if (report->unchanged)
		return 0;
	version = make_version(firewall, pusher, author.now, report);
	r = apply(firewall, dry_run, &version, report, fault);
	free(version.stored.bundle.edits);
	return r;
}

void edit_report_free(struct edit_report *report)
{
	edit_request_free(&report->request);
	diags_clear(&report->diags);
	*report = (struct edit_report){0};
}
