// SPDX-License-Identifier: GPL-2.0-only
/* The filter as it is, driven by the generator. */
#include "filter.bpf.c" // NOLINT(bugprone-suspicious-include): the very code

#include "programs.bpf.h"
