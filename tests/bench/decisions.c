// SPDX-License-Identifier: Apache-2.0
/*
 * What a decision costs: with a token seen before, with one never seen, and beside both one RS256
 * verification by OpenSSL of the same token and nothing else. Every decision is looked at.
 * Usage: decisions
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "base64.h"
#include "bench_measure.h"
#include "cleanup.h"
#include "gatehouse.h"

#define RUNS_DEFAULT 7
#define VAULTS	     1000
#define VAULT_BYTES  512
#define TOKENS	     16
#define KNOWN_ROUNDS 2000
#define NEW_ROUNDS   20
#define CAPACITY     16384 /* of the cache, as the authoriser has it */

static const char head[] = "version: 1\n"
			   "issuers:\n"
			   "  - name: entra\n"
			   "    issuer: https://login.microsoftonline.com/{tenant}/v2.0\n"
			   "    audiences: [https://vault.azure.net]\n"
			   "trusted_services:\n"
			   "  - name: backup\n"
			   "    ip_rules: [192.0.2.128/28]\n"
			   "    operations: [secrets/get, secrets/backup, keys/get]\n"
			   "    identities:\n"
			   "      - {kind: application, app_id: " GATE_APP "}\n"
			   "vaults:\n"
			   "  - name: contoso\n"
			   "    hostnames: [contoso.vault.example]\n"
			   "    frontends: [203.0.113.10:443]\n"
			   "    tenant: " GATE_TENANT "\n"
			   "    network_acls: {bypass: trusted_services}\n"
			   "    access_policies:\n"
			   "      - {object_id: " GATE_CALLER ", secrets: [get]}\n";

static const char other_vault[] = "  - name: vault-%u\n"
				  "    hostnames: [vault-%u.vault.example]\n"
				  "    frontends: [\"10.0.%u.%u:443\"]\n"
				  "    tenant: " GATE_TENANT "\n"
				  "    network_acls: {bypass: trusted_services}\n";

/* A token, and the same as OpenSSL wants it. */
struct sample {
	char *authorization;
	const char *content;
	size_t length;
	uint8_t signature[256];
};

struct bench {
	struct gate gate;
	char *rules;
	struct sample samples[TOKENS];
	EVP_MD *sha256;
};

static void bench_close(struct bench *bench)
{
	for (size_t i = 0; i < TOKENS; i++)
		free(bench->samples[i].authorization);
	gate_close(&bench->gate);
	EVP_MD_free(bench->sha256);
	free(bench->rules);
}

static char *make_rules(void)
{
	size_t size = sizeof(head) + (size_t)VAULTS * VAULT_BYTES;
	char *rules = malloc(size);
	size_t length;

	assert_non_null(rules);
	length = (size_t)snprintf(rules, size, "%s", head);
	for (unsigned i = 0; i < VAULTS; i++)
		length += (size_t)snprintf(rules + length, size - length, other_vault, i, i,
					   i / 256, i % 256);
	return rules;
}

/* As long as those of Entra are: about 1.5 kB. */
static void make_sample(struct gate *gate, unsigned number, struct sample *sample)
{
	char changes[1024];
	const char *dot;
	int padding = 640;

	(void)snprintf(changes, sizeof(changes), "{\"uti\":\"token-%u\",\"aio\":\"%0*u\"}", number,
		       padding, number);
	gate_token(gate, changes);
	sample->authorization = strdup(gate->authorization);
	assert_non_null(sample->authorization);
	sample->content = strchr(sample->authorization, ' ') + 1;
	dot = strrchr(sample->content, '.');
	sample->length = (size_t)(dot - sample->content);
	assert_int_equal(base64url_size(strlen(dot + 1)), sizeof(sample->signature));
	assert_int_equal(base64url_decode(dot + 1, strlen(dot + 1), sample->signature), 0);
}

static void bench_open(struct bench *bench)
{
	struct gate *gate = &bench->gate;

	bench->rules = make_rules();
	gate_open(gate, bench->rules);
	token_cache_free(gate->authorizer.cache);
	assert_int_equal(token_cache_open(CAPACITY, &gate->authorizer.cache), 0);
	bench->sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
	assert_non_null(bench->sha256);
	for (unsigned i = 0; i < TOKENS; i++)
		make_sample(gate, i, &bench->samples[i]);
}

static double nanoseconds(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

/* Decisions over all tokens; `fresh`: each is as if it were never seen. */
static double decide(struct bench *bench, unsigned rounds, bool fresh)
{
	struct gate *gate = &bench->gate;
	double began = nanoseconds();

	for (unsigned i = 0; i < rounds; i++) {
		gate->authorizer.generation += fresh;
		for (size_t j = 0; j < TOKENS; j++) {
			gate->question.authorization = bench->samples[j].authorization;
			authorize(&gate->authorizer, &gate->question, GATE_NOW, &gate->decision);
			assert_int_equal(gate->decision.reason, AUTHORIZE_TRUSTED_SERVICE);
		}
	}
	return (nanoseconds() - began) / rounds / TOKENS;
}

/* The signature alone, with everything fetched before that can be. */
static double verify(struct bench *bench, unsigned rounds)
{
	EVP_PKEY *key = bench->gate.signers[TOKEN_RS256].key;
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	double began = nanoseconds();

	assert_non_null(context);
	for (unsigned i = 0; i < rounds; i++) {
		for (size_t j = 0; j < TOKENS; j++) {
			const struct sample *sample = &bench->samples[j];

			assert_int_equal(
				EVP_DigestVerifyInit(context, NULL, bench->sha256, NULL, key), 1);
			assert_int_equal(EVP_DigestVerify(context, sample->signature,
							  sizeof(sample->signature),
							  (const uint8_t *)sample->content,
							  sample->length),
					 1);
			EVP_MD_CTX_reset(context);
		}
	}
	EVP_MD_CTX_free(context);
	return (nanoseconds() - began) / rounds / TOKENS;
}

/* What would be a hole if it were fast: a known token, but for one letter of any of its parts. */
static void check_forgeries(struct bench *bench)
{
	struct gate *gate = &bench->gate;
	char *token = bench->samples[0].authorization;
	size_t length = strlen(token);

	gate->question.authorization = token;
	gate_expect(gate, AUTHORIZE_TRUSTED_SERVICE);
	for (size_t i = strlen("Bearer "); i < length; i += 97) {
		char letter = token[i];

		token[i] = letter == 'A' ? 'B' : 'A';
		gate_expect(gate, AUTHORIZE_INVALID_TOKEN);
		token[i] = letter;
	}
	gate_expect(gate, AUTHORIZE_TRUSTED_SERVICE);
}

struct figures {
	struct figure known, fresh, rs256, known_ratio, fresh_ratio;
};

static void report(const struct figures *figures)
{
	(void)figure_report(&figures->known, "decision_known_token", "ns");
	(void)figure_report(&figures->fresh, "decision_new_token", "ns");
	(void)figure_report(&figures->rs256, "rs256_verification", "ns");
	(void)figure_report(&figures->known_ratio, "known_token_over_rs256", "ratio");
	(void)figure_report(&figures->fresh_ratio, "new_token_over_rs256", "ratio");
}

/* The keys are asked for once for each verification, and not for a token that is known. */
static void measure(struct bench *bench, size_t runs)
{
	const size_t *verifications = &bench->gate.key_requests;
	struct figures figures = {0};

	for (size_t i = 0; i <= runs; i++) {
		size_t before = *verifications;
		double rs256 = verify(bench, NEW_ROUNDS);
		double fresh = decide(bench, NEW_ROUNDS, true);
		double known = decide(bench, KNOWN_ROUNDS, false);

		assert_int_equal(*verifications - before, NEW_ROUNDS * TOKENS);
		if (!i)
			continue; /* a warm-up */
		figure_add(&figures.rs256, rs256);
		figure_add(&figures.fresh, fresh);
		figure_add(&figures.known, known);
		figure_add(&figures.fresh_ratio, fresh / rs256);
		figure_add(&figures.known_ratio, known / rs256);
	}
	report(&figures);
}

/* Where an assertion fails, outside of a test, the program ends. */
int main(void)
{
	struct bench bench = {.rules = NULL};

	bench_stay_put();
	bench_open(&bench);
	measure(&bench, bench_runs(RUNS_DEFAULT));
	check_forgeries(&bench);
	bench_close(&bench);
	return EXIT_SUCCESS;
}
