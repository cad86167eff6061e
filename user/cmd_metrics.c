// SPDX-License-Identifier: Apache-2.0
/*
 * The kernel prints the metrics; this only finds them, so it works with the agent dead.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ask.h"
#include "cleanup.h"
#include "command.h"
#include "exposition.h"

#define METRICS_MAX  ((size_t)256 << 20)
#define FIRST_BUFFER ((size_t)64 << 10)

static void close_file(FILE **file)
{
	if (*file)
		(void)fclose(*file);
}

/* Only root may enter /sys/fs/bpf on many hosts; the agent's own mount is for everybody. */
static FILE *open_metrics(const struct invocation *call, char path[PATH_TEXT], int *ret_error)
{
	const char *const folders[] = {call->paths.bpf, call->paths.metrics_mount};
	FILE *file = NULL;

	for (size_t i = 0; i < 2 && !file; i++) {
		(void)snprintf(path, PATH_TEXT, "%.240s/metrics", folders[i]);
		file = fopen(path, "re");
		/* "Permission denied" says more than that the second is not there either. */
		if (!file && *ret_error != EACCES)
			*ret_error = errno;
	}
	return file;
}

static int tell_missing(const struct invocation *call, int error)
{
	struct fault fault = {0};

	if (error == EACCES)
		(void)fault_set(
			&fault, -error,
			"permission denied: %s/metrics is for root, and %s/metrics for everybody "
			"is not there: is the agent running?",
			call->paths.bpf, call->paths.metrics_mount);
	else if (error == ENOENT)
		(void)fault_set(
			&fault, -error,
			"instance '%s' has no metrics (no %s/metrics): its agent was not started "
			"since this host was",
			call->paths.instance, call->paths.bpf);
	else
		(void)fault_set(&fault, -error, "cannot read %s/metrics: %s", call->paths.bpf,
				strerror(error));
	return ask_fail(call, STATUS_UNREACHABLE, fault.text);
}

/* All of the file; NULL and errno if that fails. */
static char *read_metrics(FILE *file)
{
	cleanup(free_ptr) char *text = NULL;
	size_t capacity = FIRST_BUFFER;
	size_t used = 0;

	while (capacity <= METRICS_MAX) {
		char *grown = realloc(text, capacity);

		if (!grown)
			return NULL;
		text = grown;
		used += fread(text + used, 1, capacity - used - 1, file);
		if (ferror(file))
			return NULL;
		text[used] = '\0';
		if (feof(file))
			return take_ptr(&text);
		capacity *= 2;
	}
	errno = EFBIG;
	return NULL;
}

static int print_json(const struct invocation *call, const char *path, const char *text)
{
	size_t bad_line = 0;
	json_t *samples = exposition_parse(text, &bad_line);
	struct fault fault = {0};

	if (!samples) {
		(void)fault_set(&fault, -EBADMSG, "line %zu of %s is no metric", bad_line, path);
		return ask_fail(call, STATUS_UNREACHABLE, fault.text);
	}
	/* An array's elements on lines of their own, and short: there may be many. */
	(void)fputs("{\"metrics\": [", stdout);
	for (size_t i = 0; i < json_array_size(samples); i++) {
		(void)fputs(i ? ",\n  " : "\n  ", stdout);
		(void)json_dumpf(json_array_get(samples, i), stdout, JSON_ENSURE_ASCII);
	}
	(void)fputs("\n]}\n", stdout);
	json_decref(samples);
	return STATUS_DONE;
}

static int run(struct invocation *call)
{
	char path[PATH_TEXT];
	int error = 0;
	cleanup(close_file) FILE *file = open_metrics(call, path, &error);
	cleanup(free_ptr) char *text = NULL;

	if (!file)
		return tell_missing(call, error);
	text = read_metrics(file);
	if (!text)
		return tell_missing(call, errno);
	if (call->json)
		return print_json(call, path, text);
	(void)fputs(text, stdout);
	return STATUS_DONE;
}

const struct command command_metrics = {
	.name = "metrics",
	.arguments = "",
	.summary = "Prints the counters in the text format of Prometheus",
	.help = "The kernel prints them, so it works without the agent, and so does\n"
		"'cat /sys/fs/bpf/vaultwall/metrics'. --json prints them as a list.\n",
	.run = run,
};
