// SPDX-License-Identifier: Apache-2.0
#include "bundle.h"

#include <errno.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "policy_edit.h"

static int is_key(const char *key)
{
	return !strcmp(key, "name") || !strcmp(key, "rules") || !strcmp(key, "files") ||
	       !strcmp(key, "edits");
}

static int check_keys(json_t *json, struct fault *fault)
{
	if (!json_is_object(json))
		return fault_set(fault, -EINVAL, "a rules bundle is a JSON object");
	for (void *i = json_object_iter(json); i; i = json_object_iter_next(json, i))
		if (!is_key(json_object_iter_key(i)))
			return fault_set(fault, -EINVAL, "a rules bundle has no key \"%.40s\"",
					 json_object_iter_key(i));
	return 0;
}

int bundle_check_name(const char *name, size_t length, struct fault *fault)
{
	if (length == 0 || length > BUNDLE_NAME_MAX)
		return fault_set(fault, -EINVAL, "a file's name has 1 to %d bytes",
				 BUNDLE_NAME_MAX);
	for (size_t i = 0; i < length; i++)
		if ((unsigned char)name[i] < ' ' || name[i] == 0x7f)
			return fault_set(fault, -EINVAL, "a file's name holds a control character");
	return 0;
}

static struct rules_file file_view(const char *name, const json_t *text)
{
	return (struct rules_file){
		.name = name,
		.text = json_string_value(text),
		.size = json_string_length(text),
	};
}

static int read_document(struct bundle *bundle, struct fault *fault)
{
	const json_t *name = json_object_get(bundle->json, "name");
	const json_t *rules = json_object_get(bundle->json, "rules");
	int r;

	if (!json_is_string(name) || !json_is_string(rules))
		return fault_set(fault, -EINVAL,
				 "a rules bundle has the strings \"name\" and \"rules\"");
	r = bundle_check_name(json_string_value(name), json_string_length(name), fault);
	if (r < 0)
		return r;
	bundle->rules.document = file_view(json_string_value(name), rules);
	return 0;
}

static int read_edits(struct bundle *bundle, struct fault *fault)
{
	const json_t *edits = json_object_get(bundle->json, "edits");

	if (edits && !json_is_string(edits))
		return fault_set(fault, -EINVAL, "\"edits\" of a rules bundle is a string");
	if (edits)
		bundle->rules.edits = file_view(EDITS_FILE, edits);
	return 0;
}

static int read_file(struct bundle *bundle, const char *name, const json_t *text,
		     struct fault *fault)
{
	if (!json_is_string(text))
		return fault_set(fault, -EINVAL, "the text of a file is a string");
	bundle->rules.files[bundle->rules.file_count++] = file_view(name, text);
	return bundle_check_name(name, strlen(name), fault);
}

static int read_files(struct bundle *bundle, struct fault *fault)
{
	json_t *files = json_object_get(bundle->json, "files");
	size_t count = json_object_size(files);
	int r = 0;

	if (files && !json_is_object(files))
		return fault_set(fault, -EINVAL, "\"files\" of a rules bundle is an object");
	if (count > BUNDLE_FILES_MAX)
		return fault_set(fault, -EINVAL, "a rules bundle has at most %d files",
				 BUNDLE_FILES_MAX);
	if (count == 0)
		return 0;
	bundle->rules.files = calloc(count, sizeof(*bundle->rules.files));
	if (!bundle->rules.files)
		return fault_set(fault, -ENOMEM, "no memory for a rules bundle");
	for (void *i = json_object_iter(files); r == 0 && i; i = json_object_iter_next(files, i))
		r = read_file(bundle, json_object_iter_key(i), json_object_iter_value(i), fault);
	return r;
}

int bundle_from_json(json_t *json, struct bundle *ret_bundle, struct fault *fault)
{
	cleanup(bundle_free) struct bundle bundle = {.json = json_incref(json)};
	int r;

	r = check_keys(json, fault);
	if (r < 0)
		return r;
	r = read_document(&bundle, fault);
	if (r < 0)
		return r;
	r = read_files(&bundle, fault);
	if (r == 0)
		r = read_edits(&bundle, fault);
	if (r < 0)
		return r;
	*ret_bundle = bundle;
	bundle = (struct bundle){0};
	return 0;
}

int bundle_parse(const char *text, size_t size, struct bundle *ret_bundle, struct fault *fault)
{
	json_error_t error;
	json_t *json;
	int r;

	if (size > BUNDLE_JSON_MAX)
		return fault_set(fault, -EINVAL, "a rules bundle has at most %zu MiB",
				 BUNDLE_JSON_MAX >> 20);
	json = json_loadb(text, size, JSON_REJECT_DUPLICATES, &error);
	if (!json)
		return fault_set(fault, -EINVAL, "not a rules bundle: line %d, column %d: %s",
				 error.line, error.column, error.text);
	r = bundle_from_json(json, ret_bundle, fault);
	json_decref(json);
	return r;
}

static json_t *text_json(const struct rules_file *file)
{
	return memchr(file->text, 0, file->size) ? NULL : json_stringn(file->text, file->size);
}

static json_t *files_json(const struct rules_bundle *rules, const char **ret_culprit)
{
	json_t *files = json_object();

	for (size_t i = 0; i < rules->file_count; i++) {
		if (!json_object_set_new(files, rules->files[i].name, text_json(&rules->files[i])))
			continue;
		*ret_culprit = rules->files[i].name;
		json_decref(files);
		return NULL;
	}
	return files;
}

int bundle_to_json(const struct rules_bundle *rules, json_t **ret_json, struct fault *fault)
{
	const char *culprit = rules->document.name;
	json_t *name = json_string(rules->document.name);
	json_t *text = text_json(&rules->document);
	json_t *files = name && text ? files_json(rules, &culprit) : NULL;
	json_t *edits = rules->edits.size ? text_json(&rules->edits) : NULL;
	json_t *json;

	json = json_pack("{s:o*, s:o*, s:o*, s:o*}", "name", name, "rules", text, "files", files,
			 "edits", edits);
	if (!name || !text || !files) {
		json_decref(json);
		return fault_set(fault, -EINVAL, "%.200s is not UTF-8 text", culprit);
	}
	if (!json)
		return fault_set(fault, -ENOMEM, "no memory for a rules bundle");
	*ret_json = json;
	return 0;
}

int bundle_set_edits(struct bundle *bundle, const char *text, size_t size)
{
	char *copy = malloc(size + 1);

	if (!copy)
		return -ENOMEM;
	memcpy(copy, text, size);
	copy[size] = '\0';
	free(bundle->edits);
	bundle->edits = copy;
	bundle->rules.edits = (struct rules_file){EDITS_FILE, copy, size};
	return 0;
}

void bundle_free(struct bundle *bundle)
{
	free(bundle->rules.files);
	free(bundle->block);
	free(bundle->edits);
	json_decref(bundle->json);
	*bundle = (struct bundle){0};
}

static void free_digest_context(EVP_MD_CTX **context)
{
	EVP_MD_CTX_free(*context);
}

static int digest_piece(EVP_MD_CTX *context, const char *bytes, size_t size)
{
	uint8_t length[8];

	for (size_t i = 0; i < sizeof(length); i++)
		length[i] = (uint8_t)(size >> (8 * i));
	return EVP_DigestUpdate(context, length, sizeof(length)) &&
	       EVP_DigestUpdate(context, bytes, size);
}

static int compare_names(const void *left, const void *right)
{
	const struct rules_file *a = left, *b = right;

	return strcmp(a->name, b->name);
}

static int digest_files(EVP_MD_CTX *context, const struct rules_bundle *rules)
{
	cleanup(free_ptr) struct rules_file *sorted = NULL;
	int good = 1;

	if (rules->file_count == 0)
		return 1;
	sorted = calloc(rules->file_count, sizeof(*sorted));
	if (!sorted)
		return 0;
	memcpy(sorted, rules->files, rules->file_count * sizeof(*sorted));
	qsort(sorted, rules->file_count, sizeof(*sorted), compare_names);
	for (size_t i = 0; good && i < rules->file_count; i++)
		good = digest_piece(context, sorted[i].name, strlen(sorted[i].name)) &&
		       digest_piece(context, sorted[i].text, sorted[i].size);
	return good;
}

int bundle_digest_document(const struct rules_bundle *rules, uint8_t ret_digest[BUNDLE_DIGEST])
{
	cleanup(free_digest_context) EVP_MD_CTX *context = EVP_MD_CTX_new();

	if (!context || !EVP_DigestInit_ex(context, EVP_sha256(), NULL) ||
	    !digest_piece(context, rules->document.text, rules->document.size) ||
	    !digest_files(context, rules) || !EVP_DigestFinal_ex(context, ret_digest, NULL))
		return -ENOMEM;
	return 0;
}

int bundle_digest_edits(const uint8_t document[BUNDLE_DIGEST], const struct rules_file *edits,
			uint8_t ret_digest[BUNDLE_DIGEST])
{
	cleanup(free_digest_context) EVP_MD_CTX *context = EVP_MD_CTX_new();

	if (edits->size == 0) {
		memmove(ret_digest, document, BUNDLE_DIGEST);
		return 0;
	}
	if (!context || !EVP_DigestInit_ex(context, EVP_sha256(), NULL) ||
	    !digest_piece(context, EDITS_FILE, strlen(EDITS_FILE)) ||
	    !EVP_DigestUpdate(context, document, BUNDLE_DIGEST) ||
	    !digest_piece(context, edits->text, edits->size) ||
	    !EVP_DigestFinal_ex(context, ret_digest, NULL))
		return -ENOMEM;
	return 0;
}

int bundle_digest(const struct rules_bundle *rules, uint8_t ret_digest[BUNDLE_DIGEST])
{
	int r = bundle_digest_document(rules, ret_digest);

	return r < 0 ? r : bundle_digest_edits(ret_digest, &rules->edits, ret_digest);
}

void bundle_digest_format(const uint8_t digest[BUNDLE_DIGEST], char text[BUNDLE_DIGEST_TEXT])
{
	for (size_t i = 0; i < BUNDLE_DIGEST; i++)
		(void)snprintf(text + 2 * i, 3, "%02x", digest[i]);
}
