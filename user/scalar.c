/* SPDX-License-Identifier: Apache-2.0 */
#include "scalar.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define LABEL_MAX 63
#define TENANT	  "{tenant}"

/*
 * Nothing here asks the locale or takes what strtol() and friends would: a sign, blanks, another
 * base. What a person reads and what the program reads must be the same.
 */

/* The ASCII ones only, whatever the locale. */
static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_alphanumeric(char c)
{
	return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static char lower(char c)
{
	return (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

bool integer_parse(const char *text, uint32_t most, uint32_t *ret_number)
{
	size_t length = strlen(text);
	uint64_t number = 0;

	/* Ten digits hold any uint32_t, and 64 bits hold any ten digits. */
	if (length == 0 || length > 10 || (length > 1 && text[0] == '0'))
		return false;
	for (; *text; text++) {
		if (!is_digit(*text))
			return false;
		number = number * 10 + (uint64_t)(*text - '0');
	}
	if (number > most)
		return false;
	*ret_number = (uint32_t)number;
	return true;
}

bool guid_parse(const char *text, char ret_guid[GUID_TEXT])
{
	static const char pattern[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";

	if (strlen(text) != strlen(pattern))
		return false;
	for (size_t i = 0; pattern[i]; i++) {
		bool fits = pattern[i] == '-' ? text[i] == '-' : isxdigit((unsigned char)text[i]);

		if (!fits)
			return false;
	}
	for (size_t i = 0; i < GUID_TEXT; i++)
		ret_guid[i] = lower(text[i]);
	return true;
}

static bool is_leap(int year)
{
	return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

/* timegm() would take the 30th of February for the 2nd of March. */
static int days_of_month(int year, int month)
{
	static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

	return days[month - 1] + (month == 2 && is_leap(year) ? 1 : 0);
}

/* The digits where `pattern` has the letter, as a number. */
static int time_part(const char *text, const char *pattern, char letter)
{
	int number = 0;

	for (size_t i = 0; pattern[i]; i++)
		if (pattern[i] == letter)
			number = number * 10 + (text[i] - '0');
	return number;
}

/* No offsets: an expiry that two people read in two time zones is no expiry. */
bool time_parse(const char *text, int64_t *ret_seconds)
{
	static const char pattern[] = "YYYY-MM-DDThh:mm:ssZ";
	struct tm parts = {0};
	int64_t seconds = 0;

	if (strlen(text) != strlen(pattern))
		return false;
	for (size_t i = 0; pattern[i]; i++) {
		bool punctuation = strchr("-T:Z", pattern[i]) != NULL;

		if (punctuation ? text[i] != pattern[i] : !is_digit(text[i]))
			return false;
	}

	int year = time_part(text, pattern, 'Y');
	int month = time_part(text, pattern, 'M');

	parts = (struct tm){
		.tm_year = year - 1900,
		.tm_mon = month - 1,
		.tm_mday = time_part(text, pattern, 'D'),
		.tm_hour = time_part(text, pattern, 'h'),
		.tm_min = time_part(text, pattern, 'm'),
		.tm_sec = time_part(text, pattern, 's'),
	};
	if (year < 1970 || month < 1 || month > 12 || parts.tm_mday < 1 ||
	    parts.tm_mday > days_of_month(year, month) || parts.tm_hour > 23 || parts.tm_min > 59 ||
	    parts.tm_sec > 59)
		return false;
	seconds = timegm(&parts);
	if (seconds <= 0)
		return false;
	*ret_seconds = seconds;
	return true;
}

void time_format(int64_t seconds, char text[TIME_TEXT])
{
	struct tm parts = {0};
	time_t time = seconds;

	text[0] = '\0';
	if (gmtime_r(&time, &parts))
		(void)strftime(text, TIME_TEXT, "%Y-%m-%dT%H:%M:%SZ", &parts);
}

/* No slash, colon or blank: names become paths, labels of metrics and parts of references. */
bool name_is_valid(const char *text, size_t most)
{
	size_t length = strlen(text);

	if (length == 0 || length > most || !is_alphanumeric(text[0]))
		return false;
	for (; *text; text++)
		if (!is_alphanumeric(*text) && !strchr("._-", *text))
			return false;
	return true;
}

/* As it appears in a Host header; what cannot be there would never match. */
bool hostname_parse(const char *text, char ret_hostname[HOSTNAME_TEXT])
{
	size_t length = strlen(text);
	size_t label = 0;

	if (length == 0 || length >= HOSTNAME_TEXT || text[length - 1] == '.')
		return false;
	for (size_t i = 0; i < length; i++) {
		bool edge = label == 0 || text[i + 1] == '.' || text[i + 1] == '\0';

		if (text[i] == '.') {
			if (label == 0)
				return false;
			label = 0;
			continue;
		}
		if (!is_alphanumeric(text[i]) && (text[i] != '-' || edge))
			return false;
		if (++label > LABEL_MAX)
			return false;
	}
	for (size_t i = 0; i <= length; i++)
		ret_hostname[i] = lower(text[i]);
	return true;
}

/* Of "host[:port]" at the start of a URL's rest; *ret_end is where the path begins. */
static const char *authority_problem(const char *text, const char **ret_end)
{
	char host[HOSTNAME_TEXT];
	char lowered[HOSTNAME_TEXT];
	char port[6];
	uint32_t number = 0;
	size_t length = strcspn(text, "/?");
	const char *colon = (const char *)memchr(text, ':', length);
	size_t host_length = colon ? (size_t)(colon - text) : length;

	*ret_end = text + length;
	if (host_length >= sizeof(host))
		return "the host name is too long";
	(void)snprintf(host, sizeof(host), "%.*s", (int)host_length, text);
	if (!hostname_parse(host, lowered))
		return "it needs a host name behind https://";
	if (!colon)
		return NULL;
	if (length - host_length > sizeof(port))
		return "the port is a number from 1 to 65535";
	(void)snprintf(port, sizeof(port), "%.*s", (int)(length - host_length - 1), colon + 1);
	if (!integer_parse(port, 65535, &number) || number == 0)
		return "the port is a number from 1 to 65535";
	return NULL;
}

/*
 * URLs are fetched, compared with claims and printed into headers. So no user part, no fragment and
 * nothing that would end a quoted string.
 */
const char *url_problem(const char *text, bool template)
{
	const char *problem = NULL;

	if (strncmp(text, "https://", 8) != 0)
		return "it does not begin with https://";
	problem = authority_problem(text + 8, &text);
	if (problem)
		return problem;
	while (*text) {
		if (template && strncmp(text, TENANT, strlen(TENANT)) == 0) {
			text += strlen(TENANT);
			continue;
		}
		if (*text == '{' || *text == '}')
			return template ? "only {tenant} may stand in braces"
					: "there is nothing to put in place of the braces";
		if (!is_alphanumeric(*text) && !strchr("-._~:/?[]@!&()*+,=%", *text))
			return "it holds a character that has no place there";
		text++;
	}
	return NULL;
}

/* Paths are written into the configuration of a proxy, where a semicolon is syntax. */
const char *path_problem(const char *text)
{
	if (text[0] != '/')
		return "a path begins with /";
	for (; *text; text++)
		if (!is_alphanumeric(*text) && !strchr("/._-+=@%,:~", *text))
			return "a path here has no spaces, quotes or other special characters";
	return NULL;
}
