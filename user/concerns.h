/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an operator should know of the gate: each thing that makes it deny whom it should not, or
 * decide by what is no longer right, under a name that scripts may wait for. Pure.
 */
#pragma once

#include <jansson.h>

/*
 * Of the agent's status (control.h) and the authoriser's (authorizer.h), which is NULL if it did
 * not answer, `problem` then saying why: [{"name", "text"}].
 *
 *   authorizer_absent    it cannot be asked: no request passes the gate
 *   rules_behind         it has other rules than those in force, or none
 *   agent_unheard        it does not hear of new rules
 *   keys_unreadable      a key set cannot be opened, or is none
 *   keys_empty           a key set has no key that counts
 *   issuer_unreachable   keys cannot be fetched
 *   keys_expired         keys are older than their limit, and serve no more
 */
json_t *concerns_find(const json_t *agent, const json_t *authorizer, const char *problem);
