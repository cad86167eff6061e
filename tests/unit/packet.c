/* SPDX-License-Identifier: Apache-2.0 */
/* The filter's parsers (bpf/packet.h, bpf/tunnel.h) on every piece of a frame, under sanitizers. */
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#include "packet_check.h"
#include "packets.h"
#include "random.h"

#define MOBILITY 135
#define SPOILED	 20000 /* frames */

static struct recipe tcp4(void)
{
	return (struct recipe){.source = craft_endpoint("198.51.100.7", 40000),
			       .destination = craft_endpoint("203.0.113.10", 443)};
}

static struct recipe tcp6(void)
{
	return (struct recipe){.source = craft_endpoint("2001:db8::7", 40000),
			       .destination = craft_endpoint("2001:db8::10", 443)};
}

static void check_pieces(const struct recipe *recipe)
{
	struct crafted frame;

	craft_frame(recipe, &frame);
	for (size_t length = 0; length <= frame.length; length++)
		assert_true(packet_check_frame(frame.bytes, length));
	craft_pad(&frame, 20);
	assert_true(packet_check_frame(frame.bytes, frame.length));
}

static void every_truncation_of_ipv4_is_read_within_its_bounds(void **state)
{
	struct recipe recipe = tcp4();

	(void)state;
	check_pieces(&recipe);
	recipe.vlan_count = 3;
	check_pieces(&recipe);
	recipe.vlan_count = 2;
	recipe.ip_option_words = 10;
	recipe.tcp_option_words = 10;
	check_pieces(&recipe);
	recipe.fragment = CRAFT_FIRST;
	check_pieces(&recipe);
	recipe.protocol = IPPROTO_UDP;
	check_pieces(&recipe);
	recipe.fragment = CRAFT_LATER;
	check_pieces(&recipe);
	recipe.protocol = IPPROTO_ICMP;
	check_pieces(&recipe);
}

static void every_truncation_of_ipv6_is_read_within_its_bounds(void **state)
{
	static const uint8_t types[] = {IPPROTO_HOPOPTS, IPPROTO_DSTOPTS, IPPROTO_ROUTING,
					IPPROTO_AH, MOBILITY};
	struct recipe recipe = tcp6();

	(void)state;
	check_pieces(&recipe);
	for (size_t i = 0; i < 10; i++) {
		recipe.extensions[i].type = types[i % sizeof(types)];
		recipe.extensions[i].units = (uint8_t)(i % 4);
		recipe.extension_count = i + 1;
		check_pieces(&recipe);
	}
	recipe.extension_count = 4;
	recipe.protocol = IPPROTO_UDP;
	for (unsigned kind = CRAFT_FIRST; kind <= CRAFT_ATOMIC; kind++) {
		recipe.fragment = (enum craft_fragment)kind;
		check_pieces(&recipe);
	}
}

static void check_tunnel_pieces(const struct recipe *inner)
{
	struct recipe outer = tcp4();
	struct crafted frame;

	outer.inner = inner;
	outer.tunnel.option_count = 3;
	outer.tunnel.options[1].words = 3;
	for (unsigned i = 0; i < 3 * 16; i++) {
		size_t start = 0;

		outer.tunnel.transport = (enum image_transport)(1 + i / 16);
		outer.tunnel.bare = i & 1;
		outer.tunnel.checksum = i & 2;
		outer.tunnel.sequence = i & 4;
		outer.tunnel.without_key = i & 8;
		craft_frame(&outer, &frame);
		start = frame.at[0].tunnel;
		for (size_t length = 0; length <= frame.length - start; length++)
			assert_true(packet_check_tunnel(outer.tunnel.transport, frame.bytes + start,
							length));
	}
}

static void every_truncation_of_a_tunnel_is_read_within_its_bounds(void **state)
{
	struct recipe inner = tcp4();

	(void)state;
	check_tunnel_pieces(&inner);
	inner.vlan_count = 2;
	inner.protocol = IPPROTO_UDP;
	check_tunnel_pieces(&inner);
	inner = tcp6();
	inner.extension_count = 2;
	inner.extensions[1].type = IPPROTO_AH;
	check_tunnel_pieces(&inner);
}

/* Any header byte of any value, and any length. */
static void spoiled_frames_are_read_within_their_bounds(void **state)
{
	struct random random = {random_seed(1)};
	struct recipe four = tcp4(), six = tcp6(), outer = tcp4();
	struct crafted frame;

	(void)state;
	four.ip_option_words = 4;
	six.extension_count = 3;
	outer.tunnel.option_count = 2;
	for (int i = 0; i < SPOILED; i++) {
		outer.inner = i & 1 ? &four : &six;
		outer.tunnel.transport = (enum image_transport)(1 + i % 3);
		craft_frame(&outer, &frame);
		for (uint32_t spoil = random_below(&random, 4); spoil > 0; spoil--)
			frame.bytes[random_below(&random, frame.length)] =
				(uint8_t)random_next(&random);
		assert_true(packet_check_tunnel(
			outer.tunnel.transport, frame.bytes + frame.at[0].tunnel,
			frame.length - frame.at[0].tunnel - random_below(&random, 30)));
		craft_frame(outer.inner, &frame);
		for (uint32_t spoil = random_below(&random, 4); spoil > 0; spoil--)
			frame.bytes[12 + random_below(&random, frame.length - 12)] =
				(uint8_t)random_next(&random);
		assert_true(
			packet_check_frame(frame.bytes, frame.length - random_below(&random, 30)));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_truncation_of_ipv4_is_read_within_its_bounds),
		cmocka_unit_test(every_truncation_of_ipv6_is_read_within_its_bounds),
		cmocka_unit_test(every_truncation_of_a_tunnel_is_read_within_its_bounds),
		cmocka_unit_test(spoiled_frames_are_read_within_their_bounds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
