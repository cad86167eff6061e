/* SPDX-License-Identifier: Apache-2.0 */
#include "node.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>

#include "cleanup.h"

#define HEAD "version: 1\ninterfaces: [{name: eth0}, {name: eth1}]\n"

struct sample {
	struct node node;
	struct diags diags;
	int r;
};

static void sample_free(struct sample *sample)
{
	node_free(&sample->node);
	diags_clear(&sample->diags);
}

static void sample_read(struct sample *sample, const char *text)
{
	const struct rules_file file = {"node.yaml", text, strlen(text)};

	sample->r = node_read(&file, &sample->diags, &sample->node);
	assert_int_equal(sample->r == 0, sample->diags.errors == 0);
}

/* The one diagnostic that a text gives. */
static void assert_told(const char *text, const char *expected)
{
	cleanup(sample_free) struct sample sample = {0};
	char line[DIAG_LINE_MAX] = "";

	sample_read(&sample, text);
	for (size_t i = 0; i < sample.diags.count; i++) {
		(void)diag_format(&sample.diags.items[i], line, sizeof(line));
		assert_string_equal(line, i == 0 ? expected : "no second one");
	}
	assert_int_equal(sample.diags.count, 1);
}

static void interfaces_have_a_mode(void **state)
{
	cleanup(sample_free) struct sample sample = {0};

	(void)state;
	sample_read(&sample,
		    "version: 1\ninterfaces:\n  - {name: eth0}\n"
		    "  - {name: bond0.100, mode: native}\n  - {name: wlan0, mode: generic}\n");
	assert_int_equal(sample.r, 0);
	assert_string_equal(sample.node.file, "node.yaml");
	assert_int_equal(sample.node.interface_count, 3);
	assert_string_equal(sample.node.interfaces[0].name, "eth0");
	assert_int_equal(sample.node.interfaces[0].mode, ATTACH_AUTO);
	assert_int_equal(sample.node.interfaces[0].at.line, 3);
	assert_string_equal(sample.node.interfaces[1].name, "bond0.100");
	assert_int_equal(sample.node.interfaces[1].mode, ATTACH_NATIVE);
	assert_int_equal(sample.node.interfaces[2].mode, ATTACH_GENERIC);
	assert_false(sample.node.gate.present);
	assert_int_equal(sample.node.tag_count, 0);
	assert_int_equal(sample.node.failsafe.count, 0);
}

static void tags_come_from_four_transports(void **state)
{
	cleanup(sample_free) struct sample sample = {0};
	const struct tag_source *tags = NULL;

	(void)state;
	sample_read(&sample,
		    HEAD "tags:\n  - {transport: vxlan, peers: [192.0.2.0/28, 192.0.2.77]}\n"
			 "  - {transport: geneve, port: 7000, peers: [192.0.2.0/28]}\n"
			 "  - {transport: gre, peers: [192.0.2.0/28]}\n"
			 "  - {transport: vlan, interfaces: [eth1, eth0]}\n"
			 "  - {transport: geneve, peers: [192.0.2.0/28]}\n");
	assert_int_equal(sample.r, 0);
	assert_int_equal(sample.node.tag_count, 5);
	tags = sample.node.tags;
	assert_int_equal(tags[0].transport, TAG_VXLAN);
	assert_int_equal(tags[0].port, 4789);
	assert_int_equal(tags[0].peers.count, 2);
	assert_int_equal(tags[0].peers.items[1].range.first, 0xc000024d);
	assert_int_equal(tags[0].peers.items[1].at.line, 4);
	assert_int_equal(tags[1].port, 7000);
	assert_int_equal(tags[2].transport, TAG_GRE);
	assert_int_equal(tags[2].port, 0);
	assert_int_equal(tags[3].transport, TAG_VLAN);
	assert_int_equal(tags[3].interface_count, 2);
	assert_string_equal(tags[3].interfaces[0], "eth1");
	assert_int_equal(tags[4].port, 6081);
}

static void the_gate_listens_and_is_asked_in_one_manner(void **state)
{
	cleanup(sample_free) struct sample sample = {0};
	cleanup(sample_free) struct sample envoy = {0};

	(void)state;
	sample_read(&sample, HEAD "gate: {listen: 0.0.0.0:8443}\nfailsafe: [192.0.2.250/32]\n");
	assert_int_equal(sample.r, 0);
	assert_true(sample.node.gate.present);
	assert_int_equal(sample.node.gate.listen.family, 4);
	assert_int_equal(sample.node.gate.listen.port, 8443);
	assert_int_equal(sample.node.gate.listen.protocol, IPPROTO_TCP);
	assert_int_equal(sample.node.gate.questions, QUESTIONS_ORIGINAL);
	assert_int_equal(sample.node.failsafe.count, 1);
	sample_read(&envoy, HEAD "gate: {listen: \"[::]:8443\", questions: envoy}\n");
	assert_int_equal(envoy.r, 0);
	assert_int_equal(envoy.node.gate.listen.family, 6);
	assert_int_equal(envoy.node.gate.questions, QUESTIONS_ENVOY);
}

static void the_document_has_a_version_and_an_interface(void **state)
{
	(void)state;
	assert_told(
		"# nothing\n",
		"node.yaml:1:1: error: the document is empty; it needs at least 'version: 1' and 'interfaces'");
	assert_told("version: 1\n",
		    "node.yaml:1:1: error: missing key 'interfaces' in the node configuration");
	assert_told("version: 1\ninterfaces: []\n",
		    "node.yaml:2:13: error: 'interfaces' is empty, but needs at least one element");
	assert_told("version: 2\ninterfaces: [{name: eth0}]\n",
		    "node.yaml:1:10: error: expected version 1, found '2'");
	assert_told(
		HEAD "intrefaces: []\n",
		"node.yaml:3:1: error: unknown key 'intrefaces' in the node configuration; did you mean 'interfaces'?");
}

static void interfaces_can_be_what_the_kernel_allows(void **state)
{
	(void)state;
	assert_told("version: 1\ninterfaces: [{name: lo}]\n",
		    "node.yaml:2:21: error: bad interface 'lo': loopback is never filtered");
	assert_told(
		"version: 1\ninterfaces: [{name: sixteen-letters-}]\n",
		"node.yaml:2:21: error: bad interface 'sixteen-letters-': the name of an interface has at most 15 characters");
	assert_told(
		"version: 1\ninterfaces: [{name: eth/0}]\n",
		"node.yaml:2:21: error: bad interface 'eth/0': the name of an interface has no slash, colon or blank");
	assert_told(
		"version: 1\ninterfaces: [{name: eth 0}]\n",
		"node.yaml:2:21: error: bad interface 'eth 0': the name of an interface has no slash, colon or blank");
	assert_told("version: 1\ninterfaces: [{name: ..}]\n",
		    "node.yaml:2:21: error: bad interface '..': no interface can be called that");
	assert_told("version: 1\ninterfaces: [{name: eth0, mode: skb}]\n",
		    "node.yaml:2:33: error: 'mode' is 'auto', 'native' or 'generic', not 'skb'");
	assert_told("version: 1\ninterfaces: [{name: eth0}, {name: eth0}]\n",
		    "node.yaml:2:35: error: interface 'eth0' is listed twice, first on line 2");
}

static void tags_have_fields_of_their_transport(void **state)
{
	(void)state;
	assert_told(HEAD "tags: [{peers: [192.0.2.1]}]\n",
		    "node.yaml:3:8: error: missing key 'transport' in a tag source");
	assert_told(HEAD "tags: [vxlan]\n",
		    "node.yaml:3:8: error: expected a mapping for a tag source, found 'vxlan'");
	assert_told(
		HEAD "tags: [{transport: vxlna, peers: [192.0.2.1]}]\n",
		"node.yaml:3:20: error: 'transport' is 'vxlan', 'geneve', 'gre' or 'vlan', not 'vxlna'; did you mean 'vxlan'?");
	assert_told(
		HEAD "tags: [{transport: vxlan}]\n",
		"node.yaml:3:8: error: missing key 'peers' in a tag source of transport 'vxlan'");
	assert_told(HEAD "tags: [{transport: gre, peers: []}]\n",
		    "node.yaml:3:32: error: 'peers' is empty, but needs at least one element");
	assert_told(
		HEAD "tags: [{transport: gre, port: 47, peers: [192.0.2.1]}]\n",
		"node.yaml:3:25: error: unknown key 'port' in a tag source of transport 'gre' (known: transport, peers)");
	assert_told(HEAD "tags: [{transport: vxlan, port: 0, peers: [192.0.2.1]}]\n",
		    "node.yaml:3:33: error: 'port' is a number from 1 to 65535, not '0'");
	assert_told(
		HEAD "tags: [{transport: vlan, interfaces: [eth2]}]\n",
		"node.yaml:3:39: error: interface 'eth2' is not listed under the node's 'interfaces'");
	assert_told(
		HEAD "tags: [{transport: gre, peers: [2001:db8::/32]}]\n",
		"node.yaml:3:33: error: bad range '2001:db8::/32': IPv6 is not supported in ranges");
}

static void a_packet_can_be_read_in_one_way(void **state)
{
	(void)state;
	assert_told(HEAD "tags:\n  - {transport: vxlan, peers: [192.0.2.1]}\n"
			 "  - {transport: vxlan, port: 4789, peers: [192.0.2.2]}\n",
		    "node.yaml:5:5: error: another entry of 'vxlan' on port 4789 is on line 4");
	assert_told(HEAD "tags:\n  - {transport: vxlan, peers: [192.0.2.1]}\n"
			 "  - {transport: geneve, port: 4789, peers: [192.0.2.2]}\n",
		    "node.yaml:5:5: error: port 4789 is that of 'vxlan' (line 4) already");
	assert_told(HEAD "tags:\n  - {transport: gre, peers: [192.0.2.1]}\n"
			 "  - {transport: gre, peers: [192.0.2.2]}\n",
		    "node.yaml:5:5: error: another entry of 'gre' is on line 4");
	assert_told(
		HEAD "tags:\n  - {transport: vlan, interfaces: [eth0]}\n"
		     "  - {transport: vlan, interfaces: [eth1, eth0]}\n",
		"node.yaml:5:5: error: interface 'eth0' is listed twice for VLANs, first on line 4");
}

static void eight_tunnels_are_enough(void **state)
{
	char text[2048] = HEAD "tags:\n  - {transport: gre, peers: [192.0.2.1]}\n"
			       "  - {transport: vlan, interfaces: [eth0]}\n";
	cleanup(sample_free) struct sample sample = {0};
	size_t length = strlen(text);

	(void)state;
	for (unsigned int i = 0; i < 7; i++)
		length += (size_t)snprintf(text + length, sizeof(text) - length,
					   "  - {transport: vxlan, port: %u, peers: [192.0.2.1]}\n",
					   1000 + i);
	sample_read(&sample, text);
	assert_int_equal(sample.r, 0);
	(void)snprintf(text + length, sizeof(text) - length,
		       "  - {transport: geneve, peers: [192.0.2.1]}\n");
	assert_told(text, "node.yaml:13:5: error: more than 8 entries of vxlan, geneve and gre");
}

static void the_gate_is_reached_by_tcp(void **state)
{
	(void)state;
	assert_told(HEAD "gate: {}\n", "node.yaml:3:7: error: missing key 'listen' in the gate");
	assert_told(
		HEAD "gate: {listen: 0.0.0.0:8443/udp}\n",
		"node.yaml:3:16: error: bad listener '0.0.0.0:8443/udp': the gate listens on TCP");
	assert_told(
		HEAD "gate: {listen: 8443}\n",
		"node.yaml:3:16: error: bad listener '8443': not an IPv4 address, an IPv6 address in brackets, or *");
	assert_told(
		HEAD "gate: {listen: \"*:8443\", questions: nginx}\n",
		"node.yaml:3:37: error: 'questions' is 'original', 'forwarded' or 'envoy', not 'nginx'");
}

static void doubtful_ranges_are_warned_of(void **state)
{
	(void)state;
	assert_told(HEAD "failsafe: [0.0.0.0/0]\n",
		    "node.yaml:3:12: warning: '0.0.0.0/0' admits every address");
	assert_told(
		HEAD "failsafe: [192.0.2.1/24]\n",
		"node.yaml:3:12: warning: '192.0.2.1/24' has bits set below its prefix; it is read as '192.0.2.0/24'");
	assert_told(HEAD "failsafe: [192.0.2.1, 192.0.2.0/24]\n",
		    "node.yaml:3:12: warning: '192.0.2.1' is covered by '192.0.2.0/24' on line 3");
	assert_told(HEAD "tags: [{transport: gre, peers: [0.0.0.0/0]}]\n",
		    "node.yaml:3:33: warning: '0.0.0.0/0' trusts the tags of every address");
}

/* The default configuration as it is, or with the parts that are commented out. */
static void default_read(struct sample *sample, bool whole)
{
	char text[8192] = "";
	char line[256];
	FILE *stream = fopen("rules/node.yaml", "r");

	assert_non_null(stream);
	while (fgets(line, sizeof(line), stream)) {
		bool example = strncmp(line, "#   ", 4) == 0 || strncmp(line, "# tags:", 7) == 0 ||
			       strncmp(line, "# gate:", 7) == 0;
		size_t length = strlen(text);

		(void)snprintf(text + length, sizeof(text) - length, "%s",
			       whole && example ? line + 2 : line);
	}
	(void)fclose(stream);
	sample_read(sample, text);
	assert_int_equal(sample->r, 0);
	assert_int_equal(sample->diags.count, 0);
}

static void the_default_configuration_is_right(void **state)
{
	cleanup(sample_free) struct sample sample = {0};
	cleanup(sample_free) struct sample whole = {0};

	(void)state;
	default_read(&sample, false);
	assert_int_equal(sample.node.interface_count, 1);
	assert_int_equal(sample.node.tag_count, 0);
	default_read(&whole, true);
	assert_int_equal(whole.node.tag_count, 4);
	assert_true(whole.node.gate.present);
}

static void a_node_can_be_freed_that_was_never_read(void **state)
{
	struct node node = {0};

	(void)state;
	node_free(&node);
	node_free(&node);
	node_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(interfaces_have_a_mode),
		cmocka_unit_test(tags_come_from_four_transports),
		cmocka_unit_test(the_gate_listens_and_is_asked_in_one_manner),
		cmocka_unit_test(the_document_has_a_version_and_an_interface),
		cmocka_unit_test(interfaces_can_be_what_the_kernel_allows),
		cmocka_unit_test(tags_have_fields_of_their_transport),
		cmocka_unit_test(a_packet_can_be_read_in_one_way),
		cmocka_unit_test(eight_tunnels_are_enough),
		cmocka_unit_test(the_gate_is_reached_by_tcp),
		cmocka_unit_test(doubtful_ranges_are_warned_of),
		cmocka_unit_test(the_default_configuration_is_right),
		cmocka_unit_test(a_node_can_be_freed_that_was_never_read),
	};

	return cmocka_run_group_tests_name("node", tests, NULL, NULL);
}
