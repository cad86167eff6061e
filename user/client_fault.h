/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Why a server of ours could not be asked, as a sentence that says what to do.
 */
#pragma once

#include <curl/curl.h>

#include "client.h"

/* `error`: what connect() said; 0: libcurl has not kept it. Codes as in client.h. */
int client_fault(const struct paths *paths, enum client_server server, CURLcode code, long error,
		 struct fault *fault);

const char *client_socket(const struct paths *paths, enum client_server server);
