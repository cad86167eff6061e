// SPDX-License-Identifier: GPL-2.0-only
/*
 * Steering: an sk_lookup program that decides about every new connection to a
 * frontend once more, on the same image and by the same code as the filter, so that
 * an interface without the filter is no hole. Who is admitted reaches the vault's own
 * socket; who is gated, the gate's; everybody else is refused.
 *
 * It remembers nothing that it decides by: a note taken at an earlier packet could be
 * borrowed by another sender, and SYN cookies look up again. A tag is known by the
 * device that the connection came in on; of a gated one it is noted for the gate (tags.h).
 */
#include <linux/bpf.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "cell.h"
#include "maps.h"
#include "match.h"
#include "outcome.h"
#include "tags.h"

#define STEER_AF_INET  2
#define STEER_AF_INET6 10
#define STEER_LOOPBACK 1 /* ifindex of lo in every network namespace */

/* The connection in the words of a packet. False: of a family that nobody serves. */
static __always_inline bool steer_read(struct bpf_sk_lookup *context, struct packet *packet)
{
	packet->shape = PACKET_WHOLE;
	packet->protocol = (__u8)context->protocol;
	packet->destination_port = bpf_htons((__u16)context->local_port);
	packet->source_port = context->remote_port;
	packet->has_ports = 1;
	if (context->family == STEER_AF_INET) {
		packet->family = 4;
		packet->source4 = context->remote_ip4;
		packet->destination4 = context->local_ip4;
		return true;
	}
	if (context->family != STEER_AF_INET6)
		return false;
	packet->family = 6;
	packet->source[0] = context->remote_ip6[0] | (__u64)context->remote_ip6[1] << 32;
	packet->source[1] = context->remote_ip6[2] | (__u64)context->remote_ip6[3] << 32;
	packet->destination[0] = context->local_ip6[0] | (__u64)context->local_ip6[1] << 32;
	packet->destination[1] = context->local_ip6[2] | (__u64)context->local_ip6[3] << 32;
	return true;
}

/* Do the packets of the device bear its tag? A VLAN id is one only if the rules know it. */
static __always_inline bool steer_has_tag(const struct match *match, const struct vw_device *device)
{
	if (!(device->flags & VW_DEVICE_TAGGED))
		return false;
	return !(device->flags & VW_DEVICE_VLAN) || match_knows_tag(match, device->tag);
}

static __always_inline void steer_decide(const struct match *match, const struct packet *packet,
					 const struct image_target *target,
					 const struct vw_device *device, struct decision *decision)
{
	if (device && device->flags & VW_DEVICE_REFUSED)
		match_decide(decision, VW_REASON_UNTRUSTED_TUNNEL, target);
	else if (device && steer_has_tag(match, device))
		match_decide(decision, match_tagged(match, target, packet, device->tag), target);
	else
		match_decide(decision, match_untagged(match, target, packet), target);
}

#define STEER_LOOPBACK4	     0x7f000000U
#define STEER_LOOPBACK4_MASK 0xff000000U

/*
 * The host talking to itself. The kernel says `lo` only for addresses that lie on it:
 * for those of another device it names that one. Then the host is both ends, or comes
 * from 127/8, and no packet from outside may say so: it is a martian to the kernel
 * (RFC 1812 section 5.3.7), and to the filter a source like any other.
 */
static __always_inline bool steer_is_local(__u32 interface, const struct packet *packet)
{
	if (interface == STEER_LOOPBACK)
		return true;
	if (packet->family == 4)
		return packet->source4 == packet->destination4 ||
		       (bpf_ntohl(packet->source4) & STEER_LOOPBACK4_MASK) == STEER_LOOPBACK4;
	return packet->source[0] == packet->destination[0] &&
	       packet->source[1] == packet->destination[1];
}

static __always_inline void steer_count(__u32 seat, __u32 outcome)
{
	struct vw_connections *connections = bpf_map_lookup_elem(&vw_connections, &seat);

	if (connections && outcome < VW_OUTCOME_COUNT)
		connections->outcomes[outcome]++;
}

/* Leads the connection to the gate; refused if no gate listens. */
static __always_inline int steer_to_gate(struct bpf_sk_lookup *context)
{
	struct bpf_sock *gate;
	__u32 zero = 0;
	long r;

	gate = bpf_map_lookup_elem(&vw_gates, &zero);
	if (!gate)
		return SK_DROP;
	r = bpf_sk_assign(context, gate, 0);
	bpf_sk_release(gate);
	return r ? SK_DROP : SK_PASS;
}

SEC("sk_lookup")
int vw_steer(struct bpf_sk_lookup *context)
{
	struct packet packet = {};
	struct match match = {};
	struct decision decision = {};
	const struct image_target *target;
	const struct vw_device *device;
	enum vw_verdict verdict;
	__u32 outcome, interface;

	/* The context is read before anything else: the verifier takes no pointer into it. */
	interface = *(volatile __u32 *)&context->ingress_ifindex;
	if (!steer_read(context, &packet) || steer_is_local(interface, &packet))
		return SK_PASS;
	if (!cell_open(&match, 0))
		return SK_DROP; /* cannot be: steering begins when rules are in force */
	target = match_frontend(&match, &packet);
	if (!target) /* the gate itself is reached by being led there, and in no other way */
		return packet.protocol == IPPROTO_TCP && match.gate_port &&
				       packet.destination_port == match.gate_port
			       ? SK_DROP
			       : SK_PASS;
	device = bpf_map_lookup_elem(&vw_devices, &interface);
	steer_decide(&match, &packet, target, device, &decision);
	outcome = outcome_of(&decision);
	steer_count(decision.seat, outcome);
	verdict = outcome_verdict(outcome);
	if (verdict == VW_VERDICT_GATE)
		return packet.protocol == IPPROTO_TCP && tags_note(&packet, device, decision.mode)
			       ? steer_to_gate(context)
			       : SK_DROP;
	return verdict == VW_VERDICT_DROP ? SK_DROP : SK_PASS;
}

char LICENSE_STEER[] SEC("license") = "GPL";
