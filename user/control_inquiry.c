// SPDX-License-Identifier: Apache-2.0
#include "control_inquiry.h"

#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "address.h"
#include "control_parts.h"

#define SOURCE_PORT 50000 /* where the question names none */

/* As it was asked; texts are borrowed from the JSON. */
struct question {
	const char *vault, *to, *from, *protocol, *interface;
	bool tagged;
	json_int_t tag;
};

static int read_question(json_t *json, struct question *question, struct fault *fault)
{
	json_t *tag = NULL;

	if (json_unpack(json, "{s?:s, s?:s, s:s, s?:o, s?:s, s?:s !}", "vault", &question->vault,
			"to", &question->to, "from", &question->from, "tag", &tag, "protocol",
			&question->protocol, "interface", &question->interface) < 0)
		return fault_set(
			fault, -EINVAL,
			"a question has \"from\" and \"vault\" or \"to\", and may have \"tag\", \"protocol\" and \"interface\"");
	if (!question->vault && !question->to)
		return fault_set(fault, -EINVAL, "name a vault, or an address with a port");
	if (question->protocol && strcmp(question->protocol, "tcp") != 0 &&
	    strcmp(question->protocol, "udp") != 0)
		return fault_set(fault, -EINVAL, "the protocol is tcp or udp");
	if (!tag || json_is_null(tag))
		return 0;
	question->tagged = true;
	question->tag = json_integer_value(tag);
	if (!json_is_integer(tag) || question->tag < 1 || question->tag > 0xffffff)
		return fault_set(fault, -EINVAL, "a tag is a number from 1 to 16777215");
	return 0;
}

/* "192.0.2.1", "192.0.2.1:5000", "2001:db8::1", "[2001:db8::1]", "[2001:db8::1]:5000". */
static int parse_endpoint(const char *text, struct endpoint *ret_endpoint)
{
	struct endpoint endpoint = {.port = SOURCE_PORT};
	char address[ADDRESS_TEXT] = "";
	bool bracket = text[0] == '[';
	const char *start = bracket ? text + 1 : text;
	const char *last = strrchr(start, ':');
	bool plain6 = !bracket && last && strchr(start, ':') != last;
	size_t length = bracket ? strcspn(start, "]")
				: (last && !plain6 ? (size_t)(last - start) : strlen(start));
	const char *rest = start + length + (bracket && start[length] == ']');
	char *end = NULL;
	unsigned long port = SOURCE_PORT;

	if (length >= sizeof(address) || (bracket && start[length] != ']'))
		return -EINVAL;
	memcpy(address, start, length);
	if (*rest == ':')
		port = strtoul(rest + 1, &end, 10);
	if ((*rest && *rest != ':') || (end && (end == rest + 1 || *end)) || port < 1 ||
	    port > 65535)
		return -EINVAL;
	endpoint.port = (uint16_t)port;
	if (address_parse(address, &endpoint.family, endpoint.address) < 0)
		return -EINVAL;
	*ret_endpoint = endpoint;
	return 0;
}

/* Destination. */

static uint8_t wanted_protocol(const struct question *question)
{
	if (!question->protocol)
		return 0;
	return strcmp(question->protocol, "udp") ? IPPROTO_TCP : IPPROTO_UDP;
}

static int aim_at_address(struct inquiry *inquiry, const struct question *question,
			  struct fault *fault)
{
	const char *problem = NULL;
	uint8_t protocol = wanted_protocol(question);

	if (frontend_parse(question->to, &inquiry->destination, &problem) < 0)
		return fault_set(fault, -EINVAL, "%.80s: %s", question->to, problem);
	if (inquiry->destination.family == 0)
		return fault_set(fault, -EINVAL, "%.80s names no address", question->to);
	if (protocol)
		inquiry->destination.protocol = protocol;
	return 0;
}

/* A packet for `*` needs some address: loopback has no frontend of its own. */
static void give_address(struct frontend *frontend, uint8_t family)
{
	static const uint8_t loopback4[16] = {127, 0, 0, 1};
	static const uint8_t loopback6[16] = {[15] = 1};

	frontend->family = family;
	memcpy(frontend->address, family == 4 ? loopback4 : loopback6, sizeof(frontend->address));
}

static bool fits(const struct frontend *frontend, uint8_t family, uint8_t protocol, bool exact)
{
	return (exact ? frontend->family == family : frontend->family == 0) &&
	       (protocol == 0 || frontend->protocol == protocol);
}

static int aim_at_vault(struct inquiry *inquiry, const struct vault *vault,
			const struct question *question, struct fault *fault)
{
	uint8_t family = inquiry->plan.source.family;
	uint8_t protocol = wanted_protocol(question);
	const struct frontend *found = NULL;

	for (size_t i = 0; i < vault->frontend_count && !found; i++)
		if (fits(&vault->frontends[i], family, protocol, true))
			found = &vault->frontends[i];
	for (size_t i = 0; i < vault->frontend_count && !found; i++)
		if (fits(&vault->frontends[i], family, protocol, false))
			found = &vault->frontends[i];
	if (!found)
		return fault_set(fault, -EINVAL, "vault %s has no IPv%u frontend%s%s", vault->name,
				 family, protocol ? " for " : "",
				 protocol ? question->protocol : "");
	inquiry->destination = *found;
	if (found->family == 0)
		give_address(&inquiry->destination, family);
	return 0;
}

static int choose_destination(struct inquiry *inquiry, const struct policy *policy,
			      const struct question *question, struct fault *fault)
{
	const struct vault *vault = NULL;

	if (question->vault)
		vault = policy_find_vault(policy, question->vault);
	if (question->vault && !vault)
		return fault_set(fault, -ENOENT, "there is no vault %.100s in the rules in force",
				 question->vault);
	return question->to ? aim_at_address(inquiry, question, fault)
			    : aim_at_vault(inquiry, vault, question, fault);
}

static int aim(struct inquiry *inquiry, const struct policy *policy,
	       const struct question *question, struct fault *fault)
{
	struct frame_plan *plan = &inquiry->plan;
	int r;

	if (parse_endpoint(question->from, &plan->source) < 0)
		return fault_set(fault, -EINVAL, "%.80s is no address, with or without a port",
				 question->from);
	r = choose_destination(inquiry, policy, question, fault);
	if (r < 0)
		return r;
	if (inquiry->destination.family != plan->source.family)
		return fault_set(fault, -EINVAL, "the source is IPv%u and the destination IPv%u",
				 plan->source.family, inquiry->destination.family);
	plan->destination.family = inquiry->destination.family;
	plan->destination.port = inquiry->destination.port;
	memcpy(plan->destination.address, inquiry->destination.address,
	       sizeof(plan->destination.address));
	plan->protocol = inquiry->destination.protocol;
	inquiry->vault_count =
		control_find_vaults(policy, &inquiry->destination, inquiry->vaults, INQUIRY_VAULTS);
	return 0;
}

/* The way that a tag comes. */

static bool carries_vlan_tags(const struct tag_source *source, const char *interface)
{
	for (size_t i = 0; i < source->interface_count; i++)
		if (!interface || !strcmp(source->interfaces[i], interface))
			return true;
	return false;
}

/* The VLAN of the interface asked about, else the first tunnel, else any VLAN. */
static const struct tag_source *choose_transport(const struct node *node, const char *interface)
{
	for (size_t i = 0; interface && i < node->tag_count; i++)
		if (carries_vlan_tags(&node->tags[i], interface))
			return &node->tags[i];
	for (size_t i = 0; i < node->tag_count; i++)
		if (node->tags[i].transport != TAG_VLAN)
			return &node->tags[i];
	return !interface && node->tag_count > 0 ? &node->tags[0] : NULL;
}

/* Not the network's own address, if the range has others. */
static struct endpoint some_peer(const struct range *range)
{
	uint32_t address = range->last - range->first > 1 ? range->first + 1 : range->first;

	return (struct endpoint){
		.family = 4,
		.address = {(uint8_t)(address >> 24), (uint8_t)(address >> 16),
			    (uint8_t)(address >> 8), (uint8_t)address},
		.port = SOURCE_PORT,
	};
}

static int add_tag(struct inquiry *inquiry, const struct node *node,
		   const struct question *question, struct fault *fault)
{
	static const enum image_transport transports[] = {
		[TAG_VXLAN] = IMAGE_TRANSPORT_VXLAN,
		[TAG_GENEVE] = IMAGE_TRANSPORT_GENEVE,
		[TAG_GRE] = IMAGE_TRANSPORT_GRE,
		[TAG_VLAN] = IMAGE_TRANSPORT_NONE,
	};
	const struct tag_source *source = choose_transport(node, question->interface);
	struct frame_plan *plan = &inquiry->plan;

	if (!source)
		return fault_set(
			fault, -EINVAL,
			"node.yaml lists no transport that could bring a tag there; see its `tags`");
	plan->tagged = true;
	plan->tag = (uint32_t)question->tag;
	plan->transport = transports[source->transport];
	if (source->transport == TAG_VLAN && !inquiry->ifindex)
		inquiry->ifindex = if_nametoindex(source->interfaces[0]);
	if (source->transport == TAG_VLAN)
		return 0;
	plan->tunnel_port = source->port;
	plan->outer_source = some_peer(&source->peers.items[0].range);
	/* Any address will do: the filter asks where a tunnel comes from, not where it ends. */
	plan->outer_destination = (struct endpoint){.family = 4, .address = {127, 0, 0, 1}};
	plan->outer_destination.port = source->port;
	return 0;
}

static int choose_interface(struct inquiry *inquiry, const struct question *question,
			    struct fault *fault)
{
	if (!question->interface)
		return 0;
	inquiry->ifindex = if_nametoindex(question->interface);
	if (!inquiry->ifindex)
		return fault_set(fault, -EINVAL, "there is no interface %.20s",
				 question->interface);
	return 0;
}

int control_inquire(const struct firewall *firewall, json_t *json, struct inquiry *ret_inquiry,
		    struct fault *fault)
{
	struct inquiry inquiry = {.ifindex = 0};
	struct question question = {0};
	int r;

	r = read_question(json, &question, fault);
	if (r == 0)
		r = aim(&inquiry, &firewall->rules->policy, &question, fault);
	if (r == 0)
		r = choose_interface(&inquiry, &question, fault);
	if (r == 0 && question.tagged)
		r = add_tag(&inquiry, &firewall->node, &question, fault);
	if (r < 0)
		return r;
	*ret_inquiry = inquiry;
	return 0;
}
