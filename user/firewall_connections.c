// SPDX-License-Identifier: Apache-2.0
#include "firewall_connections.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "devices.h"
#include "frame.h"
#include "journal.h"
#include "sockets.h"

#define ADMISSIONS_BYTES ((size_t)256 << 20) /* some five million connections */
#define WAYS		 64		     /* without a tag, and the tags of at most 63 devices */

struct admission {
	struct admission *next; /* while they are noted */
	uint64_t cookie;
	uint64_t ways; /* bit 0: without a tag; bit n: with tag n - 1 of the devices */
};

/* One round of questions. */
struct round {
	struct firewall *firewall;
	struct devices devices;
	struct admissions *noted;	 /* first round: to be filled */
	const struct admissions *before; /* second round */
	int error;
};

void admissions_free(struct admissions *admissions)
{
	arena_free_all(&admissions->arena);
	*admissions = (struct admissions){0};
}

/* How a tag comes to this node: in its first tunnel, from that one's first peer; else in a VLAN. */
static void plan_tag(const struct node *node, uint32_t tag, struct frame_plan *plan)
{
	static const enum image_transport transports[] = {
		[TAG_VXLAN] = IMAGE_TRANSPORT_VXLAN,
		[TAG_GENEVE] = IMAGE_TRANSPORT_GENEVE,
		[TAG_GRE] = IMAGE_TRANSPORT_GRE,
	};

	plan->tagged = true;
	plan->tag = tag;
	for (size_t i = 0; i < node->tag_count; i++) {
		const struct tag_source *source = &node->tags[i];
		uint32_t peer;

		if (source->transport == TAG_VLAN)
			continue;
		peer = htonl(source->peers.items[0].range.first);
		plan->transport = transports[source->transport];
		plan->tunnel_port = source->port;
		plan->outer_source = (struct endpoint){.family = 4, .port = 50000};
		plan->outer_destination = (struct endpoint){.family = 4, .port = source->port};
		memcpy(plan->outer_source.address, &peer, sizeof(peer));
		return;
	}
}

/* An interface where VLAN ids are tags, for tags that come in no tunnel. */
static unsigned vlan_interface(const struct interfaces *interfaces)
{
	for (size_t i = 0; i < interfaces->count; i++)
		if (interfaces->items[i].vlan_tags)
			return interfaces->items[i].attachment.ifindex;
	return 0;
}

static bool lets_in(struct round *round, const struct frame_plan *plan)
{
	const struct firewall *firewall = round->firewall;
	struct vw_sighting sighting;
	uint8_t frame[FRAME_BYTES];
	int length = frame_build(plan, frame);

	if (length < 0 || loader_explain(firewall->loader, frame, (size_t)length,
					 vlan_interface(&firewall->interfaces), &sighting, NULL))
		return false;
	return sighting.verdict == VW_VERDICT_ALLOW || sighting.verdict == VW_VERDICT_WOULD_DROP ||
	       sighting.verdict == VW_VERDICT_WOULD_GATE;
}

static struct frame_plan plan_connection(const struct connection *connection)
{
	struct frame_plan plan = {
		.source = {.family = connection->family, .port = ntohs(connection->remote_port)},
		.destination = {.family = connection->family,
				.port = ntohs(connection->local_port)},
		.protocol = IPPROTO_TCP,
	};

	memcpy(plan.source.address, connection->remote, sizeof(plan.source.address));
	memcpy(plan.destination.address, connection->local, sizeof(plan.destination.address));
	return plan;
}

static uint64_t ways_in(struct round *round, const struct connection *connection)
{
	const struct frame_plan plain = plan_connection(connection);
	uint64_t ways = lets_in(round, &plain) ? 1 : 0;

	for (size_t i = 0; i < round->devices.count && i < WAYS - 1; i++) {
		struct frame_plan plan = plain;

		if (!(round->devices.items[i].device.flags & VW_DEVICE_TAGGED))
			continue;
		plan_tag(&round->firewall->node, round->devices.items[i].device.tag, &plan);
		if (lets_in(round, &plan))
			ways |= 1ULL << (i + 1);
	}
	return ways;
}

static bool note(const struct connection *connection, void *context)
{
	struct round *round = context;
	struct admissions *noted = round->noted;
	uint64_t ways = ways_in(round, connection);
	struct admission *admission;

	if (!ways)
		return false;
	admission = arena_alloc(&noted->arena, sizeof(*admission));
	if (!admission) {
		round->error = -ENOMEM;
		return false;
	}
	*admission = (struct admission){noted->newest, connection->cookie, ways};
	noted->newest = admission;
	noted->count++;
	return false;
}

static int compare_cookies(const void *left, const void *right)
{
	uint64_t a = ((const struct admission *)left)->cookie;
	uint64_t b = ((const struct admission *)right)->cookie;

	return (a > b) - (a < b);
}

static bool is_cut_off(const struct connection *connection, void *context)
{
	struct round *round = context;
	const struct admission wanted = {.cookie = connection->cookie};
	const struct admission *before =
		round->before->count ? bsearch(&wanted, round->before->items, round->before->count,
					       sizeof(wanted), compare_cookies)
				     : NULL;

	return before && before->ways & ~ways_in(round, connection);
}

/* Runs one round over all connections. */
static long walk(struct round *round,
		 bool (*ask)(const struct connection *connection, void *context))
{
	struct fault fault = {0};
	long closed = devices_scan(&round->firewall->node, &round->devices, &fault);

	if (closed == 0)
		closed = sockets_close(ask, round, &fault);
	devices_free(&round->devices);
	if (closed < 0)
		journal(JOURNAL_WARNING, "%s", fault.text);
	else if (round->error)
		journal(JOURNAL_WARNING, "no memory to remember every connection");
	return closed;
}

/* From the list to an array, ordered by cookie. */
static void order(struct admissions *admissions)
{
	size_t place = 0;

	admissions->items =
		arena_alloc(&admissions->arena, admissions->count * sizeof(struct admission));
	if (!admissions->items)
		admissions->count = 0;
	for (const struct admission *each = admissions->newest; each && place < admissions->count;
	     each = each->next)
		admissions->items[place++] = *each;
	if (place)
		qsort(admissions->items, place, sizeof(struct admission), compare_cookies);
}

void admissions_note(struct firewall *firewall, struct admissions *ret_admissions)
{
	struct round round = {.firewall = firewall, .noted = ret_admissions};

	*ret_admissions = (struct admissions){0};
	arena_init(&ret_admissions->arena, ADMISSIONS_BYTES);
	if (firewall->generation == 0)
		return;
	(void)walk(&round, note);
	order(ret_admissions);
}

long admissions_enforce(struct firewall *firewall, const struct admissions *admissions)
{
	struct round round = {.firewall = firewall, .before = admissions};
	long closed = admissions->count ? walk(&round, is_cut_off) : 0;

	if (closed > 0)
		journal(JOURNAL_NOTICE, "%ld connections are let in no longer, and were closed",
			closed);
	return closed;
}
