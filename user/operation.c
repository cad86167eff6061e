/* SPDX-License-Identifier: Apache-2.0 */
#include "operation.h"

#include <string.h>
#include <strings.h>

#include "operation_rows.h"

static const struct {
	const char *label;
	const char *help;
} faults[OPERATION_FAULT_COUNT] = {
#define X(name, label, help) [OPERATION_##name] = {label, help},
	OPERATION_FAULTS(X)
#undef X
};

const char *operation_fault_label(enum operation_fault fault)
{
	return faults[fault].label;
}

const char *operation_fault_help(enum operation_fault fault)
{
	return faults[fault].help;
}

static bool is_method(const char *method)
{
	static const char *const methods[] = {"GET", "PUT", "POST", "PATCH", "DELETE"};

	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++)
		if (strcmp(methods[i], method) == 0)
			return true;
	return false;
}

/* Only as the service writes it. */
static const struct operation_collection *find_collection(const struct operation_target *target)
{
	const struct operation_collection *collection = operation_collections;

	if (target->count == 0)
		return NULL;
	while (collection->word && strcmp(collection->word, target->segments[0].text) != 0)
		collection++;
	return collection->word ? collection : NULL;
}

static char lower(char c)
{
	return (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

/*
 * Whether a word of the collection may be meant: at its own place in any case of letters, since
 * the service may not care, and behind a gap anywhere, since an empty name may have stood there.
 */
static bool is_reserved(const struct operation_collection *collection, size_t place,
			const struct operation_segment *segment)
{
	char first = lower(segment->text[0]);

	for (const struct operation_row *row = collection->rows; row->event; row++)
		for (size_t i = 0; i < OPERATION_SEGMENTS - 1 && row->path[i]; i++)
			if ((i == place || segment->behind_gap) && row->path[i][0] == first &&
			    strcasecmp(row->path[i], segment->text) == 0)
				return true;
	return false;
}

/* Vaults allow no other names. */
static bool is_name(const char *text)
{
	size_t length = 0;

	for (; text[length]; length++) {
		char c = lower(text[length]);

		if ((c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-')
			return false;
	}
	return length > 0 && length < OPERATION_NAME_BYTES;
}

/* A target whose collection is known, held against the table. */
struct search {
	const char *method;
	const struct operation_collection *collection;
	const struct operation_target *target;
	enum operation_fault fault; /* of the row that fitted best */
};

/* Whether every place of the row fits; else search->fault may know better than "unknown". */
static bool path_fits(struct search *search, const struct operation_row *row)
{
	const struct operation_segment *segments = search->target->segments + 1;
	size_t count = search->target->count - 1;
	size_t length = 0;

	while (length < OPERATION_SEGMENTS - 1 && row->path[length])
		length++;
	if (length != count)
		return false;
	for (size_t i = 0; i < count; i++)
		if (row->path[i] != OPERATION_NAME && strcmp(row->path[i], segments[i].text) != 0)
			return false;
	for (size_t i = 0; i < count; i++) {
		if (row->path[i] != OPERATION_NAME)
			continue;
		if (!is_name(segments[i].text))
			search->fault = OPERATION_BAD_NAME;
		else if (is_reserved(search->collection, i, &segments[i]))
			search->fault = OPERATION_AMBIGUOUS;
		else
			continue;
		return false;
	}
	return true;
}

static const struct operation_row *find_row(struct search *search)
{
	for (const struct operation_row *row = search->collection->rows; row->event; row++)
		if (row->method[0] == search->method[0] &&
		    strcmp(row->method, search->method) == 0 && path_fits(search, row))
			return row;
	return NULL;
}

/* The table writes them as the model does; operation_bits(), which takes any case, takes its time.
 */
static uint32_t find_bit(enum permission_kind kind, const char *permission)
{
	const char *const *names = permission_names(kind);

	for (unsigned int i = 0; names[i]; i++)
		if (strcmp(names[i], permission) == 0)
			return UINT32_C(1) << i;
	return 0;
}

static void set_permissions(const struct operation_row *row, enum permission_kind kind,
			    struct operation *operation)
{
	operation->kind = kind;
	operation->permissions = 0;
	operation->name = row->permissions[0];
	for (size_t i = 0; i < 3 && row->permissions[i]; i++)
		operation->permissions |= find_bit(kind, strchr(row->permissions[i], '/') + 1);
}

/* The path again, each slash once, and the first name in it. */
static void set_path(const struct operation_row *row, const struct operation_target *target,
		     struct operation *operation)
{
	char *end = operation->path;

	operation->object[0] = '\0';
	for (size_t i = 0; i < target->count; i++) {
		size_t length = strlen(target->segments[i].text);

		*end++ = '/';
		memcpy(end, target->segments[i].text, length);
		end += length;
		if (i > 0 && row->path[i - 1] == OPERATION_NAME && !operation->object[0])
			memcpy(operation->object, target->segments[i].text, length + 1);
	}
	*end = '\0';
}

enum operation_fault operation_read(const char *method, const char *target, bool tunnel,
				    struct operation *ret_operation)
{
	struct operation_target parts;
	struct search search = {.method = method, .target = &parts, .fault = OPERATION_UNKNOWN};
	const struct operation_row *row = NULL;
	enum operation_fault fault = OPERATION_NONE;

	if (!is_method(method))
		return OPERATION_METHOD;
	if (tunnel)
		return OPERATION_TUNNEL;
	fault = operation_read_target(target, &parts);
	if (fault)
		return fault;
	search.collection = find_collection(&parts);
	row = search.collection ? find_row(&search) : NULL;
	if (!row)
		return search.fault;
	set_permissions(row, search.collection->kind, ret_operation);
	set_path(row, &parts, ret_operation);
	ret_operation->event = row->event;
	memcpy(ret_operation->api_version, parts.api_version, sizeof(parts.api_version));
	return OPERATION_NONE;
}
