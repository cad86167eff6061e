/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The event loop of a service, with what all of them want: an end at SIGTERM and SIGINT, something
 * to do at SIGHUP, no death by SIGPIPE, and systemd's watchdog served.
 */
#pragma once

#include <systemd/sd-event.h>

#include "fault.h"

/*
 * Blocks these signals for all threads that start later: so before any of them. `context` is for
 * both handlers; they are called from sd_event_loop() only.
 */
int loop_open(sd_event_signal_handler_t stop, sd_event_signal_handler_t hangup, void *context,
	      sd_event **ret_event, struct fault *fault);
