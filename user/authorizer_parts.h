/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the parts of the authoriser share. For authorizer*.c only.
 */
#pragma once

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "authorize.h"
#include "authorizer.h"
#include "authorizer_counts.h"
#include "authorizer_log.h"
#include "authorizer_maps.h"
#include "http.h"
#include "keyset.h"
#include "node.h"
#include "rules_follower.h"
#include "token_cache.h"

struct asked;

struct authorizer_service {
	struct authorizer_options options;
	struct node node;
	char folder[PATH_MAX]; /* of node.yaml: where relative paths in the rules begin */
	struct timespec started;
	struct http_server *http; /* NULL: not serving yet */
	struct rules_follower *follower;
	struct followed_rules *rules; /* NULL: none have come yet */
	uint64_t rules_version;	      /* counts how often they changed */
	struct keysets *keysets;
	struct token_cache *tokens;
	const struct paths *paths; /* borrowed */
	struct gate_maps maps;
	struct gate_counts counts;
	struct decision decision; /* the one under way: too large for a stack */
	struct audit_log audit;
};

/* Fills service->decision by the rules and keys that there are; the rules have to be there. */
void authorizer_decide(struct authorizer_service *service, struct asked *asked, int64_t now);

/* The audit record of service->decision, which took until now. */
void authorizer_record(struct authorizer_service *service, const struct asked *asked,
		       const struct timespec *began);

/* Handlers; `context` is the struct authorizer_service. */
http_handler authorizer_answer, authorizer_answer_envoy, authorizer_explain, authorizer_status;
