/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a request asks of a vault: its method and target as they were received, read
 * as the service reads them, and the permission that this takes. Whatever fits no row
 * of the table, or could be read in two ways, is refused. Pure: knows no token and no
 * rule.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "policy.h"

#define OPERATION_TARGET_MAX 8192 /* bytes of a path and query */
#define OPERATION_PATH_BYTES 768  /* five names of 127 characters, and their slashes */
#define OPERATION_NAME_BYTES 128  /* a name of 127 characters and its NUL */
#define OPERATION_API_BYTES  32

/* Why a request is refused.   X(NAME, label, help) */
#define OPERATION_FAULTS(X)                                                                        \
	X(NONE, "none", "")                                                                        \
	X(METHOD, "method", "the method is none of GET, PUT, POST, PATCH and DELETE in capitals")  \
	X(TUNNEL, "verb_tunnelling", "it asks for another method than the one it is sent with")    \
	X(TOO_LONG, "too_long", "the path or the query is too long")                               \
	X(FORM, "form", "the target is no path that begins with a slash")                          \
	X(FRAGMENT, "fragment", "the target holds a fragment")                                     \
	X(BYTE, "byte", "the target holds a blank, a control or a byte outside of ASCII")          \
	X(BACKSLASH, "backslash", "the path holds a backslash, perhaps encoded")                   \
	X(ESCAPE, "escape", "the target holds an escape that is none, or that hides another")      \
	X(ENCODED_SLASH, "encoded_slash", "the path holds an encoded slash")                       \
	X(ENCODED_DOT, "encoded_dot", "the path holds an encoded dot")                             \
	X(ENCODED_CONTROL, "encoded_control", "the target holds an encoded NUL or control")        \
	X(DOT_SEGMENT, "dot_segment", "the path holds a segment of dots")                          \
	X(AMBIGUOUS, "ambiguous", "a word of the service stands where a name is expected")         \
	X(BAD_NAME, "name", "a name holds other characters than letters, digits and hyphens")      \
	X(UNKNOWN, "unknown_operation", "no operation has this method and path")

enum operation_fault {
#define X(name, label, help) OPERATION_##name,
	OPERATION_FAULTS(X)
#undef X
		OPERATION_FAULT_COUNT,
};

struct operation {
	enum permission_kind kind;	       /* PERMISSION_KINDS: it needs no permission */
	uint32_t permissions;		       /* bits of the kind; any one of them is enough */
	const char *name;		       /* "secrets/get"; NULL: it needs no permission */
	const char *event;		       /* the service's own word for it: "SecretGet" */
	char object[OPERATION_NAME_BYTES];     /* the first name in the path; "": none */
	char path[OPERATION_PATH_BYTES];       /* decoded, each slash once */
	char api_version[OPERATION_API_BYTES]; /* "": none, or none to be printed */
};

/*
 * `target` is path and query as received; `tunnel` tells that a header such as
 * X-HTTP-Method was there. OPERATION_NONE, and then *ret_operation is filled.
 */
enum operation_fault operation_read(const char *method, const char *target, bool tunnel,
				    struct operation *ret_operation);

const char *operation_fault_label(enum operation_fault fault);
const char *operation_fault_help(enum operation_fault fault);
