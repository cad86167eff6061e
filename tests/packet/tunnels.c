/* SPDX-License-Identifier: Apache-2.0 */
/* Endpoint tags that come in a tunnel: from whom, in which headers, and what is inside. */
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

static void expect_frame(void **state, const struct crafted *frame, enum vw_reason reason,
			 enum vw_verdict verdict, const char *seat)
{
	assert_true(filter_agrees((struct filter *)*state, filter_reason_label(reason), frame,
				  reason, verdict, seat));
}

static void expect(void **state, const struct recipe *recipe, enum vw_reason reason,
		   enum vw_verdict verdict, const char *seat)
{
	struct crafted frame;

	craft_frame(recipe, &frame);
	expect_frame(state, &frame, reason, verdict, seat);
}

static void expect_admitted(void **state, const struct recipe *recipe)
{
	expect(state, recipe, VW_REASON_VIRTUAL_NETWORK, VW_VERDICT_ALLOW, "contoso");
}

static void expect_untrusted(void **state, const struct recipe *recipe, const char *seat)
{
	expect(state, recipe, VW_REASON_UNTRUSTED_TUNNEL, VW_VERDICT_DROP, seat);
}

static void expect_passed(void **state, const struct recipe *recipe)
{
	expect(state, recipe, VW_REASON_NOT_OURS, VW_VERDICT_PASS, "-");
}

static struct recipe web(void)
{
	return world_recipe(WORLD_WEB, WORLD_CONTOSO);
}

static void each_transport_brings_its_tag(void **state)
{
	struct recipe inner = web(), outer;

	for (size_t i = 0; i < TRANSPORTS; i++) {
		world_tunnel(&inner, transports[i], WORLD_TAG, &outer);
		expect_admitted(state, &outer);
		outer.tunnel.tag = WORLD_OTHER_TAG;
		expect(state, &outer, VW_REASON_UNKNOWN_SUBNET, VW_VERDICT_DROP, "contoso");
		outer.tunnel.tag = 0;
		expect(state, &outer, VW_REASON_UNKNOWN_SUBNET, VW_VERDICT_DROP, "contoso");
	}
}

/* Ethernet or IP; for GRE the tag is the VSID, or the whole key. */
static void geneve_and_gre_carry_bare_ip_as_well(void **state)
{
	struct recipe inner = web(), outer;

	for (size_t i = 1; i < TRANSPORTS; i++) {
		world_tunnel(&inner, transports[i], WORLD_TAG, &outer);
		outer.tunnel.bare = true;
		expect_admitted(state, &outer);
	}
	outer.tunnel.tag = WORLD_TAG << 8;
	expect(state, &outer, VW_REASON_UNKNOWN_SUBNET, VW_VERDICT_DROP, "contoso");
}

static void ipv6_inside_fits_no_subnet(void **state)
{
	struct recipe inner = world_recipe("2001:db8::99", WORLD_CONTOSO6), outer;

	for (size_t i = 0; i < TRANSPORTS; i++) {
		world_tunnel(&inner, transports[i], WORLD_TAG, &outer);
		expect(state, &outer, VW_REASON_UNKNOWN_SUBNET, VW_VERDICT_DROP, "contoso");
		outer.tunnel.bare = true;
		expect(state, &outer, VW_REASON_UNKNOWN_SUBNET, VW_VERDICT_DROP, "contoso");
		outer.tunnel.bare = false;
		outer.tunnel.tag = WORLD_BLOCKED_TAG;
		expect(state, &outer, VW_REASON_BLOCKED, VW_VERDICT_DROP, "contoso");
	}
}

static void only_peers_may_say_what_is_inside(void **state)
{
	static const char *const strangers[] = {"192.0.2.16", "192.0.1.255", WORLD_FAILSAFE,
						WORLD_PARTNER, "255.255.255.255"};
	struct recipe inner = web(), outer;

	for (size_t i = 0; i < TRANSPORTS; i++) {
		world_tunnel(&inner, transports[i], WORLD_TAG, &outer);
		for (size_t s = 0; s < sizeof(strangers) / sizeof(strangers[0]); s++) {
			outer.source = craft_endpoint(strangers[s], 1);
			expect_untrusted(state, &outer, "contoso");
		}
		outer.source = craft_endpoint("192.0.2.0", 1);
		expect_admitted(state, &outer);
		outer.source = craft_endpoint("192.0.2.15", 1);
		expect_admitted(state, &outer);
	}
}

/* The first four bytes of this address would be a peer's. */
static void an_ipv6_outer_source_is_no_peer(void **state)
{
	struct recipe inner = web(), outer;

	for (size_t i = 0; i < TRANSPORTS; i++) {
		world_tunnel(&inner, transports[i], WORLD_TAG, &outer);
		outer.source = craft_endpoint("c000:203::1", 1);
		outer.destination = craft_endpoint("2001:db8::1", 1);
		expect_untrusted(state, &outer, "contoso");
		outer.extension_count = 1;
		outer.extensions[0].type = IPPROTO_DSTOPTS;
		expect_untrusted(state, &outer, "contoso");
	}
}

static void what_is_inside_for_nobody_passes(void **state)
{
	struct recipe inner = world_recipe(WORLD_WEB, WORLD_ANYWHERE), outer;

	for (size_t i = 0; i < TRANSPORTS; i++) {
		world_tunnel(&inner, transports[i], WORLD_TAG, &outer);
		expect_passed(state, &outer);
		outer.source = craft_endpoint(WORLD_STRANGER, 1);
		expect_passed(state, &outer);
		inner.type = 0x0806;
		expect_passed(state, &outer);
		inner.type = 0;
	}
}

static void a_fragmented_tunnel_packet_is_refused_at_once(void **state)
{
	struct recipe inner = world_recipe(WORLD_WEB, WORLD_ANYWHERE), outer;

	for (size_t i = 0; i < TRANSPORTS; i++) {
		world_tunnel(&inner, transports[i], WORLD_TAG, &outer);
		outer.fragment = CRAFT_FIRST;
		expect(state, &outer, VW_REASON_FRAGMENT, VW_VERDICT_DROP, "-");
		outer.fragment = CRAFT_LATER;
		expect_passed(state, &outer);
		outer.source = craft_endpoint("2001:db8::3", 1);
		outer.destination = craft_endpoint("2001:db8::1", 1);
		expect_passed(state, &outer);
		outer.fragment = CRAFT_FIRST;
		expect(state, &outer, VW_REASON_FRAGMENT, VW_VERDICT_DROP, "-");
		outer.fragment = CRAFT_ATOMIC;
		expect(state, &outer, VW_REASON_FRAGMENT, VW_VERDICT_DROP, "-");
	}
}

static void fragments_inside_are_refused(void **state)
{
	struct recipe inner = web(), outer;

	inner.fragment = CRAFT_LATER;
	for (size_t i = 0; i < TRANSPORTS; i++) {
		world_tunnel(&inner, transports[i], WORLD_TAG, &outer);
		expect(state, &outer, VW_REASON_FRAGMENT, VW_VERDICT_DROP, "contoso");
		outer.source = craft_endpoint(WORLD_STRANGER, 1);
		expect(state, &outer, VW_REASON_FRAGMENT, VW_VERDICT_DROP, "contoso");
	}
}

static void there_is_no_second_tunnel(void **state)
{
	struct recipe innermost = world_recipe(WORLD_WEB, WORLD_ANYWHERE), middle, outer;

	for (size_t i = 0; i < TRANSPORTS * TRANSPORTS; i++) {
		world_tunnel(&innermost, transports[i % TRANSPORTS], WORLD_TAG, &middle);
		world_tunnel(&middle, transports[i / TRANSPORTS], WORLD_TAG, &outer);
		expect_untrusted(state, &outer, "-");
		outer.source = craft_endpoint(WORLD_STRANGER, 1);
		expect_untrusted(state, &outer, "-");
	}
}

static void vxlan_must_say_that_it_has_a_tag(void **state)
{
	struct recipe inner = web(), outer;

	world_tunnel(&inner, IMAGE_TRANSPORT_VXLAN, WORLD_TAG, &outer);
	for (uint16_t bit = 0; bit < 16; bit++) {
		outer.tunnel.flip = (uint16_t)(1U << bit);
		if (bit == 11)
			expect_untrusted(state, &outer, "contoso");
		else
			expect_admitted(state, &outer);
	}
}

/* Version, critical, and the length of a list that is not there; the other bits mean nothing. */
static void geneve_flags_are_looked_at(void **state)
{
	struct recipe inner = web(), outer;

	world_tunnel(&inner, IMAGE_TRANSPORT_GENEVE, WORLD_TAG, &outer);
	for (uint16_t bit = 0; bit < 8; bit++) {
		outer.tunnel.flip = (uint16_t)(1U << bit);
		if (bit == 6)
			expect_untrusted(state, &outer, "contoso");
		else
			expect_admitted(state, &outer);
	}
	outer.tunnel.flip = 1U << 14;
	expect_untrusted(state, &outer, "contoso");
	outer.tunnel.flip = 1U << 15;
	expect_untrusted(state, &outer, "contoso");
}

static void geneve_options_are_passed_over_unless_critical(void **state)
{
	struct recipe inner = web(), outer;

	world_tunnel(&inner, IMAGE_TRANSPORT_GENEVE, WORLD_TAG, &outer);
	for (size_t count = 1; count <= CRAFT_OPTIONS; count++) {
		outer.tunnel.option_count = count;
		for (size_t i = 0; i < count; i++)
			outer.tunnel.options[i] = (struct craft_option){0x7f, (uint8_t)(i % 4)};
		expect_admitted(state, &outer);
		outer.tunnel.options[count - 1].type = 0x80;
		expect_untrusted(state, &outer, "contoso");
	}
}

/* 63 words: as many options as there can be, and one that is as long as there can be. */
static void the_longest_option_lists_are_read(void **state)
{
	struct recipe inner = web(), outer;
	struct crafted frame;

	world_tunnel(&inner, IMAGE_TRANSPORT_GENEVE, WORLD_TAG, &outer);
	outer.tunnel.option_count = 2;
	outer.tunnel.options[0] = (struct craft_option){1, 31};
	outer.tunnel.options[1] = (struct craft_option){1, 30};
	expect_admitted(state, &outer);
	craft_frame(&outer, &frame);
	for (size_t i = 0; i < 63; i++) {
		craft_set16(&frame, frame.at[0].tunnel + 8 + i * 4, 0);
		craft_set16(&frame, frame.at[0].tunnel + 8 + i * 4 + 2, 0);
	}
	expect_frame(state, &frame, VW_REASON_VIRTUAL_NETWORK, VW_VERDICT_ALLOW, "contoso");
	craft_set8(&frame, frame.at[0].tunnel + 8 + 62UL * 4 + 2, 0x80);
	expect_frame(state, &frame, VW_REASON_UNTRUSTED_TUNNEL, VW_VERDICT_DROP, "contoso");
}

static void an_option_that_leaves_its_list_is_refused(void **state)
{
	struct recipe inner = web(), outer;
	struct crafted frame;

	world_tunnel(&inner, IMAGE_TRANSPORT_GENEVE, WORLD_TAG, &outer);
	outer.tunnel.option_count = 2;
	craft_frame(&outer, &frame);
	craft_set8(&frame, frame.at[0].tunnel + 8 + 3, 1);
	expect_frame(state, &frame, VW_REASON_VIRTUAL_NETWORK, VW_VERDICT_ALLOW, "contoso");
	craft_set8(&frame, frame.at[0].tunnel + 8 + 3, 2);
	expect_frame(state, &frame, VW_REASON_UNTRUSTED_TUNNEL, VW_VERDICT_DROP, "contoso");
	craft_set8(&frame, frame.at[0].tunnel + 8 + 3, 31);
	expect_frame(state, &frame, VW_REASON_UNTRUSTED_TUNNEL, VW_VERDICT_DROP, "contoso");
}

static void gre_has_a_key_and_perhaps_checksum_and_sequence(void **state)
{
	struct recipe inner = web(), outer;

	world_tunnel(&inner, IMAGE_TRANSPORT_GRE, WORLD_TAG, &outer);
	for (unsigned i = 0; i < 16; i++) {
		outer.tunnel.checksum = i & 1;
		outer.tunnel.sequence = i & 2;
		outer.tunnel.bare = i & 4;
		outer.tunnel.without_key = i & 8;
		if (outer.tunnel.without_key)
			expect_untrusted(state, &outer, "contoso");
		else
			expect_admitted(state, &outer);
	}
}

static void unknown_gre_flags_and_versions_are_refused(void **state)
{
	struct recipe inner = web(), outer;

	world_tunnel(&inner, IMAGE_TRANSPORT_GRE, WORLD_TAG, &outer);
	for (uint16_t bit = 0; bit < 16; bit++) {
		outer.tunnel.flip = (uint16_t)(1U << bit);
		if (0xb000 & outer.tunnel.flip)
			continue; /* those move the rest of the header */
		expect_untrusted(state, &outer, "contoso");
	}
}

static void other_protocols_inside_are_not_ours(void **state)
{
	static const uint16_t types[] = {0x0806, 0x8847, 0x0000, 0xffff};
	struct recipe inner = web(), outer;

	for (size_t i = 1; i < TRANSPORTS; i++) {
		world_tunnel(&inner, transports[i], WORLD_TAG, &outer);
		for (size_t t = 0; t < sizeof(types) / sizeof(types[0]); t++) {
			outer.tunnel.type = types[t];
			if (types[t])
				expect_passed(state, &outer);
		}
	}
}

static void vlans_and_options_do_not_hide_a_tunnel(void **state)
{
	struct recipe inner = web(), outer;

	inner.vlan_count = 2;
	inner.ip_option_words = 3;
	for (size_t i = 0; i < TRANSPORTS; i++) {
		world_tunnel(&inner, transports[i], WORLD_TAG, &outer);
		outer.vlan_count = 2;
		outer.vlans[0] = (struct craft_vlan){CRAFT_SERVICE_VLAN, 5};
		outer.ip_option_words = 10;
		expect_admitted(state, &outer);
		outer.source = craft_endpoint(WORLD_STRANGER, 1);
		expect_untrusted(state, &outer, "contoso");
	}
}

/* Where VLAN ids are tags, too. */
static void the_tag_of_a_tunnel_wins(void **state)
{
	struct filter *filter = (struct filter *)*state;
	struct recipe inner = web(), outer;

	assert_true(filter_set_vlan_tags(filter, true));
	for (size_t i = 0; i < TRANSPORTS; i++) {
		world_tunnel(&inner, transports[i], WORLD_TAG, &outer);
		outer.vlan_count = 1;
		outer.vlans[0].id = WORLD_BLOCKED_VLAN;
		expect_admitted(state, &outer);
		outer.tunnel.tag = 0;
		expect(state, &outer, VW_REASON_UNKNOWN_SUBNET, VW_VERDICT_DROP, "contoso");
	}
	assert_true(filter_set_vlan_tags(filter, false));
}

static void other_ports_are_no_tunnel(void **state)
{
	struct recipe inner = web(), outer;

	world_tunnel(&inner, IMAGE_TRANSPORT_VXLAN, WORLD_TAG, &outer);
	outer.tunnel.port = 8472;
	expect_passed(state, &outer);
	outer.tunnel.port = 6081; /* where VXLAN is read as Geneve: with a type that is nothing */
	expect_passed(state, &outer);
}

static void a_tunnel_that_is_not_configured_is_no_tunnel(void **state)
{
	struct filter *filter = (struct filter *)*state;
	struct recipe inner = web(), outer;
	struct crafted frame;

	assert_true(filter_load(filter, world_rules, "version: 1\ninterfaces: [{name: eth0}]\n"));
	for (size_t i = 0; i < TRANSPORTS; i++) {
		world_tunnel(&inner, transports[i], WORLD_TAG, &outer);
		craft_frame(&outer, &frame);
		expect_frame(state, &frame, VW_REASON_NOT_OURS, VW_VERDICT_PASS, "-");
	}
	assert_true(filter_load(filter, world_rules, world_node));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_transport_brings_its_tag),
		cmocka_unit_test(geneve_and_gre_carry_bare_ip_as_well),
		cmocka_unit_test(ipv6_inside_fits_no_subnet),
		cmocka_unit_test(only_peers_may_say_what_is_inside),
		cmocka_unit_test(an_ipv6_outer_source_is_no_peer),
		cmocka_unit_test(what_is_inside_for_nobody_passes),
		cmocka_unit_test(a_fragmented_tunnel_packet_is_refused_at_once),
		cmocka_unit_test(fragments_inside_are_refused),
		cmocka_unit_test(there_is_no_second_tunnel),
		cmocka_unit_test(vxlan_must_say_that_it_has_a_tag),
		cmocka_unit_test(geneve_flags_are_looked_at),
		cmocka_unit_test(geneve_options_are_passed_over_unless_critical),
		cmocka_unit_test(the_longest_option_lists_are_read),
		cmocka_unit_test(an_option_that_leaves_its_list_is_refused),
		cmocka_unit_test(gre_has_a_key_and_perhaps_checksum_and_sequence),
		cmocka_unit_test(unknown_gre_flags_and_versions_are_refused),
		cmocka_unit_test(other_protocols_inside_are_not_ours),
		cmocka_unit_test(vlans_and_options_do_not_hide_a_tunnel),
		cmocka_unit_test(the_tag_of_a_tunnel_wins),
		cmocka_unit_test(other_ports_are_no_tunnel),
		cmocka_unit_test(a_tunnel_that_is_not_configured_is_no_tunnel),
	};

	return cmocka_run_group_tests(tests, filter_setup_world, filter_teardown_world);
}
