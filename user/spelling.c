/* SPDX-License-Identifier: Apache-2.0 */
#include "spelling.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* Longer words are not compared: the cost is the product of both lengths. */
#define LENGTH_MAX 48

/* A third of a word may be wrong, but never more than this. */
#define DISTANCE_MAX 3

static bool same_letter(char a, char b)
{
	return tolower((unsigned char)a) == tolower((unsigned char)b);
}

static size_t smaller(size_t a, size_t b)
{
	return a < b ? a : b;
}

/*
 * Letters to insert, delete, replace or swap with their neighbour (optimal string alignment).
 * Three rows of the table are enough, because a swap looks two back.
 */
static size_t distance(const char *a, size_t a_length, const char *b, size_t b_length)
{
	uint8_t rows[3][LENGTH_MAX + 1];

	for (size_t j = 0; j <= b_length; j++)
		rows[0][j] = (uint8_t)j;
	for (size_t i = 1; i <= a_length; i++) {
		const uint8_t *before = rows[(i + 1) % 3];
		const uint8_t *above = rows[(i - 1) % 3];
		uint8_t *row = rows[i % 3];

		row[0] = (uint8_t)i;
		for (size_t j = 1; j <= b_length; j++) {
			bool same = same_letter(a[i - 1], b[j - 1]);
			size_t least = smaller(above[j], row[j - 1]) + 1U;

			least = smaller(least, above[j - 1] + (same ? 0U : 1U));
			if (i > 1 && j > 1 && same_letter(a[i - 1], b[j - 2]) &&
			    same_letter(a[i - 2], b[j - 1]))
				least = smaller(least, before[j - 2] + 1U);
			row[j] = (uint8_t)least;
		}
	}
	return rows[a_length % 3][b_length];
}

void spelling_try(struct spelling *spelling, const char *candidate)
{
	size_t length = strlen(spelling->written);
	size_t candidate_length = strlen(candidate);
	size_t bearable = smaller(DISTANCE_MAX, (length + 1) / 3);
	size_t found = 0;

	if (length > LENGTH_MAX || candidate_length > LENGTH_MAX)
		return;
	found = distance(spelling->written, length, candidate, candidate_length);
	if (found > bearable || (spelling->best && found >= spelling->distance))
		return;
	spelling->best = candidate;
	spelling->distance = found;
}
