/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rooms of the text format: one function an answer, one file a family of them.
 */
#pragma once

#include "output.h"

#define TEXT_LABEL_COLUMN 12 /* where `status` begins to speak */

void text_check(const struct printer *printer, const json_t *report);
void text_push(const struct printer *printer, const json_t *answer);
void text_network_rule(const struct printer *printer, const json_t *answer);
void text_network_rules(const struct printer *printer, const json_t *list);
void text_status(const struct printer *printer, const json_t *answer);
void text_gate_configuration(const struct printer *printer, const json_t *gate);
void text_status_authorizer(const struct printer *printer, const json_t *status);
void text_status_keys(const struct printer *printer, const json_t *status);
void text_show(const struct printer *printer, const json_t *answer);
void text_vault(const struct printer *printer, const json_t *answer);
void text_ip_rules(const struct printer *printer, const json_t *rules);
void text_subnets(const struct printer *printer, const json_t *rules);
void text_explain(const struct printer *printer, const json_t *answer);
void text_explain_request(const struct printer *printer, const json_t *answer);
void text_event_head(const struct printer *printer);
void text_event(const struct printer *printer, const json_t *record);
