/* SPDX-License-Identifier: Apache-2.0 */
#include "frame.h"

#include <errno.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "dissect.h"
#include "packets.h"

static struct frame_plan plan_of(const char *source, const char *destination, uint8_t protocol)
{
	return (struct frame_plan){
		.source = craft_endpoint(source, 40001),
		.destination = craft_endpoint(destination, 443),
		.protocol = protocol,
		.outer_source = craft_endpoint("192.0.2.1", 50001),
		.outer_destination = craft_endpoint("192.0.2.2", 0),
	};
}

static struct frame_plan tunnel_plan(enum image_transport transport, uint32_t tag)
{
	struct frame_plan plan = plan_of("10.1.0.5", "203.0.113.10", IPPROTO_TCP);

	plan.tagged = true;
	plan.transport = transport;
	plan.tag = tag;
	if (transport != IMAGE_TRANSPORT_GRE)
		plan.tunnel_port = 4789;
	return plan;
}

/* Builds it and reads what Ethernet carries. */
static struct dissected_ip build(const struct frame_plan *plan, uint8_t frame[FRAME_BYTES],
				 struct dissected_ethernet *ret_ethernet)
{
	int length = frame_build(plan, frame);

	assert_true(length > 0 && length <= FRAME_BYTES);
	*ret_ethernet = dissect_ethernet((struct span){frame, (size_t)length});
	assert_true(ret_ethernet->whole);
	return dissect_ip(ret_ethernet->type, ret_ethernet->payload);
}

static uint32_t sum16(uint32_t sum, const uint8_t *bytes, size_t length)
{
	for (size_t i = 0; i < length; i++)
		sum += i % 2 ? bytes[i] : (uint32_t)bytes[i] << 8;
	return sum;
}

/* A range over which the checksum was taken sums up to all ones. */
static void assert_sums_up(uint32_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	assert_int_equal(sum, 0xffff);
}

static void assert_checksums(const struct dissected_ip *ip)
{
	size_t bytes = ip->family == 4 ? 4 : 16;
	uint32_t sum = sum16(0, ip->source, bytes);

	if (ip->family == 4)
		assert_sums_up(sum16(0, ip->payload.bytes - 20, 20));
	if (ip->protocol == IPPROTO_GRE)
		return;
	sum = sum16(sum, ip->destination, bytes) + ip->protocol + (uint32_t)ip->payload.length;
	assert_sums_up(sum16(sum, ip->payload.bytes, ip->payload.length));
}

static void assert_is_of(const struct dissected_ip *ip, const struct frame_plan *plan)
{
	assert_true(ip->present);
	assert_false(ip->malformed);
	assert_int_equal(ip->fragment, NOT_FRAGMENTED);
	assert_int_equal(ip->family, plan->source.family);
	assert_memory_equal(ip->source, plan->source.address, 16);
	assert_memory_equal(ip->destination, plan->destination.address, 16);
	assert_int_equal(ip->protocol, plan->protocol);
	assert_int_equal(ip->source_port, plan->source.port);
	assert_int_equal(ip->destination_port, plan->destination.port);
	assert_checksums(ip);
}

static void plain_frames_carry_what_was_planned(void **state)
{
	const struct frame_plan plans[] = {
		plan_of("198.51.100.7", "203.0.113.10", IPPROTO_TCP),
		plan_of("198.51.100.7", "203.0.113.10", IPPROTO_UDP),
		plan_of("2001:db8::7", "2001:db8::10", IPPROTO_TCP),
		plan_of("2001:db8::7", "2001:db8::10", IPPROTO_UDP),
	};
	uint8_t frame[FRAME_BYTES];
	struct dissected_ethernet ethernet;

	(void)state;
	for (size_t i = 0; i < sizeof(plans) / sizeof(plans[0]); i++) {
		struct dissected_ip ip = build(&plans[i], frame, &ethernet);

		assert_false(ethernet.in_vlan);
		assert_is_of(&ip, &plans[i]);
	}
}

static void a_vlan_id_goes_around_the_packet(void **state)
{
	struct frame_plan plan = tunnel_plan(IMAGE_TRANSPORT_NONE, 4094);
	uint8_t frame[FRAME_BYTES];
	struct dissected_ethernet ethernet;
	struct dissected_ip ip = build(&plan, frame, &ethernet);

	(void)state;
	assert_true(ethernet.in_vlan);
	assert_int_equal(ethernet.vlan_id, 4094);
	assert_is_of(&ip, &plan);
}

static void assert_tunnel(const struct frame_plan *plan, enum tag_transport transport)
{
	uint8_t frame[FRAME_BYTES];
	struct dissected_ethernet ethernet;
	struct dissected_ip outer = build(plan, frame, &ethernet), inner;
	struct dissected_tunnel tunnel;
	struct span bytes = outer.payload;

	assert_checksums(&outer);
	assert_memory_equal(outer.source, plan->outer_source.address, 4);
	assert_memory_equal(outer.destination, plan->outer_destination.address, 4);
	if (transport != TAG_GRE) {
		assert_int_equal(outer.destination_port, plan->tunnel_port);
		bytes.bytes += 8;
		bytes.length -= 8;
	}
	tunnel = dissect_tunnel(transport, bytes);
	assert_true(tunnel.readable && tunnel.valid);
	assert_int_equal(tunnel.tag, plan->tag);
	if (tunnel.inner_type == 0x6558) {
		ethernet = dissect_ethernet(tunnel.inner);
		inner = dissect_ip(ethernet.type, ethernet.payload);
	} else {
		assert_true(plan->gre_ip);
		inner = dissect_ip(tunnel.inner_type, tunnel.inner);
	}
	assert_is_of(&inner, plan);
}

static void tunnels_carry_tag_and_packet(void **state)
{
	struct frame_plan vxlan = tunnel_plan(IMAGE_TRANSPORT_VXLAN, 0xffffff);
	struct frame_plan geneve = tunnel_plan(IMAGE_TRANSPORT_GENEVE, 7001);
	struct frame_plan gre = tunnel_plan(IMAGE_TRANSPORT_GRE, 0xffffff);

	(void)state;
	assert_tunnel(&vxlan, TAG_VXLAN);
	assert_tunnel(&geneve, TAG_GENEVE);
	assert_tunnel(&gre, TAG_GRE);
	gre.gre_ip = true;
	gre.tag = UINT32_MAX;
	assert_tunnel(&gre, TAG_GRE);
	gre.source = craft_endpoint("2001:db8::7", 40001);
	gre.destination = craft_endpoint("2001:db8::10", 443);
	gre.protocol = IPPROTO_UDP;
	assert_tunnel(&gre, TAG_GRE);
}

static void assert_refused(const struct frame_plan *plan)
{
	uint8_t frame[FRAME_BYTES];

	assert_int_equal(frame_build(plan, frame), -EINVAL);
}

static void plans_that_cannot_be_are_refused(void **state)
{
	struct frame_plan plan = plan_of("198.51.100.7", "2001:db8::10", IPPROTO_TCP);

	(void)state;
	assert_refused(&plan); /* mixed families */
	plan = (struct frame_plan){.protocol = IPPROTO_TCP};
	assert_refused(&plan); /* no family */
	plan = plan_of("198.51.100.7", "203.0.113.10", IPPROTO_ICMP);
	assert_refused(&plan);
	plan = plan_of("198.51.100.7", "203.0.113.10", IPPROTO_TCP);
	plan.transport = IMAGE_TRANSPORT_VXLAN;
	assert_refused(&plan); /* a tunnel without a tag */
	plan = tunnel_plan(IMAGE_TRANSPORT_NONE, 0);
	assert_refused(&plan); /* VLAN 0 is none */
	plan = tunnel_plan(IMAGE_TRANSPORT_NONE, 4095);
	assert_refused(&plan);
	plan = tunnel_plan(IMAGE_TRANSPORT_VXLAN, 0x1000000);
	assert_refused(&plan);
	plan = tunnel_plan(IMAGE_TRANSPORT_GENEVE, 0x1000000);
	assert_refused(&plan);
	plan = tunnel_plan(IMAGE_TRANSPORT_GRE, 0x1000000);
	assert_refused(&plan);
	plan = tunnel_plan(IMAGE_TRANSPORT_VXLAN, 1);
	plan.tunnel_port = 0;
	assert_refused(&plan);
	plan = tunnel_plan(IMAGE_TRANSPORT_VXLAN, 1);
	plan.outer_source = craft_endpoint("2001:db8::1", 1);
	assert_refused(&plan);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plain_frames_carry_what_was_planned),
		cmocka_unit_test(a_vlan_id_goes_around_the_packet),
		cmocka_unit_test(tunnels_carry_tag_and_packet),
		cmocka_unit_test(plans_that_cannot_be_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
