/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The counts as a file beside those of the filter. A file and not a report to the agent, since it
 * has one writer, needs no agent, and the filter's own metrics are a file for the same collector.
 * For authorizer*.c only.
 */
#pragma once

#include "authorizer_counts.h"

/* Replaces the file at once; a failure is logged when it is another than the last. */
void authorizer_metrics_write(const struct gate_counts *counts, const char *path);
