/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Duplicate keys of a mapping. Found by sorting, since a mapping may have 100,000 keys, and they
 * may have been chosen against a hash function.
 */
#pragma once

#include <stddef.h>

#include "diag.h"
#include "yaml.h"

/* Room for one mapping at a time, kept from one to the next. Starts as {0}. */
struct yaml_keys {
	struct yaml_node **entries;
	size_t capacity;
};

/*
 * Reports each key that an earlier one of MAPPING equals, and takes its value out of the mapping.
 * Looks at scalar keys only. 0, or -ENOMEM without a diagnostic.
 */
int yaml_keys_check(struct yaml_keys *keys, struct yaml_node *mapping, const char *file,
		    struct diags *diags);
void yaml_keys_free(struct yaml_keys *keys);
