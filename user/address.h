/* SPDX-License-Identifier: Apache-2.0 */
/*
 * IPv4 ranges, IP addresses and frontends as text, both ways. Strict: plain
 * decimal without leading zeros, no spaces, no host names.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "policy.h"

#define RANGE_TEXT   32 /* "255.255.255.255-255.255.255.255" and its NUL */
#define ADDRESS_TEXT 48 /* the longest IPv6 address and its NUL */

/*
 * "10.0.0.0/8", "192.0.2.1". 0 or -EINVAL, and then *ret_problem says why in a
 * few words ("not an IPv4 range", "IPv6 is not supported in ranges", "prefix
 * length over 32"). *ret_host_bits tells that bits below the prefix were set;
 * the range is then the prefix's.
 */
int range_parse(const char *text, size_t length, struct range *ret_range, bool *ret_host_bits,
		const char **ret_problem);

/* CIDR if the range is one, a bare address for a /32, else "first-last". */
void range_format(struct range range, char text[RANGE_TEXT]);

/* "192.0.2.1" or "2001:db8::1"; family 4 or 6, bytes in wire order, IPv4 in the first four. */
int address_parse(const char *text, uint8_t *ret_family, uint8_t ret_address[16]);
void address_format(uint8_t family, const uint8_t address[16], char text[ADDRESS_TEXT]);

/* "203.0.113.10:443", "[2001:db8::10]:443", "*:8200", each with an optional "/udp" or "/tcp". */
int frontend_parse(const char *text, struct frontend *ret_frontend, const char **ret_problem);
void frontend_format(const struct frontend *frontend, char text[FRONTEND_ADDRESS_TEXT]);
