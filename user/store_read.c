// SPDX-License-Identifier: Apache-2.0
/* A generation's file: what it is called, what its line says, and how it is read. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bytes.h"
#include "cleanup.h"
#include "policy_edit.h"
#include "store_parts.h"

#define FILE_MAX (2 * BUNDLE_JSON_MAX)

/* Bytes that hold the line of an edited generation: numbers, digests and a user. */
#define LINE_MAX_EDITED 2048

static const char *const endings[FORMS] = {".edits", ".rules", ".json"};

static void release(json_t **json)
{
	json_decref(*json);
}

/* Names. */

void generation_name(uint32_t generation, enum store_form form, char name[NAME_TEXT])
{
	(void)snprintf(name, NAME_TEXT, "%010u%s", generation, endings[form]);
}

uint32_t name_generation(const char *name)
{
	char again[NAME_TEXT];
	unsigned long value = strtoul(name, NULL, 10);

	if (value == 0 || value > UINT32_MAX)
		return 0;
	for (enum store_form form = 0; form < FORMS; form++) {
		generation_name((uint32_t)value, form, again);
		if (!strcmp(name, again))
			return (uint32_t)value;
	}
	return 0;
}

void generation_remove(const struct store *store, uint32_t generation, enum store_form but)
{
	char name[NAME_TEXT];

	for (enum store_form form = 0; form < FORMS; form++) {
		if (form == but)
			continue;
		generation_name(generation, form, name);
		(void)unlinkat(store->rules, name, 0);
	}
}

bool generation_is_whole(const struct store *store, uint32_t generation)
{
	char name[NAME_TEXT];

	for (enum store_form form = FORM_PACKED; form < FORMS; form++) {
		generation_name(generation, form, name);
		if (faccessat(store->rules, name, F_OK, 0) == 0)
			return true;
	}
	return false;
}

/* Lines. */

json_t *stored_line(const struct stored *stored, enum store_form form)
{
	char digest[BUNDLE_DIGEST_TEXT], document[BUNDLE_DIGEST_TEXT];
	cleanup(release) json_t *line = NULL;
	int r;

	bundle_digest_format(stored->digest, digest);
	bundle_digest_format(stored->document, document);
	line = json_pack("{s:I, s:I, s:{s:I, s:s}, s:s}", "generation",
			 (json_int_t)stored->generation, "pushed_at", (json_int_t)stored->pushed_at,
			 "pushed_by", "uid", (json_int_t)stored->uid, "user", stored->user,
			 "digest", digest);
	if (form == FORM_EDITED)
		r = json_object_set_new(line, "base",
					json_pack("{s:I, s:s}", "generation",
						  (json_int_t)stored->base, "digest", document));
	else
		r = json_object_set_new(line, "bundle", pack_head(&stored->bundle.rules));
	return r < 0 ? NULL : json_incref(line);
}

static bool read_fields(json_t *line, struct stored *stored, const char **ret_digest)
{
	const char *user;
	json_int_t generation, pushed_at, uid;

	if (json_unpack(line, "{s:I, s:I, s:{s:I, s:s}, s:s}", "generation", &generation,
			"pushed_at", &pushed_at, "pushed_by", "uid", &uid, "user", &user, "digest",
			ret_digest) < 0)
		return false;
	stored->pushed_at = pushed_at;
	stored->uid = (uid_t)uid;
	(void)snprintf(stored->user, sizeof(stored->user), "%s", user);
	return generation == stored->generation;
}

/* An edit goes on from what was there before it. */
static uint32_t read_base(const json_t *line, uint32_t generation, const char **ret_digest)
{
	json_int_t base = 0;

	if (json_unpack((json_t *)line, "{s:{s:I, s:s}}", "base", "generation", &base, "digest",
			ret_digest) < 0 ||
	    base <= 0 || base >= generation)
		return 0;
	return (uint32_t)base;
}

static bool is_digest(const uint8_t digest[BUNDLE_DIGEST], const char *text)
{
	char mine[BUNDLE_DIGEST_TEXT];

	bundle_digest_format(digest, mine);
	return !strcmp(mine, text);
}

/* Reading. */

static int open_bundle(json_t *line, char **block, size_t texts, size_t size, struct bundle *bundle,
		       struct fault *fault)
{
	json_t *head = json_object_get(line, "bundle");

	if (!head)
		return fault_set(fault, -EBADMSG, "it does not have the fields of stored rules");
	return texts ? pack_open(head, block, texts, size, bundle, fault)
		     : bundle_from_json(head, bundle, fault);
}

static int check_digests(struct stored *stored, const char *digest, struct fault *fault)
{
	if (bundle_digest_edits(stored->document, &stored->bundle.rules.edits, stored->digest) < 0)
		return fault_set(fault, -ENOMEM, "no memory for a digest");
	if (!is_digest(stored->digest, digest))
		return fault_set(fault, -EBADMSG, "its digest does not fit its rules");
	return 0;
}

/* `texts` 0: the bundle is JSON. */
static int check_whole(json_t *line, char **block, size_t texts, size_t size, struct stored *stored,
		       struct fault *fault)
{
	const char *digest = NULL;

	if (!read_fields(line, stored, &digest))
		return fault_set(fault, -EBADMSG, "it does not have the fields of stored rules");
	if (open_bundle(line, block, texts, size, &stored->bundle, fault) < 0)
		return -EBADMSG;
	if (bundle_digest_document(&stored->bundle.rules, stored->document) < 0)
		return fault_set(fault, -ENOMEM, "no memory for a digest");
	return check_digests(stored, digest, fault);
}

static int read_line(enum store_form form, const char *block, size_t size, json_t **ret_line,
		     size_t *ret_texts, struct fault *fault)
{
	json_error_t error;

	if (form != FORM_JSON)
		return pack_read_line(block, size, ret_line, ret_texts, fault);
	*ret_texts = 0;
	*ret_line = json_loadb(block, size, JSON_REJECT_DUPLICATES, &error);
	return *ret_line ? 0
			 : fault_set(fault, -EBADMSG, "line %d, column %d: %s", error.line,
				     error.column, error.text);
}

/* A generation's file, not looked into yet. Starts as {0}. */
struct sheet {
	enum store_form form;
	char name[NAME_TEXT];
	json_t *line;
	char *block;
	size_t size, texts; /* of the block; where the texts begin in it */
};

static void sheet_free(struct sheet *sheet)
{
	json_decref(sheet->line);
	free(sheet->block);
}

/* Of the forms from `least` on the one that was written last. */
static int sheet_open(const struct store *store, uint32_t generation, enum store_form least,
		      struct sheet *sheet)
{
	int fd = -1;

	for (enum store_form form = FORMS; form-- > least && fd < 0;) {
		generation_name(generation, form, sheet->name);
		sheet->form = form;
		fd = openat(store->rules, sheet->name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
		if (fd < 0 && errno != ENOENT)
			break;
	}
	return fd;
}

static int sheet_fill(int fd, struct sheet *sheet, struct fault *fault)
{
	int r = store_file_read(fd, FILE_MAX, &sheet->block, &sheet->size);

	if (r < 0)
		return fault_set(fault, r == -ENOMEM ? r : -EBADMSG, "%s",
				 r == -EFBIG ? "it is too large for stored rules" : strerror(-r));
	return read_line(sheet->form, sheet->block, sheet->size, &sheet->line, &sheet->texts,
			 fault) < 0
		       ? -EBADMSG
		       : 0;
}

static int damaged(const struct store *store, const struct sheet *sheet, int code,
		   struct fault *fault)
{
	if (code < 0 && fault)
		(void)fault_prefix(fault, "%s/rules/%s is damaged", store->directory, sheet->name);
	return code;
}

static int sheet_read(const struct store *store, uint32_t generation, enum store_form least,
		      struct sheet *sheet, struct fault *fault)
{
	cleanup(close_fd) int fd = sheet_open(store, generation, least, sheet);
	int r = -errno;

	if (fd < 0)
		return fault_set(fault, r, "cannot read %s/rules/%s: %s", store->directory,
				 sheet->name, strerror(-r));
	return damaged(store, sheet, sheet_fill(fd, sheet, fault), fault);
}

static int load_whole(const struct store *store, uint32_t generation, struct stored *stored,
		      struct fault *fault)
{
	cleanup(sheet_free) struct sheet sheet = {0};
	int r = sheet_read(store, generation, FORM_PACKED, &sheet, fault);

	if (r < 0)
		return r;
	stored->generation = generation;
	return damaged(
		store, &sheet,
		check_whole(sheet.line, &sheet.block, sheet.texts, sheet.size, stored, fault),
		fault);
}

/* Takes the bundle of the base, and puts these edits in the place of its own. */
static int check_edited(const struct store *store, json_t *line, const char *text, size_t size,
			struct stored *stored, struct fault *fault)
{
	cleanup(stored_free) struct stored base = {0};
	const char *digest = NULL, *document = NULL;
	int r;

	stored->base = read_base(line, stored->generation, &document);
	if (!stored->base || !read_fields(line, stored, &digest))
		return fault_set(fault, -EBADMSG, "it does not have the fields of stored edits");
	r = load_whole(store, stored->base, &base, fault);
	if (r < 0)
		return r == -ENOMEM ? r : -EBADMSG;
	if (!is_digest(base.document, document))
		return fault_set(fault, -EBADMSG, "generation %u is not the one that was edited",
				 stored->base);
	memcpy(stored->document, base.document, sizeof(stored->document));
	stored->bundle = base.bundle;
	base.bundle = (struct bundle){0};
	r = bundle_set_edits(&stored->bundle, text, size);
	return r < 0 ? fault_set(fault, r, "no memory for the edits")
		     : check_digests(stored, digest, fault);
}

int store_load(const struct store *store, uint32_t generation, struct stored *ret_stored,
	       struct fault *fault)
{
	cleanup(stored_free) struct stored stored = {.generation = generation};
	cleanup(sheet_free) struct sheet sheet = {0};
	int r = sheet_read(store, generation, FORM_EDITED, &sheet, fault);

	if (r < 0)
		return r;
	if (sheet.form == FORM_EDITED)
		r = check_edited(store, sheet.line, sheet.block + sheet.texts,
				 sheet.size - sheet.texts, &stored, fault);
	else
		r = check_whole(sheet.line, &sheet.block, sheet.texts, sheet.size, &stored, fault);
	if (r < 0)
		return damaged(store, &sheet, r, fault);
	*ret_stored = stored;
	stored = (struct stored){0};
	return 0;
}

uint32_t generation_base(const struct store *store, uint32_t generation)
{
	cleanup(close_fd) int fd = -1;
	cleanup(release) json_t *line = NULL;
	char name[NAME_TEXT], text[LINE_MAX_EDITED];
	const char *digest;
	size_t size = 0, texts = 0;

	generation_name(generation, FORM_EDITED, name);
	fd = openat(store->rules, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0 || bytes_read(fd, text, sizeof(text) - 1, &size) < 0 ||
	    pack_read_line(text, size, &line, &texts, NULL) < 0)
		return 0;
	return read_base(line, generation, &digest);
}
