// SPDX-License-Identifier: Apache-2.0
#include "reading.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cleanup.h"
#include "yaml.h"

#define NAMES_MEMORY_MAX ((size_t)64 << 20)
#define FIRST_BUFFER	 ((size_t)64 << 10)

struct text {
	char *bytes;
	size_t size, capacity;
};

static void free_text(struct text *text)
{
	free(text->bytes);
}

/* Device files are refused: some never end, and some do things when they are read. */
static int check_kind(int fd, struct fault *fault)
{
	struct stat status;

	if (fstat(fd, &status) < 0)
		return fault_set(fault, -errno, "%s", strerror(errno));
	if (S_ISDIR(status.st_mode))
		return fault_set(fault, -EISDIR, "%s", strerror(EISDIR));
	if (!S_ISREG(status.st_mode) && !S_ISFIFO(status.st_mode))
		return fault_set(fault, -EINVAL, "neither a regular file nor a pipe");
	return 0;
}

static int grow(struct text *text, struct fault *fault)
{
	size_t capacity = text->capacity ? text->capacity * 2 : FIRST_BUFFER;
	char *bytes;

	if (text->size + 1 < text->capacity)
		return 0;
	bytes = realloc(text->bytes, capacity);
	if (!bytes)
		return fault_set(fault, -ENOMEM, "out of memory");
	text->bytes = bytes;
	text->capacity = capacity;
	return 0;
}

static int read_all(int fd, struct text *text, struct fault *fault)
{
	ssize_t got = 1;

	while (got != 0) {
		int ret = grow(text, fault);

		if (ret < 0)
			return ret;
		got = read(fd, text->bytes + text->size, text->capacity - text->size - 1);
		if (got < 0 && errno != EINTR)
			return fault_set(fault, -errno, "%s", strerror(errno));
		text->size += got > 0 ? (size_t)got : 0;
		if (text->size > READING_FILE_MAX)
			return fault_set(fault, -EFBIG, "larger than %zu MiB",
					 READING_FILE_MAX >> 20);
	}
	text->bytes[text->size] = '\0';
	return 0;
}

static int read_path(struct reading *reading, const char *path, char **ret_bytes, size_t *ret_size,
		     struct fault *fault)
{
	cleanup(close_fd) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	cleanup(free_text) struct text text = {0};
	int ret;

	if (fd < 0)
		return fault_set(fault, -errno, "%s", strerror(errno));
	ret = check_kind(fd, fault);
	if (ret == 0)
		ret = read_all(fd, &text, fault);
	if (ret < 0)
		return ret;
	if (reading->total + text.size > READING_TOTAL_MAX)
		return fault_set(fault, -EFBIG, "all files together are larger than %zu MiB",
				 READING_TOTAL_MAX >> 20);
	reading->total += text.size;
	*ret_size = text.size;
	*ret_bytes = take_ptr(&text.bytes);
	return 0;
}

/* Whoever pipes rules in may also type them: standard input is taken as it is. */
static int read_stdin(struct reading *reading, size_t *ret_size, struct fault *fault)
{
	cleanup(free_text) struct text text = {0};
	int ret = read_all(STDIN_FILENO, &text, fault);

	if (ret < 0)
		return ret;
	reading->total = text.size;
	*ret_size = text.size;
	reading->document = take_ptr(&text.bytes);
	return 0;
}

static int read_document(struct reading *reading, const char *path, struct fault *fault)
{
	struct rules_file *document = &reading->bundle.document;
	bool piped = strcmp(path, "-") == 0;
	int ret;

	document->name = piped ? READING_STDIN : path;
	if (piped)
		ret = read_stdin(reading, &document->size, fault);
	else
		ret = read_path(reading, path, &reading->document, &document->size, fault);
	if (ret < 0)
		return fault_prefix(fault, "cannot read %s", document->name);
	document->text = reading->document;
	return 0;
}

/* Where the document names the file, for the error; 0:0 if it is not to be found. */
static void find_name(const struct rules_file *document, const char *name, uint32_t *ret_line,
		      uint32_t *ret_column)
{
	cleanup(yaml_free) struct yaml_document yaml = {0};
	cleanup(diags_clear) struct diags ignored = {0};
	const struct yaml_node *sets;

	*ret_line = *ret_column = 0;
	(void)yaml_read_key(document->text, document->size, document->name, "ip_sets", &ignored,
			    &yaml);
	sets = yaml_get(yaml.root, "ip_sets");
	for (const struct yaml_node *set = sets ? sets->children : NULL; set; set = set->next) {
		const struct yaml_node *file = yaml_get(set, "file");

		if (!file || !file->text || strcmp(file->text, name) != 0)
			continue;
		*ret_line = file->line;
		*ret_column = file->column;
		return;
	}
}

static void report_missing(const struct reading *reading, const char *name, const char *path,
			   const struct fault *fault, struct diags *diags)
{
	const struct rules_file *document = &reading->bundle.document;
	uint32_t line, column;

	find_name(document, name, &line, &column);
	diags_add(diags, DIAG_ERROR, document->name, line, column, "cannot read file '%s': %s",
		  path, fault->text);
}

/* A relative name counts from the document's folder. */
static char *locate(const char *document, const char *name)
{
	const char *slash = strrchr(document, '/');
	int folder = slash && name[0] != '/' ? (int)(slash - document) + 1 : 0;
	char *path = NULL;

	return asprintf(&path, "%.*s%s", folder, document, name) < 0 ? NULL : path;
}

static int read_file(struct reading *reading, const char *document, const char *name,
		     struct diags *diags)
{
	struct rules_file *file = &reading->bundle.files[reading->bundle.file_count++];
	cleanup(free_ptr) char *path = locate(document, name);
	struct fault fault = {0};
	char *bytes = NULL;

	if (!path)
		return -ENOMEM;
	*file = (struct rules_file){.name = name, .text = ""};
	if (read_path(reading, path, &bytes, &file->size, &fault) < 0) {
		report_missing(reading, name, path, &fault, diags);
		return 0;
	}
	file->text = bytes;
	reading->texts[reading->text_count++] = bytes;
	return 0;
}

static int read_files(struct reading *reading, const char *path, struct diags *diags)
{
	cleanup(diags_clear) struct diags ignored = {0};
	const char **names = NULL;
	size_t count = 0;
	int ret;

	arena_init(&reading->names, NAMES_MEMORY_MAX);
	/* Faults of the document are found again, and told, by whoever judges it. */
	ret = policy_file_names(&reading->bundle.document, &ignored, &reading->names, &names,
				&count);
	if (ret < 0)
		return ret == -ENOMEM ? ret : 0;
	reading->bundle.files = calloc(count + 1, sizeof(*reading->bundle.files));
	reading->texts = calloc(count + 1, sizeof(*reading->texts));
	if (!reading->bundle.files || !reading->texts)
		return -ENOMEM;
	for (size_t i = 0; i < count && ret == 0; i++)
		ret = read_file(reading, path, names[i], diags);
	return ret;
}

int reading_open(const char *path, struct diags *diags, struct reading *ret_reading,
		 struct fault *fault)
{
	cleanup(reading_free) struct reading reading = {0};
	int ret = read_document(&reading, path, fault);

	if (ret < 0)
		return ret;
	ret = read_files(&reading, path, diags);
	if (ret < 0)
		return fault_set(fault, ret, "cannot read %s: %s", path, strerror(-ret));
	*ret_reading = reading;
	reading = (struct reading){0};
	return 0;
}

void reading_free(struct reading *reading)
{
	for (size_t i = 0; i < reading->text_count; i++)
		free(reading->texts[i]);
	free(reading->texts);
	free(reading->bundle.files);
	free(reading->document);
	arena_free_all(&reading->names);
	*reading = (struct reading){0};
}
