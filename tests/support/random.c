/* SPDX-License-Identifier: Apache-2.0 */
#include "random.h"

#include <stdlib.h>

uint64_t random_seed(uint64_t otherwise)
{
	const char *text = getenv("VW_SEED");

	return text ? strtoull(text, NULL, 0) : otherwise;
}
