/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Packets in which Linux finds another one that the filter cannot or will not read:
 * whoever might hide something from us is kept out, and it counts for nobody.
 */
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#include "filter.h"
#include "world.h"

static const enum image_transport transports[] = {IMAGE_TRANSPORT_VXLAN, IMAGE_TRANSPORT_GENEVE,
						  IMAGE_TRANSPORT_GRE};

#define TRANSPORTS (sizeof(transports) / sizeof(transports[0]))

static void expect_frame(void **state, const struct crafted *frame, enum vw_reason reason)
{
	assert_true(filter_agrees((struct filter *)*state, filter_reason_label(reason), frame,
				  reason, VW_VERDICT_DROP, "-"));
}

static void expect(void **state, const struct recipe *recipe, enum vw_reason reason)
{
	struct crafted frame;

	craft_frame(recipe, &frame);
	expect_frame(state, &frame, reason);
}

static struct recipe web(void)
{
	return world_recipe(WORLD_WEB, WORLD_CONTOSO);
}

/* The kernel takes off any number of tags with id 0. */
static void more_vlan_tags_than_two_are_refused(void **state)
{
	struct recipe recipe = world_recipe(WORLD_PARTNER, WORLD_CONTOSO);

	for (size_t count = 3; count <= CRAFT_VLANS; count++) {
		recipe.vlan_count = count;
		recipe.type = 0;
		expect(state, &recipe, VW_REASON_MALFORMED);
		recipe.vlans[2].type = CRAFT_SERVICE_VLAN;
		expect(state, &recipe, VW_REASON_MALFORMED);
		recipe.type = 0x0806;
		expect(state, &recipe, VW_REASON_MALFORMED);
	}
}

static void more_vlan_tags_than_two_inside_are_refused(void **state)
{
	struct recipe inner = web(), outer;

	inner.vlan_count = 3;
	for (size_t i = 0; i < TRANSPORTS; i++) {
		world_tunnel(&inner, transports[i], WORLD_TAG, &outer);
		expect(state, &outer, VW_REASON_MALFORMED);
	}
}

/* The kernel reads GRE with this protocol and without a key as IPv4. */
static void gre_that_says_wccp_is_refused(void **state)
{
	struct recipe inner = web(), outer;

	world_tunnel(&inner, IMAGE_TRANSPORT_GRE, 0, &outer);
	outer.tunnel.bare = true;
	outer.tunnel.type = 0x883e;
	expect(state, &outer, VW_REASON_UNTRUSTED_TUNNEL);
	outer.tunnel.without_key = true;
	expect(state, &outer, VW_REASON_UNTRUSTED_TUNNEL);
}

static struct recipe tunnel6(const struct recipe *inner, enum image_transport transport)
{
	struct recipe outer;

	world_tunnel(inner, transport, WORLD_TAG, &outer);
	outer.source = craft_endpoint("2001:db8::99", 1);
	outer.destination = craft_endpoint("2001:db8::1", 1);
	return outer;
}

/*
 * Linux takes the tunnel off IPv6 packets that we cannot or will not read: a UDP length
 * of 0, a payload length of 0 with a hop-by-hop header, nine extension headers.
 */
static void broken_packets_that_may_be_tunnels_are_refused(void **state)
{
	struct recipe inner = web(), outer;
	struct crafted frame;

	for (size_t i = 0; i < TRANSPORTS; i++) {
		outer = tunnel6(&inner, transports[i]);
		craft_frame(&outer, &frame);
		if (transports[i] != IMAGE_TRANSPORT_GRE)
			craft_set16(&frame, frame.at[0].transport + 4, 0);
		else
			craft_set16(&frame, frame.at[0].network + 4, 0);
		expect_frame(state, &frame, VW_REASON_MALFORMED);
		outer.extension_count = 1;
		craft_frame(&outer, &frame);
		craft_set16(&frame, frame.at[0].network + 4, 0);
		expect_frame(state, &frame, VW_REASON_MALFORMED);
		outer.extension_count = 9;
		for (size_t header = 0; header < 9; header++)
			outer.extensions[header].type = IPPROTO_DSTOPTS;
		expect(state, &outer, VW_REASON_MALFORMED);
	}
}

/* The same once more, a tunnel deeper. */
static void broken_packets_inside_that_may_be_tunnels_are_refused(void **state)
{
	struct recipe innermost = web(), middle = tunnel6(&innermost, IMAGE_TRANSPORT_VXLAN), outer;
	struct crafted frame;

	world_tunnel(&middle, IMAGE_TRANSPORT_GENEVE, WORLD_TAG, &outer);
	craft_frame(&outer, &frame);
	craft_set16(&frame, frame.at[1].transport + 4, 0);
	expect_frame(state, &frame, VW_REASON_MALFORMED);
}

static const char rules_without_wildcard[] = "version: 1\n"
					     "vaults:\n"
					     "  - name: contoso\n"
					     "    frontends: [203.0.113.10:443]\n"
					     "    network_acls: {ip_rules: [198.51.100.0/24]}\n";

/* A `*` frontend would take what nobody can read for its own. */
static int load_without_wildcard(void **state)
{
	return filter_load((struct filter *)*state, rules_without_wildcard, world_node) ? 0 : -1;
}

static int load_world(void **state)
{
	return filter_load((struct filter *)*state, world_rules, world_node) ? 0 : -1;
}

/* GRE has an ethertype, so VLAN tags may follow it without Ethernet. */
static void vlan_tags_right_behind_a_tunnel_are_refused(void **state)
{
	struct recipe inner = web(), outer;

	for (size_t i = 1; i < TRANSPORTS; i++) {
		world_tunnel(&inner, transports[i], WORLD_TAG, &outer);
		outer.tunnel.bare = true;
		outer.tunnel.type = CRAFT_VLAN;
		expect(state, &outer, VW_REASON_MALFORMED);
		outer.tunnel.type = CRAFT_SERVICE_VLAN;
		expect(state, &outer, VW_REASON_MALFORMED);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(more_vlan_tags_than_two_are_refused),
		cmocka_unit_test(more_vlan_tags_than_two_inside_are_refused),
		cmocka_unit_test(vlan_tags_right_behind_a_tunnel_are_refused),
		cmocka_unit_test(gre_that_says_wccp_is_refused),
		cmocka_unit_test_setup_teardown(broken_packets_that_may_be_tunnels_are_refused,
						load_without_wildcard, load_world),
		cmocka_unit_test(broken_packets_inside_that_may_be_tunnels_are_refused),
	};

	return cmocka_run_group_tests(tests, filter_setup_world, filter_teardown_world);
}
