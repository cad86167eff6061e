/* SPDX-License-Identifier: Apache-2.0 */
/* The rules, laid out for questions: which vault is meant, and where its rules are. */
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "authorize_parts.h"
#include "cleanup.h"
#include "scalar.h"

#define HOSTS_BYTES ((size_t)1 << 30)

static void free_index(struct authorize_index **index)
{
	authorize_index_free(*index);
}

/* Two vaults may have one name, on different frontends. */
static int add_host(struct authorize_index *index, const char *name, const struct vault *vault)
{
	struct host_vault *host = arena_alloc(&index->arena, sizeof(*host));
	struct host_vault *first = NULL;
	const void *there = NULL;
	int r;

	if (!host)
		return -ENOMEM;
	host->vault = vault;
	r = names_add(&index->hosts, &index->arena, name, host, &there);
	if (r != -EEXIST)
		return r;
	/* It is ours, and const only for the table. */
	first = (struct host_vault *)there;
	host->next = first->next;
	first->next = host;
	return 0;
}

static int add_hosts(struct authorize_index *index)
{
	const struct policy *policy = index->policy;

	arena_init(&index->arena, HOSTS_BYTES);
	for (size_t i = 0; i < policy->vault_count; i++)
		for (size_t j = 0; j < policy->vaults[i].hostname_count; j++)
			if (add_host(index, policy->vaults[i].hostnames[j], &policy->vaults[i]))
				return -ENOMEM;
	return 0;
}

static int compare_frontends(const void *left, const void *right)
{
	const struct frontend *a = left;
	const struct frontend *b = right;

	if (a->family != b->family)
		return a->family < b->family ? -1 : 1;
	if (a->port != b->port)
		return a->port < b->port ? -1 : 1;
	return memcmp(a->address, b->address, sizeof(a->address));
}

/* The gate speaks TCP, so no other frontend is one of its. */
static int add_frontends(struct authorize_index *index)
{
	const struct policy *policy = index->policy;
	size_t count = 0;

	for (size_t i = 0; i < policy->vault_count; i++)
		count += policy->vaults[i].frontend_count;
	index->frontends = calloc(count + 1, sizeof(*index->frontends));
	if (!index->frontends)
		return -ENOMEM;
	for (size_t i = 0; i < policy->vault_count; i++) {
		const struct vault *vault = &policy->vaults[i];

		for (size_t j = 0; j < vault->frontend_count; j++)
			if (vault->frontends[j].protocol == IPPROTO_TCP)
				index->frontends[index->frontend_count++] = vault->frontends[j];
	}
	if (index->frontend_count > 0)
		qsort(index->frontends, index->frontend_count, sizeof(*index->frontends),
		      compare_frontends);
	for (size_t i = 1; i < index->frontend_count; i++)
		index->shares |=
			compare_frontends(&index->frontends[i - 1], &index->frontends[i]) == 0;
	return 0;
}

static int add_sources(struct authorize_index *index, const struct range_list *failsafe)
{
	const struct policy *policy = index->policy;
	int r = source_sets_make(policy, &index->sets);

	index->vaults = calloc(policy->vault_count + 1, sizeof(*index->vaults));
	index->services = calloc(policy->service_count + 1, sizeof(*index->services));
	if (!index->vaults || !index->services)
		return -ENOMEM;
	if (!r)
		r = source_rules_make(&policy->block, &index->sets, &index->block);
	if (!r)
		r = source_list_make(failsafe, &index->failsafe);
	for (size_t i = 0; i < policy->vault_count && !r; i++)
		r = source_rules_make(&policy->vaults[i].ip_rules, &index->sets, &index->vaults[i]);
	for (size_t i = 0; i < policy->service_count && !r; i++)
		r = source_rules_make(&policy->services[i].ip_rules, &index->sets,
				      &index->services[i]);
	return r;
}

int authorize_index_open(const struct policy *policy, const struct range_list *failsafe,
			 struct authorize_index **ret_index)
{
	cleanup(free_index) struct authorize_index *index = calloc(1, sizeof(*index));
	int r;

	if (!index)
		return -ENOMEM;
	index->policy = policy;
	r = add_hosts(index);
	if (!r)
		r = add_frontends(index);
	if (!r)
		r = add_sources(index, failsafe);
	if (r)
		return r;
	*ret_index = take_ptr(&index);
	return 0;
}

void authorize_index_free(struct authorize_index *index)
{
	if (!index)
		return;
	for (size_t i = 0; index->vaults && i < index->policy->vault_count; i++)
		source_rules_free(&index->vaults[i]);
	for (size_t i = 0; index->services && i < index->policy->service_count; i++)
		source_rules_free(&index->services[i]);
	free(index->vaults);
	free(index->services);
	source_list_free(&index->failsafe);
	source_rules_free(&index->block);
	source_sets_free(&index->sets);
	free(index->frontends);
	arena_free_all(&index->arena);
	free(index);
}

/* The name in lower case, without the port. */
static bool read_host(const char *host, char ret_name[HOSTNAME_TEXT])
{
	char written[HOSTNAME_TEXT];
	size_t length = strcspn(host, ":");
	uint32_t port = 0;

	if (length >= sizeof(written) ||
	    (host[length] && !integer_parse(host + length + 1, 65535, &port)))
		return false;
	memcpy(written, host, length);
	written[length] = '\0';
	return hostname_parse(written, ret_name);
}

/* An entry of the frontends that is equal; family 0: of `*`, at that port. */
static const struct frontend *find_frontend(const struct authorize_index *index,
					    const struct peer *there, uint8_t family)
{
	struct frontend frontend = {.family = family, .port = there->port};

	if (family)
		memcpy(frontend.address, there->address, sizeof(frontend.address));
	return index->frontend_count > 0
		       ? bsearch(&frontend, index->frontends, index->frontend_count,
				 sizeof(*index->frontends), compare_frontends)
		       : NULL;
}

/* Whether some vault is reached at this very address, which then is no `*`. */
static bool is_taken(const struct inquiry *inquiry)
{
	return find_frontend(inquiry->index, &inquiry->frontend, inquiry->frontend.family) != NULL;
}

bool authorize_is_shared(const struct authorize_index *index, const struct peer *there)
{
	const struct frontend *found = find_frontend(index, there, there->family);
	const struct frontend *end = index->frontends + index->frontend_count;

	if (!found)
		found = find_frontend(index, there, 0);
	return found && ((found > index->frontends && !compare_frontends(found - 1, found)) ||
			 (found + 1 < end && !compare_frontends(found, found + 1)));
}

static bool is_reached(const struct inquiry *inquiry, const struct vault *vault)
{
	const struct peer *there = &inquiry->frontend;

	for (size_t i = 0; i < vault->frontend_count; i++) {
		const struct frontend *frontend = &vault->frontends[i];

		if (frontend->protocol != IPPROTO_TCP || frontend->port != there->port)
			continue;
		if (frontend->family == there->family &&
		    memcmp(frontend->address, there->address, sizeof(there->address)) == 0)
			return true;
		if (frontend->family == 0 && !is_taken(inquiry))
			return true;
	}
	return false;
}

static bool is_behind_gate(const struct vault *vault)
{
	for (size_t i = 0; i < vault->frontend_count; i++)
		if (vault->frontends[i].protocol == IPPROTO_TCP)
			return true;
	return false;
}

/* By the name alone, which then has to be enough: which of several is meant is not guessed. */
static enum authorize_reason find_by_name(const struct inquiry *inquiry,
					  const struct host_vault *host)
{
	const struct vault *found = NULL;

	for (; host; host = host->next) {
		if (!is_behind_gate(host->vault) || host->vault == found)
			continue;
		if (found)
			return AUTHORIZE_AMBIGUOUS_VAULT;
		found = host->vault;
	}
	if (!found)
		return AUTHORIZE_WRONG_FRONTEND;
	inquiry->decision->vault = found;
	return AUTHORIZE_REASON_COUNT;
}

enum authorize_reason authorize_find_vault(const struct inquiry *inquiry)
{
	char name[HOSTNAME_TEXT];
	const struct host_vault *host = NULL;

	if (read_host(inquiry->question->host, name))
		host = names_find(&inquiry->index->hosts, name);
	if (!host)
		return AUTHORIZE_UNKNOWN_VAULT;
	if (inquiry->question->frontend_untold)
		return find_by_name(inquiry, host);
	for (; host; host = host->next) {
		if (!is_reached(inquiry, host->vault))
			continue;
		inquiry->decision->vault = host->vault;
		return AUTHORIZE_REASON_COUNT;
	}
	return AUTHORIZE_WRONG_FRONTEND;
}
