/* SPDX-License-Identifier: Apache-2.0 */
/* Every header that the filter understands, and what it makes of those it does not. */
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#include "filter.h"
#include "world.h"

#define MOBILITY 135

static void expect(void **state, const struct recipe *recipe, enum vw_reason reason,
		   const char *seat)
{
	static const enum vw_verdict verdicts[VW_REASON_COUNT] = {
		[VW_REASON_NOT_OURS] = VW_VERDICT_PASS,
		[VW_REASON_MALFORMED] = VW_VERDICT_DROP,
		[VW_REASON_FRAGMENT] = VW_VERDICT_DROP,
		[VW_REASON_IP_RULE] = VW_VERDICT_ALLOW,
		[VW_REASON_DEFAULT_ALLOW] = VW_VERDICT_ALLOW,
		[VW_REASON_NOT_ALLOWED] = VW_VERDICT_DROP,
	};
	struct crafted frame;

	craft_frame(recipe, &frame);
	assert_true(filter_agrees((struct filter *)*state, seat, &frame, reason, verdicts[reason],
				  seat));
}

static void expect_allowed(void **state, const struct recipe *recipe)
{
	expect(state, recipe, VW_REASON_IP_RULE, "contoso");
}

static void expect_open6(void **state, const struct recipe *recipe)
{
	expect(state, recipe, VW_REASON_DEFAULT_ALLOW, "open");
}

static void expect_passed(void **state, const struct recipe *recipe)
{
	expect(state, recipe, VW_REASON_NOT_OURS, "-");
}

static struct recipe ipv4(void)
{
	return world_recipe(WORLD_PARTNER, WORLD_CONTOSO);
}

static struct recipe ipv6(void)
{
	return world_recipe("2001:db8::99", WORLD_OPEN6);
}

static struct recipe udp4(void)
{
	struct recipe recipe = world_recipe(WORLD_PARTNER, WORLD_NAMES);

	recipe.protocol = IPPROTO_UDP;
	recipe.destination.port = 53;
	return recipe;
}

static void tcp_and_udp_over_ipv4_are_read(void **state)
{
	struct recipe tcp = ipv4(), udp = udp4();

	expect_allowed(state, &tcp);
	expect(state, &udp, VW_REASON_IP_RULE, "names");
}

static void tcp_and_udp_over_ipv6_are_read(void **state)
{
	struct recipe tcp = ipv6(), udp = world_recipe("2001:db8::99", WORLD_NAMES6);

	udp.protocol = IPPROTO_UDP;
	udp.destination.port = 53;
	expect_open6(state, &tcp);
	expect(state, &udp, VW_REASON_NOT_ALLOWED, "names");
}

static void one_and_two_vlan_tags_are_read(void **state)
{
	struct recipe recipe = ipv4();

	recipe.vlan_count = 1;
	recipe.vlans[0].id = 5;
	expect_allowed(state, &recipe);
	recipe.vlans[0].type = CRAFT_SERVICE_VLAN;
	expect_allowed(state, &recipe);
	recipe.vlan_count = 2;
	recipe.vlans[1].id = 6;
	expect_allowed(state, &recipe);
	recipe.vlans[0].type = 0;
	expect_allowed(state, &recipe);
}

static void ipv4_options_of_any_length_are_passed_over(void **state)
{
	struct recipe recipe = ipv4();

	for (uint8_t words = 0; words <= 10; words++) {
		recipe.ip_option_words = words;
		expect_allowed(state, &recipe);
	}
}

static void tcp_options_of_any_length_are_allowed(void **state)
{
	struct recipe recipe = ipv4();

	for (uint8_t words = 0; words <= 10; words++) {
		recipe.tcp_option_words = words;
		expect_allowed(state, &recipe);
	}
}

static void each_extension_header_is_passed_over(void **state)
{
	static const uint8_t types[] = {IPPROTO_HOPOPTS, IPPROTO_ROUTING, IPPROTO_DSTOPTS,
					IPPROTO_AH, MOBILITY};
	struct recipe recipe = ipv6();

	recipe.extension_count = 1;
	for (size_t i = 0; i < sizeof(types); i++) {
		recipe.extensions[0].type = types[i];
		for (uint8_t units = 0; units < 5; units++) {
			recipe.extensions[0].units = units;
			expect_open6(state, &recipe);
		}
	}
}

static void eight_extension_headers_are_read_and_nine_refused(void **state)
{
	struct recipe recipe = ipv6();

	for (size_t i = 0; i < 9; i++)
		recipe.extensions[i] = (struct craft_extension){IPPROTO_DSTOPTS, (uint8_t)(i % 3)};
	recipe.extension_count = 8;
	expect_open6(state, &recipe);
	recipe.extension_count = 9;
	expect(state, &recipe, VW_REASON_MALFORMED, "open");
	recipe.destination = craft_endpoint(WORLD_NAMES6, 443);
	expect(state, &recipe, VW_REASON_MALFORMED, "names");
}

static void any_ipv6_fragment_header_is_a_fragment(void **state)
{
	static const enum craft_fragment kinds[] = {CRAFT_FIRST, CRAFT_LATER, CRAFT_ATOMIC};
	struct recipe recipe = ipv6();

	for (size_t i = 0; i < 3; i++) {
		recipe.fragment = kinds[i];
		recipe.extension_count = 0;
		expect(state, &recipe, VW_REASON_FRAGMENT, "open");
		recipe.extension_count = 7;
		for (size_t header = 0; header < 7; header++)
			recipe.extensions[header].type = IPPROTO_DSTOPTS;
		expect(state, &recipe, VW_REASON_FRAGMENT, "open");
	}
}

static void ipv4_fragments_are_told_by_offset_and_more(void **state)
{
	struct recipe recipe = ipv4();
	struct crafted frame;

	craft_frame(&recipe, &frame);
	for (uint16_t bit = 0; bit < 14; bit++) {
		craft_set16(&frame, frame.at[0].network + 6, (uint16_t)(1U << bit));
		assert_true(filter_agrees((struct filter *)*state, "a fragment bit", &frame,
					  VW_REASON_FRAGMENT, VW_VERDICT_DROP, "contoso"));
	}
	craft_set16(&frame, frame.at[0].network + 6, 0xc000);
	assert_true(filter_agrees((struct filter *)*state, "reserved, do not fragment", &frame,
				  VW_REASON_IP_RULE, VW_VERDICT_ALLOW, "contoso"));
}

static void other_protocols_are_not_ours(void **state)
{
	struct recipe four = ipv4(), six = ipv6();

	for (unsigned protocol = 0; protocol < 256; protocol++) {
		if (protocol == IPPROTO_TCP)
			continue;
		four.protocol = six.protocol = (uint8_t)protocol;
		if (protocol != 0) /* which asks for TCP */
			expect_passed(state, &four);
		four.fragment = CRAFT_LATER;
		if (protocol != 0)
			expect_passed(state, &four);
		four.fragment = CRAFT_WHOLE;
	}
	six.protocol = IPPROTO_ICMPV6;
	expect_passed(state, &six);
	six.protocol = IPPROTO_ESP;
	expect_passed(state, &six);
	six.protocol = IPPROTO_NONE;
	six.payload = 8;
	expect_passed(state, &six);
}

static void other_ethertypes_are_not_ours(void **state)
{
	static const uint16_t types[] = {0x0806, 0x8847, 0x88cc, 0x05dc, 0x9100};
	struct recipe recipe = ipv4();

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		recipe.type = types[i];
		expect_passed(state, &recipe);
	}
}

static void padding_behind_the_packet_means_nothing(void **state)
{
	struct recipe four = ipv4(), six = ipv6();
	struct crafted frame;

	craft_frame(&four, &frame);
	craft_pad(&frame, 18);
	assert_true(filter_agrees((struct filter *)*state, "padded IPv4", &frame, VW_REASON_IP_RULE,
				  VW_VERDICT_ALLOW, "contoso"));
	craft_frame(&six, &frame);
	craft_pad(&frame, 18);
	assert_true(filter_agrees((struct filter *)*state, "padded IPv6", &frame,
				  VW_REASON_DEFAULT_ALLOW, VW_VERDICT_ALLOW, "open"));
}

static void frames_of_a_page_are_read(void **state)
{
	struct recipe recipe = ipv4();

	recipe.payload = 1400;
	expect_allowed(state, &recipe);
	recipe.payload = 3000;
	expect_allowed(state, &recipe);
}

/* The outermost id counts, id 0 never does, and an id that no rule knows is no tag. */
static void vlan_ids_are_tags_where_they_may_be(void **state)
{
	struct filter *filter = (struct filter *)*state;
	struct recipe recipe = world_recipe(WORLD_VLAN_HOST, WORLD_CONTOSO);
	static const struct {
		const char *name;
		uint16_t ids[2];
		enum vw_reason reason;
		enum vw_verdict verdict;
	} samples[] = {
		{"outer", {WORLD_VLAN, 9}, VW_REASON_VIRTUAL_NETWORK, VW_VERDICT_ALLOW},
		{"with priority",
		 {0xe000 | WORLD_VLAN, 9},
		 VW_REASON_VIRTUAL_NETWORK,
		 VW_VERDICT_ALLOW},
		{"inner", {9, WORLD_VLAN}, VW_REASON_NOT_ALLOWED, VW_VERDICT_DROP},
		{"zero", {0, WORLD_VLAN}, VW_REASON_NOT_ALLOWED, VW_VERDICT_DROP},
		{"blocked", {WORLD_BLOCKED_VLAN, 9}, VW_REASON_BLOCKED, VW_VERDICT_DROP},
	};
	struct crafted frame;

	recipe.vlan_count = 2;
	assert_true(filter_set_vlan_tags(filter, true));
	for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
		recipe.vlans[0].id = samples[i].ids[0];
		recipe.vlans[1].id = samples[i].ids[1];
		craft_frame(&recipe, &frame);
		assert_true(filter_agrees(filter, samples[i].name, &frame, samples[i].reason,
					  samples[i].verdict, "contoso"));
	}
	recipe.source = craft_endpoint(WORLD_PARTNER, 40000);
	recipe.vlans[0].id = 9;
	expect_allowed(state, &recipe);
	recipe.vlans[0].id = WORLD_VLAN;
	craft_frame(&recipe, &frame);
	assert_true(filter_agrees(filter, "a tag puts the IP rules out of force", &frame,
				  VW_REASON_UNKNOWN_SUBNET, VW_VERDICT_DROP, "contoso"));
	assert_true(filter_set_vlan_tags(filter, false));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tcp_and_udp_over_ipv4_are_read),
		cmocka_unit_test(tcp_and_udp_over_ipv6_are_read),
		cmocka_unit_test(one_and_two_vlan_tags_are_read),
		cmocka_unit_test(ipv4_options_of_any_length_are_passed_over),
		cmocka_unit_test(tcp_options_of_any_length_are_allowed),
		cmocka_unit_test(each_extension_header_is_passed_over),
		cmocka_unit_test(eight_extension_headers_are_read_and_nine_refused),
		cmocka_unit_test(any_ipv6_fragment_header_is_a_fragment),
		cmocka_unit_test(ipv4_fragments_are_told_by_offset_and_more),
		cmocka_unit_test(other_protocols_are_not_ours),
		cmocka_unit_test(other_ethertypes_are_not_ours),
		cmocka_unit_test(padding_behind_the_packet_means_nothing),
		cmocka_unit_test(frames_of_a_page_are_read),
		cmocka_unit_test(vlan_ids_are_tags_where_they_may_be),
	};

	return cmocka_run_group_tests(tests, filter_setup_world, filter_teardown_world);
}
