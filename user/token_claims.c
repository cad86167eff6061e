/* SPDX-License-Identifier: Apache-2.0 */
/* From the payload of a token to claims, each of the type that it has to be. */
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "token_parts.h"

#define TIME_MOST INT64_C(253402300799) /* the end of the year 9999 */

void claims_free(struct claims *claims)
{
	free(claims);
}

static void free_claims(struct claims **claims)
{
	claims_free(*claims);
}

/* Claims that are text. */
struct text_claim {
	const char *name;
	size_t offset;
	bool required;
	bool plain; /* fit to be part of a header or a message as it is */
	bool lower; /* a GUID, mostly; compared in lower case */
};

#define TEXT(claim, member) .name = (claim), .offset = offsetof(struct claims, member)
static const struct text_claim text_claims[] = {
	{TEXT("iss", iss), .required = true, .plain = true},
	{TEXT("tid", tid), .plain = true, .lower = true},
	{TEXT("oid", oid), .plain = true, .lower = true},
	{TEXT("appid", app_id), .plain = true, .lower = true},
	{TEXT("azp", party), .plain = true, .lower = true},
	{TEXT("idtyp", idtyp), .plain = true},
	{TEXT("xms_mirid", mirid)},
	{TEXT("xms_az_rid", az_rid)},
	{TEXT("sub", sub)},
	{TEXT("uti", uti), .plain = true},
	{TEXT("ver", ver), .plain = true},
	{.name = NULL},
};
#undef TEXT

/* Claims being written: `end` is where the next text goes, in the block behind the struct. */
struct claims_writer {
	struct claims *claims;
	const char **lists;
	char *end;
};

/*
 * Room for every text of a payload of SIZE bytes: each stands there in two quotes at least, and
 * escapes only get shorter.
 */
static struct claims *make_block(size_t size, size_t list_items, struct claims_writer *ret_writer)
{
	size_t lists = list_items * sizeof(const char *);
	char *block = calloc(1, sizeof(struct claims) + lists + size);

	if (!block)
		return NULL;
	ret_writer->claims = (struct claims *)(void *)block;
	ret_writer->lists = (const char **)(void *)(block + sizeof(struct claims));
	ret_writer->end = block + sizeof(struct claims) + lists;
	return ret_writer->claims;
}

static char lower(char c)
{
	return (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

static const char *write_text(struct claims_writer *writer, const json_t *text, bool lowered)
{
	const char *value = json_string_value(text);
	size_t length = json_string_length(text);
	char *start = writer->end;

	memcpy(start, value, length + 1);
	for (size_t i = 0; lowered && i < length; i++)
		start[i] = lower(start[i]);
	writer->end += length + 1;
	return start;
}

static bool is_fit(const json_t *text, bool plain)
{
	const char *value = json_string_value(text);

	for (size_t i = 0; value[i]; i++) {
		unsigned char byte = (unsigned char)value[i];

		if (byte < ' ' || byte == 0x7f)
			return false;
		if (plain && (byte == ' ' || byte > 0x7e || strchr("\"\\;,", byte)))
			return false;
	}
	return true;
}

static bool read_texts(struct claims_writer *writer, const json_t *payload)
{
	for (const struct text_claim *claim = text_claims; claim->name; claim++) {
		const json_t *value = json_object_get(payload, claim->name);
		const char *text = NULL;

		if (!value && !claim->required)
			continue;
		if (!json_is_string(value) || !is_fit(value, claim->plain))
			return false;
		text = write_text(writer, value, claim->lower);
		memcpy((char *)writer->claims + claim->offset, &text, sizeof(text));
	}
	return true;
}

/* A list of texts, or with `single` one text alone; absent is an empty list. */
static bool read_list(struct claims_writer *writer, const json_t *value, bool lowered,
		      const char ***ret_items, size_t *ret_count)
{
	const json_t *item;
	size_t i;

	*ret_items = writer->lists;
	*ret_count = json_array_size(value);
	json_array_foreach(value, i, item)
	{
		if (!json_is_string(item) || !is_fit(item, false))
			return false;
		*writer->lists++ = write_text(writer, item, lowered);
	}
	return true;
}

/* One audience as a text, several as a list. */
static bool read_audiences(struct claims_writer *writer, const json_t *value)
{
	struct claims *claims = writer->claims;

	if (json_is_string(value) && is_fit(value, false)) {
		claims->audiences = writer->lists++;
		claims->audiences[0] = write_text(writer, value, false);
		claims->audience_count = 1;
		return true;
	}
	return json_is_array(value) && json_array_size(value) > 0 &&
	       read_list(writer, value, false, &claims->audiences, &claims->audience_count);
}

static bool read_groups(struct claims_writer *writer, const json_t *payload)
{
	const json_t *groups = json_object_get(payload, "groups");
	const json_t *elsewhere = json_object_get(payload, "_claim_names");
	struct claims *claims = writer->claims;

	claims->group_overage = json_object_get(elsewhere, "groups") ||
				json_is_true(json_object_get(payload, "hasgroups"));
	if (!groups)
		return true;
	return json_is_array(groups) &&
	       read_list(writer, groups, true, &claims->groups, &claims->group_count);
}

/* Whole seconds; a text or a fraction is what somebody tries who wants two readers to differ. */
static bool read_time(const json_t *value, int64_t *ret_time)
{
	int64_t time = json_integer_value(value);

	if (!json_is_integer(value) || time < 0 || time > TIME_MOST)
		return false;
	*ret_time = time;
	return true;
}

static bool read_times(struct claims *claims, const json_t *payload)
{
	const json_t *not_before = json_object_get(payload, "nbf");

	return read_time(json_object_get(payload, "exp"), &claims->expires) &&
	       (!not_before || read_time(not_before, &claims->not_before));
}

/* v1 says appid, v2 azp; a token that says both and differently says nothing. */
static bool join_parties(struct claims *claims)
{
	if (claims->app_id && claims->party)
		return strcmp(claims->app_id, claims->party) == 0;
	if (!claims->app_id)
		claims->app_id = claims->party;
	return true;
}

enum token_fault claims_read(const json_t *payload, size_t size, struct claims **ret_claims)
{
	const json_t *audiences = json_object_get(payload, "aud");
	size_t items = 1 + json_array_size(audiences) +
		       json_array_size(json_object_get(payload, "groups"));
	struct claims_writer writer = {.claims = NULL};
	cleanup(free_claims) struct claims *claims = make_block(size, items, &writer);

	if (!claims)
		return TOKEN_FAULT_MEMORY;
	if (!read_texts(&writer, payload) || !read_audiences(&writer, audiences) ||
	    !read_groups(&writer, payload) || !read_times(claims, payload) || !join_parties(claims))
		return TOKEN_FAULT_CLAIMS;
	claims->app_only = claims->idtyp && strcmp(claims->idtyp, "app") == 0;
	*ret_claims = take_ptr(&claims);
	return TOKEN_FAULT_NONE;
}

enum token_fault token_check_times(const struct claims *claims, int64_t now)
{
	if (claims->not_before > now + TOKEN_LEEWAY)
		return TOKEN_FAULT_NOT_YET;
	return now < claims->expires + TOKEN_LEEWAY ? TOKEN_FAULT_NONE : TOKEN_FAULT_EXPIRED;
}
