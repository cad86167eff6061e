/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is wrong with a YAML text before libyaml sees a byte of it. Of bad bytes libyaml tells no
 * line, and %TAG lines cost it quadratic time.
 */
#pragma once

#include <stddef.h>

#include "diag.h"

/*
 * 0, or -EINVAL with an error at the first bad character. Moves *TEXT and *SIZE past a byte order
 * mark.
 */
int yaml_text_check(const char **text, size_t *size, const char *file, struct diags *diags);
