/* SPDX-License-Identifier: Apache-2.0 */
#include "random_rules.h"

#include <stdio.h>
#include <stdlib.h>

#define PAST	 "2001-01-01T00:00:00Z"
#define FUTURE	 "2099-01-01T00:00:00Z"

#define SETS	 3
#define NETWORKS 3
#define SUBNETS	 3
#define SERVICES 3

/* A document being written. */
struct draft {
	struct random *random;
	FILE *out;
	bool large;
	bool networks; /* what a vault may refer to */
	bool sets;
	bool services;
};

/* Neighbours, the two ends of the address space, and anything. */
static void write_range(struct draft *draft)
{
	static const uint32_t bases[] = {0x0a010000, 0x0a010100, 0xc0000200, 0xc6336400,
					 0xcb007100, 0x00000000, 0x7fffff00, 0xffffff00};
	static const uint32_t widths[] = {32, 32, 32, 31, 30, 28, 28, 24, 23, 22, 8, 1, 0};
	struct random *random = draft->random;
	uint32_t width = widths[random_below(random, draft->large ? 8 : 10)];
	uint32_t address = bases[random_below(random, 8)] + random_below(random, 256);

	if (random_percent(random, 3))
		width = widths[random_below(random, 13)];
	if (random_percent(random, draft->large ? 90 : 5))
		address = (uint32_t)random_next(random);
	if (width < 32)
		address &= width ? UINT32_MAX << (32 - width) : 0;
	(void)fprintf(draft->out, "%u.%u.%u.%u/%u", address >> 24, address >> 16 & 255,
		      address >> 8 & 255, address & 255, width);
}

static void write_ranges(struct draft *draft, size_t count)
{
	(void)fprintf(draft->out, "[");
	for (size_t i = 0; i < count; i++) {
		(void)fprintf(draft->out, "%s", i ? ", " : "");
		write_range(draft);
	}
	(void)fprintf(draft->out, "]\n");
}

static void write_target(struct draft *draft)
{
	if (draft->sets && random_percent(draft->random, 20))
		(void)fprintf(draft->out, "\"set:s%u\"", random_below(draft->random, SETS));
	else
		write_range(draft);
}

/* Rules under `ip_rules:`, some of them with an end. */
static void write_ip_rules(struct draft *draft, const char *indent, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		(void)fprintf(draft->out, "%s- {range: ", indent);
		write_target(draft);
		if (random_percent(draft->random, 25))
			(void)fprintf(draft->out, ", expires: \"%s\"",
				      random_percent(draft->random, 50) ? PAST : FUTURE);
		(void)fprintf(draft->out, "}\n");
	}
}

static void write_networks(struct draft *draft)
{
	static const uint32_t tags[] = {5, 100, 7001};

	(void)fprintf(draft->out, "virtual_networks:\n");
	for (int n = 0; n < NETWORKS; n++) {
		(void)fprintf(draft->out, "  - name: n%d\n    tag: %u\n    subnets:\n", n, tags[n]);
		for (int s = 0; s < SUBNETS; s++) {
			(void)fprintf(draft->out, "      - {name: u%d, prefix: ", s);
			write_range(draft);
			(void)fprintf(draft->out, ", service_endpoint: %s}\n",
				      random_percent(draft->random, 70) ? "true" : "false");
		}
	}
}

static void write_sets(struct draft *draft)
{
	(void)fprintf(draft->out, "ip_sets:\n");
	for (int i = 0; i < SETS; i++) {
		size_t count = 1 + random_below(draft->random, draft->large ? 3000 : 6);

		(void)fprintf(draft->out, "  - name: s%d\n    ranges: ", i);
		write_ranges(draft, count);
	}
}

static void write_block(struct draft *draft)
{
	(void)fprintf(draft->out, "block:\n  ip_rules:\n");
	for (uint32_t i = random_below(draft->random, 4); i > 0; i--) {
		(void)fprintf(draft->out, "    - ");
		write_target(draft);
		(void)fprintf(draft->out, "\n");
	}
	(void)fprintf(draft->out, "    - 198.51.100.66\n  tags: [100, 666, %u]\n",
		      1000 + random_below(draft->random, 1000));
}

static void write_services(struct draft *draft)
{
	(void)fprintf(draft->out, "trusted_services:\n");
	for (int i = 0; i < SERVICES; i++) {
		(void)fprintf(draft->out,
			      "  - name: t%d\n    identities: [{kind: application, "
			      "app_id: 262044b1-e2ce-469f-a196-69ab7ada62d3}]\n",
			      i);
		if (random_percent(draft->random, 10))
			continue;
		(void)fprintf(draft->out, "    ip_rules:\n");
		write_ip_rules(draft, "      ", 1 + random_below(draft->random, 3));
	}
}

/* Two vaults may come to share one; a vault names none twice. */
static void write_frontends(struct draft *draft, uint32_t vault)
{
	static const char *const exact[] = {
		"203.0.113.1:443",	"203.0.113.1:8200",	"203.0.113.1:443/udp",
		"203.0.113.2:443",	"203.0.113.2:53/udp",	"[2001:db8::1]:443",
		"[2001:db8::1]:53/udp", "[2001:db8::2]:8200",	"[2001:db8::1]:8200",
		"203.0.113.3:53",	"203.0.113.3:4789/udp", "203.0.113.4:8200"};
	static const char *const wild[] = {"*:8200", "*:443", "*:53/udp", "*:6081/udp"};
	struct random *random = draft->random;
	uint32_t first = random_below(random, 12);

	(void)fprintf(draft->out, "    frontends: [\"203.0.113.%u:%u\"", 16 + vault,
		      random_percent(random, 50) ? 443 : 8200);
	for (uint32_t i = random_below(random, 4); i > 0; i--)
		(void)fprintf(draft->out, ", \"%s\"", exact[(first + i) % 12]);
	if (random_percent(random, 15))
		(void)fprintf(draft->out, ", \"%s\"", wild[random_below(random, 4)]);
	(void)fprintf(draft->out, "]\n");
}

static void write_network_rules(struct draft *draft)
{
	uint32_t first = random_below(draft->random, (size_t)NETWORKS * SUBNETS);

	(void)fprintf(draft->out, "      virtual_network_rules:\n");
	for (uint32_t i = random_below(draft->random, 4);; i--) {
		uint32_t which = (first + i) % (NETWORKS * SUBNETS);

		(void)fprintf(
			draft->out,
			"        - {subnet: n%u/u%u, ignore_missing_service_endpoint: true}\n",
			which / SUBNETS, which % SUBNETS);
		if (i == 0)
			break;
	}
}

static void write_vault(struct draft *draft, uint32_t vault)
{
	struct random *random = draft->random;

	(void)fprintf(draft->out, "  - name: v%u\n", vault);
	write_frontends(draft, vault);
	if (random_percent(random, 30))
		(void)fprintf(draft->out, "    enforcement: audit\n");
	(void)fprintf(draft->out, "    network_acls:\n      default_action: %s\n      bypass: %s\n",
		      random_percent(random, 12) ? "allow" : "deny",
		      draft->services && random_percent(random, 50) ? "trusted_services" : "none");
	if (random_percent(random, 85)) {
		(void)fprintf(draft->out, "      ip_rules:\n");
		write_ip_rules(draft, "        ", 1 + random_below(random, draft->large ? 500 : 5));
	}
	if (draft->networks && random_percent(random, 70))
		write_network_rules(draft);
}

static void write_rules(struct draft *draft)
{
	uint32_t vaults = 1 + random_below(draft->random, 10);

	draft->networks = random_percent(draft->random, 85);
	draft->sets = random_percent(draft->random, 70);
	draft->services = random_percent(draft->random, 70);
	(void)fprintf(draft->out, "version: 1\n");
	if (draft->networks)
		write_networks(draft);
	if (draft->sets)
		write_sets(draft);
	if (random_percent(draft->random, 80))
		write_block(draft);
	if (draft->services)
		write_services(draft);
	(void)fprintf(draft->out, "vaults:\n");
	for (uint32_t i = 0; i < vaults; i++)
		write_vault(draft, i);
}

static void write_tunnel(struct draft *draft, const char *transport)
{
	(void)fprintf(draft->out, "  - transport: %s\n    peers: ", transport);
	write_ranges(draft, 1 + random_below(draft->random, 3));
}

static void write_node(struct draft *draft)
{
	static const char *const transports[] = {"vxlan", "geneve", "gre", "vxlan\n    port: 8472",
						 "geneve\n    port: 53"};

	(void)fprintf(draft->out, "version: 1\ninterfaces:\n  - {name: eth0}\n");
	(void)fprintf(draft->out, "failsafe: ");
	write_ranges(draft, 1 + random_below(draft->random, 3));
	if (random_percent(draft->random, 10))
		return;
	(void)fprintf(draft->out, "tags:\n  - {transport: vlan, interfaces: [eth0]}\n");
	for (size_t i = 0; i < sizeof(transports) / sizeof(transports[0]); i++) {
		if (random_percent(draft->random, i < 3 ? 80 : 20))
			write_tunnel(draft, transports[i]);
	}
}

static char *write_document(struct random *random, bool large, void (*write)(struct draft *))
{
	struct draft draft = {.random = random, .large = large};
	char *text = NULL;
	size_t size = 0;

	draft.out = open_memstream(&text, &size);
	if (!draft.out)
		abort();
	write(&draft);
	(void)fclose(draft.out);
	return text;
}

struct random_rules random_rules_make(struct random *random, bool large)
{
	struct random_rules made = {0};

	made.rules = write_document(random, large, write_rules);
	made.node = write_document(random, false, write_node);
	return made;
}
