/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the process asks of the kernel for itself. For authorizer*.c only.
 */
#pragma once

#define CONNECTIONS_MOST 2048

/*
 * How many connections there may be: as many as descriptors allow, and some are left for rules,
 * keys and logs however many clients come.
 */
unsigned limits_connections(void);

/*
 * A question that wakes us does not take the processor from the proxy that asks: it goes on with
 * what it has to do, and then there are several questions for one change of process. Whoever set
 * another policy meant it.
 */
void limits_let_proxy_finish(void);
