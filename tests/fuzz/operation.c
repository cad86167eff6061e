/* SPDX-License-Identifier: Apache-2.0 */
/* A method, a blank, a target: what is accepted reads the same again. */
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "operation.h"

static void expect(bool holds)
{
	if (!holds)
		abort();
}

static void check_permission(const struct operation *operation)
{
	enum permission_kind kind = PERMISSION_KINDS;

	expect(operation->event && operation->path[0] == '/');
	if (!operation->name) {
		expect(operation->kind == PERMISSION_KINDS && !operation->permissions);
		return;
	}
	expect((operation_bits(operation->name, &kind) & operation->permissions) != 0);
	expect(kind == operation->kind);
}

/* The path that it was read as, plainly written, is the same operation. */
static void check_again(const char *method, const struct operation *operation)
{
	struct operation again;

	expect(operation_read(method, operation->path, false, &again) == OPERATION_NONE);
	expect(strcmp(again.path, operation->path) == 0);
	expect(strcmp(again.object, operation->object) == 0);
	expect(again.event == operation->event && again.permissions == operation->permissions);
	expect(!strpbrk(operation->path, "%\\.?# "));
	expect(!strstr(operation->path, "//"));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	cleanup(free_ptr) char *text = strndup((const char *)data, size);
	struct operation operation;
	char *target = NULL;

	if (!text)
		return 0;
	target = strchr(text, ' ');
	if (!target)
		return 0;
	*target++ = '\0';
	if (operation_read(text, target, false, &operation) == OPERATION_NONE) {
		check_permission(&operation);
		check_again(text, &operation);
	}
	expect(operation_read(text, target, true, &operation) != OPERATION_NONE);
	return 0;
}
