/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A tree of nodes in the making: what is allowed in one, whatever the parser let through. Knows no
 * parser.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "diag.h"
#include "yaml.h"
#include "yaml_keys.h"

struct yaml_place {
	uint32_t line; /* 0: no place */
	uint32_t column;
};

/* A collection that has begun and not ended. */
struct yaml_frame {
	struct yaml_node *node;
	struct yaml_node *last; /* its last child yet */
	struct yaml_node *key;	/* of a mapping: read, and its value not yet */
};

struct yaml_tree {
	const char *file;
	struct diags *diags;
	struct yaml_document document;
	struct yaml_keys keys;
	struct yaml_frame frames[YAML_DEPTH_MAX];
	uint32_t depth;
	uint32_t nodes;
	bool broken; /* not what was written: goes on for the sake of the diagnostics only */
};

void yaml_tree_init(struct yaml_tree *tree, const char *file, struct diags *diags);
void yaml_tree_free(struct yaml_tree *tree);

/* Each 0, or what ends the reading, reported: -EINVAL or -ENOMEM. Ends match beginnings. */
int yaml_tree_scalar(struct yaml_tree *tree, struct yaml_place at, bool plain, const char *text,
		     size_t length);
int yaml_tree_begin(struct yaml_tree *tree, struct yaml_place at, enum yaml_kind kind);
int yaml_tree_end(struct yaml_tree *tree);

/* Whether the root is a mapping whose last pair, complete, has this key. */
bool yaml_tree_has(const struct yaml_tree *tree, const char *key);

/* Reports an error that one can read past; the tree is broken from then on. */
void yaml_tree_break(struct yaml_tree *tree, struct yaml_place at, const char *text);

/* Reports an error and returns -EINVAL. */
int yaml_tree_refuse(const struct yaml_tree *tree, struct yaml_place at, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
int yaml_tree_out_of_memory(const struct yaml_tree *tree);
