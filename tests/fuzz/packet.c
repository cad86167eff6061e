/* SPDX-License-Identifier: Apache-2.0 */
/* The filter's parsers on anything. The first byte says what the rest is: a frame, or a tunnel. */
#include <stdint.h>
#include <stdlib.h>

#include "packet_check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	bool same = true;

	if (size == 0 || size > 4096)
		return 0;
	if (data[0] % 4 == 0)
		same = packet_check_frame(data + 1, size - 1);
	else
		same = packet_check_tunnel((enum image_transport)(data[0] % 4), data + 1, size - 1);
	if (!same)
		abort();
	return 0;
}
