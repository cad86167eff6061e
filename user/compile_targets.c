// SPDX-License-Identifier: Apache-2.0
#include "compile_targets.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "address.h"
#include "cleanup.h"

/* A vault at one of its frontends. */
struct place {
	const struct frontend *frontend;
	const struct vault *vault;
};

void targets_free(struct targets *targets)
{
	free(targets->items);
	free(targets->vaults);
	*targets = (struct targets){0};
}

static int compare_hosts(const struct frontend *a, const struct frontend *b)
{
	int order = (a->family > b->family) - (a->family < b->family);

	if (!order)
		order = memcmp(a->address, b->address, sizeof(a->address));
	return order ? order : (a->protocol > b->protocol) - (a->protocol < b->protocol);
}

static int compare_frontends(const struct frontend *a, const struct frontend *b)
{
	int order = compare_hosts(a, b);

	return order ? order : (a->port > b->port) - (a->port < b->port);
}

/* Vaults lie in one array, so their addresses keep the order of the document. */
static int compare_places(const void *left, const void *right)
{
	const struct place *a = left, *b = right;
	int order = compare_frontends(a->frontend, b->frontend);

	return order ? order : (a->vault > b->vault) - (a->vault < b->vault);
}

static size_t count_places(const struct policy *policy)
{
	size_t count = 0;

	for (size_t i = 0; i < policy->vault_count; i++)
		count += policy->vaults[i].frontend_count;
	return count;
}

static void list_places(const struct policy *policy, struct place *places)
{
	for (size_t v = 0; v < policy->vault_count; v++)
		for (size_t f = 0; f < policy->vaults[v].frontend_count; f++)
			*places++ =
				(struct place){&policy->vaults[v].frontends[f], &policy->vaults[v]};
}

int targets_collect(const struct policy *policy, struct targets *ret_targets)
{
	size_t count = count_places(policy);
	cleanup(free_ptr) struct place *places = calloc(count + 1, sizeof(*places));
	cleanup(targets_free) struct targets targets = {
		.items = calloc(count + 1, sizeof(*targets.items)),
		.vaults = calloc(count + 1, sizeof(const struct vault *)),
	};

	if (!places || !targets.items || !targets.vaults)
		return -ENOMEM;
	list_places(policy, places);
	qsort(places, count, sizeof(*places), compare_places);
	for (size_t i = 0; i < count; i++) {
		struct target *last = &targets.items[targets.count];

		targets.vaults[i] = places[i].vault;
		if (i && !compare_frontends(places[i].frontend, places[i - 1].frontend)) {
			last[-1].vault_count++;
			continue;
		}
		*last = (struct target){places[i].frontend, &targets.vaults[i], 1};
		targets.count++;
	}
	*ret_targets = targets;
	targets = (struct targets){0};
	return 0;
}

bool target_is_shared(const struct target *target)
{
	return target->vault_count > 1;
}

bool targets_same_host(const struct target *left, const struct target *right)
{
	return !compare_hosts(left->frontend, right->frontend);
}

enum vw_mode target_mode(const struct target *target)
{
	size_t audits = 0;

	for (size_t i = 0; i < target->vault_count; i++)
		audits += target->vaults[i]->audit;
	if (!target_is_shared(target))
		return audits ? VW_MODE_AUDIT : VW_MODE_ENFORCE;
	if (!audits)
		return VW_MODE_SHARED;
	return audits == target->vault_count ? VW_MODE_SHARED_AUDIT : VW_MODE_SHARED_MIXED;
}

const char *target_name(const struct target *target, char text[TARGET_NAME])
{
	if (!target_is_shared(target))
		return target->vaults[0]->name;
	frontend_format(target->frontend, text);
	return text;
}
