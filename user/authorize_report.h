/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A decision as JSON, with everything that led to it: what `vaultwall explain` shows of the
 * gate. Of a token there are claims in it, and never a piece of the token. Pure.
 */
#pragma once

#include <jansson.h>

#include "authorize.h"
#include "node.h"

/*
 *   {"verdict": "allow"|"deny"|"would_deny", "row": 1 ... 9, "reason", "reason_text", "status",
 *    "innererror": text|null, "detail": text|null, "host": text|null, "vault": name|null,
 *    "service": name|null,
 *    "identity": null | {"text", "matches": bool, PLACE},
 *    "operation": null | {"event", "permission": "secrets/get"|null},
 *    "operation_fault": null | {"fault", "text"},
 *    "access_policy": null | {"object_id", "application_id": text|null, "gives": bool, PLACE},
 *    "caller": null | {"app_id", "object_id", "issuer"}, each text|null,
 *    "issuer": name|null,
 *    "token": null | {"verified": bool, "fault": word|null, "fault_text": text|null,
 *                     "claims": null | {"iss", "aud": [text], "tid", "oid", "appid", "idtyp",
 *                                       "sub", "xms_mirid", "xms_az_rid", "nbf": time,
 *                                       "exp": time}},
 *    "challenge": text|null, "rule": null | {"text", PLACE, "vault": name|null},
 *    "advice": text|null}
 * PLACE is "file", "line", "column". `identity` and `access_policy` are on refusal those that
 * came closest. Claims that are not verified are whatever the token says.
 */
json_t *authorize_report(const struct policy *policy, const struct node *node,
			 const struct question *question, const struct decision *decision,
			 int64_t now);
