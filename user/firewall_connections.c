// SPDX-License-Identifier: Apache-2.0
#include "firewall_connections.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cleanup.h"
#include "devices.h"
#include "frame.h"
#include "journal.h"
#include "sockets.h"

#define WAYS	  64 /* without a tag, and the tags of at most 63 devices */

#define LOOK_BACK 3600 /* seconds: what an agent that was away has not seen expire */

/* One round of questions. */
struct round {
	struct firewall *firewall;
	struct loader_when then;
	struct devices devices;
};

static const struct loader_when now_and_here = {0};

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

static bool lets_in(struct round *round, struct loader_when when, const struct frame_plan *plan)
{
	const struct firewall *firewall = round->firewall;
	struct vw_sighting sighting;
	uint8_t frame[FRAME_BYTES];
	int length = frame_build(plan, frame);

	if (length < 0 ||
	    loader_explain_when(firewall->loader, frame, (size_t)length,
				vlan_interface(&firewall->interfaces), when, &sighting, NULL))
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

/* Bit 0: without a tag; bit n: with tag n - 1 of the devices. */
static uint64_t ways_in(struct round *round, struct loader_when when,
			const struct connection *connection)
{
	const struct frame_plan plain = plan_connection(connection);
	uint64_t ways = lets_in(round, when, &plain) ? 1 : 0;

	for (size_t i = 0; i < round->devices.count && i < WAYS - 1; i++) {
		struct frame_plan plan = plain;

		if (!(round->devices.items[i].device.flags & VW_DEVICE_TAGGED))
			continue;
		plan_tag(&round->firewall->node, round->devices.items[i].device.tag, &plan);
		if (lets_in(round, when, &plan))
			ways |= 1ULL << (i + 1);
	}
	return ways;
}

static bool is_cut_off(const struct connection *connection, void *context)
{
	struct round *round = context;
	uint64_t then = ways_in(round, round->then, connection);

	return then && then & ~ways_in(round, now_and_here, connection);
}

static void cut(struct firewall *firewall, struct loader_when then)
{
	struct round round = {.firewall = firewall, .then = then};
	struct fault fault = {0};
	long closed = devices_scan(&firewall->node, &round.devices, &fault);

	if (closed == 0)
		closed = sockets_close(is_cut_off, &round, &fault);
	devices_free(&round.devices);
	if (closed < 0)
		journal(JOURNAL_WARNING, "%s", fault.text);
	else if (closed > 0)
		journal(JOURNAL_NOTICE, "%ld connections are let in no longer, and were closed",
			closed);
}

void connections_cut(struct firewall *firewall)
{
	cut(firewall, (struct loader_when){.before = true});
}

/* Looked for again when it has passed, and when there are other rules. */
static int64_t next_expiry(struct firewall *firewall, int64_t after)
{
	struct firewall_expiries *expiries = &firewall->expiries;

	if (expiries->generation != firewall->generation ||
	    (expiries->next && expiries->next <= after)) {
		expiries->generation = firewall->generation;
		expiries->next = policy_next_expiry(&firewall->rules->policy, after);
	}
	return expiries->next;
}

void connections_expire(struct firewall *firewall)
{
	struct firewall_expiries *expiries = &firewall->expiries;
	int64_t now = time(NULL), since = expiries->seen, next;

	if (!firewall->rules || firewall->generation == 0)
		return;
	if (since == 0 || since > now || now - since > LOOK_BACK)
		since = now - LOOK_BACK;
	next = next_expiry(firewall, since);
	if (next && next <= now)
		cut(firewall, (struct loader_when){.earlier = (uint16_t)(now - since + 1)});
	expiries->seen = now;
}
