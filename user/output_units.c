// SPDX-License-Identifier: Apache-2.0
#include "output_units.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>

#define DIGITS 24 /* of 64 bits, a sign and the NUL; with commas they still fit UNITS_TEXT */
#define MINUTE 60L
#define HOUR   (60 * MINUTE)
#define DAY    (24 * HOUR)

const char *units_count(int64_t count, char text[UNITS_TEXT])
{
	char digits[DIGITS];
	int length = snprintf(digits, sizeof(digits), "%" PRId64, count < 0 ? 0 : count);
	size_t used = 0;

	for (int i = 0; i < length; i++) {
		if (i && (length - i) % 3 == 0)
			text[used++] = ',';
		text[used++] = digits[i];
	}
	text[used] = '\0';
	return text;
}

const char *units_bytes(int64_t bytes, char text[UNITS_TEXT])
{
	static const char *const units[] = {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
	double size = (double)bytes / 1024;
	size_t unit = 0;

	if (bytes < 1024) {
		(void)snprintf(text, UNITS_TEXT, "%" PRId64 " B", bytes < 0 ? 0 : bytes);
		return text;
	}
	while (size >= 1024 && unit + 1 < sizeof(units) / sizeof(units[0])) {
		size /= 1024;
		unit++;
	}
	(void)snprintf(text, UNITS_TEXT, "%.*f %s", size < 100 ? 1 : 0, size, units[unit]);
	return text;
}

const char *units_duration(double seconds, char text[UNITS_TEXT])
{
	static const struct {
		long whole;
		long part;
		const char *whole_name, *part_name;
	} scales[] = {
		{DAY, HOUR, "d", "h"},
		{HOUR, MINUTE, "h", "min"},
		{MINUTE, 1, "min", "s"},
	};
	/* Longer than any host is up; and no double overflows a long. */
	double bounded = seconds > 0 && seconds < 1e15 ? seconds : 0;
	long rounded = (long)bounded;

	for (size_t i = 0; i < sizeof(scales) / sizeof(scales[0]); i++) {
		if (rounded < scales[i].whole)
			continue;
		(void)snprintf(text, UNITS_TEXT, "%ld %s %ld %s", rounded / scales[i].whole,
			       scales[i].whole_name, rounded % scales[i].whole / scales[i].part,
			       scales[i].part_name);
		return text;
	}
	if (bounded > 0 && bounded < 0.01)
		(void)snprintf(text, UNITS_TEXT, "%.1f ms", bounded * 1000);
	else if (rounded < 10 && bounded > (double)rounded)
		(void)snprintf(text, UNITS_TEXT, "%.2f s", bounded);
	else
		(void)snprintf(text, UNITS_TEXT, "%ld s", rounded);
	return text;
}

const char *units_items(int64_t count, const char *noun, char text[UNITS_TEXT])
{
	char figure[UNITS_TEXT];

	(void)snprintf(text, UNITS_TEXT, "%s %.16s%s", units_count(count, figure), noun,
		       count == 1 ? "" : "s");
	return text;
}
