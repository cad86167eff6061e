// SPDX-License-Identifier: Apache-2.0
/*
 * Events: the last ones in a ring, and clients that follow. A client that reads
 * too slowly misses some, and is told how many.
 */
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "address.h"
#include "control_parts.h"

struct follower {
	struct follower *next, **link;
	struct http_stream *stream;
	char vault[64];	   /* "": all */
	uint64_t left;	   /* records still wanted */
	json_int_t missed; /* since its last record */
};

static const char *const transport_labels[] = {
	[IMAGE_TRANSPORT_NONE] = "vlan",
	[IMAGE_TRANSPORT_VXLAN] = "vxlan",
	[IMAGE_TRANSPORT_GENEVE] = "geneve",
	[IMAGE_TRANSPORT_GRE] = "gre",
};

static const char *transport_label(unsigned transport)
{
	return transport < sizeof(transport_labels) / sizeof(transport_labels[0])
		       ? transport_labels[transport]
		       : NULL;
}

/* Records. */

/* The kernel's time since boot, as wall time now is. */
static json_t *time_json(uint64_t boot_nanoseconds)
{
	struct timespec wall, boot;
	int64_t now;
	time_t seconds;
	struct tm parts;
	char text[40] = "";

	(void)clock_gettime(CLOCK_REALTIME, &wall);
	(void)clock_gettime(CLOCK_BOOTTIME, &boot);
	now = (wall.tv_sec - boot.tv_sec) * 1000000000LL + wall.tv_nsec - boot.tv_nsec;
	now += (int64_t)boot_nanoseconds;
	seconds = now / 1000000000;
	if (gmtime_r(&seconds, &parts))
		(void)strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &parts);
	return json_sprintf("%s.%03dZ", text, (int)(now / 1000000 % 1000));
}

static json_t *address_json(uint8_t family, const uint8_t address[16])
{
	char text[ADDRESS_TEXT];

	if (family != 4 && family != 6)
		return json_null();
	address_format(family, address, text);
	return json_string(text);
}

static json_t *protocol_json(uint8_t protocol)
{
	if (protocol == IPPROTO_TCP || protocol == IPPROTO_UDP)
		return json_string(protocol == IPPROTO_TCP ? "tcp" : "udp");
	return protocol ? json_sprintf("%u", protocol) : json_null();
}

static json_t *frontend_json(const struct vw_sighting *sighting)
{
	struct frontend frontend = {.family = sighting->family,
				    .protocol = sighting->protocol,
				    .port = ntohs(sighting->destination_port)};
	char text[FRONTEND_ADDRESS_TEXT];

	if (sighting->seat == IMAGE_SEAT_NODE || frontend.port == 0)
		return json_null();
	memcpy(frontend.address, sighting->destination, sizeof(frontend.address));
	frontend_format(&frontend, text);
	return json_string(text);
}

/* The seat of a shared frontend has the frontend's name, which no vault can have. */
static bool is_frontend(const char *seat)
{
	return strchr(seat, ':') != NULL;
}

static json_t *interface_json(uint32_t ifindex)
{
	char name[IF_NAMESIZE];

	return control_text(if_indextoname(ifindex, name));
}

static json_t *outer_json(const struct vw_sighting *sighting)
{
	uint8_t address[16] = {0};

	if (!sighting->tagged || sighting->transport == IMAGE_TRANSPORT_NONE)
		return json_null();
	memcpy(address, sighting->outer_source, sizeof(sighting->outer_source));
	return address_json(4, address);
}

static json_t *event_json(const struct firewall *firewall, const struct vw_event *event)
{
	const struct vw_sighting *sighting = &event->sighting;
	const char *seat = firewall_seat_name(firewall, sighting->seat);
	json_t *record = json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:i, s:o, s:i, s:o}", "time",
				   time_json(event->time), "vault",
				   control_text(seat && !is_frontend(seat) ? seat : NULL),
				   "frontend", frontend_json(sighting), "verdict",
				   control_text(control_verdict_label(sighting->verdict)), "reason",
				   control_text(control_reason_label(sighting->reason)), "source",
				   address_json(sighting->family, sighting->source), "source_port",
				   ntohs(sighting->source_port), "destination",
				   address_json(sighting->family, sighting->destination),
				   "destination_port", ntohs(sighting->destination_port),
				   "protocol", protocol_json(sighting->protocol));
	json_t *rest = json_pack(
		"{s:o, s:o, s:o, s:o, s:I, s:I, s:I}", "tag",
		sighting->tagged ? json_integer(sighting->tag) : json_null(), "transport",
		sighting->tagged ? control_text(transport_label(sighting->transport)) : json_null(),
		"outer_source", outer_json(sighting), "interface", interface_json(event->interface),
		"length", (json_int_t)event->length, "generation", (json_int_t)sighting->generation,
		"suppressed", (json_int_t)event->suppressed);

	(void)json_object_update(record, rest);
	json_decref(rest);
	return record;
}

/* Who wants what. */

static bool is_reached(const struct vault *vault, const char *frontend)
{
	struct frontend destination;
	const char *problem = NULL;

	if (frontend_parse(frontend, &destination, &problem) < 0)
		return false;
	for (size_t i = 0; i < vault->frontend_count; i++)
		if (control_is_reached(&vault->frontends[i], &destination))
			return true;
	return false;
}

/* Of a vault are its own events and those of the frontends that it shares. */
static bool is_wanted(const struct firewall *firewall, const char *vault, const json_t *record)
{
	const char *name = json_string_value(json_object_get(record, "vault"));
	const char *frontend = json_string_value(json_object_get(record, "frontend"));
	const struct vault *known;

	if (!vault[0] || (name && !strcmp(name, vault)))
		return true;
	if (name || !frontend || !firewall->rules)
		return false;
	known = policy_find_vault(&firewall->rules->policy, vault);
	return known && is_reached(known, frontend);
}

static uint64_t read_limit(const struct http_request *request)
{
	const char *text = http_query(request, "limit");
	uint64_t limit = text ? strtoull(text, NULL, 10) : 0;

	return limit ? limit : UINT64_MAX;
}

/* Following. */

static void forget(struct http_stream *stream, void *context)
{
	struct follower *follower = context;

	(void)stream;
	*follower->link = follower->next;
	if (follower->next)
		follower->next->link = follower->link;
	free(follower);
}

static void tell(struct follower *follower, json_t *record)
{
	json_t *suppressed = json_object_get(record, "suppressed");
	json_int_t said = json_integer_value(suppressed);
	int r;

	(void)json_integer_set(suppressed, said + follower->missed);
	r = http_stream_send(follower->stream, record);
	(void)json_integer_set(suppressed, said);
	if (r < 0) {
		follower->missed += said + 1;
		return;
	}
	follower->missed = 0;
	if (--follower->left == 0)
		http_stream_end(follower->stream);
}

static void follow(struct http_request *request, struct control *control, const char *vault)
{
	struct follower *follower = calloc(1, sizeof(*follower));

	if (!follower) {
		http_refuse(request, 503, "no memory to follow events");
		return;
	}
	follower->left = read_limit(request);
	(void)snprintf(follower->vault, sizeof(follower->vault), "%s", vault);
	follower->stream = http_answer_stream(request, forget, follower);
	if (!follower->stream) {
		free(follower);
		return;
	}
	follower->next = control->followers;
	follower->link = &control->followers;
	if (follower->next)
		follower->next->link = &follower->next;
	control->followers = follower;
}

/* The newest that are wanted, the oldest of them first. */
static void recall(struct http_request *request, struct control *control, const char *vault)
{
	uint64_t limit = read_limit(request), found = 0;
	uint64_t kept = control->event_count < EVENTS_KEPT ? control->event_count : EVENTS_KEPT;
	uint64_t first = control->event_count;
	struct http_stream *stream = http_answer_stream(request, NULL, NULL);

	if (!stream)
		return;
	while (found < limit && first > control->event_count - kept)
		found +=
			is_wanted(control->firewall, vault, control->events[--first % EVENTS_KEPT]);
	for (; first < control->event_count; first++)
		if (is_wanted(control->firewall, vault, control->events[first % EVENTS_KEPT]))
			(void)http_stream_send(stream, control->events[first % EVENTS_KEPT]);
	http_stream_end(stream);
}

void control_events(struct http_request *request, void *context)
{
	struct control *control = context;
	const struct rules *rules = control->firewall->rules;
	const char *mode = http_query(request, "follow");
	const char *vault = http_query(request, "vault");

	if (vault && rules && !policy_find_vault(&rules->policy, vault))
		http_refuse(request, 404, "there is no vault %.100s in the rules in force", vault);
	else if (mode && !strcmp(mode, "1"))
		follow(request, control, vault ? vault : "");
	else
		recall(request, control, vault ? vault : "");
}

void control_event(struct control *control, const struct vw_event *event)
{
	json_t **place = &control->events[control->event_count % EVENTS_KEPT];
	json_t *record = event_json(control->firewall, event);

	if (!record)
		return;
	json_decref(*place);
	*place = record;
	control->event_count++;
	for (struct follower *follower = control->followers; follower; follower = follower->next)
		if (follower->left > 0 && is_wanted(control->firewall, follower->vault, record))
			tell(follower, record);
}

void control_events_free(struct control *control)
{
	for (size_t i = 0; i < EVENTS_KEPT; i++)
		json_decref(control->events[i]);
}
