// SPDX-License-Identifier: Apache-2.0
#include "authorizer_question.h"

#include <stdio.h>
#include <string.h>

#include "address.h"

#define ENVOY_PREFIX "/authorize"

/* Exactly once. */
static bool take_one(const struct http_request *request, const char *name, const char **ret_value)
{
	return http_header(request, name, ret_value) == 1;
}

/* Once or not at all. */
static bool take_any(const struct http_request *request, const char *name, const char **ret_value)
{
	return http_header(request, name, ret_value) <= 1;
}

bool question_read_place(const char *text, struct peer *ret_peer)
{
	struct frontend place = {0};
	const char *problem = NULL;

	if (strchr(text, '/') || frontend_parse(text, &place, &problem) < 0 || place.family == 0)
		return false;
	ret_peer->family = place.family;
	ret_peer->port = place.port;
	memcpy(ret_peer->address, place.address, sizeof(ret_peer->address));
	return true;
}

/* The same, or the address alone. */
static bool read_source(const char *text, struct peer *ret_peer)
{
	ret_peer->port = 0;
	return address_parse(text, &ret_peer->family, ret_peer->address) == 0 ||
	       question_read_place(text, ret_peer);
}

/* Of a list only the last was written by the proxy itself; what stands before it anyone may say. */
static bool read_last_source(const char *text, struct peer *ret_peer)
{
	const char *last = strrchr(text, ',');
	char word[80];

	last = last ? last + 1 : text;
	last += strspn(last, " \t");
	(void)snprintf(word, sizeof(word), "%s", last);
	word[strcspn(word, " \t")] = '\0';
	return strlen(last) < sizeof(word) && read_source(word, ret_peer);
}

static const char *read_original(const struct http_request *request, struct question *question)
{
	const char *source, *frontend;

	if (!take_one(request, "X-Original-Method", &question->method) ||
	    !take_one(request, "X-Original-URI", &question->target) ||
	    !take_one(request, "X-Original-Host", &question->host) ||
	    !take_one(request, "X-Original-Source", &source) ||
	    !take_one(request, "X-Original-Frontend", &frontend))
		return "a header is missing, or there twice";
	if (!read_source(source, &question->source))
		return "its source is no address";
	return question_read_place(frontend, &question->frontend)
		       ? NULL
		       : "its frontend is no address and port";
}

static const char *read_forwarded(const struct http_request *request, struct question *question)
{
	const char *source;

	question->frontend_untold = true;
	if (!take_one(request, "X-Forwarded-Method", &question->method) ||
	    !take_one(request, "X-Forwarded-Uri", &question->target) ||
	    !take_one(request, "X-Forwarded-Host", &question->host) ||
	    !take_one(request, "X-Forwarded-For", &source))
		return "a header is missing, or there twice";
	return read_last_source(source, &question->source) ? NULL : "its source is no address";
}

static const char *read_envoy(const struct http_request *request, struct question *question)
{
	const char *source;

	question->frontend_untold = true;
	if (!take_one(request, "Host", &question->host) ||
	    !take_one(request, "X-Forwarded-For", &source))
		return "a header is missing, or there twice";
	question->method = http_method(request);
	question->target = http_target(request);
	if (strncmp(question->target, ENVOY_PREFIX, strlen(ENVOY_PREFIX)) != 0)
		return "its path has not the prefix that Envoy puts there";
	question->target += strlen(ENVOY_PREFIX);
	return read_last_source(source, &question->source) ? NULL : "its source is no address";
}

/* The service honours the first two; other servers the rest. */
static bool has_tunnel(const struct http_request *request)
{
	static const char *const names[] = {"X-HTTP-Method", "X-HTTP-Request",
					    "X-HTTP-Method-Override", "X-Method-Override"};
	const char *value;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (http_header(request, names[i], &value) > 0)
			return true;
	return false;
}

static const char *read_manner(const struct http_request *request, enum question_manner manner,
			       struct question *question)
{
	switch (manner) {
	case QUESTIONS_FORWARDED:
		return read_forwarded(request, question);
	case QUESTIONS_ENVOY:
		return read_envoy(request, question);
	default:
		return read_original(request, question);
	}
}

const char *question_read(const struct http_request *request, enum question_manner manner,
			  struct asked *ret_asked)
{
	struct asked asked = {0};
	const char *problem = read_manner(request, manner, &asked.question);

	if (!problem && !take_any(request, "Authorization", &asked.question.authorization))
		problem = "there are two tokens";
	if (!problem && !take_any(request, "X-Vaultwall-Vault", &asked.vault))
		problem = "a header is there twice";
	if (manner != QUESTIONS_ORIGINAL)
		asked.vault = NULL;
	(void)take_any(request, "X-Ms-Client-Request-Id", &asked.request_id);
	(void)take_any(request, "User-Agent", &asked.client);
	asked.question.tunnel = has_tunnel(request);
	if (problem)
		asked.question.method = NULL;
	*ret_asked = asked;
	return problem;
}
