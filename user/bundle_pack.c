// SPDX-License-Identifier: Apache-2.0
#include "bundle_pack.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "policy_edit.h"
#include "utf8.h"

static void release(json_t **json)
{
	json_decref(*json);
}

/* The way out. */

static int check_text(const struct rules_file *file, struct fault *fault)
{
	return utf8_is_text(file->text, file->size)
		       ? 0
		       : fault_set(fault, -EINVAL, "%.200s is not UTF-8 text", file->name);
}

static int check_file(const struct rules_file *file, struct fault *fault)
{
	if (!utf8_is_text(file->name, strlen(file->name)))
		return fault_set(fault, -EINVAL, "the name of the file %.200s is not UTF-8 text",
				 file->name);
	return check_text(file, fault);
}

int pack_check(const struct rules_bundle *rules, struct fault *fault)
{
	int r = check_file(&rules->document, fault);

	for (size_t i = 0; i < rules->file_count && r == 0; i++)
		r = check_file(&rules->files[i], fault);
	return r;
}

static json_t *entry_of(const struct rules_file *file)
{
	return json_pack("{s:s, s:I}", "name", file->name, "size", (json_int_t)file->size);
}

json_t *pack_head(const struct rules_bundle *rules)
{
	cleanup(release) json_t *head = entry_of(&rules->document);
	cleanup(release) json_t *files = json_array();

	for (size_t i = 0; i < rules->file_count; i++)
		if (json_array_append_new(files, entry_of(&rules->files[i])) < 0)
			return NULL;
	if (rules->file_count && json_object_set(head, "files", files) < 0)
		return NULL;
	if (rules->edits.size &&
	    json_object_set_new(head, "edits", json_integer((json_int_t)rules->edits.size)) < 0)
		return NULL;
	return head ? json_incref(head) : NULL;
}

static void add_piece(struct pack *pack, const char *text, size_t size)
{
	pack->pieces[pack->count++] = (struct pack_piece){text, size};
	pack->size += size;
}

int pack_make(const struct rules_bundle *rules, const json_t *line, struct pack *ret_pack)
{
	cleanup(pack_free) struct pack pack = {
		.pieces = calloc(rules->file_count + 4, sizeof(*pack.pieces)),
		.line = json_dumps(line, JSON_COMPACT),
	};

	if (!pack.pieces || !pack.line)
		return -ENOMEM;
	add_piece(&pack, pack.line, strlen(pack.line));
	add_piece(&pack, "\n", 1);
	add_piece(&pack, rules->document.text, rules->document.size);
	for (size_t i = 0; i < rules->file_count; i++)
		add_piece(&pack, rules->files[i].text, rules->files[i].size);
	if (rules->edits.size)
		add_piece(&pack, rules->edits.text, rules->edits.size);
	*ret_pack = pack;
	pack = (struct pack){0};
	return 0;
}

void pack_free(struct pack *pack)
{
	free(pack->pieces);
	free(pack->line);
	*pack = (struct pack){0};
}

char *pack_text(const struct rules_bundle *rules)
{
	cleanup(pack_free) struct pack pack = {0};
	cleanup(release) json_t *head = pack_head(rules);
	char *text;
	size_t used = 0;

	if (!head || pack_make(rules, head, &pack) < 0)
		return NULL;
	text = malloc(pack.size + 1);
	for (size_t i = 0; text && i < pack.count; i++) {
		memcpy(text + used, pack.pieces[i].text, pack.pieces[i].size);
		used += pack.pieces[i].size;
	}
	if (text)
		text[used] = '\0';
	return text;
}

/* The way in: every number and name is somebody's claim. */

/* Texts that have not been dealt out yet. */
struct rest {
	const char *at;
	size_t size;
};

static int take_piece(const char *name, const json_t *number, struct rest *rest,
		      struct rules_file *ret_file, struct fault *fault)
{
	json_int_t size = json_integer_value(number);

	if (!json_is_integer(number) || size < 0)
		return fault_set(fault, -EINVAL, "the size of a packed text is a number");
	if ((uint64_t)size > rest->size)
		return fault_set(fault, -EINVAL, "the packed texts are cut short");
	*ret_file = (struct rules_file){name, rest->at, (size_t)size};
	rest->at += size;
	rest->size -= (size_t)size;
	return check_text(ret_file, fault);
}

static int take_text(const json_t *entry, struct rest *rest, struct rules_file *ret_file,
		     struct fault *fault)
{
	const json_t *name = json_object_get(entry, "name");
	const json_t *number = json_object_get(entry, "size");
	int r;

	if (!json_is_string(name) || !json_is_integer(number) || json_integer_value(number) < 0)
		return fault_set(fault, -EINVAL, "a packed text has a \"name\" and a \"size\"");
	r = bundle_check_name(json_string_value(name), json_string_length(name), fault);
	return r < 0 ? r : take_piece(json_string_value(name), number, rest, ret_file, fault);
}

static int check_keys(json_t *object, size_t known, struct fault *fault)
{
	return json_object_size(object) == known
		       ? 0
		       : fault_set(fault, -EINVAL, "the head of packed rules has an unknown key");
}

static int take_files(const json_t *files, struct rest *rest, struct bundle *bundle,
		      struct fault *fault)
{
	cleanup(release) json_t *seen = json_object();
	json_t *entry;
	size_t i;

	if (json_array_size(files) > BUNDLE_FILES_MAX)
		return fault_set(fault, -EINVAL, "a rules bundle has at most %d files",
				 BUNDLE_FILES_MAX);
	bundle->rules.files = calloc(json_array_size(files) + 1, sizeof(*bundle->rules.files));
	if (!bundle->rules.files || !seen)
		return fault_set(fault, -ENOMEM, "no memory for a rules bundle");
	json_array_foreach(files, i, entry)
	{
		struct rules_file *file = &bundle->rules.files[bundle->rules.file_count++];
		int r = take_text(entry, rest, file, fault);

		if (r == 0)
			r = check_keys(entry, 2, fault);
		if (r < 0)
			return r;
		if (json_object_get(seen, file->name))
			return fault_set(fault, -EINVAL, "a rules bundle has two files \"%.200s\"",
					 file->name);
		(void)json_object_set_new(seen, file->name, json_true());
	}
	return 0;
}

int pack_open(json_t *head, char **block, size_t texts, size_t size, struct bundle *ret_bundle,
	      struct fault *fault)
{
	cleanup(bundle_free) struct bundle bundle = {.json = json_incref(head)};
	struct rest rest = {*block + texts, size - texts};
	json_t *files = json_object_get(head, "files");
	json_t *edits = json_object_get(head, "edits");
	int r = take_text(head, &rest, &bundle.rules.document, fault);

	if (r == 0)
		r = check_keys(head, 2U + (files ? 1 : 0) + (edits ? 1 : 0), fault);
	if (r == 0 && files && !json_is_array(files))
		r = fault_set(fault, -EINVAL, "\"files\" of packed rules is a list");
	if (r == 0 && files)
		r = take_files(files, &rest, &bundle, fault);
	if (r == 0 && edits)
		r = take_piece(EDITS_FILE, edits, &rest, &bundle.rules.edits, fault);
	if (r == 0 && rest.size)
		r = fault_set(fault, -EINVAL, "behind the packed texts there is more");
	if (r < 0)
		return r;
	bundle.block = take_ptr(block);
	*ret_bundle = bundle;
	bundle = (struct bundle){0};
	return 0;
}

int pack_read_line(const char *block, size_t size, json_t **ret_line, size_t *ret_texts,
		   struct fault *fault)
{
	size_t most = size < PACK_LINE_MAX ? size : PACK_LINE_MAX;
	const char *end = block ? memchr(block, '\n', most) : NULL;
	json_error_t error;
	json_t *line;

	if (!end)
		return fault_set(fault, -EINVAL, "packed rules begin with a line of JSON");
	line = json_loadb(block, (size_t)(end - block), JSON_REJECT_DUPLICATES, &error);
	if (!json_is_object(line)) {
		json_decref(line);
		return fault_set(fault, -EINVAL, "packed rules begin with a line of JSON: %s",
				 line ? "it is no object" : error.text);
	}
	*ret_line = line;
	*ret_texts = (size_t)(end + 1 - block);
	return 0;
}

int pack_read(char **block, size_t size, struct bundle *ret_bundle, struct fault *fault)
{
	cleanup(release) json_t *head = NULL;
	size_t texts = 0;
	int r = pack_read_line(*block, size, &head, &texts, fault);

	return r < 0 ? r : pack_open(head, block, texts, size, ret_bundle, fault);
}
