/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The interfaces that node.yaml names, and whether each has the filter. They come
 * and go, and may refuse it; what changes is logged once.
 */
#pragma once

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>

#include "loader.h"
#include "node.h"

struct interface {
	char name[IF_NAMESIZE];
	enum attach_mode wanted;
	bool vlan_tags; /* a VLAN id is an endpoint tag there */
	bool tried;	/* until then the attachment means nothing */
	struct attachment attachment;
};

/* Starts as {0}. */
struct interfaces {
	struct interface *items;
	size_t count;
};

int interfaces_make(const struct node *node, struct interfaces *ret_interfaces);
void interfaces_free(struct interfaces *interfaces);

/* What is known of those that both have, and that are to be attached in the same way. */
void interfaces_carry_over(const struct interfaces *from, struct interfaces *to);

/*
 * Gives the filter to those that lack it: not tried yet, appeared, or replaced by
 * another of the same name. `again`: to those that refused, too.
 */
void interfaces_attach(struct interfaces *interfaces, struct loader *loader, bool again);

/* The interface with this index is gone; one with the same index is another one. */
void interfaces_lost(struct interfaces *interfaces, unsigned ifindex);

/* Takes the filter from every interface that is none of these. */
int interfaces_detach_others(const struct interfaces *interfaces, struct loader *loader,
			     struct fault *fault);

bool interfaces_any_refused(const struct interfaces *interfaces);
