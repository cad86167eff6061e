/* SPDX-License-Identifier: Apache-2.0 */
/* Who calls, and what he may do: services, their operations, the vault's access policies. */
#include <stdio.h>

#include "authorize_parts.h"

/* One identity that the token fits, and how far it gets. */
struct candidate {
	const struct trusted_service *service;
	const struct service_identity *identity;
	const struct access_policy *access;
	struct position at;
	struct caller caller;
	enum authorize_reason reason;
	const char *missing;
};

static bool may_use(const struct trusted_service *service, const struct operation *operation)
{
	/* What takes no permission is on nobody's list. */
	if (service->all_operations || operation->kind == PERMISSION_KINDS)
		return service->all_operations;
	return service->operations.kinds[operation->kind] & operation->permissions;
}

static bool is_in_group(const struct claims *claims, const char *group)
{
	for (size_t i = 0; claims && i < claims->group_count; i++)
		if (same_id(claims->groups[i], group))
			return true;
	return false;
}

/* Whether a policy is about the caller, alone or through the application that he uses. */
static bool is_about(const struct access_policy *access, const struct caller *caller)
{
	if (access->application_id &&
	    (!caller->app_id || !same_id(access->application_id, caller->app_id)))
		return false;
	return (caller->object_id && same_id(access->object_id, caller->object_id)) ||
	       is_in_group(caller->groups, access->object_id);
}

static bool gives(const struct access_policy *access, const struct operation *operation)
{
	return access->permissions.kinds[operation->kind] & operation->permissions;
}

/* Row 8: any policy that is about the caller and gives the permission. */
static void check_access(const struct vault *vault, const struct operation *operation,
			 struct candidate *candidate)
{
	candidate->reason = AUTHORIZE_NO_PERMISSION;
	candidate->at = vault->at;
	if (candidate->caller.groups && candidate->caller.groups->group_overage)
		candidate->missing = "the token does not list all groups of the caller";
	for (size_t i = 0; i < vault->access_policy_count; i++) {
		const struct access_policy *access = &vault->access_policies[i];

		if (!is_about(access, &candidate->caller))
			continue;
		candidate->access = access;
		candidate->at = access->at;
		if (gives(access, operation)) {
			candidate->reason = AUTHORIZE_TRUSTED_SERVICE;
			return;
		}
	}
}

/* Rows 7 and 8 for an identity that fits. */
static void check_candidate(const struct decision *decision, struct candidate *candidate)
{
	candidate->at = candidate->service->at;
	if (decision->operation_fault)
		candidate->reason = AUTHORIZE_UNKNOWN_OPERATION;
	else if (!may_use(candidate->service, &decision->operation))
		candidate->reason = AUTHORIZE_OTHER_OPERATION;
	else if (decision->operation.kind == PERMISSION_KINDS)
		candidate->reason = AUTHORIZE_TRUSTED_SERVICE;
	else
		check_access(decision->vault, &decision->operation, candidate);
}

/* Row 6, and then the others, for an identity that is the caller's or nearly. */
static struct candidate try_identity(const struct inquiry *inquiry,
				     const struct trusted_service *service,
				     const struct service_identity *identity,
				     const struct identity_match *match)
{
	struct candidate candidate = {
		.service = service,
		.identity = identity,
		.at = identity->at,
		.caller = match->caller,
		.reason = AUTHORIZE_UNKNOWN_CALLER,
		.missing = match->missing,
	};

	if (match->fits && authorize_may_come_from(inquiry, service))
		check_candidate(inquiry->decision, &candidate);
	else if (match->fits)
		candidate.missing = "the service may not come from there";
	return candidate;
}

/* Of several identities that the caller may be, the one that gets furthest down the table. */
static void try_service(const struct inquiry *inquiry, const struct trusted_service *service,
			struct candidate *best)
{
	const struct decision *decision = inquiry->decision;

	for (size_t i = 0; i < service->identity_count; i++) {
		const struct service_identity *identity = &service->identities[i];
		const struct identity_match match =
			authorize_match_identity(decision->vault, identity, decision->claims);
		struct candidate candidate;

		if (!match.fits && !match.missing)
			continue;
		candidate = try_identity(inquiry, service, identity, &match);
		if (!best->service || candidate.reason > best->reason)
			*best = candidate;
		if (best->reason == AUTHORIZE_TRUSTED_SERVICE)
			return;
	}
}

enum authorize_reason authorize_caller(const struct inquiry *inquiry)
{
	const struct policy *policy = inquiry->index->policy;
	struct decision *decision = inquiry->decision;
	const struct claims *claims = decision->claims;
	struct candidate best = {
		.reason = AUTHORIZE_UNKNOWN_CALLER,
		.at = decision->vault->acls_at,
	};

	for (size_t i = 0; i < policy->service_count; i++) {
		try_service(inquiry, &policy->services[i], &best);
		if (best.reason == AUTHORIZE_TRUSTED_SERVICE)
			break;
	}
	decision->service = best.service;
	decision->identity = best.identity;
	decision->access = best.access;
	decision->at = best.at;
	decision->caller = (struct caller){claims->app_id, claims->oid, claims->iss, claims};
	if (best.reason != AUTHORIZE_UNKNOWN_CALLER)
		decision->caller = best.caller;
	if (best.missing && best.reason != AUTHORIZE_TRUSTED_SERVICE)
		(void)snprintf(decision->detail, sizeof(decision->detail), "%s", best.missing);
	return best.reason;
}
