// SPDX-License-Identifier: Apache-2.0
#include "loop.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>

#include "cleanup.h"

static int block_signals(void)
{
	sigset_t signals;

	(void)sigemptyset(&signals);
	(void)sigaddset(&signals, SIGTERM);
	(void)sigaddset(&signals, SIGINT);
	(void)sigaddset(&signals, SIGHUP);
	(void)signal(SIGPIPE, SIG_IGN);
	return sigprocmask(SIG_BLOCK, &signals, NULL) < 0 ? -errno : 0;
}

static void unref_event(sd_event **event)
{
	(void)sd_event_unref(*event);
}

int loop_open(sd_event_signal_handler_t stop, sd_event_signal_handler_t hangup, void *context,
	      sd_event **ret_event, struct fault *fault)
{
	cleanup(unref_event) sd_event *event = NULL;
	int r = block_signals();

	if (r >= 0)
		r = sd_event_new(&event);
	if (r >= 0)
		r = sd_event_set_watchdog(event, true);
	if (r >= 0)
		r = sd_event_add_signal(event, NULL, SIGTERM, stop, context);
	if (r >= 0)
		r = sd_event_add_signal(event, NULL, SIGINT, stop, context);
	if (r >= 0)
		r = sd_event_add_signal(event, NULL, SIGHUP, hangup, context);
	if (r < 0)
		return fault_set(fault, r, "cannot make an event loop: %s", strerror(-r));
	*ret_event = take_ptr(&event);
	return 0;
}
