/* SPDX-License-Identifier: Apache-2.0 */
#include "ranges.h"

#include <stdio.h>
#include <string.h>

#include "address.h"

/*
 * RFC 6890 and its successors, as far as they say that a source cannot be there. The private
 * ranges of RFC 1918 are missing on purpose: on a vault host they are the normal case.
 */
static const struct special {
	struct range range;
	const char *what;
} specials[] = {
	{{0x00000000, 0x00ffffff}, "is 'this network', which no packet comes from"},
	{{0x7f000000, 0x7fffffff}, "is loopback, which is never filtered"},
	{{0xa9fe0000, 0xa9feffff}, "is link-local, and so means another host on every link"},
	{{0xe0000000, 0xefffffff}, "is multicast, which no packet comes from"},
	{{0xffffffff, 0xffffffff}, "is the broadcast address, which no packet comes from"},
	{{0xf0000000, 0xffffffff}, "is reserved and in no use"},
};

bool range_doubt(struct range_reader *reader, enum range_doubt doubt)
{
	return reader->said[doubt]++ < RANGE_WARNINGS_MAX;
}

/* The sum stands at the beginning of the list, where it is read before its examples. */
void range_reader_end(const struct range_reader *reader, struct position at)
{
	static const char *const what[RANGE_DOUBTS] = {
		[DOUBT_HOST_BITS] = "have bits set below their prefix",
		[DOUBT_SPECIAL] = "are special-purpose",
		[DOUBT_COVERED] = "are covered by others",
		[DOUBT_EXPIRED] = "have expired",
	};

	for (size_t i = 0; i < RANGE_DOUBTS; i++) {
		if (reader->said[i] > RANGE_WARNINGS_MAX)
			diags_add(reader->diags, DIAG_WARNING, reader->files[at.file], at.line,
				  at.column, "%zu more ranges of this list %s",
				  reader->said[i] - RANGE_WARNINGS_MAX, what[i]);
	}
}

/* 10.0.0.1/8 is likely to be a slip, and it is not for us to say in which half. */
static void host_bits_warn(struct range_reader *reader, const char *text, size_t length,
			   struct position at, struct range range)
{
	char quote[DIAG_QUOTE_MAX];
	char read_as[RANGE_TEXT];

	if (!range_doubt(reader, DOUBT_HOST_BITS))
		return;
	range_format(range, read_as);
	diags_add(reader->diags, DIAG_WARNING, reader->files[at.file], at.line, at.column,
		  "'%s' has bits set below its prefix; it is read as '%s'",
		  diag_quote(quote, sizeof(quote), text, length), read_as);
}

/* Whole ranges only: 128.0.0.0/1 holds multicast, too, and is meant. */
static const char *special_find(struct range range)
{
	for (size_t i = 0; i < sizeof(specials) / sizeof(specials[0]); i++)
		if (range.first >= specials[i].range.first && range.last <= specials[i].range.last)
			return specials[i].what;
	return NULL;
}

static void special_warn(struct range_reader *reader, struct position at, struct range range)
{
	bool everything = range.first == 0 && range.last == UINT32_MAX;
	const char *what = everything ? reader->everything : special_find(range);
	char text[RANGE_TEXT];

	if (!what || !range_doubt(reader, DOUBT_SPECIAL))
		return;
	range_format(range, text);
	diags_add(reader->diags, DIAG_WARNING, reader->files[at.file], at.line, at.column,
		  "'%s' %s%s", text, what, everything ? " every address" : "");
}

bool range_read(struct range_reader *reader, const char *text, size_t length, struct position at,
		struct range *ret_range)
{
	char quote[DIAG_QUOTE_MAX];
	const char *problem = NULL;
	struct range range = {0};
	bool host_bits = false;

	if (range_parse(text, length, &range, &host_bits, &problem) < 0) {
		diags_add(reader->diags, DIAG_ERROR, reader->files[at.file], at.line, at.column,
			  "bad range '%s': %s", diag_quote(quote, sizeof(quote), text, length),
			  problem);
		return false;
	}
	if (host_bits)
		host_bits_warn(reader, text, length, at, range);
	special_warn(reader, at, range);
	*ret_range = range;
	return true;
}

/*
 * "on line 12", or "at partners.txt:12" if that is another file than `from`. What has no line is
 * an edit (policy_edit.h), whose line may be another one as soon as that is made.
 */
static void place_format(char *text, size_t size, const char *const *files, struct position from,
			 struct position at)
{
	char quote[DIAG_QUOTE_MAX];
	const char *file = files[at.file];

	if (!at.line)
		(void)snprintf(text, size, "added by network-rule");
	else if (at.file == from.file)
		(void)snprintf(text, size, "on line %u", at.line);
	else
		(void)snprintf(text, size, "at %s:%u",
			       diag_quote(quote, sizeof(quote), file, strlen(file)), at.line);
}

void range_covered(struct range_reader *reader, const struct range_entry *covered,
		   const struct range_entry *by, const char *set)
{
	struct position at = covered->at;
	bool same =
		covered->range.first == by->range.first && covered->range.last == by->range.last;
	char text[RANGE_TEXT];
	char by_text[RANGE_TEXT];
	char set_text[DIAG_QUOTE_MAX] = "";
	char place[DIAG_QUOTE_MAX + 16];

	if (!range_doubt(reader, DOUBT_COVERED))
		return;
	range_format(covered->range, text);
	range_format(by->range, by_text);
	place_format(place, sizeof(place), reader->files, at, by->at);
	if (set)
		(void)snprintf(set_text, sizeof(set_text), "in set '%s' ", set);
	/* The other place is named, since in a long list nobody finds it. */
	if (same)
		diags_add(reader->diags, DIAG_WARNING, reader->files[at.file], at.line, at.column,
			  "duplicate range '%s', also %s%s", text, set_text, place);
	else
		diags_add(reader->diags, DIAG_WARNING, reader->files[at.file], at.line, at.column,
			  "'%s' is covered by '%s' %s%s", text, by_text, set_text, place);
}
