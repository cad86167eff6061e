// SPDX-License-Identifier: Apache-2.0
#include "bench_rules.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ARENA_BYTES   ((size_t)8 << 30)
#define FRONTEND_BASE 0x0a000001U /* 10.0.0.1 */
#define SUBNET_BASE   0xac100000U /* 172.16.0.0 */

uint32_t bench_frontend(size_t vault)
{
	return FRONTEND_BASE + (uint32_t)vault;
}

/* What allow lists are made of: single hosts, offices, providers. */
static struct range make_range(struct random *random, bool sparse)
{
	static const struct {
		uint32_t below, length;
	} lengths[] = {{30, 32}, {45, 28}, {75, 24}, {85, 22}, {95, 20}, {100, 16}};
	uint32_t dice = random_below(random, sparse ? 45 : 100),
		 address = (uint32_t)random_next(random);
	size_t i = 0;
	uint32_t host;

	while (dice >= lengths[i].below)
		i++;
	host = (uint32_t)((1ULL << (32 - lengths[i].length)) - 1);
	address &= ~host;
	if ((address | host) == UINT32_MAX)
		address &= 0x7fffffffU;
	return (struct range){address, address | host};
}

static int compare_ranges(const void *a, const void *b)
{
	uint32_t first = ((const struct range *)a)->first,
		 second = ((const struct range *)b)->first;

	return (first > second) - (first < second);
}

static void merge(struct bench_list *list)
{
	size_t kept = 0;

	qsort(list->items, list->count, sizeof(*list->items), compare_ranges);
	for (size_t i = 1; i < list->count; i++) {
		struct range *last = &list->items[kept], next = list->items[i];

		if (next.first > last->last + 1)
			list->items[++kept] = next;
		else if (next.last > last->last)
			last->last = next.last;
	}
	list->count = list->count ? kept + 1 : 0;
}

/* Fills the IP rules and the list alike. */
static bool make_list(struct arena *arena, size_t count, bool sparse, struct random *random,
		      struct ip_rules *rules, struct bench_list *list)
{
	*rules = (struct ip_rules){arena_alloc(arena, count * sizeof(*rules->items)), count};
	*list = (struct bench_list){calloc(count + 1, sizeof(*list->items)), count};
	if (!rules->items || !list->items)
		return false;
	for (size_t i = 0; i < count; i++) {
		list->items[i] = make_range(random, sparse);
		rules->items[i].entry.range = list->items[i];
	}
	merge(list);
	return true;
}

static char *make_name(struct arena *arena, const char *what, size_t number)
{
	char text[32];
	int length = snprintf(text, sizeof(text), "%s-%zu", what, number);

	return arena_copy(arena, text, (size_t)length);
}

static bool make_frontend(struct arena *arena, struct vault *vault, size_t number)
{
	__be32 address = htonl(bench_frontend(number));

	vault->name = make_name(arena, "vault", number);
	vault->frontends = arena_alloc(arena, sizeof(*vault->frontends));
	vault->frontend_count = 1;
	if (!vault->name || !vault->frontends)
		return false;
	*vault->frontends = (struct frontend){
		.family = 4, .protocol = IPPROTO_TCP, .port = BENCH_FRONTEND_PORT};
	memcpy(vault->frontends->address, &address, sizeof(address));
	return true;
}

static bool make_vaults(struct bench_rules *rules, struct random *random)
{
	struct policy *policy = &rules->policy;

	policy->vault_count = rules->size.vaults;
	policy->vaults = arena_alloc(&policy->arena, policy->vault_count * sizeof(struct vault));
	rules->allowed = calloc(policy->vault_count, sizeof(*rules->allowed));
	if (!policy->vaults || !rules->allowed)
		return false;
	for (size_t i = 0; i < policy->vault_count; i++)
		if (!make_frontend(&policy->arena, &policy->vaults[i], i) ||
		    !make_list(&policy->arena, rules->size.ranges, rules->size.sparse, random,
			       &policy->vaults[i].ip_rules, &rules->allowed[i]))
			return false;
	return true;
}

/* Each network is a /24 of its own. */
static bool make_network(struct bench_rules *rules, size_t number)
{
	struct policy *policy = &rules->policy;
	struct virtual_network *network = &policy->networks[number];
	uint32_t first = SUBNET_BASE + (uint32_t)(number << 8);

	rules->subnets[number] = (struct range){first, first + 255};
	network->name = make_name(&policy->arena, "network", number);
	network->tag = BENCH_TAG(number);
	network->subnet_count = 1;
	network->subnets = arena_alloc(&policy->arena, sizeof(*network->subnets));
	if (!network->name || !network->subnets)
		return false;
	*network->subnets = (struct subnet){.name = "web",
					    .prefix = rules->subnets[number],
					    .service_endpoint = true,
					    .network = network};
	return true;
}

static bool make_networks(struct bench_rules *rules)
{
	struct policy *policy = &rules->policy;
	size_t count = rules->size.networks;
	struct network_rule *list = arena_alloc(&policy->arena, (count + 1) * sizeof(*list));

	policy->network_count = count;
	policy->networks =
		arena_alloc(&policy->arena, (count + 1) * sizeof(struct virtual_network));
	rules->subnets = calloc(count + 1, sizeof(*rules->subnets));
	if (!list || !policy->networks || !rules->subnets)
		return false;
	for (size_t i = 0; i < count; i++) {
		if (!make_network(rules, i))
			return false;
		list[i].subnet = policy->networks[i].subnets;
	}
	for (size_t i = 0; i < policy->vault_count; i++) {
		policy->vaults[i].network_rules = list;
		policy->vaults[i].network_rule_count = count;
	}
	return true;
}

static bool make_node(struct node *node)
{
	static struct range_entry peer = {.range = {BENCH_PEER, BENCH_PEER}};
	static struct range_entry failsafe = {.range = {BENCH_FAILSAFE, BENCH_FAILSAFE}};

	node->tags = arena_alloc(&node->arena, sizeof(*node->tags));
	if (!node->tags)
		return false;
	node->tag_count = 1;
	*node->tags = (struct tag_source){
		.transport = TAG_VXLAN, .port = BENCH_TUNNEL_PORT, .peers = {&peer, 1}};
	node->failsafe = (struct range_list){&failsafe, 1};
	return true;
}

bool bench_rules_make(struct bench_rules *rules, const struct bench_size *size, uint64_t seed)
{
	struct random random = {seed};

	*rules = (struct bench_rules){.size = *size};
	arena_init(&rules->policy.arena, ARENA_BYTES);
	arena_init(&rules->node.arena, ARENA_BYTES);
	return make_vaults(rules, &random) && make_networks(rules) && make_node(&rules->node) &&
	       make_list(&rules->policy.arena, size->block, false, &random, &rules->policy.block,
			 &rules->block);
}

void bench_rules_free(struct bench_rules *rules)
{
	for (size_t i = 0; rules->allowed && i < rules->size.vaults; i++)
		free(rules->allowed[i].items);
	free(rules->allowed);
	free(rules->block.items);
	free(rules->subnets);
	policy_free(&rules->policy);
	node_free(&rules->node);
	*rules = (struct bench_rules){0};
}

bool bench_list_contains(const struct bench_list *list, uint32_t address)
{
	size_t low = 0, high = list->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (list->items[middle].last < address)
			low = middle + 1;
		else
			high = middle;
	}
	return low < list->count && list->items[low].first <= address;
}

bool bench_admits(const struct bench_rules *rules, size_t vault, uint32_t source)
{
	if (source == BENCH_FAILSAFE)
		return true;
	return !bench_list_contains(&rules->block, source) &&
	       bench_list_contains(&rules->allowed[vault], source);
}

bool bench_admits_tagged(const struct bench_rules *rules, uint32_t tag, uint32_t source)
{
	size_t network = (size_t)tag - BENCH_TAG(0);

	return !bench_list_contains(&rules->block, source) && network < rules->size.networks &&
	       source >= rules->subnets[network].first && source <= rules->subnets[network].last;
}

uint32_t bench_pick(const struct bench_list *list, struct random *random)
{
	const struct range *range = &list->items[random_below(random, list->count)];

	return range->first + random_below(random, (size_t)range->last - range->first + 1);
}

bool bench_prefixes(struct range range,
		    bool (*add)(void *context, uint32_t address, uint32_t length), void *context)
{
	uint64_t first = range.first, end = (uint64_t)range.last + 1;

	while (first < end) {
		uint32_t bits = first ? (uint32_t)__builtin_ctzll(first) : 32;

		while (bits > 32 || (1ULL << bits) > end - first)
			bits--;
		if (!add(context, (uint32_t)first, 32 - bits))
			return false;
		first += 1ULL << bits;
	}
	return true;
}
