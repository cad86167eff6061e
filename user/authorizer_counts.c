// SPDX-License-Identifier: Apache-2.0
#include "authorizer_counts.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"

#define ARENA_MAX ((size_t)256 << 20)

static const struct {
	const char *code;
	const char *error;
} kinds[ANSWER_KINDS] = {
	[ANSWER_ALLOWED] = {"200", ""},
	[ANSWER_CHALLENGE] = {"401", ""},
	[ANSWER_INVALID_TOKEN] = {"401", "invalid_token"},
	[ANSWER_FIREWALL] = {"403", "ForbiddenByFirewall"},
	[ANSWER_POLICY] = {"403", "ForbiddenByPolicy"},
};

const char *answer_kind_code(enum answer_kind kind)
{
	return kinds[kind].code;
}

const char *answer_kind_error(enum answer_kind kind)
{
	return kinds[kind].error;
}

static struct answer_counts *find(const struct gate_counts *counts, const char *vault)
{
	const void *found = vault ? names_find(&counts->names, vault) : NULL;
	struct answer_counts *row;

	if (!found)
		return counts->vaults;
	memcpy(&row, &found, sizeof(found));
	return row;
}

/* Adds a row that begins where an older one of its name ends. */
static int add_row(struct gate_counts *counts, const struct gate_counts *older, const char *vault)
{
	struct answer_counts *row = &counts->vaults[counts->vault_count];
	const struct answer_counts *before = older->vaults ? find(older, vault) : NULL;
	const void *there = NULL;

	row->vault = arena_copy(&counts->arena, vault, strlen(vault));
	if (!row->vault)
		return -ENOMEM;
	if (before && !strcmp(before->vault, vault))
		memcpy(row->answers, before->answers, sizeof(row->answers));
	counts->vault_count++;
	return names_add(&counts->names, &counts->arena, row->vault, row, &there);
}

int gate_counts_follow(struct gate_counts *counts, const struct policy *policy)
{
	cleanup(gate_counts_free) struct gate_counts next = {0};
	struct gate_counts older;
	int r;

	arena_init(&next.arena, ARENA_MAX);
	next.vaults = arena_alloc(&next.arena, (policy->vault_count + 1) * sizeof(*next.vaults));
	r = next.vaults ? add_row(&next, counts, "") : -ENOMEM;
	for (size_t i = 0; i < policy->vault_count && r == 0; i++)
		r = add_row(&next, counts, policy->vaults[i].name);
	if (r < 0)
		return r;
	older = *counts;
	*counts = next;
	next = older;
	return 0;
}

void gate_counts_free(struct gate_counts *counts)
{
	arena_free_all(&counts->arena);
}

void gate_counts_add(struct gate_counts *counts, const char *vault, enum answer_kind kind)
{
	if (counts->vaults)
		find(counts, vault)->answers[kind]++;
}

uint64_t gate_counts_total(const struct gate_counts *counts, enum answer_kind kind)
{
	uint64_t total = 0;

	for (size_t i = 0; i < counts->vault_count; i++)
		total += counts->vaults[i].answers[kind];
	return total;
}

static void close_stream(FILE **stream)
{
	if (*stream)
		(void)fclose(*stream);
}

/* Names of vaults are plain words: nothing in them has to be escaped. */
static void print_row(FILE *out, const struct answer_counts *row)
{
	for (unsigned kind = 0; kind < ANSWER_KINDS; kind++)
		if (row->answers[kind])
			(void)fprintf(out,
				      "vaultwall_gate_requests_total{vault=\"%s\",code=\"%s\","
				      "error=\"%s\"} %" PRIu64 "\n",
				      row->vault, kinds[kind].code, kinds[kind].error,
				      row->answers[kind]);
}

char *gate_counts_print(const struct gate_counts *counts)
{
	cleanup(free_ptr) char *text = NULL;
	cleanup(close_stream) FILE *out = NULL;
	size_t size = 0;

	out = open_memstream(&text, &size);
	if (!out)
		return NULL;
	(void)fputs("# HELP vaultwall_gate_requests_total Requests that the gate decided.\n"
		    "# TYPE vaultwall_gate_requests_total counter\n",
		    out);
	for (size_t i = 0; i < counts->vault_count; i++)
		print_row(out, &counts->vaults[i]);
	return fflush(out) == 0 && !ferror(out) ? strdup(text) : NULL;
}
