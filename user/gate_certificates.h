/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether certificates and keys are still the ones that nginx read: a renewed one keeps its path,
 * and needs a reload all the same.
 */
#pragma once

#include "policy.h"

#define GATE_CERTIFICATES_TEXT 65 /* hexadecimal, and its NUL */

/*
 * Other files, or other bytes in them, or other rights to read them, give another text. Looks at
 * them from outside: no key is read. -ENOMEM.
 */
int gate_certificates_digest(const struct policy *policy, const char *upstream_ca,
			     char ret_text[GATE_CERTIFICATES_TEXT]);
