// SPDX-License-Identifier: Apache-2.0
#include "interfaces.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "journal.h"

static bool has_vlan_tags(const struct node *node, const char *name)
{
	for (size_t i = 0; i < node->tag_count; i++)
		for (size_t j = 0; j < node->tags[i].interface_count; j++)
			if (!strcmp(node->tags[i].interfaces[j], name))
				return true;
	return false;
}

int interfaces_make(const struct node *node, struct interfaces *ret_interfaces)
{
	struct interfaces interfaces = {.count = node->interface_count};

	interfaces.items = calloc(node->interface_count, sizeof(*interfaces.items));
	if (!interfaces.items)
		return -ENOMEM;
	for (size_t i = 0; i < interfaces.count; i++) {
		struct interface *each = &interfaces.items[i];

		(void)snprintf(each->name, sizeof(each->name), "%s", node->interfaces[i].name);
		each->wanted = node->interfaces[i].mode;
		each->vlan_tags = has_vlan_tags(node, each->name);
	}
	*ret_interfaces = interfaces;
	return 0;
}

void interfaces_free(struct interfaces *interfaces)
{
	free(interfaces->items);
	*interfaces = (struct interfaces){0};
}

static bool is_same(const struct interface *left, const struct interface *right)
{
	return !strcmp(left->name, right->name) && left->wanted == right->wanted &&
	       left->vlan_tags == right->vlan_tags;
}

void interfaces_carry_over(const struct interfaces *from, struct interfaces *to)
{
	for (size_t i = 0; i < to->count; i++)
		for (size_t j = 0; j < from->count; j++)
			if (is_same(&from->items[j], &to->items[i])) {
				to->items[i].tried = from->items[j].tried;
				to->items[i].attachment = from->items[j].attachment;
			}
}

static bool is_due(const struct interface *interface, bool again)
{
	unsigned ifindex = if_nametoindex(interface->name);
	const struct attachment *attachment = &interface->attachment;

	if (!interface->tried)
		return true;
	if (attachment->state == ATTACH_ABSENT)
		return ifindex != 0;
	if (attachment->ifindex != ifindex)
		return true;
	return attachment->state == ATTACH_REFUSED && again;
}

static void tell(const struct interface *interface, const struct attachment *before)
{
	const struct attachment *now = &interface->attachment;

	if (before->state == now->state && before->ifindex == now->ifindex &&
	    !strcmp(before->reason, now->reason) && interface->tried)
		return;
	if (now->state == ATTACH_ABSENT)
		journal(JOURNAL_WARNING,
			"interface %s is not there; it gets the filter when it appears",
			interface->name);
	else if (now->state == ATTACH_REFUSED)
		journal(JOURNAL_ERROR, "interface %s has no filter: %s", interface->name,
			now->reason);
	else
		journal(now->reason[0] ? JOURNAL_WARNING : JOURNAL_INFO,
			"interface %s has the filter in %s mode%s%s%s", interface->name,
			now->generic ? "generic" : "native", now->frags ? "" : ", without frags",
			now->reason[0] ? ": " : "", now->reason);
}

static void attach(struct interface *interface, struct loader *loader)
{
	struct attachment before = interface->attachment;
	struct attachment now = {.state = ATTACH_REFUSED};
	struct fault fault = {0};

	if (loader_attach(loader, interface->name, interface->wanted, interface->vlan_tags, &now,
			  &fault) < 0) {
		now = (struct attachment){.state = ATTACH_REFUSED,
					  .ifindex = if_nametoindex(interface->name)};
		(void)snprintf(now.reason, sizeof(now.reason), "%.255s", fault.text);
	}
	interface->attachment = now;
	tell(interface, &before);
	interface->tried = true;
}

void interfaces_attach(struct interfaces *interfaces, struct loader *loader, bool again)
{
	for (size_t i = 0; i < interfaces->count; i++)
		if (is_due(&interfaces->items[i], again))
			attach(&interfaces->items[i], loader);
}

void interfaces_lost(struct interfaces *interfaces, unsigned ifindex)
{
	for (size_t i = 0; i < interfaces->count; i++) {
		struct interface *each = &interfaces->items[i];

		if (!each->tried || each->attachment.state == ATTACH_ABSENT ||
		    each->attachment.ifindex != ifindex)
			continue;
		each->attachment = (struct attachment){.state = ATTACH_ABSENT};
		journal(JOURNAL_WARNING, "interface %s is gone", each->name);
	}
}

int interfaces_detach_others(const struct interfaces *interfaces, struct loader *loader,
			     struct fault *fault)
{
	cleanup(free_ptr) const char **keep = calloc(interfaces->count + 1, sizeof(*keep));

	if (!keep)
		return fault_set(fault, -ENOMEM, "no memory for the names of interfaces");
	for (size_t i = 0; i < interfaces->count; i++)
		keep[i] = interfaces->items[i].name;
	return loader_detach_others(loader, keep, interfaces->count, fault);
}

bool interfaces_any_refused(const struct interfaces *interfaces)
{
	for (size_t i = 0; i < interfaces->count; i++)
		if (interfaces->items[i].tried &&
		    interfaces->items[i].attachment.state == ATTACH_REFUSED)
			return true;
	return false;
}
