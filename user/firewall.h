/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The firewall of this node: node.yaml, the rules in force, the kernel's side and
 * the interfaces, and the few things that change them. Knows no event loop and
 * no HTTP.
 *
 *   in force             rules    meaning
 *   generation 0         NULL     nothing: no interface has the filter
 *   generation N         NULL     an image whose rules are not on disk; it stays
 *   generation N         there    the normal case
 *
 * The image's digest covers the rules and what of node.yaml is compiled in, so
 * that a restart sees when either has changed.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "compile.h"
#include "fault.h"
#include "interfaces.h"
#include "loader.h"
#include "node.h"
#include "paths.h"
#include "policy.h"
#include "policy_diff.h"
#include "policy_edit.h"
#include "rules.h"
#include "store.h"

/* Which rules have expired, see connections_expire(). Times are seconds since the epoch. */
struct firewall_expiries {
	uint32_t generation; /* of the rules that `next` is of */
	int64_t next;	     /* the first one that has not been seen; 0: none */
	int64_t seen;	     /* until when they have been looked at; 0: never */
};

struct firewall {
	struct paths paths;
	const char *config; /* path of node.yaml, borrowed */
	const char *group;  /* who may talk to the agent and read the rules on disk; borrowed */
	struct node node;
	struct loader *loader;
	struct store *store;
	struct interfaces interfaces;
	struct rules *rules;
	struct seating seating; /* of the image in force */
	uint32_t generation;	/* of the image in force; 0: there is none */
	size_t lines;		/* of that image */
	struct firewall_expiries expiries;
	bool steered;		/* connections are steered; else what is gated is dropped */
	size_t devices_refused; /* tunnel devices whose connections are refused */
	uint64_t tags_due;	/* when they are tended again, CLOCK_MONOTONIC, nanoseconds */
	uint64_t tags_refused;	/* for lack of room, as told last */
	bool gate_stands;	/* the gate's listener is known to the kernel */
	char gate_reason[512];	/* why not; empty: nobody looked yet, or it stands */
	char message[512];	/* what an operator should know; empty: all is well */
};

/* Reads node.yaml; its faults are logged. -EINVAL: it is wrong. `config` and `group` stay yours. */
int firewall_configure(struct firewall *firewall, const struct paths *paths, const char *config,
		       const char *group, struct fault *fault);

/*
 * Takes over what is in force, or puts the newest good rules in force, and then
 * gives the interfaces the filter.
 */
int firewall_start(struct firewall *firewall, struct fault *fault);

/* Forgets everything; what is in force stays. Takes what was only configured, too. */
void firewall_close(struct firewall *firewall);

/* Reads node.yaml again. After a failure, which is logged, the old one counts. */
void firewall_reload(struct firewall *firewall);

/* Interfaces may have come, or (`again`) may have changed their minds. */
void firewall_attach(struct firewall *firewall, bool again);

/*
 * Looks after the gate: tells the kernel its listener when there is a new one. To be
 * called often; it costs one look-up while the gate stands.
 */
void firewall_follow_gate(struct firewall *firewall);

struct pusher {
	uid_t uid;
	char user[STORE_USER_TEXT];
};

/* What came of a push. Ended with push_report_free(), whatever firewall_push() returned. */
struct push_report {
	uint32_t generation; /* of a dry run: the one it would get */
	bool unchanged;
	size_t vaults, ranges;
	struct policy_diff diff;
	const struct policy *before;   /* whose edits end with it; NULL: nothing is changed */
	const struct diags *diags;     /* NULL: there was no reading them */
	struct rules *owned;	       /* the old ones, or those that did not come into force */
	double read, compile, publish; /* seconds */
};

/*
 * Puts a bundle in force; takes it. -EINVAL: the rules are wrong, and `diags` of
 * the report says how; anything else: the kernel or the disk, and `fault` says so.
 */
int firewall_push(struct firewall *firewall, struct bundle *bundle, const struct pusher *pusher,
		  bool dry_run, struct push_report *report, struct fault *fault);
void push_report_free(struct push_report *report);

/* What came of an edit of one vault's network rules. Ended with edit_report_free(). */
struct edit_report {
	uint32_t generation; /* of a dry run: the one it would get */
	bool unchanged;
	size_t vaults, ranges;
	struct edit_request request; /* what changes, and then the rules of before */
	struct diags diags;
	double read, compile, publish; /* seconds */
};

/*
 * Edits the rules in force as edit_request_read() says. -ENOENT: there are none; otherwise
 * as firewall_push(), and it costs what the vault costs, not what all of them do.
 */
int firewall_edit(struct firewall *firewall, const char *text, size_t size,
		  const struct pusher *pusher, bool dry_run, struct edit_report *report,
		  struct fault *fault);
void edit_report_free(struct edit_report *report);

/* What a push leaves to be done once it has been answered: see loader_settle(). */
bool firewall_is_settled(const struct firewall *firewall);
void firewall_settle(struct firewall *firewall);

/* The name of a seat of the image in force; NULL: the node's own, or none. */
const char *firewall_seat_name(const struct firewall *firewall, uint32_t seat);
