/* SPDX-License-Identifier: Apache-2.0 */
#include "node.h"

#include <errno.h>
#include <stdlib.h>

#include "cleanup.h"

static void expect(bool holds)
{
	if (!holds)
		abort();
}

static void check_tag(const struct node *node, const struct tag_source *source)
{
	bool udp = source->transport == TAG_VXLAN || source->transport == TAG_GENEVE;

	expect(udp == (source->port > 0));
	expect((source->transport == TAG_VLAN) == (source->interface_count > 0));
	expect((source->transport == TAG_VLAN) == (source->peers.count == 0));
	expect(source->at.line && node->interface_count >= source->interface_count);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	cleanup(node_free) struct node node = {0};
	cleanup(diags_clear) struct diags diags = {0};
	const struct rules_file document = {"node.yaml", (const char *)data, size};
	int r = node_read(&document, &diags, &node);

	expect(r == -ENOMEM || (r == 0) == (diags.errors == 0));
	if (r < 0)
		return 0;
	expect(node.interface_count > 0 && node.file);
	for (size_t i = 0; i < node.tag_count; i++)
		check_tag(&node, &node.tags[i]);
	expect(!node.gate.present || node.gate.listen.port);
	return 0;
}
