/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The agent's API: HTTP and JSON on the control socket. Whoever may open the
 * socket (root and its group) may do all of this; every push is logged with the
 * uid of who asked.
 *
 * Failures have {"error": {"message": "one sentence"}}: 400 the request makes no
 * sense, 404 no such path or vault, 405, 413, 422 the rules are wrong (then with
 * "diagnostics"), 503 the kernel or the disk refused; what was in force stays.
 *
 * D below is {"level": "error"|"warning"|"note", "file", "line", "column", "text"};
 * line 0: no position, file null: none. PLACE is "file", "line", "column". Times are
 * "2026-12-01T00:00:00Z" or null.
 *
 * GET /v1/status
 *   {"schema": 1, "instance", "version", "pid", "uptime_seconds", "enforcing": bool,
 *    "generation": N|null, "message": what an operator should know, or null,
 *    "rules": null | {"name", "digest", "pushed_at", "pushed_by": {"uid", "user"},
 *                     "vaults", "ranges", "subnets", "warnings", "edits"},
 *    "image": null | {"lines", "limit", "bytes"},
 *    "interfaces": [{"name", "ifindex", "wanted": "auto"|"native"|"generic",
 *                    "state": "attached"|"absent"|"refused"|"waiting",
 *                    "mode": "native"|"generic"|null, "frags": bool, "reason": text|null}],
 *    "gate": null | {"listen", "state": "stands"|"absent", "reason",
 *                    "configuration": null | {...}}, "steered",
 *    "totals": {"allow"|"gate"|"drop"|"would_drop"|"would_gate": {"packets", "bytes"}},
 *    "seats": {"used", "limit"},
 *    "requests": [{"code", "error", "count"}], what the gate answered
 *    "tags": {"noted", "limit", "refused": {"no_room"|"taken"|"apart"|"unseen": COUNT}}},
 *        of gated connections
 *   "configuration" is not there if the gate is no nginx, null if nobody has told of one, else
 *     {"file", "follows": bool, "kept": whoever follows was heard of lately,
 *      "generation": N|null that nginx's configuration is of, "current": bool, "since": time,
 *      "reported_seconds", "problem": text|null, "unserved": N, "diagnostics": [D]}
 *
 * POST /v1/push[?dry_run=1]   body: a bundle (bundle.h; as its Content-Type says: bundle_pack.h)
 *   200 {"generation", "dry_run", "unchanged",
 *        "changes": {"added": [vault], "removed": [vault],
 *                    "changed": [{"vault", "what": ["ip_rules", ...]}], "shared": [what]},
 *        "edits_dropped": [vault], "vaults", "ranges", "diagnostics": [D],
 *        "seconds": {"read", "compile", "publish"}}
 *       `generation` of a dry run is the one that it would get; `shared` names what no
 *       single vault owns: "block", "trusted_services", "issuers"
 *   422 {"error", "diagnostics": [D]}
 *   A bundle with edits is refused (400).
 *
 * POST /v1/network-rules[?dry_run=1]
 *     {"vault", "action": "add"|"remove", "ip_addresses"?: [range], "subnets"?: ["vnet/name"],
 *      "expires"?: time|"never"}
 *   200 {"generation", "dry_run", "unchanged", "vault",
 *        "changes": [{"change": "added"|"removed"|"expiry", "rule", "expires": time}],
 *        "vaults", "ranges", "diagnostics": [D], "seconds": {"read", "compile", "publish"}}
 *       an edit of that vault's rules, whatever the document says, until the next push; what is
 *       so already is no change, and without changes there is no new generation
 *   422 {"error", "diagnostics": [D]}
 *
 * GET /v1/rules        the bundle in force with its edits, packed if that type is what the caller
 * accepts; 404 if there is none
 *
 * GET /v1/generation[?follow=1]
 *   {"generation": N|null}; with `follow` NDJSON, a line at once and one for each change
 *
 * GET /v1/show[?vault=NAME]
 *   {"generation", "block": {"ip_rules": [R], "tags": [{"tag", PLACE}]},
 *    "vaults": [{"name", PLACE, "hostnames": [text], "frontends": [text],
 *                "enforcement": "enforce"|"audit", "default_action": "deny"|"allow",
 *                "bypass": "none"|"trusted_services", "tenant", "subscription",
 *                "ip_rules": [R], "virtual_network_rules": [V], "trusted_services": [name]}]}
 *   R {"rule": "192.0.2.0/24"|"set:NAME", PLACE, "expires": time, "expired": bool,
 *      "comment": text|null, "ranges": N}
 *   V {"subnet": "vnet/name", "prefix", "tag", "service_endpoint",
 *      "ignore_missing_service_endpoint", PLACE}
 *
 * POST /v1/explain     {"vault"|"to", "from", "tag"?, "protocol"?: "tcp"|"udp", "interface"?}
 *   {"verdict", "reason", "reason_text", "vault": name|null, "vaults": [name],
 *    "frontend": text|null, "source", "destination", "protocol", "tag": N|null, "generation",
 *    "rule": null | {"text", PLACE, "vault"}, "advice": text|null,
 *    "frames": "Ethernet / IPv4 ... / TCP ..."}
 *   `vault` is null and `vaults` has several where they share the frontend
 *
 * GET /v1/events[?follow=1][&vault=NAME][&limit=N]     NDJSON, a record a line
 *   {"time", "vault": name|null, "frontend": text|null, "verdict", "reason", "source",
 *    "source_port", "destination", "destination_port", "protocol", "tag": N|null,
 *    "transport": "vxlan"|"geneve"|"gre"|"vlan"|null, "outer_source": text|null,
 *    "interface", "length", "generation", "suppressed"}
 *   without `follow`: the last ones that the agent remembers; with it: from now on.
 *   `suppressed`: how many the rate limit left out before this one.
 *
 * POST /v1/gate-configuration   body: a report (gate_report.h)
 *   {"generation": N} that is in force
 *
 * GET /v1/diagnostics  {"generation", "diagnostics": [D]}: warnings of the rules in force
 */
#pragma once

#include <stdbool.h>

#include "event.h"
#include "fault.h"
#include "firewall.h"

struct control;

/* Opens the socket and serves; `firewall` is borrowed. */
int control_open(struct firewall *firewall, struct control **ret_control, struct fault *fault);
void control_close(struct control *control);

/* For epoll; whenever it is readable, control_run(). */
int control_fd(const struct control *control);
int control_run(struct control *control, struct fault *fault);

/*
 * What is left of a push that has been answered: the old image and the old rules go. Takes a
 * while; to be called when there is nothing else to do.
 */
bool control_is_settled(const struct control *control);
void control_settle(struct control *control);

/* Tells who follows the generation, if it is another; control_run() does so by itself. */
void control_tell_generation(struct control *control);

/* Hands a record of the filter on to who follows. */
void control_event(struct control *control, const struct vw_event *event);
