// SPDX-License-Identifier: Apache-2.0
#include "firewall.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "configuration.h"
#include "devices.h"
#include "firewall_image.h"
#include "firewall_tags.h"
#include "journal.h"
#include "listener.h"

/* node.yaml. */

static void log_diags(const struct diags *diags)
{
	for (size_t i = 0; i < diags->count; i++) {
		const struct diag *diag = &diags->items[i];

		journal(diag->level == DIAG_ERROR ? JOURNAL_ERROR : JOURNAL_WARNING, "%s:%u:%u: %s",
			diag->file ? diag->file : "", diag->line, diag->column, diag->text);
	}
}

static int read_node(const char *path, struct node *ret_node, struct fault *fault)
{
	cleanup(diags_clear) struct diags diags = {0};
	int r = configuration_read(path, &diags, ret_node, fault);

	log_diags(&diags);
	return r < 0 && fault->code == 0 ? fault_set(fault, r, "%s is wrong", path) : r;
}

int firewall_configure(struct firewall *firewall, const struct paths *paths, const char *config,
		       const char *group, struct fault *fault)
{
	firewall->paths = *paths;
	firewall->config = config;
	firewall->group = group;
	return read_node(config, &firewall->node, fault);
}

/* Start. */

/* Whether the image in force was made of these rules and this node.yaml. */
static bool is_image_of(const struct firewall *firewall, const struct image_identity *identity,
			const struct rules *rules)
{
	uint8_t digest[BUNDLE_DIGEST];

	return firewall_image_digest(&firewall->node, rules, digest) == 0 &&
	       identity->generation == rules->stored.generation &&
	       !memcmp(identity->digest, digest, sizeof(digest));
}

/* NULL: there are none, or no longer good ones. */
static struct rules *read_stored(struct stored *stored)
{
	uint32_t generation = stored->generation;
	struct rules *rules = NULL;
	struct fault fault = {0};

	if (rules_read(stored, &rules, &fault) == 0)
		return rules;
	journal(JOURNAL_WARNING, "the stored rules of generation %u are passed over: %s",
		generation, fault.text);
	if (rules)
		log_diags(&rules->diags);
	rules_free(&rules);
	return NULL;
}

__attribute__((format(printf, 2, 3))) static void tell_operator(struct firewall *firewall,
								const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	(void)vsnprintf(firewall->message, sizeof(firewall->message), format, arguments);
	va_end(arguments);
	journal(JOURNAL_WARNING, "%s", firewall->message);
}

static int put_in_force(struct firewall *firewall, struct rules *rules, struct fault *fault)
{
	cleanup(prepared_free) struct prepared prepared = {0};
	int r = firewall_prepare(firewall, &firewall->node, rules, PREPARE_ASSIGN_SEATS,
				 &rules->diags, &prepared, fault);

	if (r == 0)
		r = firewall_publish(firewall, &prepared, fault);
	firewall_settle(firewall);
	if (r == 0)
		journal(JOURNAL_INFO, "generation %u was compiled and is in force",
			firewall->generation);
	return r;
}

/*
 * What the kernel has in force stays, known or not: a restart changes no verdict.
 * Only another node.yaml or another version makes the same rules a new image.
 */
static void take_over(struct firewall *firewall, const struct image_identity *identity)
{
	cleanup(stored_free) struct stored stored = {0};
	struct fault fault = {0};

	firewall->generation = identity->generation;
	firewall->lines = identity->lines;
	if (loader_seating(firewall->loader, &firewall->seating, &fault) == 0 &&
	    store_load(firewall->store, identity->generation, &stored, &fault) == 0)
		firewall->rules = read_stored(&stored);
	if (!firewall->rules)
		tell_operator(
			firewall,
			"generation %u is in force, but its rules are lost%s%.300s; push them again",
			identity->generation, fault.code ? ": " : "", fault.text);
	else if (is_image_of(firewall, identity, firewall->rules))
		journal(JOURNAL_INFO, "generation %u is in force already and was taken over",
			identity->generation);
	else if (put_in_force(firewall, firewall->rules, &fault) < 0)
		tell_operator(firewall,
			      "generation %u is in force as an earlier agent compiled it: %.300s",
			      identity->generation, fault.text);
}

/* After a reboot: the newest rules on disk that are good. */
static int restore(struct firewall *firewall, struct fault *fault)
{
	cleanup(stored_free) struct stored stored = {0};
	uint32_t tried = 0;

	while (!firewall->rules && store_load_good(firewall->store, tried, &stored) == 0) {
		tried = stored.generation;
		firewall->rules = read_stored(&stored);
		stored_free(&stored);
	}
	if (firewall->rules)
		return put_in_force(firewall, firewall->rules, fault);
	if (store_next(firewall->store) > 1)
		tell_operator(firewall,
			      "nothing is filtered, since none of the rules that were kept "
			      "can be read; push them again");
	else
		tell_operator(firewall,
			      "there are no rules yet; interfaces get the filter with the "
			      "first push");
	return 0;
}

static int settle_rules(struct firewall *firewall, struct fault *fault)
{
	uint32_t before = store_current(firewall->store);
	struct image_identity identity;
	struct fault trouble = {0};
	int r = loader_identity(firewall->loader, &identity);

	if (r < 0 && r != -ENOENT)
		return fault_set(fault, r, "cannot tell which rules are in force: %s",
				 strerror(-r));
	if (r == 0)
		take_over(firewall, &identity);
	else
		r = restore(firewall, fault);
	if (r < 0)
		return r;
	if (firewall->rules && store_current(firewall->store) != firewall->generation &&
	    store_commit(firewall->store, firewall->generation, &trouble) < 0)
		tell_operator(firewall, "%s", trouble.text);
	/* What is passed over as damaged stays, for whoever looks for the cause. */
	else if (firewall->rules && before <= firewall->generation)
		store_discard_newer(firewall->store);
	return 0;
}

/* The filter where node.yaml wants it, and nowhere else. */
static void cover_interfaces(struct firewall *firewall)
{
	struct fault trouble = {0};

	firewall_attach(firewall, true);
	if (firewall->generation > 0 &&
	    interfaces_detach_others(&firewall->interfaces, firewall->loader, &trouble) < 0)
		journal(JOURNAL_WARNING, "%s", trouble.text);
}

/* What others may read; without it there are the metrics for root, and no tags for the authoriser.
 */
static void share(struct firewall *firewall)
{
	struct fault trouble = {0};

	if (loader_share(firewall->loader, listener_group(firewall->group), &trouble) < 0)
		journal(JOURNAL_WARNING, "%s", trouble.text);
}

int firewall_start(struct firewall *firewall, struct fault *fault)
{
	int r;

	r = store_open(firewall->paths.state, listener_group(firewall->group), &firewall->store,
		       fault);
	if (r < 0)
		return r;
	r = loader_open(&firewall->paths, &firewall->loader, fault);
	if (r < 0)
		return r;
	r = settle_rules(firewall, fault);
	if (r < 0)
		return r;
	r = loader_set_clock(firewall->loader, fault);
	if (r < 0)
		return r;
	if (interfaces_make(&firewall->node, &firewall->interfaces) < 0)
		return fault_set(fault, -ENOMEM, "no memory for interfaces");
	cover_interfaces(firewall);
	firewall_cut_tags(firewall); /* of a push that an earlier agent did not survive */
	share(firewall);
	return 0;
}

void firewall_close(struct firewall *firewall)
{
	interfaces_free(&firewall->interfaces);
	rules_free(&firewall->rules);
	seating_free(&firewall->seating);
	loader_close(firewall->loader);
	store_close(firewall->store);
	node_free(&firewall->node);
	*firewall = (struct firewall){0};
}

/* Which devices bear which tags; what was known before stays if it cannot be found out. */
static void follow_devices(struct firewall *firewall)
{
	cleanup(devices_free) struct devices devices = {0};
	struct fault trouble = {0};

	if (devices_scan(&firewall->node, &devices, &trouble) < 0 ||
	    loader_set_devices(firewall->loader, devices.items, devices.count, &trouble) < 0)
		journal(JOURNAL_WARNING, "%s", trouble.text);
	if (devices.refused > firewall->devices_refused)
		journal(JOURNAL_WARNING,
			"%zu tunnel devices carry several endpoint tags at once: connections that "
			"come in on them are refused",
			devices.refused);
	firewall->devices_refused = devices.refused;
}

/* Before the filter: it lets in what is gated once connections are steered. */
static void steer(struct firewall *firewall)
{
	struct fault trouble = {0};

	firewall->steered = loader_steer(firewall->loader, &trouble) == 0;
	if (!firewall->steered)
		journal(JOURNAL_WARNING, "%s; gated packets are dropped", trouble.text);
}

void firewall_attach(struct firewall *firewall, bool again)
{
	/* Without rules the filter would keep everybody out. */
	if (firewall->generation == 0)
		return;
	follow_devices(firewall);
	if (again || !firewall->steered)
		steer(firewall);
	if (firewall_settle_tags(firewall))
		share(firewall);
	interfaces_attach(&firewall->interfaces, firewall->loader, again);
}

/* Reload. */

/* Compiles the rules anew if what node.yaml contributes to the image is different. */
static int recompile(struct firewall *firewall, const struct node *node, struct fault *fault)
{
	cleanup(prepared_free) struct prepared prepared = {0};
	uint8_t before[BUNDLE_DIGEST], after[BUNDLE_DIGEST];
	int r;

	if (!firewall->rules)
		return 0;
	if (firewall_image_digest(&firewall->node, firewall->rules, before) < 0 ||
	    firewall_image_digest(node, firewall->rules, after) < 0)
		return fault_set(fault, -ENOMEM, "no memory for a digest");
	if (!memcmp(before, after, sizeof(before)))
		return 0;
	r = firewall_prepare(firewall, node, firewall->rules, PREPARE_ASSIGN_SEATS,
			     &firewall->rules->diags, &prepared, fault);
	if (r == 0)
		r = firewall_publish(firewall, &prepared, fault);
	firewall_settle(firewall);
	return r;
}

static int apply_node(struct firewall *firewall, struct node *node, struct fault *fault)
{
	struct interfaces interfaces = {0};
	int r;

	if (interfaces_make(node, &interfaces) < 0)
		return fault_set(fault, -ENOMEM, "no memory for interfaces");
	r = recompile(firewall, node, fault);
	if (r < 0) {
		interfaces_free(&interfaces);
		return r;
	}
	interfaces_carry_over(&firewall->interfaces, &interfaces);
	interfaces_free(&firewall->interfaces);
	firewall->interfaces = interfaces;
	node_free(&firewall->node);
	firewall->node = *node;
	*node = (struct node){0};
	cover_interfaces(firewall);
	return 0;
}

void firewall_reload(struct firewall *firewall)
{
	cleanup(node_free) struct node node = {0};
	struct fault fault = {0};

	if (read_node(firewall->config, &node, &fault) < 0 ||
	    apply_node(firewall, &node, &fault) < 0)
		journal(JOURNAL_ERROR, "%s; the node configuration of before stays", fault.text);
	else
		journal(JOURNAL_NOTICE, "%s was read again", firewall->config);
}

const char *firewall_seat_name(const struct firewall *firewall, uint32_t seat)
{
	return seat == IMAGE_SEAT_NODE || seat >= firewall->seating.count
		       ? NULL
		       : firewall->seating.names[seat];
}
