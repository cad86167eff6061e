/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Single values as text: numbers, GUIDs, times, names, host names, URLs. Strict, since what two
 * readers could take for two things has no place in a firewall's rules. Knows no file.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define GUID_TEXT     37  /* 8-4-4-4-12 and its NUL */
#define TIME_TEXT     21  /* 2026-12-01T00:00:00Z and its NUL */
#define HOSTNAME_TEXT 254 /* the longest host name and its NUL */

/* Plain decimal without sign, spaces or leading zeros, at most `most`. */
bool integer_parse(const char *text, uint32_t most, uint32_t *ret_number);

/* In lower case, so that equal ones are equal bytes. */
bool guid_parse(const char *text, char ret_guid[GUID_TEXT]);

/*
 * RFC 3339 in UTC, whole seconds, from 1970 to 9999: seconds since the epoch, of which the first
 * is no time, since 0 stands for none wherever times are kept.
 */
bool time_parse(const char *text, int64_t *ret_seconds);
void time_format(int64_t seconds, char text[TIME_TEXT]);

/* Letters, digits, '.', '_' and '-', the first a letter or digit; at most `most` bytes. */
bool name_is_valid(const char *text, size_t most);

/* A DNS name without a trailing dot, wildcards or underscores, in lower case. */
bool hostname_parse(const char *text, char ret_hostname[HOSTNAME_TEXT]);

/*
 * NULL if this is an https URL, else what is wrong, to follow "is not an https URL: ". With
 * `template`, {tenant} may stand in it, behind the host.
 */
const char *url_problem(const char *text, bool template);

/* NULL if this is an absolute path that needs no quoting anywhere, else what is wrong. */
const char *path_problem(const char *text);
