// SPDX-License-Identifier: Apache-2.0
#include "http_stream.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>

#include "cleanup.h"

#define BLOCK_BYTES 4096U

static void suspend(struct http_stream *stream)
{
	/* Of no event but those that always count: error and hang-up. */
	struct epoll_event event = {.events = 0, .data.ptr = stream};

	(void)epoll_ctl(stream->epoll, EPOLL_CTL_ADD, stream->fd, &event);
	MHD_suspend_connection(stream->connection);
	stream->suspended = true;
}

static void resume(struct http_stream *stream)
{
	const struct itimerspec now = {.it_value.tv_nsec = 1};

	if (!stream->suspended)
		return;
	(void)epoll_ctl(stream->epoll, EPOLL_CTL_DEL, stream->fd, NULL);
	stream->suspended = false;
	MHD_resume_connection(stream->connection);
	(void)timerfd_settime(stream->timer, 0, &now, NULL);
}

static ssize_t read_stream(void *context, uint64_t position, char *block, size_t room)
{
	struct http_stream *stream = context;
	size_t size = stream->to - stream->from;

	(void)position;
	if (stream->gone)
		return MHD_CONTENT_READER_END_WITH_ERROR;
	if (size == 0 && stream->ended)
		return MHD_CONTENT_READER_END_OF_STREAM;
	if (size == 0) {
		suspend(stream);
		return 0;
	}
	if (size > room)
		size = room;
	memcpy(block, stream->text + stream->from, size);
	stream->from += size;
	return (ssize_t)size;
}

static void free_stream(void *context)
{
	struct http_stream *stream = context;

	*stream->link = stream->next;
	if (stream->next)
		stream->next->link = stream->link;
	(*stream->count)--;
	if (stream->closed)
		stream->closed(stream, stream->context);
	free(stream->text);
	free(stream);
}

struct MHD_Response *http_stream_response(struct http_stream *stream, struct http_stream **list,
					  size_t *count)
{
	struct MHD_Response *response = MHD_create_response_from_callback(
		MHD_SIZE_UNKNOWN, BLOCK_BYTES, read_stream, stream, free_stream);

	if (!response)
		return NULL;
	stream->next = *list;
	stream->link = list;
	stream->count = count;
	if (*list)
		(*list)->link = &stream->next;
	*list = stream;
	(*count)++;
	return response;
}

void http_stream_hang_up(struct http_stream *stream)
{
	stream->gone = true;
	resume(stream);
}

/* Makes room for `size` bytes more behind `to`. */
static int make_room(struct http_stream *stream, size_t size)
{
	size_t used = stream->to - stream->from;
	char *larger;

	if (used + size > STREAM_BUFFER_MAX)
		return -ENOBUFS;
	if (stream->from > 0)
		memmove(stream->text, stream->text + stream->from, used);
	stream->from = 0;
	stream->to = used;
	if (used + size <= stream->capacity)
		return 0;
	larger = realloc(stream->text, 2 * (used + size));
	if (!larger)
		return -ENOMEM;
	stream->text = larger;
	stream->capacity = 2 * (used + size);
	return 0;
}

int http_stream_send(struct http_stream *stream, const json_t *line)
{
	cleanup(free_ptr) char *text = json_dumps(line, JSON_COMPACT);
	size_t length = text ? strlen(text) : 0;
	int r;

	if (!text)
		return -ENOMEM;
	if (stream->ended || stream->gone)
		return 0;
	r = make_room(stream, length + 1);
	if (r < 0)
		return r;
	memcpy(stream->text + stream->to, text, length);
	stream->text[stream->to + length] = '\n';
	stream->to += length + 1;
	resume(stream);
	return 0;
}

void http_stream_end(struct http_stream *stream)
{
	stream->ended = true;
	resume(stream);
}
