/* SPDX-License-Identifier: Apache-2.0 */
#include "token_keys.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "token_jwk.h"

#define ARENA_BYTES (4 * TOKEN_KEYS_BYTES)
#define ID_BYTES    256 /* longer ones are no key ids but something else */

static const char *const algorithms[TOKEN_ALGORITHM_COUNT] = {
#define X(name) [TOKEN_##name] = #name,
	TOKEN_ALGORITHMS(X)
#undef X
};

enum token_algorithm token_algorithm_find(const char *name)
{
	unsigned int i = 0;

	while (i < TOKEN_ALGORITHM_COUNT && strcmp(algorithms[i], name) != 0)
		i++;
	return (enum token_algorithm)i;
}

void token_keys_free(struct token_keys *keys)
{
	if (!keys)
		return;
	for (size_t i = 0; i < keys->count; i++)
		EVP_PKEY_free(keys->items[i].key);
	arena_free_all(&keys->arena);
	*keys = (struct token_keys){0};
}

static void free_json(json_t **json)
{
	json_decref(*json);
}

/* A set on its way from text. */
struct keys_reader {
	const char *name;
	struct diags *diags;
	struct token_keys keys;
	bool no_memory;
};

static void reader_free(struct keys_reader *reader)
{
	token_keys_free(&reader->keys);
}

static int refuse(const struct keys_reader *reader, const char *problem)
{
	diags_add(reader->diags, DIAG_ERROR, reader->name, 0, 0, "%s", problem);
	return -EINVAL;
}

static void leave_out(const struct keys_reader *reader, size_t number, const char *id,
		      const char *problem)
{
	char quote[DIAG_QUOTE_MAX];

	if (id)
		diags_add(reader->diags, DIAG_WARNING, reader->name, 0, 0,
			  "key '%s' is left out: %s",
			  diag_quote(quote, sizeof(quote), id, strlen(id)), problem);
	else
		diags_add(reader->diags, DIAG_WARNING, reader->name, 0, 0,
			  "key number %zu is left out: %s", number + 1, problem);
}

static char *copy_text(struct keys_reader *reader, const json_t *text)
{
	char *copy =
		arena_copy(&reader->keys.arena, json_string_value(text), json_string_length(text));

	reader->no_memory |= !copy;
	return copy;
}

static void read_key(struct keys_reader *reader, size_t number, const json_t *jwk)
{
	const json_t *id = json_object_get(jwk, "kid");
	const json_t *issuer = json_object_get(jwk, "issuer");
	struct token_key *key = &reader->keys.items[reader->keys.count];
	const char *problem = NULL;

	*key = (struct token_key){0};
	if (!json_is_string(id) || json_string_length(id) == 0)
		return leave_out(reader, number, NULL, "it has no 'kid'");
	if (json_string_length(id) >= ID_BYTES)
		return leave_out(reader, number, NULL, "its 'kid' is too long");
	if (issuer && !json_is_string(issuer))
		problem = "its 'issuer' is no text";
	if (!problem)
		problem = token_jwk_read(jwk, key);
	if (problem)
		return leave_out(reader, number, json_string_value(id), problem);
	if (json_object_get(jwk, "d"))
		diags_add(reader->diags, DIAG_WARNING, reader->name, 0, 0,
			  "the set holds a private key; whoever can read it can sign tokens");
	reader->keys.count++;
	key->id = copy_text(reader, id);
	key->issuer = issuer ? copy_text(reader, issuer) : NULL;
}

static int compare_ids(const void *left, const void *right)
{
	return strcmp(((const struct token_key *)left)->id, ((const struct token_key *)right)->id);
}

/* Which of two keys of one name is meant, nobody can tell: neither. */
static void drop_namesakes(struct keys_reader *reader)
{
	struct token_keys *keys = &reader->keys;
	size_t kept = 0;
	size_t end = 0;

	qsort(keys->items, keys->count, sizeof(*keys->items), compare_ids);
	for (size_t i = 0; i < keys->count; i = end) {
		for (end = i + 1; end < keys->count; end++)
			if (strcmp(keys->items[i].id, keys->items[end].id) != 0)
				break;
		if (end == i + 1) {
			keys->items[kept++] = keys->items[i];
			continue;
		}
		leave_out(reader, i, keys->items[i].id, "another key has the same 'kid'");
		for (size_t j = i; j < end; j++)
			EVP_PKEY_free(keys->items[j].key);
	}
	keys->count = kept;
}

static int read_list(struct keys_reader *reader, const json_t *list)
{
	const json_t *jwk;
	size_t i;

	if (!json_is_array(list))
		return refuse(reader, "it is no JWK set: it has no list of 'keys'");
	if (json_array_size(list) > TOKEN_KEYS_MAX)
		return refuse(reader, "it has more than 1000 keys");
	arena_init(&reader->keys.arena, ARENA_BYTES);
	reader->keys.items = arena_alloc(&reader->keys.arena,
					 (json_array_size(list) + 1) * sizeof(struct token_key));
	if (!reader->keys.items)
		return -ENOMEM;
	json_array_foreach(list, i, jwk) if (!reader->no_memory) read_key(reader, i, jwk);
	if (reader->no_memory)
		return -ENOMEM;
	drop_namesakes(reader);
	if (reader->keys.count > 0)
		return 0;
	(void)refuse(reader, "it has no key that counts");
	return -ENODATA;
}

int token_keys_read(const char *text, size_t size, const char *name, struct diags *diags,
		    struct token_keys *ret_keys)
{
	cleanup(reader_free) struct keys_reader reader = {.name = name, .diags = diags};
	cleanup(free_json) json_t *set = NULL;
	json_error_t error;
	int r;

	if (size > TOKEN_KEYS_BYTES)
		return refuse(&reader, "it is larger than 1 MiB");
	set = json_loadb(text, size, JSON_REJECT_DUPLICATES, &error);
	if (!set) {
		diags_add(diags, DIAG_ERROR, name, (uint32_t)(error.line > 0 ? error.line : 0),
			  (uint32_t)(error.column > 0 ? error.column : 0), "it is no JSON: %s",
			  error.text);
		return -EINVAL;
	}
	r = read_list(&reader, json_object_get(set, "keys"));
	if (r < 0)
		return r;
	*ret_keys = reader.keys;
	reader.keys = (struct token_keys){0};
	return 0;
}

const struct token_key *token_keys_find(const struct token_keys *keys, const char *id)
{
	const struct token_key wanted = {.id = id};

	if (keys->count == 0)
		return NULL;
	return bsearch(&wanted, keys->items, keys->count, sizeof(*keys->items), compare_ids);
}
