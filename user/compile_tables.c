// SPDX-License-Identifier: Apache-2.0
/* The tables of frontends and hosts. */
#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "compile_internal.h"

/* Rows on their way into tables: one run of targets, split by address family. */
struct rows {
	struct image_frontend4 *rows4;
	size_t count4;
	struct image_frontend6 *rows6;
	size_t count6;
};

static void rows_free(struct rows *rows)
{
	free(rows->rows4);
	free(rows->rows6);
}

/* `result` and a key. A `*` frontend lies in the IPv4 table, with the address 0. */
static void add_row(struct rows *rows, const struct frontend *frontend, uint16_t port,
		    const struct image_frontend4 *result)
{
	uint8_t protocol = frontend->protocol;

	if (frontend->family == 6) {
		struct image_frontend6 row = {
			.port = port, .protocol = protocol, .used = 1, .target = result->target};

		memcpy(row.address, frontend->address, sizeof(row.address));
		rows->rows6[rows->count6++] = row;
	} else {
		struct image_frontend4 row = *result;

		row.key = (union image_key4){.port = port, .protocol = protocol, .used = 1};
		if (frontend->family == 4)
			memcpy(&row.key.address, frontend->address, sizeof(row.key.address));
		rows->rows4[rows->count4++] = row;
	}
}

static int rows_start(struct rows *rows, size_t count)
{
	rows->rows4 = calloc(count + 1, sizeof(*rows->rows4));
	rows->rows6 = calloc(count + 1, sizeof(*rows->rows6));
	return rows->rows4 && rows->rows6 ? 0 : -ENOMEM;
}

static int add_frontends(struct compilation *compilation)
{
	struct image_header *header = &compilation->header;
	cleanup(rows_free) struct rows rows = {0};
	int r = rows_start(&rows, compilation->targets.count);

	if (r)
		return r;
	for (size_t i = 0; i < compilation->targets.count; i++) {
		const struct frontend *frontend = compilation->targets.items[i].frontend;

		if (!frontend->family)
			header->flags |= IMAGE_WILDCARDS;
		add_row(&rows, frontend, htons(frontend->port), &compilation->results[i]);
	}
	r = image_add_table4(&compilation->builder, rows.rows4, rows.count4, &header->frontends4);
	return r ? r
		 : image_add_table6(&compilation->builder, rows.rows6, rows.count6,
				    &header->frontends6);
}

/* Who counts what is damaged at a host: its vault if it is the only one there, else the node. */
static struct image_frontend4 host_result(const struct compilation *compilation, size_t from,
					  size_t to)
{
	uint16_t seat = compilation->results[from].target.seat;

	for (size_t i = from; i < to; i++)
		if (target_is_shared(&compilation->targets.items[i]) ||
		    compilation->results[i].target.seat != seat)
			seat = IMAGE_SEAT_NODE;
	return (struct image_frontend4){.target = {.seat = seat}};
}

static int add_hosts(struct compilation *compilation)
{
	struct image_header *header = &compilation->header;
	const struct targets *targets = &compilation->targets;
	cleanup(rows_free) struct rows rows = {0};
	int r = rows_start(&rows, targets->count);
	size_t end;

	if (r)
		return r;
	for (size_t i = 0; i < targets->count; i = end) {
		struct image_frontend4 result;

		end = i + 1;
		while (end < targets->count &&
		       targets_same_host(&targets->items[i], &targets->items[end]))
			end++;
		result = host_result(compilation, i, end);
		add_row(&rows, targets->items[i].frontend, 0, &result);
	}
	r = image_add_table4(&compilation->builder, rows.rows4, rows.count4, &header->hosts4);
	return r ? r
		 : image_add_table6(&compilation->builder, rows.rows6, rows.count6,
				    &header->hosts6);
}

int compile_tables(struct compilation *compilation)
{
	int r = add_frontends(compilation);

	if (!r)
		r = add_hosts(compilation);
	return r ? r
		 : image_add_tags(&compilation->builder, compilation->tags, compilation->tag_count,
				  &compilation->header.tags);
}
