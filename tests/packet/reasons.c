/* SPDX-License-Identifier: Apache-2.0 */
/* A named packet for every reason, and for every outcome that a reason can have. */
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#include "filter.h"
#include "world.h"

/* From somewhere to a frontend, as little as it takes. */
struct sample {
	const char *name;
	const char *from;
	const char *to;
	uint32_t tag; /* 0: none; else in a VXLAN tunnel */
	enum craft_fragment fragment;
	enum vw_reason reason;
	enum vw_verdict verdict;
	const char *seat;
	const char *outer; /* the tunnel's source; NULL: a peer */
	uint16_t port;	   /* 0: 443 */
	uint8_t protocol;  /* 0: TCP */
	bool cut;	   /* in the middle of the TCP header */
};

/* NOLINTNEXTLINE(bugprone-macro-parentheses): a string in parentheses initialises no array */
#define IS(why, what, whose) .reason = VW_REASON_##why, .verdict = VW_VERDICT_##what, .seat = whose

#define SHARED_SEAT	     WORLD_SHARED ":443"
#define AUDIT_SEAT	     WORLD_SHARED_AUDIT ":443"
#define MIXED_SEAT	     WORLD_SHARED_MIXED ":443"
#define OPEN_SEAT	     WORLD_SHARED_OPEN ":443"
#define AUDIT_OPEN_SEAT	     WORLD_SHARED_AUDIT_OPEN ":443"

static const struct sample samples[] = {
	{"to an address that is no frontend", WORLD_STRANGER, WORLD_ANYWHERE,
	 IS(NOT_OURS, PASS, "-")},
	{"to another port of a frontend's address", WORLD_STRANGER, WORLD_CONTOSO, .port = 22,
	 IS(NOT_OURS, PASS, "-")},
	{"to a frontend by another protocol", WORLD_STRANGER, WORLD_CONTOSO,
	 .protocol = IPPROTO_UDP, IS(NOT_OURS, PASS, "-")},
	{"a ping of a frontend's address", WORLD_STRANGER, WORLD_CONTOSO, .protocol = IPPROTO_ICMP,
	 IS(NOT_OURS, PASS, "-")},

	{"cut short, of one vault", WORLD_PARTNER, WORLD_CONTOSO, .cut = true,
	 IS(MALFORMED, DROP, "contoso")},
	{"cut short, of a shared frontend", WORLD_PARTNER, WORLD_SHARED, .cut = true,
	 IS(MALFORMED, DROP, SHARED_SEAT)},
	{"cut short, of a vault in audit", WORLD_PARTNER, WORLD_AUDITED, .cut = true,
	 IS(MALFORMED, DROP, "audited")},
	{"cut short, from a failsafe source", WORLD_FAILSAFE, WORLD_CONTOSO, .cut = true,
	 IS(MALFORMED, DROP, "contoso")},

	{"a first fragment", WORLD_PARTNER, WORLD_CONTOSO, .fragment = CRAFT_FIRST,
	 IS(FRAGMENT, DROP, "contoso")},
	{"a later fragment", WORLD_PARTNER, WORLD_CONTOSO, .fragment = CRAFT_LATER,
	 IS(FRAGMENT, DROP, "contoso")},
	{"a later fragment of a shared frontend", WORLD_PARTNER, WORLD_SHARED,
	 .fragment = CRAFT_LATER, IS(FRAGMENT, DROP, "-")},
	{"a first fragment for *", WORLD_PARTNER, WORLD_ANYWHERE, .fragment = CRAFT_FIRST,
	 .port = 8200, IS(FRAGMENT, DROP, "wild")},
	{"a first fragment beside *", WORLD_PARTNER, WORLD_ANYWHERE, .fragment = CRAFT_FIRST,
	 .port = 22, IS(NOT_OURS, PASS, "-")},
	{"a later fragment that might be for *", WORLD_PARTNER, WORLD_ANYWHERE,
	 .fragment = CRAFT_LATER, .port = 8200, IS(NOT_OURS, PASS, "-")},

	{"in a tunnel from a stranger", WORLD_WEB, WORLD_CONTOSO, WORLD_TAG,
	 .outer = WORLD_STRANGER, IS(UNTRUSTED_TUNNEL, DROP, "contoso")},
	{"in a tunnel from a stranger, audited", WORLD_WEB, WORLD_AUDITED, WORLD_TAG,
	 .outer = WORLD_STRANGER, IS(UNTRUSTED_TUNNEL, DROP, "audited")},
	{"in a tunnel from a stranger, shared", WORLD_WEB, WORLD_SHARED, WORLD_TAG,
	 .outer = WORLD_STRANGER, IS(UNTRUSTED_TUNNEL, DROP, SHARED_SEAT)},
	{"in a tunnel from a stranger, to nobody", WORLD_WEB, WORLD_ANYWHERE, WORLD_TAG,
	 .outer = WORLD_STRANGER, IS(NOT_OURS, PASS, "-")},

	{"from a failsafe source", WORLD_FAILSAFE, WORLD_CONTOSO, IS(FAILSAFE, ALLOW, "contoso")},
	{"from a failsafe source, audited", WORLD_FAILSAFE, WORLD_AUDITED,
	 IS(FAILSAFE, ALLOW, "audited")},
	{"from a failsafe source, shared", WORLD_FAILSAFE, WORLD_SHARED,
	 IS(FAILSAFE, GATE, SHARED_SEAT)},
	{"from a failsafe source, shared in audit", WORLD_FAILSAFE, WORLD_SHARED_AUDIT,
	 IS(FAILSAFE, WOULD_GATE, AUDIT_SEAT)},
	{"from a failsafe source with a tag", WORLD_FAILSAFE, WORLD_CONTOSO, WORLD_TAG,
	 IS(UNKNOWN_SUBNET, DROP, "contoso")},

	{"from a blocked source in the IP rules", WORLD_BLOCKED, WORLD_CONTOSO,
	 IS(BLOCKED, DROP, "contoso")},
	{"from a blocked source, audited", WORLD_BLOCKED, WORLD_AUDITED,
	 IS(BLOCKED, DROP, "audited")},
	{"from a blocked source where all are let in", WORLD_BLOCKED, WORLD_OPEN,
	 IS(BLOCKED, DROP, "open")},
	{"from a blocked source in a tunnel", WORLD_BLOCKED, WORLD_CONTOSO, WORLD_TAG,
	 IS(BLOCKED, DROP, "contoso")},
	{"with a blocked tag", WORLD_WEB, WORLD_OPEN, WORLD_BLOCKED_TAG, IS(BLOCKED, DROP, "open")},

	{"where all are let in", WORLD_STRANGER, WORLD_OPEN, IS(DEFAULT_ALLOW, ALLOW, "open")},
	{"where all are let in, over IPv6", "2001:db8::99", WORLD_OPEN6,
	 IS(DEFAULT_ALLOW, ALLOW, "open")},
	{"where all are let in, with a tag", WORLD_STRANGER, WORLD_OPEN, WORLD_OTHER_TAG,
	 IS(DEFAULT_ALLOW, ALLOW, "open")},
	{"where one of two lets all in", WORLD_PARTNER, WORLD_SHARED_OPEN,
	 IS(DEFAULT_ALLOW, GATE, OPEN_SEAT)},
	{"where one of two in audit lets all in", WORLD_STRANGER, WORLD_SHARED_AUDIT_OPEN,
	 IS(DEFAULT_ALLOW, WOULD_GATE, AUDIT_OPEN_SEAT)},

	{"from a subnet of the vault", WORLD_WEB, WORLD_CONTOSO, WORLD_TAG,
	 IS(VIRTUAL_NETWORK, ALLOW, "contoso")},
	{"from a subnet, audited", WORLD_WEB, WORLD_AUDITED, WORLD_TAG,
	 IS(VIRTUAL_NETWORK, ALLOW, "audited")},
	{"from a subnet, shared", WORLD_WEB, WORLD_SHARED, WORLD_TAG,
	 IS(VIRTUAL_NETWORK, GATE, SHARED_SEAT)},
	{"from a subnet, shared in audit", WORLD_WEB, WORLD_SHARED_AUDIT, WORLD_TAG,
	 IS(VIRTUAL_NETWORK, WOULD_GATE, AUDIT_SEAT)},

	{"from a subnet without the endpoint", WORLD_BATCH, WORLD_CONTOSO, WORLD_TAG,
	 IS(UNKNOWN_SUBNET, DROP, "contoso")},
	{"from a network that is not listed", WORLD_WEB, WORLD_CONTOSO, WORLD_OTHER_TAG,
	 IS(UNKNOWN_SUBNET, DROP, "contoso")},
	{"with a tag, from the IP rules", WORLD_PARTNER, WORLD_CONTOSO, WORLD_TAG,
	 IS(UNKNOWN_SUBNET, DROP, "contoso")},
	{"with a tag, from a service's address", WORLD_SERVICE, WORLD_CONTOSO, WORLD_TAG,
	 IS(UNKNOWN_SUBNET, DROP, "contoso")},
	{"from another subnet, audited", WORLD_BATCH, WORLD_AUDITED, WORLD_TAG,
	 IS(UNKNOWN_SUBNET, WOULD_DROP, "audited")},
	{"from another subnet, shared", WORLD_BATCH, WORLD_SHARED, WORLD_TAG,
	 IS(UNKNOWN_SUBNET, DROP, SHARED_SEAT)},
	{"from another subnet, shared in audit", WORLD_BATCH, WORLD_SHARED_AUDIT, WORLD_TAG,
	 IS(UNKNOWN_SUBNET, WOULD_DROP, AUDIT_SEAT)},
	{"from another subnet, one in audit", WORLD_BATCH, WORLD_SHARED_MIXED, WORLD_TAG,
	 IS(UNKNOWN_SUBNET, GATE, MIXED_SEAT)},

	{"from the IP rules", WORLD_PARTNER, WORLD_CONTOSO, IS(IP_RULE, ALLOW, "contoso")},
	{"from a rule that has not expired", "192.0.2.78", WORLD_CONTOSO,
	 IS(IP_RULE, ALLOW, "contoso")},
	{"from the IP rules, audited", WORLD_PARTNER, WORLD_AUDITED, IS(IP_RULE, ALLOW, "audited")},
	{"from the IP rules, shared", WORLD_PARTNER, WORLD_SHARED, IS(IP_RULE, GATE, SHARED_SEAT)},
	{"from the IP rules, shared in audit", WORLD_PARTNER, WORLD_SHARED_AUDIT,
	 IS(IP_RULE, WOULD_GATE, AUDIT_SEAT)},
	{"from the IP rules, by UDP", WORLD_PARTNER, WORLD_NAMES, .port = 53,
	 .protocol = IPPROTO_UDP, IS(IP_RULE, ALLOW, "names")},
	{"from the IP rules, for *", WORLD_PARTNER, WORLD_ANYWHERE, .port = 8200,
	 IS(IP_RULE, ALLOW, "wild")},

	{"from a service's address", WORLD_SERVICE, WORLD_CONTOSO,
	 IS(TRUSTED_SERVICE, GATE, "contoso")},
	{"from a service's address, for a while", "192.0.2.177", WORLD_CONTOSO,
	 IS(TRUSTED_SERVICE, GATE, "contoso")},
	{"from a service's address, audited", WORLD_SERVICE, WORLD_AUDITED,
	 IS(TRUSTED_SERVICE, WOULD_GATE, "audited")},
	{"from a service's address, shared", WORLD_SERVICE, WORLD_SHARED,
	 IS(TRUSTED_SERVICE, GATE, SHARED_SEAT)},
	{"from a service's address, no bypass", WORLD_SERVICE, WORLD_NAMES, .port = 53,
	 .protocol = IPPROTO_UDP, IS(NOT_ALLOWED, DROP, "names")},

	{"from a stranger", WORLD_STRANGER, WORLD_CONTOSO, IS(NOT_ALLOWED, DROP, "contoso")},
	{"from a rule that has expired", "192.0.2.77", WORLD_CONTOSO,
	 IS(NOT_ALLOWED, DROP, "contoso")},
	{"from a service's expired address", "192.0.2.161", WORLD_CONTOSO,
	 IS(NOT_ALLOWED, DROP, "contoso")},
	{"from the address that is in no set", "255.255.255.255", WORLD_CONTOSO,
	 IS(NOT_ALLOWED, DROP, "contoso")},
	{"from a subnet, but without its tag", WORLD_WEB, WORLD_CONTOSO,
	 IS(NOT_ALLOWED, DROP, "contoso")},
	{"over IPv6", "2001:db8::99", WORLD_CONTOSO6, IS(NOT_ALLOWED, DROP, "contoso")},
	{"over IPv6, for *", "2001:db8::99", "2001:db8::77", .port = 8200,
	 IS(NOT_ALLOWED, DROP, "wild")},
	{"from a stranger, audited", WORLD_STRANGER, WORLD_AUDITED,
	 IS(NOT_ALLOWED, WOULD_DROP, "audited")},
	{"from a stranger, shared", WORLD_STRANGER, WORLD_SHARED,
	 IS(NOT_ALLOWED, DROP, SHARED_SEAT)},
	{"from a stranger, shared in audit", WORLD_STRANGER, WORLD_SHARED_AUDIT,
	 IS(NOT_ALLOWED, WOULD_DROP, AUDIT_SEAT)},
	{"from a stranger, one in audit", WORLD_STRANGER, WORLD_SHARED_MIXED,
	 IS(NOT_ALLOWED, GATE, MIXED_SEAT)},
};

#define SAMPLES (sizeof(samples) / sizeof(samples[0]))

static void craft_sample(const struct sample *sample, struct crafted *ret_frame)
{
	struct recipe packet = world_recipe(sample->from, sample->to), outer;

	if (sample->port)
		packet.destination.port = sample->port;
	packet.protocol = sample->protocol;
	packet.fragment = sample->fragment;
	if (sample->tag) {
		world_tunnel(&packet, IMAGE_TRANSPORT_VXLAN, sample->tag, &outer);
		if (sample->outer)
			outer.source = craft_endpoint(sample->outer, 40000);
		craft_frame(&outer, ret_frame);
	} else {
		craft_frame(&packet, ret_frame);
	}
	if (sample->cut)
		craft_cut(ret_frame, ret_frame->length - 10);
}

static void check_samples(struct filter *filter)
{
	struct crafted frame;

	for (size_t i = 0; i < SAMPLES; i++) {
		const struct sample *sample = &samples[i];

		craft_sample(sample, &frame);
		assert_true(filter_agrees(filter, sample->name, &frame, sample->reason,
					  sample->verdict, sample->seat));
	}
}

/* As long as nothing leads connections to the gate, who is to be gated is kept out. */
static void each_packet_gets_its_verdict(void **state)
{
	struct filter *filter = (struct filter *)*state;

	assert_false(filter->steered);
	check_samples(filter);
}

static void each_packet_gets_its_verdict_where_the_gate_is(void **state)
{
	struct filter *filter = (struct filter *)*state;

	assert_true(filter_steer(filter));
	check_samples(filter);
}

static void no_reason_is_without_a_packet(void **state)
{
	bool seen[VW_REASON_COUNT] = {false};

	(void)state;
	for (size_t i = 0; i < SAMPLES; i++)
		seen[samples[i].reason] = true;
	for (enum vw_reason i = 0; i < VW_REASON_COUNT; i++)
		if (!seen[i])
			fail_msg("no packet for %s", filter_reason_label(i));
}

static void no_outcome_is_without_a_packet(void **state)
{
	bool seen[VW_OUTCOME_COUNT + 1] = {false};

	(void)state;
	for (size_t i = 0; i < SAMPLES; i++)
		seen[filter_outcome(samples[i].reason, samples[i].verdict)] = true;
	assert_false(seen[VW_OUTCOME_COUNT]);
	for (enum vw_outcome i = 0; i < VW_OUTCOME_COUNT; i++)
		if (!seen[i])
			fail_msg("no packet for outcome %d", (int)i);
}

/* A VLAN id is a tag where the interface has that transport, and the rules know the id. */
static void a_vlan_id_is_a_tag_where_it_may_be(void **state)
{
	struct recipe recipe = world_recipe(WORLD_VLAN_HOST, WORLD_CONTOSO);
	struct filter *filter = (struct filter *)*state;
	struct crafted frame;

	recipe.vlan_count = 1;
	recipe.vlans[0].id = WORLD_VLAN;
	craft_frame(&recipe, &frame);
	assert_true(filter_agrees(filter, "where it is none", &frame, VW_REASON_NOT_ALLOWED,
				  VW_VERDICT_DROP, "contoso"));
	assert_true(filter_set_vlan_tags(filter, true));
	assert_true(filter_agrees(filter, "where it is one", &frame, VW_REASON_VIRTUAL_NETWORK,
				  VW_VERDICT_ALLOW, "contoso"));
	assert_true(filter_set_vlan_tags(filter, false));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_packet_gets_its_verdict),
		cmocka_unit_test(each_packet_gets_its_verdict_where_the_gate_is),
		cmocka_unit_test(no_reason_is_without_a_packet),
		cmocka_unit_test(no_outcome_is_without_a_packet),
		cmocka_unit_test(a_vlan_id_is_a_tag_where_it_may_be),
	};

	return cmocka_run_group_tests(tests, filter_setup_world, filter_teardown_world);
}
