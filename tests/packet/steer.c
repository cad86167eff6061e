/* SPDX-License-Identifier: Apache-2.0 */
/* What steering notes of gated connections, and whom it refuses for the sake of a note. */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/bpf.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include <bpf/bpf.h>
#include <cmocka.h>

#include "cleanup.h"
#include "filter.h"
#include "tag.h"

static const char rules[] =
	"version: 1\n"
	"virtual_networks:\n"
	"  - {name: app, tag: 7001, subnets: [{name: web, prefix: 10.1.0.0/24, service_endpoint: true}]}\n"
	"trusted_services:\n"
	"  - name: backup\n"
	"    ip_rules: [192.0.2.128/28]\n"
	"    identities: [{kind: application, app_id: 262044b1-e2ce-469f-a196-69ab7ada62d3}]\n"
	"vaults:\n"
	"  - name: left\n"
	"    hostnames: [left.example]\n"
	"    frontends: [203.0.113.20:443, '[2001:db8::20]:443']\n"
	"    network_acls: {virtual_network_rules: [{subnet: app/web}], ip_rules: [10.1.0.7]}\n"
	"  - name: right\n"
	"    hostnames: [right.example]\n"
	"    frontends: [203.0.113.20:443, '[2001:db8::20]:443']\n"
	"    network_acls: {default_action: allow}\n"
	"  - name: alone\n"
	"    frontends: [203.0.113.10:443]\n"
	"    network_acls: {bypass: trusted_services, ip_rules: [10.1.0.7]}\n";

static const char node[] = "version: 1\n"
			   "interfaces: [{name: eth0}]\n"
			   "tags: [{transport: vxlan, peers: [192.0.2.0/28]}]\n";

/* Devices, and what they say of a connection. In a test run every one has the index 0. */
enum device { PLAIN, TUNNEL, OTHER, VLAN, VRF, UNSEEN };

static const struct vw_device devices[] = {
	[PLAIN] = {VW_DEVICE_PLAIN, 0},
	[TUNNEL] = {VW_DEVICE_TAGGED, 7001},
	[OTHER] = {VW_DEVICE_TAGGED, 7002},
	[VLAN] = {VW_DEVICE_TAGGED | VW_DEVICE_VLAN, 700}, /* an id that the rules do not know */
	[VRF] = {VW_DEVICE_APART, 0},
	[UNSEEN] = {VW_DEVICE_TAGGED, 7001}, /* of another device */
};

#define DROPPED	    (-1)
#define LISTEN_PORT 8443

static struct filter filter;
static int program = -1, listener = -1, tags = -1;

static int open_pin(const char *name)
{
	char path[PATH_TEXT + 32];

	(void)snprintf(path, sizeof(path), "%s/%s", filter.paths.bpf, name);
	return bpf_obj_get(path);
}

/* The program that the pinned link runs. */
static int open_program(void)
{
	cleanup(close_fd) int link = open_pin("steer");
	struct bpf_link_info info = {0};
	uint32_t size = sizeof(info);

	if (link < 0 || bpf_obj_get_info_by_fd(link, &info, &size))
		return -1;
	return bpf_prog_get_fd_by_id(info.prog_id);
}

static int open_gate(void)
{
	const struct sockaddr_in6 any = {.sin6_family = AF_INET6, .sin6_port = htons(LISTEN_PORT)};
	int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || bind(fd, (const struct sockaddr *)&any, sizeof(any)) || listen(fd, 1))
		return -1;
	return fd;
}

static int set_up(void **state)
{
	struct fault fault = {0};

	(void)state;
	if (!filter_open(&filter) || !filter_load(&filter, rules, node) || !filter_steer(&filter))
		return -1;
	program = open_program();
	listener = open_gate();
	tags = open_pin("tags");
	return program < 0 || tags < 0 || loader_set_gate(filter.loader, listener, &fault) ? -1 : 0;
}

static int tear_down(void **state)
{
	(void)state;
	close_fd(&program);
	close_fd(&listener);
	close_fd(&tags);
	filter_close(&filter);
	return 0;
}

/* Where a connection goes: 1 to the gate, 0 to whoever listens, or DROPPED. */
static int look_up(enum device device, struct bpf_sk_lookup *context)
{
	const struct loader_device all[] = {
		{.ifindex = device == UNSEEN ? 77 : 0, .device = devices[device]},
		{.ifindex = VW_DEVICES_LISTED, .device = devices[PLAIN]},
	};
	struct fault fault = {0};
	LIBBPF_OPTS(bpf_test_run_opts, options, .ctx_in = context, .ctx_size_in = sizeof(*context),
		    .ctx_out = context, .ctx_size_out = sizeof(*context));

	assert_int_equal(loader_set_devices(filter.loader, all, 2, &fault), 0);
	assert_int_equal(bpf_prog_test_run_opts(program, &options), 0);
	if (options.retval != SK_PASS)
		return DROPPED;
	return context->cookie ? 1 : 0;
}

static int steer4(enum device device, const char *source, uint16_t port, const char *to)
{
	struct bpf_sk_lookup context = {.family = AF_INET,
					.protocol = IPPROTO_TCP,
					.remote_port = htons(port),
					.local_port = 443};

	assert_int_equal(inet_pton(AF_INET, source, &context.remote_ip4), 1);
	assert_int_equal(inet_pton(AF_INET, to, &context.local_ip4), 1);
	return look_up(device, &context);
}

static int shared(enum device device, const char *source, uint16_t port)
{
	return steer4(device, source, port, "203.0.113.20");
}

/* The key in full, by hand. */
static struct vw_tag_key key4(const char *source, uint16_t port)
{
	struct vw_tag_key key = {.remote = {[10] = 0xff, 0xff},
				 .local = {[10] = 0xff, 0xff, 203, 0, 113, 20},
				 .remote_port = htons(port),
				 .local_port = htons(443)};

	assert_int_equal(inet_pton(AF_INET, source, key.remote + 12), 1);
	return key;
}

static void expect_note(const struct vw_tag_key *key, uint32_t tag, struct vw_tag *ret_note)
{
	assert_int_equal(bpf_map_lookup_elem(tags, key, ret_note), 0);
	assert_int_equal(ret_note->tag, tag);
	assert_true(ret_note->time > 0);
}

static void expect_none(const struct vw_tag_key *key)
{
	struct vw_tag note;

	assert_int_equal(bpf_map_lookup_elem(tags, key, &note), -ENOENT);
}

static struct vw_tag_totals totals(void)
{
	struct vw_tag_totals all;

	assert_int_equal(loader_tag_totals(filter.loader, &all), 0);
	return all;
}

/* That the connection is refused, and counted as refused for that reason. */
static void expect_refused(enum vw_tag_refusal refusal, enum device device, const char *source,
			   uint16_t port)
{
	uint64_t before = totals().refused[refusal];

	assert_int_equal(shared(device, source, port), DROPPED);
	assert_int_equal(totals().refused[refusal], before + 1);
}

static void a_tag_is_noted_before_the_gate_gets_the_connection(void **state)
{
	const struct vw_tag_key key = key4("10.1.0.5", 1000);
	struct vw_tag note;

	(void)state;
	expect_none(&key);
	assert_int_equal(shared(TUNNEL, "10.1.0.5", 1000), 1);
	expect_note(&key, 7001, &note);
	assert_int_equal(note.flags, 0);
}

static void who_has_no_tag_is_not_noted(void **state)
{
	const struct vw_tag_key key = key4("10.1.0.5", 1001);

	(void)state;
	assert_int_equal(shared(PLAIN, "10.1.0.5", 1001), 1);
	expect_none(&key);
}

static void who_does_not_get_to_the_gate_is_not_noted(void **state)
{
	const uint64_t before = totals().noted;

	(void)state;
	assert_int_equal(steer4(PLAIN, "10.1.0.7", 1002, "203.0.113.10"), 0);
	assert_int_equal(steer4(TUNNEL, "10.1.0.7", 1002, "203.0.113.10"), DROPPED);
	assert_int_equal(steer4(PLAIN, "192.0.2.129", 1002, "203.0.113.10"), 1);
	assert_int_equal(totals().noted, before);
}

static void the_first_note_stands(void **state)
{
	const struct vw_tag_key key = key4("10.1.0.5", 1003);
	struct vw_tag first, note;

	(void)state;
	assert_int_equal(shared(TUNNEL, "10.1.0.5", 1003), 1);
	expect_note(&key, 7001, &first);
	expect_refused(VW_TAG_REFUSAL_TAKEN, PLAIN, "10.1.0.5", 1003);
	expect_refused(VW_TAG_REFUSAL_TAKEN, OTHER, "10.1.0.5", 1003);
	expect_refused(VW_TAG_REFUSAL_TAKEN, VLAN, "10.1.0.5", 1003);
	expect_note(&key, 7001, &note);
	assert_int_equal(note.time, first.time);
	assert_int_equal(shared(PLAIN, "10.1.0.5", 1004), 1);
}

static void the_same_tag_renews_a_note(void **state)
{
	const struct vw_tag_key key = key4("10.1.0.5", 1005);
	struct vw_tag first, second;
	uint64_t noted;

	(void)state;
	assert_int_equal(shared(TUNNEL, "10.1.0.5", 1005), 1);
	expect_note(&key, 7001, &first);
	noted = totals().noted;
	assert_int_equal(shared(TUNNEL, "10.1.0.5", 1005), 1);
	expect_note(&key, 7001, &second);
	assert_true(second.time > first.time);
	assert_int_equal(totals().noted, noted);
}

static void a_note_that_was_renewed_is_not_taken_out(void **state)
{
	struct vw_tag_removal removal = {.key = key4("10.1.0.5", 1006)};
	const uint64_t before = totals().removed;
	struct vw_tag note;

	(void)state;
	assert_int_equal(shared(TUNNEL, "10.1.0.5", 1006), 1);
	expect_note(&removal.key, 7001, &note);
	removal.time = note.time;
	assert_int_equal(shared(TUNNEL, "10.1.0.5", 1006), 1);
	assert_false(loader_forget_tag(filter.loader, &removal));
	expect_note(&removal.key, 7001, &note);
	removal.time = note.time;
	assert_true(loader_forget_tag(filter.loader, &removal));
	expect_none(&removal.key);
	assert_false(loader_forget_tag(filter.loader, &removal));
	assert_int_equal(totals().removed, before + 1);
	assert_int_equal(shared(PLAIN, "10.1.0.5", 1006), 1);
}

static void a_note_on_its_way_out_refuses(void **state)
{
	const struct vw_tag leaving = {.time = 0, .tag = 7001};
	struct vw_tag_removal removal = {.key = key4("10.1.0.5", 1007)};

	(void)state;
	assert_int_equal(bpf_map_update_elem(tags, &removal.key, &leaving, BPF_ANY), 0);
	expect_refused(VW_TAG_REFUSAL_TAKEN, TUNNEL, "10.1.0.5", 1007);
	expect_refused(VW_TAG_REFUSAL_TAKEN, PLAIN, "10.1.0.5", 1007);
	assert_false(loader_forget_tag(filter.loader, &removal));
}

static void a_vlan_id_is_noted_as_one(void **state)
{
	const struct vw_tag_key key = key4("10.1.0.5", 1008);
	struct vw_tag note;

	(void)state;
	assert_int_equal(shared(VLAN, "10.1.0.5", 1008), 1);
	expect_note(&key, 700, &note);
	assert_int_equal(note.flags, VW_TAG_VLAN);
}

static void a_vrf_is_no_way_to_a_shared_frontend(void **state)
{
	(void)state;
	expect_refused(VW_TAG_REFUSAL_APART, VRF, "10.1.0.5", 1009);
	assert_int_equal(steer4(VRF, "10.1.0.7", 1009, "203.0.113.10"), 0);
}

static void what_may_be_a_tunnel_is_no_way_to_one_either(void **state)
{
	(void)state;
	expect_refused(VW_TAG_REFUSAL_UNSEEN, UNSEEN, "10.1.0.5", 1012);
	assert_int_equal(steer4(UNSEEN, "10.1.0.7", 1012, "203.0.113.10"), 0);
	assert_int_equal(steer4(UNSEEN, "192.0.2.129", 1012, "203.0.113.10"), 1);
}

static void ipv6_is_noted_with_whole_addresses(void **state)
{
	struct bpf_sk_lookup context = {.family = AF_INET6,
					.protocol = IPPROTO_TCP,
					.remote_port = htons(1010),
					.local_port = 443};
	struct vw_tag_key key = {.remote_port = htons(1010), .local_port = htons(443)};
	struct vw_tag note;

	(void)state;
	assert_int_equal(inet_pton(AF_INET6, "2001:db8::50", key.remote), 1);
	assert_int_equal(inet_pton(AF_INET6, "2001:db8::20", key.local), 1);
	memcpy(context.remote_ip6, key.remote, sizeof(key.remote));
	memcpy(context.local_ip6, key.local, sizeof(key.local));
	assert_int_equal(look_up(TUNNEL, &context), 1);
	expect_note(&key, 7001, &note);
}

static void notes_are_listed_by_their_age(void **state)
{
	cleanup(free_ptr) struct vw_tag_removal *notes = NULL;
	const struct vw_tag_key key = key4("10.1.0.6", 1011);
	struct fault fault = {0};
	struct vw_tag note;
	size_t count = 0;
	bool found = false;

	(void)state;
	assert_int_equal(shared(TUNNEL, "10.1.0.6", 1011), 1);
	expect_note(&key, 7001, &note);
	assert_int_equal(loader_tags(filter.loader, note.time, &notes, &count, &fault), 0);
	for (size_t i = 0; i < count; i++)
		found = found ||
			(!memcmp(&notes[i].key, &key, sizeof(key)) && notes[i].time == note.time);
	assert_true(found);
	free_ptr(&notes);
	assert_int_equal(loader_tags(filter.loader, note.time - 1, &notes, &count, &fault), 0);
	for (size_t i = 0; i < count; i++)
		assert_memory_not_equal(&notes[i].key, &key, sizeof(key));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_tag_is_noted_before_the_gate_gets_the_connection),
		cmocka_unit_test(who_has_no_tag_is_not_noted),
		cmocka_unit_test(who_does_not_get_to_the_gate_is_not_noted),
		cmocka_unit_test(the_first_note_stands),
		cmocka_unit_test(the_same_tag_renews_a_note),
		cmocka_unit_test(a_note_that_was_renewed_is_not_taken_out),
		cmocka_unit_test(a_note_on_its_way_out_refuses),
		cmocka_unit_test(a_vlan_id_is_noted_as_one),
		cmocka_unit_test(a_vrf_is_no_way_to_a_shared_frontend),
		cmocka_unit_test(what_may_be_a_tunnel_is_no_way_to_one_either),
		cmocka_unit_test(ipv6_is_noted_with_whole_addresses),
		cmocka_unit_test(notes_are_listed_by_their_age),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
