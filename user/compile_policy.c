// SPDX-License-Identifier: Apache-2.0
/* What a seat's packets are matched with: its IP rules, exceptions and trusted sources. */
#include <errno.h>

#include "cleanup.h"
#include "compile_internal.h"

static bool any_default_allow(const struct target *target)
{
	for (size_t i = 0; i < target->vault_count; i++)
		if (target->vaults[i]->default_allow)
			return true;
	return false;
}

static bool any_bypass(const struct target *target)
{
	for (size_t i = 0; i < target->vault_count; i++)
		if (target->vaults[i]->trusted_services)
			return true;
	return false;
}

static int add_ip_rules(struct compilation *compilation, const struct target *target,
			struct image_frontend4 *frontend, struct image_timed *ret_expiring)
{
	cleanup(range_set_free) struct range_set lasting = {0};
	cleanup(timed_ranges_free) struct timed_ranges timed = {0};
	int r = 0;

	for (size_t i = 0; i < target->vault_count && !r; i++)
		r = compile_ip_rules(&compilation->rules, &target->vaults[i]->ip_rules, &lasting,
				     &timed);
	if (!r)
		r = range_set_normalize(&lasting);
	if (!r)
		r = image_add_fan(&compilation->builder, &lasting, &frontend->target.ranges,
				  frontend->keys);
	return r ? r
		 : image_add_timed(&compilation->builder, timed.items, timed.count, ret_expiring);
}

/* Where any trusted service may come from: one answer for all vaults. */
static int add_trusted(struct compilation *compilation)
{
	static const struct range everywhere = {0, UINT32_MAX};
	cleanup(range_set_free) struct range_set lasting = {0};
	cleanup(timed_ranges_free) struct timed_ranges timed = {0};
	int r = 0;

	for (size_t i = 0; i < compilation->policy->service_count && !r; i++) {
		const struct trusted_service *service = &compilation->policy->services[i];

		if (service->anywhere)
			r = range_set_add(&lasting, everywhere);
		else
			r = compile_ip_rules(&compilation->rules, &service->ip_rules, &lasting,
					     &timed);
	}
	if (!r)
		r = range_set_normalize(&lasting);
	if (!r)
		r = image_add_set(&compilation->builder, &lasting, &compilation->trusted);
	if (!r)
		r = image_add_timed(&compilation->builder, timed.items, timed.count,
				    &compilation->trusted_expiring);
	compilation->trusted_done = !r;
	return r;
}

static int fill_policy(struct compilation *compilation, const struct target *target,
		       struct image_policy *policy, struct image_frontend4 *frontend)
{
	int r;

	if (any_default_allow(target)) { /* row 7 stands before every row that needs more */
		policy->flags = IMAGE_DEFAULT_ALLOW;
		return 0;
	}
	r = add_ip_rules(compilation, target, frontend, &policy->expiring);
	if (!r && policy->expiring.set)
		policy->flags |= IMAGE_EXPIRING;
	if (!r)
		r = compile_networks(compilation, target, &policy->networks);
	if (r || !any_bypass(target))
		return r;
	if (!compilation->trusted_done)
		r = add_trusted(compilation);
	policy->trusted = compilation->trusted;
	policy->trusted_expiring = compilation->trusted_expiring;
	if (policy->trusted || policy->trusted_expiring.set)
		policy->flags |= IMAGE_BYPASS;
	return r;
}

int compile_policy(struct compilation *compilation, const struct target *target, uint16_t seat)
{
	struct image_policy policy = {0};
	struct image_frontend4 frontend = {.target = {.seat = seat}};
	int r = fill_policy(compilation, target, &policy, &frontend);

	if (r)
		return r;
	frontend.target.mode = (uint8_t)target_mode(target);
	frontend.target.flags = (uint8_t)policy.flags;
	compilation->builder.lines[compilation->header.policies + seat].policy = policy;
	compilation->seated[seat] = (struct seated){true, frontend};
	return 0;
}
