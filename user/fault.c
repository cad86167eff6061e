// SPDX-License-Identifier: Apache-2.0
#include "fault.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int fault_set(struct fault *fault, int code, const char *format, ...)
{
	va_list arguments;

	if (!fault)
		return code;
	fault->code = code;
	va_start(arguments, format);
	(void)vsnprintf(fault->text, sizeof(fault->text), format, arguments);
	va_end(arguments);
	return code;
}

int fault_prefix(struct fault *fault, const char *format, ...)
{
	char rest[sizeof(fault->text)];
	va_list arguments;
	size_t used;

	memcpy(rest, fault->text, sizeof(rest));
	va_start(arguments, format);
	(void)vsnprintf(fault->text, sizeof(fault->text), format, arguments);
	va_end(arguments);
	used = strlen(fault->text);
	(void)snprintf(fault->text + used, sizeof(fault->text) - used, ": %s", rest);
	return fault->code;
}
