// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cleanup.h"
#include "gate_file.h"
#include "gate_folder.h"

/* A folder of a test's own, and FILE in it. */
struct place {
	char folder[64], path[96];
	struct gate_file file;
};

static int make_place(void **state)
{
	struct place *place = test_calloc(1, sizeof(*place));

	strcpy(place->folder, "/tmp/vaultwall-gate-XXXXXX");
	assert_non_null(mkdtemp(place->folder));
	(void)snprintf(place->path, sizeof(place->path), "%s/gate.conf", place->folder);
	place->file = GATE_FILE_CLOSED;
	*state = place;
	return 0;
}

static int end_place(void **state)
{
	struct place *place = *state;
	DIR *folder = opendir(place->folder);
	const struct dirent *entry;

	gate_file_close(&place->file);
	while (folder && (entry = readdir(folder)) != NULL)
		(void)unlinkat(dirfd(folder), entry->d_name, 0);
	if (folder)
		(void)closedir(folder);
	(void)rmdir(place->folder);
	test_free(place);
	return 0;
}

static const char *inside(const struct place *place, const char *name)
{
	static char path[128];

	(void)snprintf(path, sizeof(path), "%s/%s", place->folder, name);
	return path;
}

static void put(const struct place *place, const char *name, const char *text)
{
	FILE *file = fopen(inside(place, name), "w");

	assert_non_null(file);
	(void)fputs(text, file);
	(void)fclose(file);
	(void)chmod(inside(place, name), 0640);
}

/* NULL: there is none. */
static void holds(const struct place *place, const char *name, const char *expected)
{
	char text[100] = "";
	FILE *file = fopen(inside(place, name), "r");

	assert_int_equal(file != NULL, expected != NULL);
	if (!file)
		return;
	text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
	(void)fclose(file);
	assert_string_equal(text, expected);
}

static void open_it(struct place *place)
{
	struct fault fault = {0};

	if (gate_file_open(place->path, &place->file, &fault) < 0)
		fail_msg("%s", fault.text);
}

/* Whoever kept it is killed, and somebody else begins. */
static void die_and_open(struct place *place)
{
	gate_file_close(&place->file);
	open_it(place);
}

static void write_new(struct place *place, const char *text)
{
	assert_int_equal(gate_file_write(&place->file, text, strlen(text), NULL), 0);
}

static int open_code(const char *path)
{
	cleanup(gate_file_close) struct gate_file file = GATE_FILE_CLOSED;
	struct fault fault = {0};
	int r = gate_file_open(path, &file, &fault);

	assert_int_equal(r < 0, fault.text[0] != '\0');
	return r;
}

/* The way of a change. */

static void a_change_that_is_accepted_stays(void **state)
{
	struct place *place = *state;
	struct stat status;

	put(place, "gate.conf", "before");
	open_it(place);
	write_new(place, "after");
	assert_int_equal(gate_file_put_in(&place->file, false, NULL), 0);
	holds(place, "gate.conf", "after");
	assert_true(place->file.unsettled);
	assert_int_equal(gate_file_settle(&place->file, NULL), 0);
	assert_false(place->file.unsettled);
	assert_int_equal(stat(place->path, &status), 0);
	assert_int_equal(status.st_mode & 07777, 0640);
	die_and_open(place);
	assert_false(place->file.unsettled);
	holds(place, "gate.conf", "after");
	holds(place, ".gate.conf.old", NULL);
}

static void a_change_that_is_refused_is_taken_back(void **state)
{
	struct place *place = *state;
	struct stat before, after;

	put(place, "gate.conf", "before");
	assert_int_equal(stat(place->path, &before), 0);
	open_it(place);
	write_new(place, "after");
	assert_int_equal(gate_file_put_in(&place->file, false, NULL), 0);
	assert_int_equal(gate_file_put_back(&place->file, NULL), 0);
	holds(place, "gate.conf", "before");
	assert_int_equal(stat(place->path, &after), 0);
	assert_int_equal(after.st_ino, before.st_ino); /* the very file */
	holds(place, ".gate.conf.refused", "after");
	assert_false(place->file.unsettled);
	die_and_open(place);
	assert_false(place->file.unsettled);
}

static void a_first_one_that_is_refused_leaves_none(void **state)
{
	struct place *place = *state;

	open_it(place);
	write_new(place, "after");
	assert_int_equal(gate_file_put_in(&place->file, false, NULL), 0);
	assert_int_equal(gate_file_put_back(&place->file, NULL), 0);
	holds(place, "gate.conf", NULL);
	holds(place, ".gate.conf.refused", "after");
}

static void one_that_was_tested_before_can_be_refused(void **state)
{
	struct place *place = *state;

	put(place, "gate.conf", "before");
	open_it(place);
	write_new(place, "after");
	assert_int_equal(gate_file_refuse(&place->file, NULL), 0);
	holds(place, "gate.conf", "before");
	holds(place, ".gate.conf.new", NULL);
	holds(place, ".gate.conf.refused", "after");
}

/* Crashes. */

static void a_crash_while_writing_changes_nothing(void **state)
{
	struct place *place = *state;

	put(place, "gate.conf", "before");
	open_it(place);
	write_new(place, "after");
	die_and_open(place);
	holds(place, "gate.conf", "before");
	holds(place, ".gate.conf.new", NULL);
	assert_false(place->file.unsettled);
}

static void a_crash_before_the_verdict_puts_the_old_one_back(void **state)
{
	struct place *place = *state;

	put(place, "gate.conf", "before");
	open_it(place);
	write_new(place, "after");
	assert_int_equal(gate_file_put_in(&place->file, false, NULL), 0);
	die_and_open(place);
	holds(place, "gate.conf", "before");
	assert_true(place->file.unsettled);
	/* Still so after the next crash: nobody has told nginx yet. */
	die_and_open(place);
	holds(place, "gate.conf", "before");
	assert_true(place->file.unsettled);
	assert_int_equal(gate_file_settle(&place->file, NULL), 0);
	die_and_open(place);
	assert_false(place->file.unsettled);
}

static void a_crash_with_the_first_one_leaves_none(void **state)
{
	struct place *place = *state;

	open_it(place);
	write_new(place, "after");
	assert_int_equal(gate_file_put_in(&place->file, false, NULL), 0);
	die_and_open(place);
	holds(place, "gate.conf", NULL);
	assert_true(place->file.unsettled);
}

static void a_crash_after_a_test_beforehand_keeps_the_new_one(void **state)
{
	struct place *place = *state;

	put(place, "gate.conf", "before");
	open_it(place);
	write_new(place, "after");
	assert_int_equal(gate_file_put_in(&place->file, true, NULL), 0);
	die_and_open(place);
	holds(place, "gate.conf", "after");
	assert_true(place->file.unsettled);
}

/* Between two steps of putting it in, and of settling. */
static void a_crash_between_steps_is_seen(void **state)
{
	struct place *place = *state;
	char old[128];

	put(place, "gate.conf", "before");
	put(place, ".gate.conf.pending", ""); /* made, and nothing written yet */
	open_it(place);
	holds(place, "gate.conf", "before");
	assert_true(place->file.unsettled);

	put(place, ".gate.conf.pending", "old");
	(void)snprintf(old, sizeof(old), "%s", inside(place, ".gate.conf.old"));
	assert_int_equal(link(place->path, old), 0); /* linked, but not replaced */
	die_and_open(place);
	holds(place, "gate.conf", "before");
	holds(place, ".gate.conf.old", NULL);

	die_and_open(place); /* .old is gone, .pending not yet */
	holds(place, "gate.conf", "before");
	assert_true(place->file.unsettled);
}

static void a_change_after_a_crash_goes_back_to_what_was_tested(void **state)
{
	struct place *place = *state;

	put(place, "gate.conf", "before");
	open_it(place);
	write_new(place, "between");
	assert_int_equal(gate_file_put_in(&place->file, false, NULL), 0);
	/* Nobody put it back: the next one must not take it for tested. */
	write_new(place, "after");
	assert_int_equal(gate_file_put_in(&place->file, false, NULL), 0);
	holds(place, "gate.conf", "after");
	assert_int_equal(gate_file_put_back(&place->file, NULL), 0);
	holds(place, "gate.conf", "before");
}

/* What it is. */

static void the_same_bytes_are_seen(void **state)
{
	struct place *place = *state;

	open_it(place);
	assert_int_equal(gate_file_holds(&place->file, "text", 4, NULL), 0);
	assert_int_equal(gate_file_state(&place->file).inode, 0);
	put(place, "gate.conf", "text");
	assert_int_equal(gate_file_holds(&place->file, "text", 4, NULL), 1);
	assert_int_equal(gate_file_holds(&place->file, "texT", 4, NULL), 0);
	assert_int_equal(gate_file_holds(&place->file, "tex", 3, NULL), 0);
	assert_int_equal(gate_file_holds(&place->file, "texts", 5, NULL), 0);
	assert_int_not_equal(gate_file_state(&place->file).inode, 0);
}

static void a_link_or_a_file_of_others_is_refused(void **state)
{
	struct place *place = *state;
	struct fault fault = {0};

	open_it(place);
	assert_int_equal(symlink("/etc/passwd", place->path), 0);
	assert_true(gate_file_holds(&place->file, "text", 4, &fault) < 0);
	assert_int_equal(unlink(place->path), 0);
	put(place, "gate.conf", "text");
	assert_int_equal(chmod(place->path, 0666), 0);
	assert_int_equal(gate_file_holds(&place->file, "text", 4, &fault), -EPERM);
}

static void another_is_refused(void **state)
{
	struct place *place = *state;

	open_it(place);
	assert_int_equal(open_code(place->path), -EBUSY);
	gate_file_close(&place->file);
	assert_int_equal(open_code(place->path), 0);
}

/* Folders. */

static void a_folder_that_others_write_to_is_refused(void **state)
{
	struct place *place = *state;
	struct fault fault = {0};
	size_t length = strlen(place->folder);

	assert_int_equal(chmod(place->folder, 0777), 0);
	assert_int_equal(open_code(place->path), -EPERM);
	assert_int_equal(chmod(place->folder, 01777), 0);
	assert_int_equal(gate_file_open(place->path, &place->file, &fault), -EPERM);
	assert_memory_equal(fault.text, place->folder, length);
	assert_int_equal(fault.text[length], ' ');
	assert_int_equal(chmod(place->folder, 0770), 0);
	assert_int_equal(open_code(place->path), -EPERM);
	assert_int_equal(chmod(place->folder, 0755), 0);
	assert_int_equal(open_code(place->path), 0);
}

static void a_link_on_the_way_is_refused(void **state)
{
	struct place *place = *state;
	char path[128];

	(void)snprintf(path, sizeof(path), "%s/link", place->folder);
	assert_int_equal(symlink(place->folder, path), 0);
	assert_int_equal(open_code(inside(place, "link/gate.conf")), -EPERM);
}

static void paths_are_plain(void **state)
{
	static const char *const bad[] = {"/",	   "",	      "/a/", "/a//b", "/a/./b",
					  "/a/..", "/a/../b", ".",   ".."};
	char path[PATH_TEXT], longest[400];

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(gate_folder_path(bad[i], path, NULL), -EINVAL);
	memset(longest, 'x', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	longest[0] = '/';
	assert_int_equal(gate_folder_path(longest, path, NULL), -EINVAL);
	assert_int_equal(gate_folder_path("/a/.b/..c", path, NULL), 0);
	assert_string_equal(path, "/a/.b/..c");
	assert_int_equal(chdir("/tmp"), 0);
	assert_int_equal(gate_folder_path("x/y", path, NULL), 0);
	assert_string_equal(path, "/tmp/x/y");
	/* Room for the names beside it. */
	longest[252] = '\0';
	assert_int_equal(open_code(longest), -EINVAL);
	assert_int_equal(open_code("/nonexistent/folder/x"), -ENOENT);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_place, end_place)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_change_that_is_accepted_stays),
		TEST(a_change_that_is_refused_is_taken_back),
		TEST(a_first_one_that_is_refused_leaves_none),
		TEST(one_that_was_tested_before_can_be_refused),
		TEST(a_crash_while_writing_changes_nothing),
		TEST(a_crash_before_the_verdict_puts_the_old_one_back),
		TEST(a_crash_with_the_first_one_leaves_none),
		TEST(a_crash_after_a_test_beforehand_keeps_the_new_one),
		TEST(a_crash_between_steps_is_seen),
		TEST(a_change_after_a_crash_goes_back_to_what_was_tested),
		TEST(the_same_bytes_are_seen),
		TEST(a_link_or_a_file_of_others_is_refused),
		TEST(another_is_refused),
		TEST(a_folder_that_others_write_to_is_refused),
		TEST(a_link_on_the_way_is_refused),
		cmocka_unit_test(paths_are_plain),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
