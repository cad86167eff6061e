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
#include "store_parts.h"

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

/* Whether something that is kept goes on from it: of the newest, and of the one in force. */
static bool is_base(const uint32_t *bases, size_t count, uint32_t generation)
{
	for (size_t i = 0; i < count; i++)
		if (bases[i] == generation)
			return true;
	return false;
}

static void prune(struct store *store)
{
	cleanup(free_ptr) uint32_t *generations = NULL;
	uint32_t bases[STORE_KEPT + 1];
	size_t count = 0, base_count = 0, old;

	if (store_list(store, &generations, &count) < 0 || count <= STORE_KEPT)
		return;
	old = count - STORE_KEPT;
	for (size_t i = old; i < count; i++)
		bases[base_count++] = generation_base(store, generations[i]);
	bases[base_count++] = generation_base(store, store->current);
	for (size_t i = 0; i < old; i++)
		if (!is_base(bases, base_count, generations[i]))
			store_discard(store, generations[i]);
}

/* Edits need their base; without it, all of the rules are saved. */
static enum store_form form_of(const struct store *store, const struct stored *stored)
{
	return stored->base && generation_is_whole(store, stored->base) ? FORM_EDITED : FORM_PACKED;
}

static int make_pieces(const struct stored *stored, enum store_form form, struct pack *ret_pack)
{
	const struct rules_bundle only_edits = {.edits = stored->bundle.rules.edits};
	json_t *line = stored_line(stored, form);
	int r = line ? pack_make(form == FORM_EDITED ? &only_edits : &stored->bundle.rules, line,
				 ret_pack)
		     : -ENOMEM;

	json_decref(line);
	return r;
}

int store_save(struct store *store, struct stored *stored, struct fault *fault)
{
	cleanup(pack_free) struct pack pack = {0};
	enum store_form form = form_of(store, stored);
	char name[NAME_TEXT];
	int r = make_pieces(stored, form, &pack);

	if (r < 0)
		return fault_set(fault, r, "no memory to keep the rules");
	generation_name(stored->generation, form, name);
	r = store_file_write(store->rules, name, store->group, pack.pieces, pack.count);
	if (r < 0)
		return write_failed(store, r, "rules", fault);
	if (form != FORM_EDITED)
		stored->base = 0;
	generation_remove(store, stored->generation, form);
	prune(store);
	return 0;
}

void store_discard(struct store *store, uint32_t generation)
{
	if (generation != store->current)
		generation_remove(store, generation, FORMS);
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
