/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nginx's configuration kept in step with the rules in force, until a signal ends it: after each
 * push, and when a certificate was renewed. The agent is told how it stands.
 */
#pragma once

#include "fault.h"
#include "gate_install.h"

/* Returns 0 after SIGTERM or SIGINT; otherwise as gate_install_open(). */
int gate_keeper_run(const struct gate_wish *wish, struct fault *fault);
