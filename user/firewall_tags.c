// SPDX-License-Identifier: Apache-2.0
#include "firewall_tags.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cleanup.h"
#include "compile_targets.h"
#include "journal.h"
#include "sockets.h"

#define SECOND	   UINT64_C(1000000000)
#define TEND_EVERY (10 * SECOND)
#define TEND_AGE   (10 * SECOND)
#define TEND_SHARE 50 /* the agent's time that listing many connections takes: one part in 50 */

static uint64_t now(void)
{
	struct timespec time;

	(void)clock_gettime(CLOCK_MONOTONIC, &time);
	return (uint64_t)time.tv_sec * SECOND + (uint64_t)time.tv_nsec;
}

static void key_of(const struct connection *connection, struct vw_tag_key *key)
{
	*key = (struct vw_tag_key){.remote_port = connection->remote_port,
				   .local_port = connection->local_port};
	if (connection->family == 4) {
		vw_tag_write4(key->remote, connection->remote);
		vw_tag_write4(key->local, connection->local);
		return;
	}
	memcpy(key->remote, connection->remote, sizeof(key->remote));
	memcpy(key->local, connection->local, sizeof(key->local));
}

static int compare_notes(const void *left, const void *right)
{
	return memcmp(&((const struct vw_tag_removal *)left)->key,
		      &((const struct vw_tag_removal *)right)->key, sizeof(struct vw_tag_key));
}

/* Notes, in the order of their keys, and which of them have a connection. */
struct roll {
	struct vw_tag_removal *notes;
	size_t count;
	bool *live;
};

static void roll_free(struct roll *roll)
{
	free(roll->notes);
	free(roll->live);
}

static const struct vw_tag_removal *find_note(const struct roll *roll,
					      const struct connection *connection)
{
	struct vw_tag_removal wanted = {0};

	key_of(connection, &wanted.key);
	return bsearch(&wanted, roll->notes, roll->count, sizeof(wanted), compare_notes);
}

static void mark(const struct connection *connection, void *context)
{
	struct roll *roll = context;
	const struct vw_tag_removal *found = find_note(roll, connection);

	if (found)
		roll->live[found - roll->notes] = true;
}

static int open_roll(struct firewall *firewall, uint64_t before, struct roll *roll,
		     struct fault *fault)
{
	int r = loader_tags(firewall->loader, before, &roll->notes, &roll->count, fault);

	if (r < 0 || roll->count == 0)
		return r;
	roll->live = calloc(roll->count, sizeof(*roll->live));
	if (!roll->live)
		return fault_set(fault, -ENOMEM, "no memory for notes of endpoint tags");
	qsort(roll->notes, roll->count, sizeof(*roll->notes), compare_notes);
	return 0;
}

static int call_roll(struct roll *roll, struct fault *fault)
{
	int r = 0;

	for (int listing = 0; roll->count > 0 && listing < 2 && r == 0; listing++)
		r = sockets_visit(mark, roll, fault);
	return r;
}

static void tell_refusals(struct firewall *firewall, const struct vw_tag_totals *totals)
{
	uint64_t refused = totals->refused[VW_TAG_REFUSAL_NO_ROOM];

	if (refused > firewall->tags_refused)
		journal(JOURNAL_WARNING,
			"%" PRIu64 " connections with an endpoint tag were refused: there is no "
			"room for more than %u notes of tags",
			refused - firewall->tags_refused, VW_TAGS);
	firewall->tags_refused = refused;
}

static void forget_gone(struct firewall *firewall, uint64_t before)
{
	cleanup(roll_free) struct roll roll = {0};
	struct fault fault = {0};

	if (open_roll(firewall, before, &roll, &fault) < 0 || call_roll(&roll, &fault) < 0) {
		journal(JOURNAL_WARNING, "%s", fault.text);
		return;
	}
	for (size_t i = 0; i < roll.count; i++)
		if (!roll.live[i])
			(void)loader_forget_tag(firewall->loader, &roll.notes[i]);
}

void firewall_tend_tags(struct firewall *firewall)
{
	struct vw_tag_totals totals;
	uint64_t began = now(), took;

	if (loader_tag_totals(firewall->loader, &totals))
		return;
	tell_refusals(firewall, &totals);
	if (totals.noted == totals.removed || began < firewall->tags_due)
		return;
	forget_gone(firewall, began - TEND_AGE);
	took = now() - began;
	firewall->tags_due =
		began + (TEND_SHARE * took > TEND_EVERY ? TEND_SHARE * took : TEND_EVERY);
}

/* Closes connections; NULL notes: all that are to shared frontends, else those noted that are not.
 */
struct cut {
	const struct targets *targets;
	struct roll *noted;
};

/* An exact frontend wins over `*`. */
static bool is_to_shared(const struct targets *targets, const struct connection *connection)
{
	const struct target *exact = NULL, *any = NULL;

	for (size_t i = 0; i < targets->count && !exact; i++) {
		const struct frontend *frontend = targets->items[i].frontend;

		if (frontend->protocol != IPPROTO_TCP ||
		    frontend->port != ntohs(connection->local_port))
			continue;
		if (frontend->family == 0)
			any = &targets->items[i];
		else if (frontend->family == connection->family &&
			 !memcmp(frontend->address, connection->local, sizeof(frontend->address)))
			exact = &targets->items[i];
	}
	if (!exact)
		exact = any;
	return exact && target_is_shared(exact);
}

static bool is_cut(const struct connection *connection, void *context)
{
	const struct cut *cut = context;

	if (cut->noted && !find_note(cut->noted, connection))
		return false;
	return is_to_shared(cut->targets, connection) == !cut->noted;
}

static long close_connections(struct firewall *firewall, struct roll *noted)
{
	cleanup(targets_free) struct targets targets = {0};
	struct cut cut = {&targets, noted};
	struct fault fault = {0};
	long closed;

	if (targets_collect(&firewall->rules->policy, &targets) < 0)
		closed = fault_set(&fault, -ENOMEM, "no memory for frontends");
	else
		closed = sockets_close(is_cut, &cut, &fault);
	if (closed < 0)
		journal(JOURNAL_WARNING, "%s", fault.text);
	return closed;
}

bool firewall_settle_tags(struct firewall *firewall)
{
	long closed;

	if (loader_tags_settled(firewall->loader) || !firewall->steered || !firewall->rules)
		return false;
	closed = close_connections(firewall, NULL);
	if (closed < 0)
		return false;
	if (closed > 0)
		journal(JOURNAL_NOTICE,
			"%ld connections to shared frontends were closed: whether they bear an "
			"endpoint tag was not noted",
			closed);
	loader_settle_tags(firewall->loader);
	return true;
}

void firewall_cut_tags(struct firewall *firewall)
{
	cleanup(roll_free) struct roll roll = {0};
	struct vw_tag_totals totals;
	struct fault fault = {0};
	long closed;

	if (!firewall->rules || loader_tag_totals(firewall->loader, &totals) ||
	    totals.noted == totals.removed)
		return;
	if (open_roll(firewall, UINT64_MAX, &roll, &fault) < 0) {
		journal(JOURNAL_WARNING, "%s", fault.text);
		return;
	}
	closed = roll.count ? close_connections(firewall, &roll) : 0;
	if (closed > 0)
		journal(JOURNAL_NOTICE,
			"%ld connections with an endpoint tag are at a frontend that is shared no "
			"longer, and were closed",
			closed);
}
