// SPDX-License-Identifier: Apache-2.0
#include "store.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cleanup.h"
#include "journal.h"
#include "store_file.h"

#define NAME_TEXT 32
#define FILE_MAX  (2 * BUNDLE_JSON_MAX)

/*
 * Earlier versions kept all of it as one JSON. It is read, and never written: saving removes
 * what has the same number, so that one beside a packed file came later, after a downgrade.
 */
enum form { FORM_PACKED, FORM_JSON, FORMS };
static const char *const endings[FORMS] = {".rules", ".json"};

struct store {
	char directory[PATH_MAX];
	int folder; /* state: has `current` */
	int rules;  /* state/rules */
	gid_t group;
	uint32_t current;
};

static void close_file(FILE **file)
{
	if (*file)
		(void)fclose(*file);
}

static void close_folder(DIR **folder)
{
	if (*folder)
		(void)closedir(*folder);
}

static void generation_name(uint32_t generation, enum form form, char name[NAME_TEXT])
{
	(void)snprintf(name, NAME_TEXT, "%010u%s", generation, endings[form]);
}

/* 0 for what is no name of ours. */
static uint32_t name_generation(const char *name)
{
	char again[NAME_TEXT];
	unsigned long value = strtoul(name, NULL, 10);

	if (value == 0 || value > UINT32_MAX)
		return 0;
	for (enum form form = 0; form < FORMS; form++) {
		generation_name((uint32_t)value, form, again);
		if (!strcmp(name, again))
			return (uint32_t)value;
	}
	return 0;
}

static void remove_generation(const struct store *store, uint32_t generation)
{
	char name[NAME_TEXT];

	for (enum form form = 0; form < FORMS; form++) {
		generation_name(generation, form, name);
		(void)unlinkat(store->rules, name, 0);
	}
}

static const char *write_advice(int code)
{
	if (code == -ENOSPC || code == -EDQUOT)
		return "; free some space there and try again";
	return code == -EROFS ? "; mount it writable and try again" : "";
}

static int write_failed(const struct store *store, int code, const char *name, struct fault *fault)
{
	return fault_set(fault, code, "cannot write %s/%s: %s%s", store->directory, name,
			 strerror(-code), write_advice(code));
}

/* Opening. */

static uint32_t read_current(const struct store *store)
{
	cleanup(close_file) FILE *file = NULL;
	cleanup(close_fd) int fd = openat(store->folder, "current", O_RDONLY | O_CLOEXEC);
	char line[NAME_TEXT] = "";
	char *end = line;
	unsigned long value;

	if (fd < 0)
		return 0;
	file = fdopen(fd, "r");
	if (!file)
		return 0;
	fd = -1;
	if (fgets(line, sizeof(line), file))
		line[strcspn(line, "\n")] = '\0';
	value = strtoul(line, &end, 10);
	if (value > 0 && value <= UINT32_MAX && *end == '\0')
		return (uint32_t)value;
	journal(JOURNAL_WARNING, "%s/current is damaged; it is passed over", store->directory);
	return 0;
}

/* What a crash left half-written. */
static void sweep(const struct store *store)
{
	cleanup(close_folder) DIR *folder = NULL;
	const struct dirent *entry;
	const size_t ending = strlen(STORE_FILE_TEMPORARY);
	int fd = openat(store->rules, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	folder = fd < 0 ? NULL : fdopendir(fd);
	if (!folder) {
		close_fd(&fd);
		return;
	}
	while ((entry = readdir(folder)) != NULL) {
		size_t length = strlen(entry->d_name);

		if (length > ending &&
		    !strcmp(entry->d_name + length - ending, STORE_FILE_TEMPORARY))
			(void)unlinkat(store->rules, entry->d_name, 0);
	}
	(void)unlinkat(store->folder, "current" STORE_FILE_TEMPORARY, 0);
}

static void free_store(struct store **store)
{
	store_close(*store);
}

int store_open(const char *directory, gid_t group, struct store **ret_store, struct fault *fault)
{
	cleanup(free_store) struct store *store = calloc(1, sizeof(*store));
	int r;

	if (!store)
		return fault_set(fault, -ENOMEM, "no memory for the store");
	store->folder = store->rules = -1;
	store->group = group;
	(void)snprintf(store->directory, sizeof(store->directory), "%s", directory);
	r = store_folder_open(AT_FDCWD, directory, group, &store->folder);
	if (r == 0)
		r = store_folder_open(store->folder, "rules", group, &store->rules);
	if (r < 0)
		return fault_set(fault, r, "cannot use the folder %s for rules: %s", directory,
				 strerror(-r));
	sweep(store);
	store->current = read_current(store);
	*ret_store = take_ptr(&store);
	return 0;
}

void store_close(struct store *store)
{
	if (!store)
		return;
	close_fd(&store->folder);
	close_fd(&store->rules);
	free(store);
}

/* Which generations there are. */

static int compare_numbers(const void *left, const void *right)
{
	const uint32_t *a = left, *b = right;

	return (*a > *b) - (*a < *b);
}

static int append(uint32_t **numbers, size_t *count, uint32_t number)
{
	uint32_t *more = reallocarray(*numbers, *count + 1, sizeof(*more));

	if (!more)
		return -ENOMEM;
	more[(*count)++] = number;
	*numbers = more;
	return 0;
}

/* Sorts; a generation in both forms is one. */
static size_t order(uint32_t *numbers, size_t count)
{
	size_t kept = 0;

	if (count > 0)
		qsort(numbers, count, sizeof(*numbers), compare_numbers);
	for (size_t i = 0; i < count; i++)
		if (kept == 0 || numbers[kept - 1] != numbers[i])
			numbers[kept++] = numbers[i];
	return kept;
}

int store_list(const struct store *store, uint32_t **ret_generations, size_t *ret_count)
{
	cleanup(close_folder) DIR *folder = NULL;
	cleanup(free_ptr) uint32_t *generations = NULL;
	cleanup(close_fd) int fd = -1;
	const struct dirent *entry;
	size_t count = 0;

	fd = openat(store->rules, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	folder = fd < 0 ? NULL : fdopendir(fd);
	if (!folder)
		return -errno;
	fd = -1;
	while ((entry = readdir(folder)) != NULL) {
		uint32_t generation = name_generation(entry->d_name);

		if (generation && append(&generations, &count, generation) < 0)
			return -ENOMEM;
	}
	*ret_count = order(generations, count);
	*ret_generations = take_ptr(&generations);
	return 0;
}

uint32_t store_current(const struct store *store)
{
	return store->current;
}

uint32_t store_next(const struct store *store)
{
	cleanup(free_ptr) uint32_t *generations = NULL;
	size_t count = 0;
	uint32_t newest = store->current;

	if (store_list(store, &generations, &count) == 0 && count > 0 &&
	    generations[count - 1] > newest)
		newest = generations[count - 1];
	return newest + 1;
}

/* Saving. */

static void prune(struct store *store)
{
	cleanup(free_ptr) uint32_t *generations = NULL;
	size_t count = 0;

	if (store_list(store, &generations, &count) < 0)
		return;
	for (size_t i = 0; i + STORE_KEPT < count; i++)
		store_discard(store, generations[i]);
}

static json_t *stored_line(const struct stored *stored)
{
	char digest[BUNDLE_DIGEST_TEXT];

	bundle_digest_format(stored->digest, digest);
	return json_pack("{s:I, s:I, s:{s:I, s:s}, s:s, s:o}", "generation",
			 (json_int_t)stored->generation, "pushed_at", (json_int_t)stored->pushed_at,
			 "pushed_by", "uid", (json_int_t)stored->uid, "user", stored->user,
			 "digest", digest, "bundle", pack_head(&stored->bundle.rules));
}

int store_save(struct store *store, const struct stored *stored, struct fault *fault)
{
	cleanup(pack_free) struct pack pack = {0};
	json_t *line = stored_line(stored);
	char name[NAME_TEXT];
	int r = line ? pack_make(&stored->bundle.rules, line, &pack) : -ENOMEM;

	json_decref(line);
	if (r < 0)
		return fault_set(fault, r, "no memory to keep the rules");
	generation_name(stored->generation, FORM_PACKED, name);
	r = store_file_write(store->rules, name, store->group, pack.pieces, pack.count);
	if (r < 0)
		return write_failed(store, r, "rules", fault);
	generation_name(stored->generation, FORM_JSON, name);
	(void)unlinkat(store->rules, name, 0);
	prune(store);
	return 0;
}

void store_discard(struct store *store, uint32_t generation)
{
	if (generation != store->current)
		remove_generation(store, generation);
}

void store_discard_newer(struct store *store)
{
	cleanup(free_ptr) uint32_t *generations = NULL;
	size_t count = 0;

	if (store_list(store, &generations, &count) < 0)
		return;
	for (size_t i = 0; i < count; i++)
		if (generations[i] > store->current)
			store_discard(store, generations[i]);
}

int store_commit(struct store *store, uint32_t generation, struct fault *fault)
{
	char text[NAME_TEXT];
	struct pack_piece number = {text, (size_t)snprintf(text, NAME_TEXT, "%u\n", generation)};
	int r = store_file_write(store->folder, "current", store->group, &number, 1);

	if (r < 0)
		return write_failed(store, r, "current", fault);
	store->current = generation;
	return 0;
}

/* Loading. */

static bool read_fields(json_t *line, struct stored *stored, const char **ret_digest,
			json_t **ret_head)
{
	const char *user;
	json_int_t generation, pushed_at, uid;

	if (json_unpack(line, "{s:I, s:I, s:{s:I, s:s}, s:s, s:o}", "generation", &generation,
			"pushed_at", &pushed_at, "pushed_by", "uid", &uid, "user", &user, "digest",
			ret_digest, "bundle", ret_head) < 0)
		return false;
	stored->pushed_at = pushed_at;
	stored->uid = (uid_t)uid;
	(void)snprintf(stored->user, sizeof(stored->user), "%s", user);
	return generation == stored->generation;
}

static int open_bundle(json_t *head, char **block, size_t texts, size_t size, struct bundle *bundle,
		       struct fault *fault)
{
	return texts ? pack_open(head, block, texts, size, bundle, fault)
		     : bundle_from_json(head, bundle, fault);
}

/* `texts` 0: the bundle is JSON. */
static int check_stored(json_t *line, char **block, size_t texts, size_t size,
			struct stored *stored, struct fault *fault)
{
	char text[BUNDLE_DIGEST_TEXT];
	const char *digest = NULL;
	json_t *head = NULL;

	if (!read_fields(line, stored, &digest, &head))
		return fault_set(fault, -EBADMSG, "it does not have the fields of stored rules");
	if (open_bundle(head, block, texts, size, &stored->bundle, fault) < 0)
		return -EBADMSG;
	if (bundle_digest(&stored->bundle.rules, stored->digest) < 0)
		return fault_set(fault, -ENOMEM, "no memory for a digest");
	bundle_digest_format(stored->digest, text);
	if (strcmp(text, digest) != 0)
		return fault_set(fault, -EBADMSG, "its digest does not fit its rules");
	return 0;
}

static int read_line(enum form form, const char *block, size_t size, json_t **ret_line,
		     size_t *ret_texts, struct fault *fault)
{
	json_error_t error;

	if (form == FORM_PACKED)
		return pack_read_line(block, size, ret_line, ret_texts, fault);
	*ret_texts = 0;
	*ret_line = json_loadb(block, size, JSON_REJECT_DUPLICATES, &error);
	return *ret_line ? 0
			 : fault_set(fault, -EBADMSG, "line %d, column %d: %s", error.line,
				     error.column, error.text);
}

static int read_stored(int fd, enum form form, struct stored *stored, struct fault *fault)
{
	cleanup(free_ptr) char *block = NULL;
	size_t size = 0, texts = 0;
	json_t *line = NULL;
	int r = store_file_read(fd, FILE_MAX, &block, &size);

	if (r < 0)
		return fault_set(fault, r == -ENOMEM ? r : -EBADMSG, "%s",
				 r == -EFBIG ? "it is too large for stored rules" : strerror(-r));
	if (read_line(form, block, size, &line, &texts, fault) < 0)
		return -EBADMSG;
	r = check_stored(line, &block, texts, size, stored, fault);
	json_decref(line);
	return r;
}

/* Of both forms the one that was written later. `name` is its name, or the one it would have. */
static int open_generation(const struct store *store, uint32_t generation, enum form *ret_form,
			   char name[NAME_TEXT])
{
	int fd = -1;

	for (enum form form = FORMS; form-- > 0 && fd < 0;) {
		generation_name(generation, form, name);
		*ret_form = form;
		fd = openat(store->rules, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
		if (fd < 0 && errno != ENOENT)
			break;
	}
	return fd;
}

int store_load(const struct store *store, uint32_t generation, struct stored *ret_stored,
	       struct fault *fault)
{
	cleanup(stored_free) struct stored stored = {.generation = generation};
	cleanup(close_fd) int fd = -1;
	enum form form = FORM_PACKED;
	char name[NAME_TEXT] = "";
	int r;

	fd = open_generation(store, generation, &form, name);
	if (fd < 0) {
		r = -errno;
		return fault_set(fault, r, "cannot read %s/rules/%s: %s", store->directory, name,
				 strerror(-r));
	}
	r = read_stored(fd, form, &stored, fault);
	if (r < 0 && fault)
		(void)fault_prefix(fault, "%s/rules/%s is damaged", store->directory, name);
	if (r < 0)
		return r;
	*ret_stored = stored;
	stored = (struct stored){0};
	return 0;
}

/* The one to try after `tried`; 0: none. */
static uint32_t next_candidate(const struct store *store, const uint32_t *generations, size_t count,
			       uint32_t tried)
{
	if (tried == 0 && store->current)
		return store->current;
	for (size_t i = count; i-- > 0;)
		if (generations[i] != store->current &&
		    (tried == 0 || tried == store->current || generations[i] < tried))
			return generations[i];
	return 0;
}

int store_load_good(const struct store *store, uint32_t tried, struct stored *ret_stored)
{
	cleanup(free_ptr) uint32_t *generations = NULL;
	struct fault fault = {0};
	size_t count = 0;
	int r;

	r = store_list(store, &generations, &count);
	if (r < 0)
		return r;
	for (;;) {
		tried = next_candidate(store, generations, count, tried);
		if (!tried)
			return -ENOENT;
		r = store_load(store, tried, ret_stored, &fault);
		if (r == 0)
			return 0;
		journal(JOURNAL_WARNING, "%s; it is passed over", fault.text);
	}
}

void stored_free(struct stored *stored)
{
	bundle_free(&stored->bundle);
	*stored = (struct stored){0};
}
