/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A packet and an image in, a reason and a seat out: the order of the look-ups is
 * this file.
 *
 * Whether the source is in the target's rules and whether it may be failsafe or
 * blocked are asked first and side by side, and for most packets that is all. What
 * remains is asked in the order of the contract.
 */
#pragma once

#include "lookup.h"
#include "packet.h"
#include "tunnel.h"
#include "verdict.h"

/* What was decided, and what for. */
struct decision {
	__u8 reason; /* enum vw_reason */
	__u8 mode;   /* enum vw_mode */
	__u16 seat;
	bool tagged;
	__u8 transport; /* enum image_transport of the tag; NONE: a VLAN id */
	__u32 tag;
};

/* All that is known of one frame while it is decided. */
struct visit {
	struct match match;
	struct packet packet; /* the frame's, or once it is unwrapped, the one in its tunnel */
	__be32 outer_source;  /* of the tunnel, IPv4; 0 without one */
	struct decision decision;
};

/* The frontend that a whole packet is for; an exact one wins over `*`. */
static __always_inline const struct image_target *match_frontend(const struct match *match,
								 const struct packet *packet)
{
	const struct image_header *header = match->header;
	const struct image_target *target;

	if (packet->family == 4)
		target = match_table4(match->image, &header->frontends4, packet->destination4,
				      packet->destination_port, packet->protocol);
	else
		target = match_table6(match->image, &header->frontends6, packet->destination,
				      packet->destination_port, packet->protocol);
	if (target || !(header->flags & IMAGE_WILDCARDS))
		return target;
	return match_table4(match->image, &header->frontends4, 0, packet->destination_port,
			    packet->protocol);
}

/* Anything served at the destination by this protocol, on whatever port? */
static __always_inline const struct image_target *
match_host(const struct match *match, const struct packet *packet, __u8 protocol)
{
	if (packet->family == 4)
		return match_table4(match->image, &match->header->hosts4, packet->destination4, 0,
				    protocol);
	return match_table6(match->image, &match->header->hosts6, packet->destination, 0, protocol);
}

static __always_inline const struct image_target *match_any_host(const struct match *match,
								 __u8 protocol)
{
	return match_table4(match->image, &match->header->hosts4, 0, 0, protocol);
}

/*
 * The frontend that a malformed packet or a fragment counts for. Its port cannot
 * be believed, so the address and the protocol suffice, and where even the protocol
 * is unknown, the address. Of `*` a packet is kept out only if its port can be read
 * and is that one, or cannot be read; later fragments pass: nothing is put together
 * from them when the first one is missing.
 */
MATCH_CALL const struct image_target *match_damaged(const struct match *match,
						    const struct packet *packet)
{
	const struct image_target *target, *exact;
	__u8 protocol = packet->protocol ? packet->protocol : IPPROTO_TCP;

	target = match_host(match, packet, protocol);
	if (!target && !packet->protocol)
		target = match_host(match, packet, IPPROTO_UDP);
	if (target || packet->has_ports) {
		exact = packet->has_ports ? match_frontend(match, packet) : NULL;
		return exact ? exact : target;
	}
	if (packet->later || !(match->header->flags & IMAGE_WILDCARDS))
		return NULL;
	target = match_any_host(match, protocol);
	if (!target && !packet->protocol)
		target = match_any_host(match, IPPROTO_UDP);
	return target;
}

static __always_inline bool match_is_peer(const struct match *match, __u32 peers,
					  const struct packet *outer)
{
	return outer->family == 4 &&
	       match_contains(match->image, peers, packet_ntohl(outer->source4));
}

/* Rows 6 to 9: the packet bears an endpoint tag. */
MATCH_CALL enum vw_reason match_tagged(const struct match *match, const struct image_target *target,
				       const struct packet *packet, __u32 tag)
{
	const struct image_header *header = match->header;
	__u32 source = packet_ntohl(packet->source4);
	const union image_line *policy;
	const struct image_tag *row;

	if (header->flags & IMAGE_BLOCKED_TAGS) {
		row = match_tag(match->image, &header->tags, IMAGE_OWNER_NODE, tag);
		if (row && row->flags & IMAGE_TAG_BLOCKED)
			return VW_REASON_BLOCKED;
	}
	if (packet->family == 4 && match_guard(match->image, header->guard, source) &&
	    match_contains(match->image, header->block, source))
		return VW_REASON_BLOCKED;
	if (target->flags & IMAGE_DEFAULT_ALLOW)
		return VW_REASON_DEFAULT_ALLOW;
	policy = match_line(match->image, header->policies + target->seat);
	if (packet->family != 4 || !policy || !policy->policy.networks)
		return VW_REASON_UNKNOWN_SUBNET;
	row = match_tag(match->image, &header->tags, policy->policy.networks, tag);
	if (row && match_contains(match->image, row->ranges, source))
		return VW_REASON_VIRTUAL_NETWORK;
	return VW_REASON_UNKNOWN_SUBNET;
}

/* Rows 10 and 11 for sources that the plain IP rules do not hold. */
MATCH_CALL enum vw_reason match_exceptions(const struct match *match,
					   const struct image_target *target, __u32 source)
{
	const union image_line *line =
		match_line(match->image, match->header->policies + target->seat);
	const struct image_policy *policy;

	if (!line)
		return VW_REASON_NOT_ALLOWED;
	policy = &line->policy;
	if (match_unexpired(match, &policy->expiring, source))
		return VW_REASON_IP_RULE;
	if (match_contains(match->image, policy->trusted, source) ||
	    match_unexpired(match, &policy->trusted_expiring, source))
		return VW_REASON_TRUSTED_SERVICE;
	return VW_REASON_NOT_ALLOWED;
}

/*
 * Rows 5 to 12 for a source that may be failsafe or blocked (`near`), or for a target
 * with more than rules. `allowed`: it is in the rules.
 */
MATCH_CALL enum vw_reason match_further(const struct match *match,
					const struct image_target *target, __u32 source, bool near,
					bool allowed)
{
	const struct image_header *header = match->header;

	if (near && match_contains(match->image, header->failsafe, source))
		return VW_REASON_FAILSAFE;
	if (near && match_contains(match->image, header->block, source))
		return VW_REASON_BLOCKED;
	if (target->flags & IMAGE_DEFAULT_ALLOW)
		return VW_REASON_DEFAULT_ALLOW;
	if (allowed)
		return VW_REASON_IP_RULE;
	if (target->flags & (IMAGE_EXPIRING | IMAGE_BYPASS))
		return match_exceptions(match, target, source);
	return VW_REASON_NOT_ALLOWED;
}

/*
 * Rows 5 to 12 without a tag. Most packets leave at the end: whether they are in the
 * rules is as good as random, so nothing branches on it.
 */
static __always_inline enum vw_reason match_untagged(const struct match *match,
						     const struct image_target *target,
						     const struct packet *packet)
{
	__u64 allowed, near;
	__u32 source;

	if (packet->family != 4)
		return target->flags & IMAGE_DEFAULT_ALLOW ? VW_REASON_DEFAULT_ALLOW
							   : VW_REASON_NOT_ALLOWED;
	source = packet_ntohl(packet->source4);
	allowed = match_rules(match->image, target, source);
	near = match_guard(match->image, match->header->guard, source);
	if (near || (target->flags && !allowed))
		return match_further(match, target, source, near, allowed);
	PACKET_BARRIER(allowed);
	return VW_REASON_NOT_ALLOWED -
	       (enum vw_reason)allowed * (VW_REASON_NOT_ALLOWED - VW_REASON_IP_RULE);
}

static __always_inline void match_decide(struct decision *decision, enum vw_reason reason,
					 const struct image_target *target)
{
	decision->reason = (__u8)reason;
	decision->mode = target->mode;
	decision->seat = target->seat;
}

/* The tunnel of the node that a packet's protocol and port are those of; NULL: none. */
static __always_inline const struct image_tunnel *match_transport(const struct match *match,
								  const struct packet *packet)
{
	const union image_line *line;
	bool gre = packet->protocol == IPPROTO_GRE;

	if (gre ? !(match->header->flags & IMAGE_GRE)
		: (packet->protocol != IPPROTO_UDP || !packet->has_ports ||
		   !(match->header->flags & IMAGE_UDP_TUNNELS)))
		return NULL;
	line = match_line(match->image, IMAGE_LINE_TUNNELS);
	if (!line)
		return NULL;
#pragma clang loop unroll(full)
	for (__u32 i = 0; i < IMAGE_TUNNELS; i++) {
		const struct image_tunnel *tunnel = &line->tunnels.tunnel[i];

		if (gre ? tunnel->transport == IMAGE_TRANSPORT_GRE
			: (tunnel->transport != IMAGE_TRANSPORT_GRE &&
			   tunnel->transport != IMAGE_TRANSPORT_NONE &&
			   tunnel->port == packet->destination_port))
			return tunnel;
	}
	return NULL;
}

/* The tunnel that a packet came in; the first fragment of one counts as one. */
static __always_inline const struct image_tunnel *match_tunnel(const struct match *match,
							       const struct packet *packet)
{
	if ((packet->shape != PACKET_WHOLE && packet->shape != PACKET_FRAGMENT) || packet->later)
		return NULL;
	return match_transport(match, packet);
}

/*
 * The kernel takes the tunnel off some packets that are malformed here: a UDP length
 * of 0 or a payload length of 0 in IPv6, a ninth extension header. What is inside is
 * not judged, so whatever may be one stays out.
 */
static __always_inline bool match_may_be_tunnel(const struct match *match,
						const struct packet *packet)
{
	if (!packet->protocol)
		return match->header->flags & (IMAGE_GRE | IMAGE_UDP_TUNNELS);
	return match_transport(match, packet);
}

/* A decision about what belongs to no vault. */
static __always_inline void match_refuse(struct decision *decision, enum vw_reason reason)
{
	decision->reason = (__u8)reason;
	decision->mode = VW_MODE_ENFORCE;
	decision->seat = IMAGE_SEAT_NODE;
}

/* A frame or a tunnel with more VLAN tags than are read: to the kernel they are no obstacle. */
static __always_inline bool match_is_unread(const struct packet *packet)
{
	return packet->shape == PACKET_MALFORMED && !packet->family;
}

/* Rows 2 and 3. */
MATCH_CALL void match_refuse_damaged(const struct match *match, const struct packet *packet,
				     struct decision *decision)
{
	const struct image_target *target = NULL;

	if (!match_is_unread(packet))
		target = match_damaged(match, packet);
	if (target)
		match_decide(decision,
			     packet->shape == PACKET_MALFORMED ? VW_REASON_MALFORMED
							       : VW_REASON_FRAGMENT,
			     target);
	else if (match_is_unread(packet) ||
		 (packet->shape == PACKET_MALFORMED && match_may_be_tunnel(match, packet)))
		match_refuse(decision, VW_REASON_MALFORMED);
}

/* Rows 1 to 3: the target of a whole packet for a frontend; NULL, and the decision is made. */
static __always_inline const struct image_target *
match_admit(const struct match *match, const struct packet *packet, struct decision *decision)
{
	decision->reason = VW_REASON_NOT_OURS;
	if (packet->shape == PACKET_WHOLE)
		return match_frontend(match, packet);
	if (packet->shape != PACKET_OTHER)
		match_refuse_damaged(match, packet, decision);
	return NULL;
}

/*
 * What is inside a tunnel decides, if the tunnel may speak: if its header is valid
 * and `peer` says that it came from one.
 */
static __always_inline void match_inside(struct visit *visit, const struct tunnel *tunnel,
					 bool peer)
{
	const struct match *match = &visit->match;
	struct decision *decision = &visit->decision;
	const struct image_target *target;

	/* What is in a second tunnel, or past the first buffer, is not read: it stays out. */
	if (tunnel->hidden || match_tunnel(match, &visit->packet)) {
		match_refuse(decision, VW_REASON_UNTRUSTED_TUNNEL);
		return;
	}
	target = match_admit(match, &visit->packet, decision);
	if (!target)
		return;
	decision->tagged = true;
	decision->tag = tunnel->tag;
	if (tunnel->invalid || !peer)
		match_decide(decision, VW_REASON_UNTRUSTED_TUNNEL, target);
	else
		match_decide(decision, match_tagged(match, target, &visit->packet, tunnel->tag),
			     target);
}

/* Is the outermost VLAN id one that the rules know as a tag? */
static __always_inline bool match_knows_tag(const struct match *match, __u32 tag)
{
	return match_tag(match->image, &match->header->tags, IMAGE_OWNER_NODE, tag) != NULL;
}

/* A whole packet for a target, in no tunnel. `vlan_tags`: VLAN ids are endpoint tags where it came
 * in. */
static __always_inline void match_plain(struct visit *visit, const struct image_target *target,
					bool vlan_tags)
{
	const struct packet *packet = &visit->packet;
	const struct match *match = &visit->match;
	struct decision *decision = &visit->decision;

	if (vlan_tags && match_knows_tag(match, packet->vlan)) {
		decision->tagged = true;
		decision->tag = packet->vlan;
		match_decide(decision, match_tagged(match, target, packet, packet->vlan), target);
		return;
	}
	match_decide(decision, match_untagged(match, target, packet), target);
}
