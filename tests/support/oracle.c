/* SPDX-License-Identifier: Apache-2.0 */
#include "oracle.h"

#include <assert.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "address.h"
#include "dissect.h"
#include "oracle_rules.h"

#define NOBODY	 "-"
#define HITS_MAX 1024

/* One packet as the rows of the table ask about it. */
struct question {
	const struct policy *policy;
	const struct node *node;
	struct dissected_ip ip; /* the inner one of a tunnel */
	bool tagged;
	uint32_t tag;
	bool trusted; /* false: in a tunnel that may not say what it says */
	int64_t now;
};

/* A frontend that a packet may be for, and whose it is. */
struct hit {
	const struct vault *vault;
	const struct frontend *frontend;
};

struct hits {
	struct hit items[HITS_MAX];
	size_t count;
};

/* Which frontends to look for. */
struct pattern {
	bool wildcard; /* `*` instead of the packet's address */
	bool any_port;
};

static struct oracle_answer answer(enum vw_reason reason, enum vw_verdict verdict, const char *seat)
{
	struct oracle_answer result = {.reason = reason, .verdict = verdict};

	(void)snprintf(result.seat, sizeof(result.seat), "%s", seat);
	return result;
}

static struct oracle_answer not_ours(void)
{
	return answer(VW_REASON_NOT_OURS, VW_VERDICT_PASS, NOBODY);
}

/* Frontends. ***************************************************************/

static bool is_address(const struct frontend *frontend, const struct dissected_ip *ip)
{
	size_t bytes = ip->family == 4 ? 4 : 16;

	return frontend->family == ip->family &&
	       memcmp(frontend->address, ip->destination, bytes) == 0;
}

static bool fits_pattern(const struct frontend *frontend, const struct dissected_ip *ip,
			 struct pattern pattern)
{
	if (pattern.wildcard ? frontend->family != 0 : !is_address(frontend, ip))
		return false;
	if (frontend->protocol != ip->protocol)
		return false;
	return pattern.any_port || frontend->port == ip->destination_port;
}

static void find_frontends_of(const struct question *question, const struct vault *vault,
			      struct pattern pattern, struct hits *hits)
{
	for (size_t i = 0; i < vault->frontend_count; i++) {
		if (!fits_pattern(&vault->frontends[i], &question->ip, pattern))
			continue;
		assert(hits->count < HITS_MAX);
		hits->items[hits->count++] = (struct hit){vault, &vault->frontends[i]};
	}
}

static void find_frontends(const struct question *question, struct pattern pattern,
			   struct hits *ret_hits)
{
	ret_hits->count = 0;
	for (size_t i = 0; i < question->policy->vault_count; i++)
		find_frontends_of(question, &question->policy->vaults[i], pattern, ret_hits);
}

static bool is_one_vault(const struct hits *hits)
{
	for (size_t i = 1; i < hits->count; i++) {
		if (hits->items[i].vault != hits->items[0].vault)
			return false;
	}
	return hits->count > 0;
}

/* The seat of one frontend: its vault, or the frontend itself if several share it. */
static void write_seat_of_frontend(const struct hits *hits, char seat[FRONTEND_ADDRESS_TEXT])
{
	if (is_one_vault(hits))
		(void)snprintf(seat, FRONTEND_ADDRESS_TEXT, "%s", hits->items[0].vault->name);
	else
		frontend_format(hits->items[0].frontend, seat);
}

/* The seat of what is for one of many frontends. */
static void write_seat_of_many(const struct hits *hits, char seat[FRONTEND_ADDRESS_TEXT])
{
	(void)snprintf(seat, FRONTEND_ADDRESS_TEXT, "%s",
		       is_one_vault(hits) ? hits->items[0].vault->name : NOBODY);
}

/* The frontends that a whole packet would be for: an exact one wins over `*`. */
static bool find_frontend(const struct question *question, struct hits *ret_hits)
{
	if (!question->ip.ports_known)
		return false;
	find_frontends(question, (struct pattern){.wildcard = false}, ret_hits);
	if (ret_hits->count == 0)
		find_frontends(question, (struct pattern){.wildcard = true}, ret_hits);
	return ret_hits->count > 0;
}

/*
 * What a malformed packet or a fragment counts for: the frontend that its port says,
 * else what is served by its protocol, at its address or at all.
 */
static bool write_seat_of_broken(const struct question *question, bool wildcard,
				 char seat[FRONTEND_ADDRESS_TEXT])
{
	struct hits hits;

	find_frontends(question, (struct pattern){.wildcard = wildcard, .any_port = true}, &hits);
	if (hits.count == 0)
		return false;
	write_seat_of_many(&hits, seat);
	if (find_frontend(question, &hits))
		write_seat_of_frontend(&hits, seat);
	return true;
}

/* A malformed packet or a fragment that is for an address which we serve. */
static bool hits_address(const struct question *question, char seat[FRONTEND_ADDRESS_TEXT])
{
	return write_seat_of_broken(question, false, seat);
}

/* The same for a `*` frontend: what might be another port's traffic is not ours. */
static bool hits_wildcard(const struct question *question, char seat[FRONTEND_ADDRESS_TEXT])
{
	struct hits hits;

	if (question->ip.fragment == LATER_FRAGMENT)
		return false;
	if (question->ip.ports_known && !find_frontend(question, &hits))
		return false;
	return write_seat_of_broken(question, true, seat);
}

static uint32_t ipv4_of(const uint8_t address[16])
{
	return (uint32_t)address[0] << 24 | (uint32_t)address[1] << 16 | (uint32_t)address[2] << 8 |
	       address[3];
}

/* Rows 4 to 12; of several vaults the one that fits an earlier row decides. */
static enum vw_reason ask_rows(const struct question *question, const struct hits *hits)
{
	const struct oracle_source source = {
		.policy = question->policy,
		.family = question->ip.family,
		.address = ipv4_of(question->ip.source),
		.tagged = question->tagged,
		.tag = question->tag,
		.now = question->now,
	};
	enum vw_reason first = VW_REASON_NOT_ALLOWED;

	if (!question->trusted)
		return VW_REASON_UNTRUSTED_TUNNEL;
	if (oracle_is_failsafe(question->node, &source))
		return VW_REASON_FAILSAFE;
	if (oracle_is_blocked(&source))
		return VW_REASON_BLOCKED;
	for (size_t i = 0; i < hits->count; i++) {
		enum vw_reason reason = oracle_ask_vault(&source, hits->items[i].vault);

		if (reason < first)
			first = reason;
	}
	return first;
}

/* Verdicts. ****************************************************************/

static enum vw_mode mode_of(const struct hits *hits)
{
	size_t audits = 0;

	for (size_t i = 0; i < hits->count; i++)
		audits += hits->items[i].vault->audit;
	if (is_one_vault(hits))
		return audits ? VW_MODE_AUDIT : VW_MODE_ENFORCE;
	if (audits == 0)
		return VW_MODE_SHARED;
	return audits == hits->count ? VW_MODE_SHARED_AUDIT : VW_MODE_SHARED_MIXED;
}

static enum vw_verdict decide(enum vw_reason reason, enum vw_mode mode)
{
	static const enum vw_verdict decisions[][VW_MODE_COUNT] = {
#define X(name, enforce, audit, shared, shared_audit, shared_mixed)                                \
	{VW_VERDICT_##enforce, VW_VERDICT_##audit, VW_VERDICT_##shared, VW_VERDICT_##shared_audit, \
	 VW_VERDICT_##shared_mixed},
		VW_DECISIONS(X)
#undef X
	};

	return decisions[reason][mode];
}

/* Where the protocol cannot be told, TCP is tried, then UDP. */
static bool hits_some(const struct question *question,
		      bool (*hits)(const struct question *question,
				   char seat[FRONTEND_ADDRESS_TEXT]),
		      char seat[FRONTEND_ADDRESS_TEXT])
{
	struct question guess = *question;

	if (question->ip.protocol_known)
		return hits(question, seat);
	guess.ip.protocol = IPPROTO_TCP;
	if (hits(&guess, seat))
		return true;
	guess.ip.protocol = IPPROTO_UDP;
	return hits(&guess, seat);
}

/* The configured transport that a packet's protocol and port are those of; NULL: none. */
static const struct tag_source *find_transport(const struct node *node,
					       const struct dissected_ip *ip)
{
	for (size_t i = 0; i < node->tag_count; i++) {
		const struct tag_source *source = &node->tags[i];

		if (source->transport == TAG_GRE && ip->protocol == IPPROTO_GRE)
			return source;
		if ((source->transport == TAG_VXLAN || source->transport == TAG_GENEVE) &&
		    ip->protocol == IPPROTO_UDP && ip->ports_known &&
		    ip->destination_port == source->port)
			return source;
	}
	return NULL;
}

static bool has_tunnels(const struct node *node)
{
	for (size_t i = 0; i < node->tag_count; i++)
		if (node->tags[i].transport != TAG_VLAN)
			return true;
	return false;
}

/*
 * The kernel takes the tunnel off some packets that we call malformed: those with a
 * UDP length of 0 in IPv6, a payload length of 0, nine extension headers. Whatever
 * might be one stays out, since what is inside cannot be judged.
 */
static bool might_be_tunnel(const struct node *node, const struct dissected_ip *ip)
{
	if (!ip->malformed)
		return false;
	return ip->protocol_known ? find_transport(node, ip) != NULL : has_tunnels(node);
}

static struct oracle_answer judge_broken(const struct question *question)
{
	char seat[FRONTEND_ADDRESS_TEXT];

	if (!hits_some(question, hits_address, seat) && !hits_some(question, hits_wildcard, seat)) {
		if (might_be_tunnel(question->node, &question->ip))
			return answer(VW_REASON_MALFORMED, VW_VERDICT_DROP, NOBODY);
		return not_ours();
	}
	return answer(question->ip.malformed ? VW_REASON_MALFORMED : VW_REASON_FRAGMENT,
		      VW_VERDICT_DROP, seat);
}

/* A packet whose tunnel, if any, has been taken off. */
static struct oracle_answer judge_packet(const struct question *question)
{
	enum vw_reason reason = VW_REASON_NOT_OURS;
	char seat[FRONTEND_ADDRESS_TEXT];
	struct hits hits;

	if (question->ip.malformed || question->ip.fragment != NOT_FRAGMENTED)
		return judge_broken(question);
	if (!find_frontend(question, &hits))
		return not_ours();
	reason = ask_rows(question, &hits);
	write_seat_of_frontend(&hits, seat);
	return answer(reason, decide(reason, mode_of(&hits)), seat);
}

/* Tunnels. *****************************************************************/

/* The configured transport that a packet travels in; NULL: none. */
static const struct tag_source *find_tunnel(const struct node *node, const struct dissected_ip *ip)
{
	if (ip->malformed || !ip->protocol_known || ip->fragment == LATER_FRAGMENT)
		return NULL;
	return find_transport(node, ip);
}

/* Any entry of the same transport and port will do. */
static bool is_peer(const struct node *node, const struct tag_source *tunnel,
		    const struct dissected_ip *outer)
{
	for (size_t i = 0; i < node->tag_count; i++) {
		const struct tag_source *source = &node->tags[i];

		if (source->transport == tunnel->transport && source->port == tunnel->port &&
		    outer->family == 4 && oracle_in_list(&source->peers, ipv4_of(outer->source)))
			return true;
	}
	return false;
}

/* From the tunnel's own header to the end of the frame. */
static struct span tunnel_bytes(const struct dissected_ip *outer)
{
	size_t udp = outer->protocol == IPPROTO_UDP ? 8 : 0;

	return (struct span){outer->in_frame.bytes + udp, outer->in_frame.length - udp};
}

/* False if there are more VLAN tags than the filter reads; the kernel reads them all. */
static bool read_link(struct span frame, struct dissected_ethernet *ret_ethernet,
		      struct dissected_ip *ret_ip)
{
	*ret_ethernet = dissect_ethernet(frame);
	*ret_ip = (struct dissected_ip){0};
	if (ret_ethernet->whole)
		*ret_ip = dissect_ip(ret_ethernet->type, ret_ethernet->payload);
	return !ret_ethernet->too_many_vlans;
}

static bool read_inner(const struct dissected_tunnel *tunnel, struct dissected_ip *ret_ip)
{
	struct dissected_ethernet ethernet;

	if (tunnel->inner_type == 0x6558)
		return read_link(tunnel->inner, &ethernet, ret_ip);
	*ret_ip = dissect_ip(tunnel->inner_type, tunnel->inner);
	return !dissect_is_vlan(tunnel->inner_type);
}

static struct oracle_answer judge_tunnel(struct question *question, const struct tag_source *source)
{
	struct dissected_ip outer = question->ip;
	struct dissected_tunnel tunnel;

	if (outer.fragment != NOT_FRAGMENTED)
		return answer(VW_REASON_FRAGMENT, VW_VERDICT_DROP, NOBODY);
	tunnel = dissect_tunnel(source->transport, tunnel_bytes(&outer));
	if (tunnel.readable && tunnel.inner_type == DISSECT_GRE_WCCP)
		return answer(VW_REASON_UNTRUSTED_TUNNEL, VW_VERDICT_DROP, NOBODY);
	if (!tunnel.readable)
		return not_ours();
	if (!read_inner(&tunnel, &question->ip))
		return answer(VW_REASON_MALFORMED, VW_VERDICT_DROP, NOBODY);
	if (!question->ip.present)
		return not_ours();
	if (find_tunnel(question->node, &question->ip))
		return answer(VW_REASON_UNTRUSTED_TUNNEL, VW_VERDICT_DROP, NOBODY);
	question->tagged = true;
	question->tag = tunnel.tag;
	question->trusted = tunnel.valid && is_peer(question->node, source, &outer);
	return judge_packet(question);
}

/* Whether a VLAN id stands for an endpoint at all. */
static bool is_known_tag(const struct policy *policy, uint32_t tag)
{
	for (size_t i = 0; i < policy->network_count; i++) {
		if (policy->networks[i].tag == tag)
			return true;
	}
	for (size_t i = 0; i < policy->blocked_tag_count; i++) {
		if (policy->blocked_tags[i].tag == tag)
			return true;
	}
	return false;
}

struct oracle_answer oracle_judge(const struct policy *policy, const struct node *node,
				  const struct oracle_packet *packet)
{
	struct question question = {
		.policy = policy, .node = node, .trusted = true, .now = packet->now};
	struct dissected_ethernet ethernet;
	const struct tag_source *tunnel = NULL;

	if (!read_link((struct span){packet->frame, packet->length}, &ethernet, &question.ip))
		return answer(VW_REASON_MALFORMED, VW_VERDICT_DROP, NOBODY);
	if (!question.ip.present)
		return not_ours();
	tunnel = find_tunnel(node, &question.ip);
	if (tunnel)
		return judge_tunnel(&question, tunnel);
	if (packet->vlan_tags && ethernet.in_vlan && ethernet.vlan_id != 0 &&
	    is_known_tag(policy, ethernet.vlan_id)) {
		question.tagged = true;
		question.tag = ethernet.vlan_id;
	}
	return judge_packet(&question);
}
