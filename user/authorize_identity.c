/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a token is that of an identity in the rules. */
#include <string.h>
#include <strings.h>

#include "authorize_parts.h"

#define SUBSCRIPTIONS "/subscriptions/"

static struct identity_match other(void)
{
	return (struct identity_match){.fits = false};
}

static struct identity_match missing(const char *what)
{
	return (struct identity_match){.missing = what};
}

static struct identity_match match(const struct claims *claims)
{
	return (struct identity_match){
		.fits = true,
		.caller = {claims->app_id, claims->oid, claims->iss, claims},
	};
}

/* Two segments, up to a slash or the end. */
static size_t segment_length(const char *text)
{
	return strcspn(text, "/");
}

/* By whole segments, so that no name counts for a longer one; `*` stands for any one. */
static bool resource_fits(const char *pattern, const char *resource)
{
	while (*pattern == '/' && *resource == '/') {
		size_t wanted = segment_length(++pattern);
		size_t length = segment_length(++resource);
		bool any = wanted == 1 && *pattern == '*' && length > 0;

		if (!any && (wanted != length || strncasecmp(pattern, resource, length) != 0))
			return false;
		pattern += wanted;
		resource += length;
	}
	return *pattern == '\0' && *resource == '\0';
}

static bool lies_in(const char *resource, const char *subscription)
{
	const char *start = resource + strlen(SUBSCRIPTIONS);

	return strncasecmp(resource, SUBSCRIPTIONS, strlen(SUBSCRIPTIONS)) == 0 &&
	       segment_length(start) == strlen(subscription) &&
	       strncasecmp(start, subscription, strlen(subscription)) == 0;
}

/*
 * A user-assigned identity names itself and the resource that uses it. Both have to lie in the
 * subscription: either alone may be somebody else's.
 */
static const char *subscription_problem(const struct vault *vault, const struct claims *claims)
{
	if (!vault->subscription)
		return "the vault has no subscription, which 'subscription: same' needs";
	if (!claims->mirid && !claims->az_rid)
		return "the token names no resource (xms_mirid, xms_az_rid), which 'subscription: same' needs";
	if ((claims->mirid && !lies_in(claims->mirid, vault->subscription)) ||
	    (claims->az_rid && !lies_in(claims->az_rid, vault->subscription)))
		return "its resource (xms_mirid, xms_az_rid) is not in the vault's subscription";
	return NULL;
}

/* What application and managed identities have in common. */
static struct identity_match match_direct(const struct vault *vault,
					  const struct service_identity *identity,
					  const struct claims *claims)
{
	const char *problem = NULL;

	if (!token_is_direct(vault, claims))
		return missing("the token is an assertion, for another audience or tenant");
	if (identity->same_subscription)
		problem = subscription_problem(vault, claims);
	return problem ? missing(problem) : match(claims);
}

static bool is_app(const struct service_identity *identity, const struct claims *claims)
{
	return claims->app_id && same_id(claims->app_id, identity->app_id);
}

/* Some applications carry users; those are not the service. */
static const char not_app_only[] =
	"the token does not say that it is an application's own (idtyp: app)";

static struct identity_match match_application(const struct vault *vault,
					       const struct service_identity *identity,
					       const struct claims *claims)
{
	if (!is_app(identity, claims))
		return other();
	if (!claims->app_only)
		return missing(not_app_only);
	return match_direct(vault, identity, claims);
}

static struct identity_match match_managed(const struct vault *vault,
					   const struct service_identity *identity,
					   const struct claims *claims)
{
	if (!claims->mirid || !resource_fits(identity->resource, claims->mirid))
		return other();
	return match_direct(vault, identity, claims);
}

/* The assertion itself stands for the application, and for no group of the tenant it came from. */
static struct identity_match match_federated(const struct vault *vault,
					     const struct service_identity *identity,
					     const struct claims *claims)
{
	if (token_is_assertion(identity, claims))
		return (struct identity_match){
			.fits = true,
			.caller = {identity->app_id, identity->object_id, claims->iss, NULL},
		};
	if (!is_app(identity, claims))
		return other();
	if (!claims->app_only)
		return missing(not_app_only);
	if (!vault->tenant || !claims->tid || strcmp(vault->tenant, claims->tid) != 0)
		return missing("the token is not one of the vault's tenant (tid)");
	return match_direct(vault, identity, claims);
}

struct identity_match authorize_match_identity(const struct vault *vault,
					       const struct service_identity *identity,
					       const struct claims *claims)
{
	switch (identity->kind) {
	case IDENTITY_APPLICATION:
		return match_application(vault, identity, claims);
	case IDENTITY_MANAGED:
		return match_managed(vault, identity, claims);
	case IDENTITY_FEDERATED:
		return match_federated(vault, identity, claims);
	}
	return other();
}
