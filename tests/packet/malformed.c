/* SPDX-License-Identifier: Apache-2.0 */
/* Frames that are cut short at every byte, and headers that lie. */
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "filter.h"
#include "world.h"

#define SHORTEST 14 /* the kernel runs the filter on whole Ethernet headers only */
#define MOBILITY 135

static void expect(void **state, const char *name, const struct crafted *frame,
		   enum vw_reason reason, const char *seat)
{
	enum vw_verdict verdict = reason == VW_REASON_NOT_OURS ? VW_VERDICT_PASS : VW_VERDICT_DROP;

	assert_true(filter_agrees((struct filter *)*state, name, frame, reason, verdict, seat));
}

/* Whatever is missing, it lets nobody in who would not get in with the whole frame. */
static void cut_everywhere(void **state, const char *name, const struct recipe *recipe)
{
	struct filter *filter = (struct filter *)*state;
	struct crafted frame;
	size_t whole = 0;

	craft_frame(recipe, &frame);
	whole = frame.length;
	for (size_t length = SHORTEST; length < whole; length++) {
		struct oracle_answer answer = {0};
		char where[96];

		craft_cut(&frame, length);
		(void)snprintf(where, sizeof(where), "%s, cut at %zu", name, length);
		assert_true(filter_agrees_with_oracle(filter, where, &frame));
		assert_true(filter_explain(filter, &frame, &answer));
		assert_true(answer.verdict == VW_VERDICT_DROP || answer.verdict == VW_VERDICT_PASS);
		craft_frame(recipe, &frame);
	}
	assert_true(filter_agrees_with_oracle(filter, name, &frame));
}

static struct recipe udp_to_names(const char *source, const char *destination)
{
	struct recipe recipe = world_recipe(source, destination);

	recipe.protocol = IPPROTO_UDP;
	recipe.destination.port = 53;
	return recipe;
}

static void add_extensions(struct recipe *recipe)
{
	static const uint8_t types[] = {IPPROTO_HOPOPTS, IPPROTO_DSTOPTS, IPPROTO_ROUTING,
					IPPROTO_AH, MOBILITY};

	recipe->extension_count = sizeof(types);
	for (size_t i = 0; i < sizeof(types); i++)
		recipe->extensions[i] = (struct craft_extension){types[i], (uint8_t)(i % 3)};
}

static void every_truncation_of_ipv4_is_refused(void **state)
{
	struct recipe recipe = world_recipe(WORLD_PARTNER, WORLD_CONTOSO);

	recipe.payload = 5;
	cut_everywhere(state, "TCP", &recipe);
	recipe.ip_option_words = 10;
	recipe.tcp_option_words = 10;
	cut_everywhere(state, "TCP with options", &recipe);
	recipe.vlan_count = 2;
	cut_everywhere(state, "TCP in two VLANs", &recipe);
	recipe.fragment = CRAFT_FIRST;
	cut_everywhere(state, "first fragment", &recipe);
	recipe.fragment = CRAFT_LATER;
	cut_everywhere(state, "later fragment", &recipe);
	recipe = udp_to_names(WORLD_PARTNER, WORLD_NAMES);
	recipe.payload = 5;
	cut_everywhere(state, "UDP", &recipe);
	recipe.destination = craft_endpoint(WORLD_ANYWHERE, 5353);
	cut_everywhere(state, "UDP for *", &recipe);
}

static void every_truncation_of_ipv6_is_refused(void **state)
{
	struct recipe recipe = world_recipe("2001:db8::99", WORLD_OPEN6);

	recipe.payload = 5;
	cut_everywhere(state, "TCP", &recipe);
	add_extensions(&recipe);
	cut_everywhere(state, "TCP behind extension headers", &recipe);
	recipe.fragment = CRAFT_FIRST;
	cut_everywhere(state, "first fragment", &recipe);
	recipe.fragment = CRAFT_LATER;
	cut_everywhere(state, "later fragment", &recipe);
	recipe = udp_to_names("2001:db8::99", WORLD_NAMES6);
	add_extensions(&recipe);
	cut_everywhere(state, "UDP behind extension headers", &recipe);
	recipe.destination = craft_endpoint("2001:db8::77", 5353);
	cut_everywhere(state, "UDP for * behind extension headers", &recipe);
}

static void cut_tunnels(void **state, const struct recipe *inner, bool bare)
{
	struct recipe outer;

	for (unsigned transport = IMAGE_TRANSPORT_VXLAN; transport <= IMAGE_TRANSPORT_GRE;
	     transport++) {
		world_tunnel(inner, (enum image_transport)transport, WORLD_TAG, &outer);
		outer.tunnel.bare = bare;
		outer.tunnel.checksum = bare;
		outer.tunnel.sequence = true;
		outer.tunnel.option_count = 3;
		outer.tunnel.options[1].words = 2;
		cut_everywhere(state, "tunnel", &outer);
	}
}

static void every_truncation_of_a_tunnel_packet_is_refused(void **state)
{
	struct recipe inner = world_recipe(WORLD_WEB, WORLD_CONTOSO);

	cut_tunnels(state, &inner, false);
	cut_tunnels(state, &inner, true);
	inner.vlan_count = 2;
	inner.ip_option_words = 2;
	cut_tunnels(state, &inner, false);
	inner = world_recipe("2001:db8::99", WORLD_OPEN6);
	add_extensions(&inner);
	cut_tunnels(state, &inner, true);
}

static void lying_ipv4_headers_are_refused(void **state)
{
	static const struct {
		const char *name;
		size_t at; /* in the IPv4 header */
		uint16_t value;
	} lies[] = {
		{"version 0", 0, 0x0500},
		{"version 5", 0, 0x5500},
		{"version 6", 0, 0x6500},
		{"header length 0", 0, 0x4000},
		{"header length 16", 0, 0x4400},
		{"header length 60", 0, 0x4f00},
		{"total length 0", 2, 0},
		{"total length 19", 2, 19},
		{"total length of a header", 2, 20},
		{"total length short of TCP", 2, 39},
		{"total length past the frame", 2, 41},
		{"total length 65535", 2, 0xffff},
	};
	struct recipe recipe = world_recipe(WORLD_PARTNER, WORLD_CONTOSO);
	struct crafted frame;

	for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
		craft_frame(&recipe, &frame);
		craft_set16(&frame, frame.at[0].network + lies[i].at, lies[i].value);
		expect(state, lies[i].name, &frame, VW_REASON_MALFORMED, "contoso");
	}
}

static void lying_ipv6_headers_are_refused(void **state)
{
	struct recipe recipe = world_recipe("2001:db8::99", WORLD_OPEN6);
	static const uint16_t lengths[] = {0, 1, 19, 21, 0xffff};
	struct crafted frame;

	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		craft_frame(&recipe, &frame);
		craft_set16(&frame, frame.at[0].network + 4, lengths[i]);
		expect(state, "payload length", &frame, VW_REASON_MALFORMED, "open");
	}
	for (unsigned version = 0; version < 16; version++) {
		craft_frame(&recipe, &frame);
		craft_set8(&frame, frame.at[0].network, (uint8_t)(version << 4));
		if (version != 6)
			expect(state, "version", &frame, VW_REASON_MALFORMED, "open");
	}
}

/* A jumbogram has the length 0 and a hop-by-hop header. */
static void jumbograms_are_refused(void **state)
{
	struct recipe recipe = world_recipe("2001:db8::99", WORLD_OPEN6);
	struct crafted frame;

	recipe.extension_count = 1;
	craft_frame(&recipe, &frame);
	craft_set16(&frame, frame.at[0].network + 4, 0);
	expect(state, "jumbogram", &frame, VW_REASON_MALFORMED, "open");
	recipe.destination = craft_endpoint("2001:db8::77", 22);
	craft_frame(&recipe, &frame);
	craft_set16(&frame, frame.at[0].network + 4, 0);
	expect(state, "jumbogram that may be for *", &frame, VW_REASON_MALFORMED, "wild");
}

static void extension_headers_that_leave_the_packet_are_refused(void **state)
{
	struct recipe recipe = world_recipe("2001:db8::99", WORLD_OPEN6);
	struct crafted frame;

	recipe.extension_count = 1;
	recipe.extensions[0].type = IPPROTO_DSTOPTS;
	for (unsigned units = 3; units < 256; units += 4) {
		craft_frame(&recipe, &frame);
		craft_set8(&frame, frame.at[0].network + 41, (uint8_t)units);
		expect(state, "extension", &frame, VW_REASON_MALFORMED, "open");
	}
}

static void lying_tcp_headers_are_refused(void **state)
{
	struct recipe recipe = world_recipe(WORLD_PARTNER, WORLD_CONTOSO);
	struct crafted frame;

	recipe.payload = 10;
	for (unsigned words = 0; words < 16; words++) {
		craft_frame(&recipe, &frame);
		craft_set8(&frame, frame.at[0].transport + 12, (uint8_t)(words << 4));
		if (words < 5 || words > 7)
			expect(state, "TCP header", &frame, VW_REASON_MALFORMED, "contoso");
		else
			assert_true(filter_agrees((struct filter *)*state, "TCP header", &frame,
						  VW_REASON_IP_RULE, VW_VERDICT_ALLOW, "contoso"));
	}
}

static void lying_udp_headers_are_refused(void **state)
{
	struct recipe recipe = udp_to_names(WORLD_PARTNER, WORLD_NAMES);
	struct crafted frame;

	recipe.payload = 10;
	for (uint16_t length = 0; length < 24; length++) {
		craft_frame(&recipe, &frame);
		craft_set16(&frame, frame.at[0].transport + 4, length);
		if (length < 8 || length > 18)
			expect(state, "UDP length", &frame, VW_REASON_MALFORMED, "names");
		else
			assert_true(filter_agrees((struct filter *)*state, "UDP length", &frame,
						  VW_REASON_IP_RULE, VW_VERDICT_ALLOW, "names"));
	}
}

/* A first fragment whose header goes on in the next one: the older of two tricks. */
static void a_tiny_first_fragment_is_malformed(void **state)
{
	struct recipe recipe = world_recipe(WORLD_PARTNER, WORLD_CONTOSO);
	struct crafted frame;

	recipe.fragment = CRAFT_FIRST;
	craft_frame(&recipe, &frame);
	craft_set16(&frame, frame.at[0].network + 2, 28);
	craft_cut(&frame, 14 + 28);
	expect(state, "tiny fragment", &frame, VW_REASON_MALFORMED, "contoso");
}

/* What comes to other addresses, ports and protocols is broken for somebody else to judge. */
static void broken_packets_for_nobody_pass(void **state)
{
	struct recipe recipe = world_recipe(WORLD_PARTNER, WORLD_ANYWHERE);
	struct crafted frame;

	craft_frame(&recipe, &frame);
	craft_set16(&frame, frame.at[0].network + 2, 41);
	expect(state, "nobody's port", &frame, VW_REASON_NOT_OURS, "-");
	craft_set16(&frame, frame.at[0].transport + 2, 8200);
	expect(state, "a port of *", &frame, VW_REASON_MALFORMED, "wild");
	recipe.protocol = IPPROTO_ICMP;
	recipe.destination = craft_endpoint(WORLD_CONTOSO, 443);
	craft_frame(&recipe, &frame);
	craft_set16(&frame, frame.at[0].network + 2, 0xffff);
	expect(state, "ICMP", &frame, VW_REASON_NOT_OURS, "-");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_truncation_of_ipv4_is_refused),
		cmocka_unit_test(every_truncation_of_ipv6_is_refused),
		cmocka_unit_test(every_truncation_of_a_tunnel_packet_is_refused),
		cmocka_unit_test(lying_ipv4_headers_are_refused),
		cmocka_unit_test(lying_ipv6_headers_are_refused),
		cmocka_unit_test(jumbograms_are_refused),
		cmocka_unit_test(extension_headers_that_leave_the_packet_are_refused),
		cmocka_unit_test(lying_tcp_headers_are_refused),
		cmocka_unit_test(lying_udp_headers_are_refused),
		cmocka_unit_test(a_tiny_first_fragment_is_malformed),
		cmocka_unit_test(broken_packets_for_nobody_pass),
	};

	return cmocka_run_group_tests(tests, filter_setup_world, filter_teardown_world);
}
