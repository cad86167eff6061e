// SPDX-License-Identifier: Apache-2.0
/*
 * The gate's listener, whoever started the gate. A reload of the proxy keeps its
 * socket; after a restart the kernel has let go of the old one, and gated connections
 * are refused until the new one is found here.
 */
#include <string.h>

#include "cleanup.h"
#include "firewall.h"
#include "journal.h"
#include "sockets.h"

/* Says once what changed. */
static void gate_is_gone(struct firewall *firewall, const char *reason)
{
	if (firewall->gate_stands || strcmp(firewall->gate_reason, reason) != 0)
		journal(JOURNAL_WARNING, "gated connections are refused: %s", reason);
	firewall->gate_stands = false;
	(void)snprintf(firewall->gate_reason, sizeof(firewall->gate_reason), "%s", reason);
}

static void gate_stands(struct firewall *firewall)
{
	if (!firewall->gate_stands)
		journal(JOURNAL_NOTICE, "the gate listens on port %u",
			firewall->node.gate.listen.port);
	firewall->gate_stands = true;
	firewall->gate_reason[0] = '\0';
}

static void look_for_gate(struct firewall *firewall, const struct node_gate *gate)
{
	cleanup(close_fd) int listener = -1;
	struct fault fault = {0};

	if (firewall->gate_stands && loader_gate_stands(firewall->loader))
		return;
	if (sockets_find_listener(gate->listen.port, &listener, &fault) ||
	    loader_set_gate(firewall->loader, listener, &fault))
		gate_is_gone(firewall, fault.text);
	else
		gate_stands(firewall);
}

void firewall_follow_gate(struct firewall *firewall)
{
	const struct node_gate *gate = &firewall->node.gate;

	loader_set_gate_port(firewall->loader, gate->present ? gate->listen.port : 0);
	if (gate->present)
		look_for_gate(firewall, gate);
	else
		firewall->gate_stands = false;
	loader_tell_gate(firewall->loader, firewall->gate_stands);
}
