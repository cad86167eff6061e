/* SPDX-License-Identifier: Apache-2.0 */
/* What a program said: whatever it is, one printable line comes of it. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "nginx_words.h"

static void check(const char *output, size_t size, const char *from, const char *to)
{
	char text[300];

	nginx_words_problem(output, from, to, text, size);
	if (strlen(text) >= size)
		abort();
	for (const char *at = text; *at; at++)
		if ((unsigned char)*at < ' ' || *at == 0x7f)
			abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	cleanup(free_ptr) char *output = strndup((const char *)data, size);

	if (!output)
		return 0;
	check(output, 300, "/a", "/longer");
	check(output, 17, "x", "");
	check(output, 1, NULL, NULL);
	(void)nginx_words_not_running(output);
	return 0;
}
