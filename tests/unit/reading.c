// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cleanup.h"
#include "reading.h"

#define DOCUMENT                                                                                   \
	"version: 1\n"                                                                             \
	"ip_sets:\n"                                                                               \
	"  - {name: a, file: a.txt}\n"                                                             \
	"  - {name: b, file: lists/b.txt}\n"

/* A folder with a document in it, and the working directory elsewhere. */
struct place {
	char folder[64];
	char document[128];
};

static void put(const struct place *place, const char *name, const char *text)
{
	char path[256];
	FILE *file;

	(void)snprintf(path, sizeof(path), "%s/%s", place->folder, name);
	file = fopen(path, "we");
	assert_non_null(file);
	(void)fputs(text, file);
	assert_int_equal(fclose(file), 0);
}

static int make_place(void **state)
{
	struct place *place = test_calloc(1, sizeof(*place));

	strcpy(place->folder, "/tmp/vaultwall-reading-XXXXXX");
	assert_non_null(mkdtemp(place->folder));
	(void)snprintf(place->document, sizeof(place->document), "%s/rules.yaml", place->folder);
	put(place, "rules.yaml", DOCUMENT);
	put(place, "a.txt", "10.0.0.0/8\n");
	*state = place;
	return 0;
}

static int end_place(void **state)
{
	static const char *const names[] = {"rules.yaml", "a.txt", "lists/b.txt", "pipe"};
	struct place *place = *state;
	char path[256];

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", place->folder, names[i]);
		(void)unlink(path);
	}
	(void)snprintf(path, sizeof(path), "%s/lists", place->folder);
	(void)rmdir(path);
	(void)rmdir(place->folder);
	test_free(place);
	return 0;
}

static void make_folder(const struct place *place, const char *name)
{
	char path[256];

	(void)snprintf(path, sizeof(path), "%s/%s", place->folder, name);
	assert_int_equal(mkdir(path, 0700), 0);
}

static void files_are_found_beside_the_document(void **state)
{
	struct place *place = *state;
	cleanup(diags_clear) struct diags diags = {0};
	cleanup(reading_free) struct reading reading = {0};
	struct fault fault = {0};

	make_folder(place, "lists");
	put(place, "lists/b.txt", "192.0.2.1\n");
	assert_int_equal(reading_open(place->document, &diags, &reading, &fault), 0);
	assert_int_equal(diags.errors, 0);
	assert_string_equal(reading.bundle.document.text, DOCUMENT);
	assert_int_equal(reading.bundle.document.size, strlen(DOCUMENT));
	assert_int_equal(reading.bundle.file_count, 2);
	assert_string_equal(reading.bundle.files[0].name, "a.txt");
	assert_string_equal(reading.bundle.files[0].text, "10.0.0.0/8\n");
	assert_string_equal(reading.bundle.files[1].name, "lists/b.txt");
	assert_string_equal(reading.bundle.files[1].text, "192.0.2.1\n");
}

static void a_missing_file_is_told_where_it_is_named(void **state)
{
	struct place *place = *state;
	cleanup(diags_clear) struct diags diags = {0};
	cleanup(reading_free) struct reading reading = {0};
	struct fault fault = {0};

	assert_int_equal(reading_open(place->document, &diags, &reading, &fault), 0);
	assert_int_equal(diags.errors, 1);
	assert_int_equal(diags.items[0].line, 4);
	assert_int_equal(diags.items[0].column, 21);
	assert_non_null(strstr(diags.items[0].text, "lists/b.txt': No such file or directory"));
	assert_int_equal(reading.bundle.file_count, 2);
	assert_int_equal(reading.bundle.files[1].size, 0);
}

static void a_folder_in_place_of_a_file_is_told(void **state)
{
	struct place *place = *state;
	cleanup(diags_clear) struct diags diags = {0};
	cleanup(reading_free) struct reading reading = {0};
	struct fault fault = {0};

	put(place, "rules.yaml", "ip_sets: [{name: a, file: lists}]\n");
	make_folder(place, "lists");
	assert_int_equal(reading_open(place->document, &diags, &reading, &fault), 0);
	assert_int_equal(diags.errors, 1);
	assert_non_null(strstr(diags.items[0].text, "Is a directory"));
}

static void devices_are_refused(void **state)
{
	struct place *place = *state;
	cleanup(diags_clear) struct diags diags = {0};
	cleanup(reading_free) struct reading reading = {0};
	struct fault fault = {0};

	put(place, "rules.yaml", "ip_sets: [{name: a, file: /dev/zero}]\n");
	assert_int_equal(reading_open(place->document, &diags, &reading, &fault), 0);
	assert_int_equal(diags.errors, 1);
	assert_non_null(strstr(diags.items[0].text, "neither a regular file nor a pipe"));
}

static void a_document_that_is_not_there_is_a_fault(void **state)
{
	cleanup(diags_clear) struct diags diags = {0};
	cleanup(reading_free) struct reading reading = {0};
	struct fault fault = {0};

	(void)state;
	assert_int_equal(reading_open("/nowhere/rules.yaml", &diags, &reading, &fault), -ENOENT);
	assert_string_equal(fault.text,
			    "cannot read /nowhere/rules.yaml: No such file or directory");
	assert_int_equal(reading_open("/tmp", &diags, &reading, &fault), -EISDIR);
	assert_int_equal(reading_open("/dev/null", &diags, &reading, &fault), -EINVAL);
}

static void a_file_that_is_too_large_is_refused(void **state)
{
	struct place *place = *state;
	cleanup(diags_clear) struct diags diags = {0};
	cleanup(reading_free) struct reading reading = {0};
	struct fault fault = {0};

	/* Sparse: it costs no disk. */
	assert_int_equal(truncate(place->document, (off_t)READING_FILE_MAX + 1), 0);
	assert_int_equal(reading_open(place->document, &diags, &reading, &fault), -EFBIG);
	assert_non_null(strstr(fault.text, "larger than 64 MiB"));
}

static void broken_yaml_is_left_to_whoever_judges_it(void **state)
{
	struct place *place = *state;
	cleanup(diags_clear) struct diags diags = {0};
	cleanup(reading_free) struct reading reading = {0};
	struct fault fault = {0};

	put(place, "rules.yaml", "ip_sets: [\n");
	assert_int_equal(reading_open(place->document, &diags, &reading, &fault), 0);
	assert_int_equal(diags.errors, 0);
	assert_int_equal(reading.bundle.file_count, 0);
}

#define IN_PLACE(test) cmocka_unit_test_setup_teardown(test, make_place, end_place)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_PLACE(files_are_found_beside_the_document),
		IN_PLACE(a_missing_file_is_told_where_it_is_named),
		IN_PLACE(a_folder_in_place_of_a_file_is_told),
		IN_PLACE(devices_are_refused),
		IN_PLACE(a_document_that_is_not_there_is_a_fault),
		IN_PLACE(a_file_that_is_too_large_is_refused),
		IN_PLACE(broken_yaml_is_left_to_whoever_judges_it),
	};

	return cmocka_run_group_tests_name("reading", tests, NULL, NULL);
}
