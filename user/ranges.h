/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ranges as somebody wrote them, with what is doubtful about them: bits below the prefix, places
 * that no packet comes from, ranges within other ranges. For the rules and the node configuration.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "diag.h"
#include "policy.h"
#include "yaml.h"

/* Of what stands in the document itself. */
static inline struct position position_of(const struct yaml_node *node)
{
	uint32_t column = node->column < UINT16_MAX ? node->column : UINT16_MAX;

	return (struct position){.line = node->line, .column = (uint16_t)column};
}

/* What is said of one list, so that a million bad lines do not make a million warnings. */
#define RANGE_WARNINGS_MAX 20

enum range_doubt { DOUBT_HOST_BITS, DOUBT_SPECIAL, DOUBT_COVERED, DOUBT_EXPIRED, RANGE_DOUBTS };

/* The list at hand. */
struct range_reader {
	struct diags *diags;
	const char *const *files; /* names, by position.file */
	const char *everything;	  /* what a list with 0.0.0.0/0 does: "admits" */
	size_t said[RANGE_DOUBTS];
};

/* Whether one more warning of the kind may be given; counts it anyway. */
bool range_doubt(struct range_reader *reader, enum range_doubt doubt);

/* Sums up what was not said, at the place of the list. */
void range_reader_end(const struct range_reader *reader, struct position at);

/* Whether it is a range; an error tells why not. */
bool range_read(struct range_reader *reader, const char *text, size_t length, struct position at,
		struct range *ret_range);

/* Warns that one entry holds another; `set` is the IP set that it is in, or NULL. */
void range_covered(struct range_reader *reader, const struct range_entry *covered,
		   const struct range_entry *by, const char *set);

/* An entry on its way through range_sweep(). */
struct range_place {
	uint64_t key; /* range_sweep()'s own */
	const struct range_entry *entry;
};

/*
 * Reports each entry that another one makes superfluous: a range that holds it and does not expire
 * before it; of equal ones the later. The rest is left in front, ordered by first address and, for
 * the same, largest first; returns their number. Both arrays have room for `count`. All ranges
 * must be prefixes.
 */
size_t range_sweep(struct range_place *places, struct range_place *scratch, size_t count,
		   void (*report)(void *context, const struct range_entry *covered,
				  const struct range_entry *by),
		   void *context);

/* Whether a rule until `by` holds as long as one until `expires`; 0 is for ever. */
static inline bool expiry_covers(int64_t by, int64_t expires)
{
	return by == 0 || (expires != 0 && by >= expires);
}
