/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Diagnostics for the one who wrote the rules: FILE:LINE:COLUMN: error: TEXT, and
 * on a terminal the line itself with a caret under the place. Works on the JSON
 * form (D in control.h), so that those of the agent look like those found here.
 */
#pragma once

#include <jansson.h>

#include "diag.h"
#include "output.h"
#include "policy.h"

/* [D]; NULL: out of memory. */
json_t *report_from_diags(const struct diags *diags);

/* `sources`: where the lines are; NULL: without them. Returns how many are errors. */
size_t report_print(const struct printer *printer, const json_t *diagnostics,
		    const struct rules_bundle *sources);
