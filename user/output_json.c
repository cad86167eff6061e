// SPDX-License-Identifier: Apache-2.0
/*
 * Answers as they are: one object, its keys in the order in which they were put
 * in, or for events one object a line. Plain ASCII: \u009b moves some terminals, too.
 */
#include "output.h"

#define INDENT 2

static void print_object(const struct printer *printer, const json_t *object)
{
	(void)json_dumpf(object, printer->stream, JSON_INDENT(INDENT) | JSON_ENSURE_ASCII);
	(void)fputc('\n', printer->stream);
}

static void print_line(const struct printer *printer, const json_t *object)
{
	(void)json_dumpf(object, printer->stream, JSON_COMPACT | JSON_ENSURE_ASCII);
	(void)fputc('\n', printer->stream);
}

static void print_nothing(const struct printer *printer)
{
	(void)printer;
}

const struct output output_json = {
	.check = print_object,
	.push = print_object,
	.network_rule = print_object,
	.network_rules = print_object,
	.status = print_object,
	.show = print_object,
	.vault = print_object,
	.explain = print_object,
	.event_head = print_nothing,
	.event = print_line,
};
