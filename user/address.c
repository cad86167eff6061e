/* SPDX-License-Identifier: Apache-2.0 */
#include "address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

/* Text on its way through a parser: neither NUL-terminated nor copied. */
struct cursor {
	const char *at;
	const char *end;
};

static bool cursor_skip(struct cursor *cursor, char expected)
{
	if (cursor->at == cursor->end || *cursor->at != expected)
		return false;
	cursor->at++;
	return true;
}

/*
 * At most `digits` decimal digits. A leading zero is refused: some readers take it for octal, and
 * an address must not mean two things.
 */
static bool cursor_number(struct cursor *cursor, int digits, uint32_t *ret_number)
{
	const char *start = cursor->at;
	uint32_t number = 0;

	while (cursor->at < cursor->end && *cursor->at >= '0' && *cursor->at <= '9') {
		if (cursor->at - start == digits)
			return false;
		number = number * 10 + (uint32_t)(*cursor->at++ - '0');
	}
	if (cursor->at == start || (*start == '0' && cursor->at - start > 1))
		return false;
	*ret_number = number;
	return true;
}

/*
 * Written out and not left to inet_pton(), which wants a copy with a NUL: lists have a million of
 * these, and they lie in one long text.
 */
static bool cursor_ipv4(struct cursor *cursor, uint32_t *ret_address)
{
	uint32_t address = 0;
	uint32_t octet = 0;

	for (int i = 0; i < 4; i++) {
		if ((i > 0 && !cursor_skip(cursor, '.')) || !cursor_number(cursor, 3, &octet) ||
		    octet > 255)
			return false;
		address = address << 8 | octet;
	}
	*ret_address = address;
	return true;
}

static bool consists_of(const char *text, size_t length, const char *accepted)
{
	for (size_t i = 0; i < length; i++)
		if (!text[i] || !strchr(accepted, text[i]))
			return false;
	return true;
}

/* What a person is told about a text that is no range; found out only once it is known to be bad.
 */
static const char *range_problem(const char *text, size_t length)
{
	uint32_t ignored = 0;
	struct cursor cursor = {text, text + length};

	if (length == 0)
		return "there is nothing";
	if (memchr(text, ':', length) && consists_of(text, length, "0123456789abcdefABCDEF:./"))
		return "IPv6 is not supported in ranges";
	if (cursor_ipv4(&cursor, &ignored)) {
		if (cursor_skip(&cursor, '-'))
			return "write it in CIDR form, such as 192.0.2.0/24";
		if (cursor_skip(&cursor, '/'))
			return "the prefix length is a number from 0 to 32";
		return "something follows the address";
	}
	if (!consists_of(text, length, "0123456789./"))
		return "not an IPv4 address or CIDR range";
	return "an IPv4 address is four numbers from 0 to 255 without leading zeros";
}

/* Kept out of the way of what is right, which is nearly everything. */
static int range_refuse(const char *text, size_t length, const char **ret_problem)
{
	*ret_problem = range_problem(text, length);
	return -EINVAL;
}

int range_parse(const char *text, size_t length, struct range *ret_range, bool *ret_host_bits,
		const char **ret_problem)
{
	struct cursor cursor = {text, text + length};
	uint32_t address = 0;
	uint32_t prefix = 32;

	if (!cursor_ipv4(&cursor, &address))
		return range_refuse(text, length, ret_problem);
	if (cursor.at < cursor.end) {
		if (!cursor_skip(&cursor, '/') || !cursor_number(&cursor, 2, &prefix) ||
		    prefix > 32 || cursor.at < cursor.end)
			return range_refuse(text, length, ret_problem);
	}

	/* In 64 bits, since a shift by 32 has no meaning in 32. */
	uint32_t host_mask = (uint32_t)(UINT64_C(0xffffffff) >> prefix);

	*ret_range = (struct range){address & ~host_mask, address | host_mask};
	*ret_host_bits = (address & host_mask) != 0;
	return 0;
}

/* The counterpart of cursor_ipv4(); returns the length. */
static int ipv4_format(uint32_t address, char *text, size_t size)
{
	return snprintf(text, size, "%u.%u.%u.%u", address >> 24, address >> 16 & 255,
			address >> 8 & 255, address & 255);
}

void range_format(struct range range, char text[RANGE_TEXT])
{
	uint32_t host_mask = range.first ^ range.last;
	int length = ipv4_format(range.first, text, RANGE_TEXT);
	size_t used = (size_t)length;

	if (range.first == range.last)
		return;
	/* A prefix: only low bits differ, all of them, from all zeros to all ones. */
	if ((host_mask & (host_mask + 1)) == 0 && (range.first & host_mask) == 0) {
		(void)snprintf(text + used, RANGE_TEXT - used, "/%d", __builtin_clz(host_mask));
		return;
	}
	text[used++] = '-';
	(void)ipv4_format(range.last, text + used, RANGE_TEXT - used);
}

int address_parse(const char *text, uint8_t *ret_family, uint8_t ret_address[16])
{
	uint8_t address[16] = {0};
	uint8_t family = strchr(text, ':') ? 6 : 4;

	if (inet_pton(family == 6 ? AF_INET6 : AF_INET, text, address) != 1)
		return -EINVAL;
	*ret_family = family;
	memcpy(ret_address, address, sizeof(address));
	return 0;
}

void address_format(uint8_t family, const uint8_t address[16], char text[ADDRESS_TEXT])
{
	if (!inet_ntop(family == 6 ? AF_INET6 : AF_INET, address, text, ADDRESS_TEXT))
		text[0] = '\0';
}

/* Each of these takes its part off the cursor and gives NULL, or what is wrong. */
static const char *parse_port(struct cursor *cursor, uint16_t *ret_port)
{
	uint32_t port = 0;

	if (!cursor_skip(cursor, ':'))
		return "the port is missing";
	if (!cursor_number(cursor, 5, &port) || port == 0 || port > 65535)
		return "the port is a number from 1 to 65535";
	*ret_port = (uint16_t)port;
	return NULL;
}

static const char *parse_protocol(const struct cursor *cursor, uint8_t *ret_protocol)
{
	if (cursor->at == cursor->end || strcmp(cursor->at, "/tcp") == 0)
		*ret_protocol = IPPROTO_TCP;
	else if (strcmp(cursor->at, "/udp") == 0)
		*ret_protocol = IPPROTO_UDP;
	else
		return "after the port only /tcp or /udp may follow";
	return NULL;
}

/* The address part in front of the port; leaves the cursor at the colon. */
static const char *parse_host(struct cursor *cursor, struct frontend *frontend)
{
	char host[ADDRESS_TEXT];
	bool brackets = cursor_skip(cursor, '[');
	const char *end = brackets ? strchr(cursor->at, ']') : strchr(cursor->at, ':');
	size_t length = (size_t)((end ? end : cursor->end) - cursor->at);

	/* Without brackets nobody can tell an IPv6 address from its port. */
	if (!brackets && end && strchr(end + 1, ':'))
		return "an IPv6 address is written in brackets, as in [2001:db8::10]:443";
	if (brackets && !end)
		return "the closing bracket is missing";
	if (length >= sizeof(host))
		return "not an address and a port";
	memcpy(host, cursor->at, length);
	host[length] = '\0';
	cursor->at += length + (brackets ? 1 : 0);
	if (!brackets && strcmp(host, "*") == 0)
		return NULL; /* family 0: every address */
	if (address_parse(host, &frontend->family, frontend->address) < 0 ||
	    brackets != (frontend->family == 6))
		return brackets ? "not an IPv6 address in the brackets"
				: "not an IPv4 address, an IPv6 address in brackets, or *";
	return NULL;
}

int frontend_parse(const char *text, struct frontend *ret_frontend, const char **ret_problem)
{
	struct cursor cursor = {text, text + strlen(text)};
	struct frontend frontend = {0};
	const char *problem = parse_host(&cursor, &frontend);

	if (!problem)
		problem = parse_port(&cursor, &frontend.port);
	if (!problem)
		problem = parse_protocol(&cursor, &frontend.protocol);
	if (problem) {
		*ret_problem = problem;
		return -EINVAL;
	}
	*ret_frontend = frontend;
	return 0;
}

void frontend_format(const struct frontend *frontend, char text[FRONTEND_ADDRESS_TEXT])
{
	const char *suffix = frontend->protocol == IPPROTO_UDP ? "/udp" : "";
	char address[ADDRESS_TEXT] = "*";

	if (frontend->family)
		address_format(frontend->family, frontend->address, address);
	(void)snprintf(text, FRONTEND_ADDRESS_TEXT, frontend->family == 6 ? "[%s]:%u%s" : "%s:%u%s",
		       address, frontend->port, suffix);
}
