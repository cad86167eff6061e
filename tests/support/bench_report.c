// SPDX-License-Identifier: Apache-2.0
#include "bench_report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int compare_doubles(const void *a, const void *b)
{
	double first = *(const double *)a, second = *(const double *)b;

	return (first > second) - (first < second);
}

void figure_add(struct figure *figure, double value)
{
	if (figure->count < FIGURE_RUNS)
		figure->runs[figure->count++] = value;
}

/* The run at a place in the order of size. */
static double nth(const struct figure *figure, size_t place)
{
	double sorted[FIGURE_RUNS];

	if (!figure->count)
		return 0;
	memcpy(sorted, figure->runs, figure->count * sizeof(*sorted));
	qsort(sorted, figure->count, sizeof(*sorted), compare_doubles);
	return sorted[place];
}

double figure_median(const struct figure *figure)
{
	return (nth(figure, (figure->count - (figure->count > 0)) / 2) +
		nth(figure, figure->count / 2)) /
	       2;
}

double figure_min(const struct figure *figure)
{
	return nth(figure, 0);
}

double figure_max(const struct figure *figure)
{
	return nth(figure, figure->count - (figure->count > 0));
}

struct figure figure_divide(const struct figure *a, const struct figure *b)
{
	struct figure quotient = {0};

	for (size_t i = 0; i < a->count; i++)
		figure_add(&quotient, a->runs[i] / figure_median(b));
	return quotient;
}

bool figure_report(const struct figure *figure, const char *name, const char *unit)
{
	const char *path = getenv("BENCH_FIGURES"); // NOLINT(concurrency-mt-unsafe): one thread
	double value = figure_median(figure), min = figure_min(figure), max = figure_max(figure);
	FILE *file;
	int r;

	(void)printf("  %-34s %10.3f %-6s [%.3f %.3f]\n", name, value, unit, min, max);
	(void)fflush(stdout);
	if (!path || !*path)
		return true;
	file = fopen(path, "ae");
	if (!file)
		return false;
	r = fprintf(file,
		    "{\"name\": \"%s\", \"value\": %.4f, \"unit\": \"%s\", \"min\": %.4f, "
		    "\"max\": %.4f, \"runs\": %zu}\n",
		    name, value, unit, min, max, figure->count);
	return fclose(file) == 0 && r > 0;
}

double bench_quartile(const struct bench_state *state, size_t count)
{
	double segments[BENCH_SEGMENTS - 1];

	for (size_t i = 0; i < count - 1; i++)
		segments[i] = (double)(state->stamps[i + 1] - state->stamps[i]) / BENCH_SEGMENT;
	qsort(segments, count - 1, sizeof(*segments), compare_doubles);
	return segments[count / 4];
}
