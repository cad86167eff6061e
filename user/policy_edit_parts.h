/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the readers of edits share. Only policy_edit*.c include it.
 */
#pragma once

#include "policy_edit.h"
#include "policy_read.h"

/* The vault that is named; NULL: an error was told. */
const struct vault *edit_read_vault(struct policy_reader *reader, const struct yaml_node *node);

/* Says what the rules' own reading says of such rules, and what removing does not change. */
void edit_check(struct policy_reader *reader, const struct edit_request *request);

/* Says that an edit, looked up, changes nothing. */
void edit_tell_idle(struct policy_reader *reader, const struct vault *vault,
		    const struct rule_edit *edit);
