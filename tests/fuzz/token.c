/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two lines are header and claims that the fuzzer's own key signs, so that every step is reached;
 * anything else is a token of somebody's, and what begins with a brace a key set, too.
 */
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "issuer.h"
#include "token.h"

#define NOW INT64_C(1800000000)

static void expect(bool holds)
{
	if (!holds)
		abort();
}

static const char rules[] =
	"version: 1\n"
	"issuers:\n"
	"  - {name: a, issuer: 'https://sts.windows.net/{tenant}/', audiences: [vault]}\n"
	"  - {name: b, issuer: https://oidc.example, audiences: [vault]}\n"
	"vaults:\n"
	"  - name: contoso\n"
	"    frontends: [203.0.113.10:443]\n"
	"    tenant: 72f988bf-86f1-41af-91ab-2d7cd011db47\n";

/* Made once; signing is quick with P-256. */
struct world {
	struct issuer_key key;
	struct token_keys keys;
	struct policy policy;
};

static const struct token_keys *find_keys(void *context, const struct issuer *issuer,
					  const char *tenant)
{
	expect(issuer && (!tenant || strlen(tenant) == 36));
	return &((struct world *)context)->keys;
}

static struct world *make_world(void)
{
	static struct world world;
	const struct rules_bundle bundle = {.document = {"rules.yaml", rules, sizeof(rules) - 1}};
	cleanup(diags_clear) struct diags diags = {0};
	cleanup(free_ptr) char *jwks = NULL;

	if (world.key.key)
		return &world;
	world.key = issuer_key_make(TOKEN_ES256, "k");
	jwks = issuer_jwks(&world.key, 1);
	expect(token_keys_read(jwks, strlen(jwks), "keys", &diags, &world.keys) == 0);
	expect(policy_read(&bundle, NOW, &diags, &world.policy) == 0);
	return &world;
}

static bool verify(struct world *world, const char *token, size_t length)
{
	const struct token_trust trust = {
		&world->policy, &world->policy.vaults[0], {find_keys, world}};
	struct token_finding finding;

	token_verify(&trust, token, length, NOW, &finding);
	expect((finding.claims != NULL) == (finding.fault == TOKEN_FAULT_NONE));
	if (!finding.claims)
		return false;
	expect(token_is_direct(trust.vault, finding.claims));
	expect(token_check_times(finding.claims, NOW) == TOKEN_FAULT_NONE);
	expect(finding.claims->iss && finding.claims->audience_count > 0);
	claims_free(finding.claims);
	return true;
}

static void read_keys(const char *text, size_t size)
{
	cleanup(token_keys_free) struct token_keys keys = {0};
	cleanup(diags_clear) struct diags diags = {0};
	int r = token_keys_read(text, size, "fuzz", &diags, &keys);

	expect((r == 0) == (diags.errors == 0) && (r == 0) == (keys.count > 0));
	for (size_t i = 0; i < keys.count; i++)
		expect(token_keys_find(&keys, keys.items[i].id) == &keys.items[i]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct world *world = make_world();
	cleanup(free_ptr) char *text = strndup((const char *)data, size);
	cleanup(free_ptr) char *token = NULL;
	char *claims = text ? strchr(text, '\n') : NULL;

	if (!text)
		return 0;
	if (size && data[0] == '{' && !claims)
		read_keys((const char *)data, size);
	claims_free(token_peek((const char *)data, size));
	/* Nobody but the issuer signs. */
	expect(!verify(world, (const char *)data, size));
	if (!claims)
		return 0;
	*claims++ = '\0';
	token = issuer_token_with(&world->key, text, claims);
	(void)verify(world, token, strlen(token));
	return 0;
}
