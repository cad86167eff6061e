/* SPDX-License-Identifier: Apache-2.0 */
/* A bundle in either form: what is taken goes out and comes in again as the same rules. */
#include <stdlib.h>
#include <string.h>

#include "bundle_pack.h"
#include "cleanup.h"

static void expect(bool holds)
{
	if (!holds)
		abort();
}

static char *join(const struct pack *pack)
{
	char *block = malloc(pack->size);
	size_t used = 0;

	expect(block);
	for (size_t i = 0; i < pack->count; i++) {
		memcpy(block + used, pack->pieces[i].text, pack->pieces[i].size);
		used += pack->pieces[i].size;
	}
	expect(used == pack->size);
	return block;
}

static void check_digest(const struct rules_bundle *rules, const struct rules_bundle *again)
{
	uint8_t first[BUNDLE_DIGEST], second[BUNDLE_DIGEST];

	expect(bundle_digest(rules, first) == 0 && bundle_digest(again, second) == 0);
	expect(memcmp(first, second, sizeof(first)) == 0);
	expect(strcmp(rules->document.name, again->document.name) == 0);
}

static void check_packed(const struct rules_bundle *rules)
{
	cleanup(bundle_free) struct bundle again = {0};
	cleanup(pack_free) struct pack pack = {0};
	cleanup(free_ptr) char *block = NULL;
	json_t *head = pack_head(rules);
	struct fault fault = {0};

	expect(head && pack_check(rules, &fault) == 0 && pack_make(rules, head, &pack) == 0);
	json_decref(head);
	block = join(&pack);
	expect(pack_read(&block, pack.size, &again, &fault) == 0);
	check_digest(rules, &again.rules);
}

static void check_json(const struct rules_bundle *rules)
{
	cleanup(bundle_free) struct bundle again = {0};
	struct fault fault = {0};
	json_t *json = NULL;

	expect(bundle_to_json(rules, &json, &fault) == 0);
	expect(bundle_from_json(json, &again, &fault) == 0);
	json_decref(json);
	check_digest(rules, &again.rules);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	cleanup(bundle_free) struct bundle packed = {0};
	cleanup(bundle_free) struct bundle plain = {0};
	cleanup(free_ptr) char *block = malloc(size ? size : 1);
	struct fault fault = {0};

	if (!block)
		return 0;
	memcpy(block, data, size);
	if (pack_read(&block, size, &packed, &fault) == 0) {
		check_packed(&packed.rules);
		check_json(&packed.rules);
	}
	if (bundle_parse((const char *)data, size, &plain, &fault) == 0) {
		check_packed(&plain.rules);
		check_json(&plain.rules);
	}
	return 0;
}
