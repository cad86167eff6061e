/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Why the agent could not be asked, as a sentence that says what to do.
 */
#pragma once

#include <curl/curl.h>

#include "fault.h"
#include "paths.h"

/* `error`: what connect() said; 0: libcurl has not kept it. Codes as in client.h. */
int client_fault(const struct paths *paths, CURLcode code, long error, struct fault *fault);
