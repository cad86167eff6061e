// SPDX-License-Identifier: Apache-2.0
#include "client.h"

#include <curl/curl.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "client_fault.h"

/* An agent that is told to send without end must not fill this host's memory. */
#define ANSWER_MAX	((size_t)512 << 20)
#define LINE_MAX_BYTES	((size_t)64 << 10)
#define URL_MAX		2048
#define CONNECT_TIMEOUT 5L /* seconds */
#define SEND_BUFFER	(512L << 10)

/* One exchange: what goes out, and what has come in so far. */
struct exchange {
	const struct client_request *request;
	CURL *curl;
	struct curl_slist *headers;
	char *body;
	size_t piece, sent; /* of a pack: the one at hand, and how much of it is gone */
	char url[URL_MAX];

	char *text; /* of the answer, or of the line that is not complete yet */
	size_t length, capacity;
	bool too_long;

	bool (*receive)(const json_t *record, void *context); /* NULL: one answer, no stream */
	void *context;
	bool garbled; /* a line was no object */
	bool enough;  /* `receive` wants no more */
};

/* One of the headers may hold a token. */
static void free_headers(struct curl_slist *headers)
{
	for (struct curl_slist *each = headers; each; each = each->next)
		explicit_bzero(each->data, strlen(each->data));
	curl_slist_free_all(headers);
}

static void free_exchange(struct exchange *exchange)
{
	free_headers(exchange->headers);
	curl_easy_cleanup(exchange->curl);
	free(exchange->body);
	free(exchange->text);
}

static bool append(struct exchange *exchange, const char *data, size_t size, size_t limit)
{
	size_t wanted = exchange->length + size + 1;

	if (wanted > limit) {
		exchange->too_long = true;
		return false;
	}
	if (wanted > exchange->capacity) {
		size_t capacity = wanted < limit / 2 ? wanted * 2 : limit;
		char *text = realloc(exchange->text, capacity);

		if (!text)
			return false;
		exchange->text = text;
		exchange->capacity = capacity;
	}
	memcpy(exchange->text + exchange->length, data, size);
	exchange->length += size;
	exchange->text[exchange->length] = '\0';
	return true;
}

static void end_line(struct exchange *exchange)
{
	json_t *record = json_loadb(exchange->text, exchange->length, 0, NULL);

	if (json_is_object(record))
		exchange->enough = !exchange->receive(record, exchange->context);
	else if (exchange->length)
		exchange->garbled = true;
	json_decref(record);
	exchange->length = 0;
}

static bool take_lines(struct exchange *exchange, const char *data, size_t size)
{
	const char *end = data + size;

	while (data < end && !exchange->garbled && !exchange->enough) {
		const char *newline = memchr(data, '\n', (size_t)(end - data));
		const char *stop = newline ? newline : end;

		if (!append(exchange, data, (size_t)(stop - data), LINE_MAX_BYTES))
			return false;
		if (newline)
			end_line(exchange);
		data = newline ? newline + 1 : end;
	}
	return !exchange->garbled && !exchange->enough;
}

/* CURLOPT_WRITEFUNCTION: anything but `size` ends the exchange. */
static size_t take_data(char *data, size_t one, size_t size, void *context)
{
	struct exchange *exchange = context;
	long status = 0;

	(void)one; /* always 1 */
	(void)curl_easy_getinfo(exchange->curl, CURLINFO_RESPONSE_CODE, &status);
	if (exchange->receive && status == 200)
		return take_lines(exchange, data, size) ? size : 0;
	return append(exchange, data, size, ANSWER_MAX) ? size : 0;
}

/* CURLOPT_XFERINFOFUNCTION: anything but 0 ends the exchange. */
static int tell_progress(void *context, curl_off_t to_load, curl_off_t loaded, curl_off_t to_send,
			 curl_off_t sent)
{
	const struct exchange *exchange = context;
	curl_off_t microseconds = 0;

	(void)to_load;
	(void)loaded;
	(void)to_send;
	(void)sent;
	(void)curl_easy_getinfo(exchange->curl, CURLINFO_TOTAL_TIME_T, &microseconds);
	return exchange->request->wait(exchange->request->context, (double)microseconds / 1e6) ? 0
											       : 1;
}

static int make_url(struct exchange *exchange, struct fault *fault)
{
	const struct client_parameter *parameters = exchange->request->parameters;
	size_t used = (size_t)snprintf(exchange->url, URL_MAX, "http://vaultwall%s",
				       exchange->request->path);
	char between = '?';

	for (size_t i = 0; i < CLIENT_PARAMETERS && parameters[i].name; i++) {
		char *value;

		if (!parameters[i].value)
			continue;
		value = curl_easy_escape(exchange->curl, parameters[i].value, 0);
		if (!value)
			return fault_set(fault, -ENOMEM, "out of memory");
		if (used < URL_MAX)
			used += (size_t)snprintf(exchange->url + used, URL_MAX - used, "%c%s=%s",
						 between, parameters[i].name, value);
		curl_free(value);
		between = '&';
	}
	if (used >= URL_MAX)
		return fault_set(fault, -EINVAL, "the request is too long");
	return 0;
}

static bool add_header(struct exchange *exchange, const char *header)
{
	struct curl_slist *longer = curl_slist_append(exchange->headers, header);

	if (longer)
		exchange->headers = longer;
	return longer;
}

static bool add_token(struct exchange *exchange, const char *token)
{
	char *header = NULL;
	bool added;

	if (!token)
		return true;
	if (asprintf(&header, "Authorization: Bearer %s", token) < 0)
		return false;
	added = add_header(exchange, header);
	explicit_bzero(header, strlen(header));
	free(header);
	return added;
}

/* CURLOPT_READFUNCTION: hands out the pieces of a pack. */
static size_t give_data(char *buffer, size_t one, size_t room, void *context)
{
	struct exchange *exchange = context;
	const struct pack *pack = exchange->request->pack;
	size_t given = 0;

	(void)one; /* always 1 */
	while (given < room && exchange->piece < pack->count) {
		const struct pack_piece *piece = &pack->pieces[exchange->piece];
		size_t left = piece->size - exchange->sent;
		size_t size = left < room - given ? left : room - given;

		memcpy(buffer + given, piece->text + exchange->sent, size);
		given += size;
		exchange->sent += size;
		if (size < left)
			break;
		exchange->piece++;
		exchange->sent = 0;
	}
	return given;
}

static int make_body(struct exchange *exchange, struct fault *fault)
{
	const struct client_request *request = exchange->request;
	const char *type =
		request->pack ? "Content-Type: " PACK_TYPE : "Content-Type: application/json";
	bool good = true;

	if (request->accept_pack)
		good = add_header(exchange, "Accept: " PACK_TYPE);
	if (request->body)
		exchange->body = json_dumps(request->body, JSON_COMPACT);
	/* A body over a megabyte would otherwise wait for "100 Continue". */
	if (request->body || request->pack)
		good = good && (exchange->body || request->pack) && add_header(exchange, type) &&
		       add_header(exchange, "Expect:") && add_token(exchange, request->token);
	return good ? 0 : fault_set(fault, -ENOMEM, "out of memory");
}

static void set_body(struct exchange *exchange)
{
	const struct pack *pack = exchange->request->pack;
	CURL *curl = exchange->curl;

	(void)curl_easy_setopt(curl, CURLOPT_POST, 1L);
	(void)curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE,
			       (curl_off_t)(pack ? pack->size : strlen(exchange->body)));
	if (!pack) {
		(void)curl_easy_setopt(curl, CURLOPT_POSTFIELDS, exchange->body);
		return;
	}
	(void)curl_easy_setopt(curl, CURLOPT_UPLOAD_BUFFERSIZE, SEND_BUFFER);
	(void)curl_easy_setopt(curl, CURLOPT_READFUNCTION, give_data);
	(void)curl_easy_setopt(curl, CURLOPT_READDATA, exchange);
}

static void set_transport(CURL *curl, const char *socket)
{
	(void)curl_easy_setopt(curl, CURLOPT_UNIX_SOCKET_PATH, socket);
	(void)curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http");
	/* The environment's proxy has no business here. */
	(void)curl_easy_setopt(curl, CURLOPT_PROXY, "");
	(void)curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");
	(void)curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	(void)curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, CONNECT_TIMEOUT);
}

static void set_request(struct exchange *exchange)
{
	const struct client_request *request = exchange->request;
	CURL *curl = exchange->curl;
	long timeout = request->timeout ? request->timeout : CLIENT_TIMEOUT;

	(void)curl_easy_setopt(curl, CURLOPT_URL, exchange->url);
	(void)curl_easy_setopt(curl, CURLOPT_HTTPHEADER, exchange->headers);
	(void)curl_easy_setopt(curl, CURLOPT_TIMEOUT, exchange->receive ? 0L : timeout);
	(void)curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_data);
	(void)curl_easy_setopt(curl, CURLOPT_WRITEDATA, exchange);
	if (request->wait) {
		(void)curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
		(void)curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, tell_progress);
		(void)curl_easy_setopt(curl, CURLOPT_XFERINFODATA, exchange);
	}
	if (request->body || request->pack)
		set_body(exchange);
}

static int tell_failure(const struct exchange *exchange, const struct paths *paths, CURLcode code,
			struct fault *fault)
{
	long error = 0;

	if (code == CURLE_WRITE_ERROR)
		code = exchange->garbled || exchange->too_long ? CURLE_WEIRD_SERVER_REPLY
							       : CURLE_OUT_OF_MEMORY;
	(void)curl_easy_getinfo(exchange->curl, CURLINFO_OS_ERRNO, &error);
	return client_fault(paths, exchange->request->server, code, error, fault);
}

static int perform(struct exchange *exchange, const struct paths *paths, struct fault *fault)
{
	CURLcode code;
	int ret;

	exchange->curl = curl_easy_init();
	if (!exchange->curl)
		return fault_set(fault, -ENOMEM, "out of memory");
	ret = make_url(exchange, fault);
	if (ret == 0)
		ret = make_body(exchange, fault);
	if (ret < 0)
		return ret;
	set_transport(exchange->curl, client_socket(paths, exchange->request->server));
	set_request(exchange);
	code = curl_easy_perform(exchange->curl);
	if (code != CURLE_OK && !exchange->enough)
		return tell_failure(exchange, paths, code, fault);
	return 0;
}

static bool is_packed(const struct exchange *exchange)
{
	const char *type = NULL;

	(void)curl_easy_getinfo(exchange->curl, CURLINFO_CONTENT_TYPE, &type);
	return exchange->request->accept_pack && exchange->text && type && !strcmp(type, PACK_TYPE);
}

/* The answer, and its status. */
static int take_reply(struct exchange *exchange, const struct paths *paths,
		      struct client_reply *ret_reply, struct fault *fault)
{
	struct client_reply reply = {0};

	(void)curl_easy_getinfo(exchange->curl, CURLINFO_RESPONSE_CODE, &reply.status);
	if (is_packed(exchange)) {
		reply.packed_size = exchange->length;
		reply.packed = take_ptr(&exchange->text);
	} else if (exchange->text) {
		reply.body = json_loadb(exchange->text, exchange->length, 0, NULL);
	}
	if (!reply.packed && !json_is_object(reply.body)) {
		client_reply_free(&reply);
		return client_fault(paths, exchange->request->server, CURLE_WEIRD_SERVER_REPLY, 0,
				    fault);
	}
	*ret_reply = reply;
	return 0;
}

int client_call(const struct paths *paths, const struct client_request *request,
		struct client_reply *ret_reply, struct fault *fault)
{
	cleanup(free_exchange) struct exchange exchange = {.request = request};
	int ret = perform(&exchange, paths, fault);

	if (ret < 0)
		return ret;
	return take_reply(&exchange, paths, ret_reply, fault);
}

void client_reply_free(struct client_reply *reply)
{
	json_decref(reply->body);
	free(reply->packed);
	*reply = (struct client_reply){0};
}

const char *client_error(const struct client_reply *reply)
{
	const json_t *error = json_object_get(reply->body, "error");
	const char *message = json_string_value(json_object_get(error, "message"));

	return message ? message : "the agent refused and did not say why";
}

int client_follow(const struct paths *paths, const struct client_request *request,
		  bool (*receive)(const json_t *record, void *context), void *context,
		  struct fault *fault)
{
	cleanup(free_exchange) struct exchange exchange = {
		.request = request,
		.receive = receive,
		.context = context,
	};
	cleanup(client_reply_free) struct client_reply reply = {0};
	long status = 0;
	int ret = perform(&exchange, paths, fault);

	if (ret < 0)
		return ret;
	(void)curl_easy_getinfo(exchange.curl, CURLINFO_RESPONSE_CODE, &status);
	if (status == 200)
		return 0;
	ret = take_reply(&exchange, paths, &reply, fault);
	if (ret < 0)
		return ret;
	return fault_set(fault, status < 500 ? -EBADMSG : -EIO, "%s", client_error(&reply));
}
