// SPDX-License-Identifier: Apache-2.0
#include "keyset_fetch.h"

#include <curl/curl.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "cleanup.h"

#define CONNECT_TIMEOUT 5L /* seconds */
#define WAKEUPS		16

/* One document under way. */
struct fetch {
	struct fetch *next;
	struct fetcher *fetcher;
	CURL *curl;
	fetch_done *done;
	void *context;
	char problem[CURL_ERROR_SIZE];
	char *text;
	size_t size, capacity;
	bool too_long;
};

/* curl says which descriptors and which moment it waits for; one epoll set waits for all of them.
 */
struct fetcher {
	struct fetch_options options;
	char *ca_file, *proxy;
	CURLM *multi;
	struct fetch *fetches;
	int epoll;
	int timer;
};

/* What curl wants to wait for. */

static int watch_socket(CURL *curl, curl_socket_t fd, int what, void *context, void *socket)
{
	const struct fetcher *fetcher = context;
	struct epoll_event event = {.data.fd = fd};

	(void)curl;
	(void)socket;
	if (what == CURL_POLL_REMOVE) {
		(void)epoll_ctl(fetcher->epoll, EPOLL_CTL_DEL, fd, NULL);
		return 0;
	}
	event.events = what == CURL_POLL_IN    ? EPOLLIN
		       : what == CURL_POLL_OUT ? EPOLLOUT
					       : EPOLLIN | EPOLLOUT;
	if (epoll_ctl(fetcher->epoll, EPOLL_CTL_MOD, fd, &event) == 0)
		return 0;
	return epoll_ctl(fetcher->epoll, EPOLL_CTL_ADD, fd, &event) == 0 ? 0 : -1;
}

static int set_timer(CURLM *multi, long milliseconds, void *context)
{
	const struct fetcher *fetcher = context;
	struct itimerspec when = {0};

	(void)multi;
	if (milliseconds >= 0) {
		when.it_value.tv_sec = milliseconds / 1000;
		when.it_value.tv_nsec = milliseconds % 1000 * 1000000 + 1;
	}
	return timerfd_settime(fetcher->timer, 0, &when, NULL) == 0 ? 0 : -1;
}

/* A document comes in. */

/* CURLOPT_WRITEFUNCTION: anything but `size` ends the transfer. */
static size_t take_data(char *data, size_t one, size_t size, void *context)
{
	struct fetch *fetch = context;

	(void)one; /* always 1 */
	if (size > FETCH_BODY_MAX - fetch->size) {
		fetch->too_long = true;
		return 0;
	}
	if (fetch->size + size > fetch->capacity) {
		size_t capacity = 2 * (fetch->size + size);
		char *larger = realloc(fetch->text, capacity);

		if (!larger)
			return 0;
		fetch->text = larger;
		fetch->capacity = capacity;
	}
	memcpy(fetch->text + fetch->size, data, size);
	fetch->size += size;
	return size;
}

static void free_fetch(struct fetch **fetch)
{
	if (!*fetch)
		return;
	if ((*fetch)->curl) {
		(void)curl_multi_remove_handle((*fetch)->fetcher->multi, (*fetch)->curl);
		curl_easy_cleanup((*fetch)->curl);
	}
	free((*fetch)->text);
	free(*fetch);
}

static struct fetch *unlink_fetch(struct fetcher *fetcher, const void *curl, const void *context)
{
	for (struct fetch **link = &fetcher->fetches; *link; link = &(*link)->next) {
		struct fetch *fetch = *link;

		if ((curl && fetch->curl == curl) || (context && fetch->context == context)) {
			*link = fetch->next;
			return fetch;
		}
	}
	return NULL;
}

/* 0, or -errno with the fault filled. */
static int judge(const struct fetch *fetch, CURLcode code, struct fault *fault)
{
	long status = 0;

	if (fetch->too_long)
		return fault_set(fault, -EFBIG, "the answer is longer than %zu bytes",
				 FETCH_BODY_MAX);
	if (code != CURLE_OK)
		return fault_set(fault, -EIO, "%s",
				 fetch->problem[0] ? fetch->problem : curl_easy_strerror(code));
	(void)curl_easy_getinfo(fetch->curl, CURLINFO_RESPONSE_CODE, &status);
	if (status >= 300 && status < 400)
		return fault_set(fault, -EIO, "it redirects (HTTP %ld), which is not followed",
				 status);
	if (status != 200)
		return fault_set(fault, -EIO, "it answered HTTP %ld", status);
	return 0;
}

static void finish(struct fetcher *fetcher, const CURL *curl, CURLcode code)
{
	cleanup(free_fetch) struct fetch *fetch = unlink_fetch(fetcher, curl, NULL);
	struct fault fault = {0};

	if (!fetch)
		return;
	if (judge(fetch, code, &fault) < 0)
		fetch->done(fetch->context, NULL, 0, &fault);
	else
		fetch->done(fetch->context, fetch->text ? fetch->text : "", fetch->size, NULL);
}

/* The fetcher. */

int fetcher_fd(const struct fetcher *fetcher)
{
	return fetcher->epoll;
}

static void act(const struct fetcher *fetcher, const struct epoll_event *event)
{
	uint64_t count;
	int running;
	int mask = 0;

	if (event->data.fd == fetcher->timer) {
		if (read(fetcher->timer, &count, sizeof(count)) > 0)
			(void)curl_multi_socket_action(fetcher->multi, CURL_SOCKET_TIMEOUT, 0,
						       &running);
		return;
	}
	mask |= event->events & EPOLLIN ? CURL_CSELECT_IN : 0;
	mask |= event->events & EPOLLOUT ? CURL_CSELECT_OUT : 0;
	mask |= event->events & (EPOLLERR | EPOLLHUP) ? CURL_CSELECT_ERR : 0;
	(void)curl_multi_socket_action(fetcher->multi, event->data.fd, mask, &running);
}

void fetcher_run(struct fetcher *fetcher)
{
	struct epoll_event events[WAKEUPS];
	int count = epoll_wait(fetcher->epoll, events, WAKEUPS, 0);
	const CURLMsg *message;
	int left;

	for (int i = 0; i < count; i++)
		act(fetcher, &events[i]);
	while ((message = curl_multi_info_read(fetcher->multi, &left)) != NULL)
		if (message->msg == CURLMSG_DONE)
			finish(fetcher, message->easy_handle, message->data.result);
}

static void set_options(const struct fetcher *fetcher, struct fetch *fetch, const char *url)
{
	CURL *curl = fetch->curl;

	(void)curl_easy_setopt(curl, CURLOPT_URL, url);
	(void)curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "https");
	(void)curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
	(void)curl_easy_setopt(curl, CURLOPT_MAXFILESIZE, (long)FETCH_BODY_MAX);
	(void)curl_easy_setopt(curl, CURLOPT_TIMEOUT, (long)fetcher->options.timeout);
	(void)curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, CONNECT_TIMEOUT);
	(void)curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	/* An empty word keeps curl from looking for one in the environment. */
	(void)curl_easy_setopt(curl, CURLOPT_PROXY, fetcher->proxy ? fetcher->proxy : "");
	if (!fetcher->proxy)
		(void)curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");
	if (fetcher->ca_file)
		(void)curl_easy_setopt(curl, CURLOPT_CAINFO, fetcher->ca_file);
	(void)curl_easy_setopt(curl, CURLOPT_USERAGENT, "vaultwall/" VAULTWALL_VERSION);
	(void)curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, fetch->problem);
	(void)curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_data);
	(void)curl_easy_setopt(curl, CURLOPT_WRITEDATA, fetch);
}

int fetcher_start(struct fetcher *fetcher, const char *url, fetch_done *done, void *context)
{
	cleanup(free_fetch) struct fetch *fetch = calloc(1, sizeof(*fetch));

	if (!fetch)
		return -ENOMEM;
	fetch->fetcher = fetcher;
	fetch->done = done;
	fetch->context = context;
	fetch->curl = curl_easy_init();
	if (!fetch->curl)
		return -ENOMEM;
	set_options(fetcher, fetch, url);
	if (curl_multi_add_handle(fetcher->multi, fetch->curl) != CURLM_OK)
		return -ENOMEM;
	fetch->next = fetcher->fetches;
	fetcher->fetches = take_ptr(&fetch);
	return 0;
}

void fetcher_cancel(struct fetcher *fetcher, const void *context)
{
	cleanup(free_fetch) struct fetch *fetch = unlink_fetch(fetcher, NULL, context);

	(void)fetch;
}

void fetcher_close(struct fetcher *fetcher)
{
	if (!fetcher)
		return;
	while (fetcher->fetches)
		fetcher_cancel(fetcher, fetcher->fetches->context);
	if (fetcher->multi)
		(void)curl_multi_cleanup(fetcher->multi);
	close_fd(&fetcher->epoll);
	close_fd(&fetcher->timer);
	free(fetcher->ca_file);
	free(fetcher->proxy);
	free(fetcher);
}

static void free_fetcher(struct fetcher **fetcher)
{
	fetcher_close(*fetcher);
}

static bool copy_text(const char *text, char **ret_copy)
{
	*ret_copy = text ? strdup(text) : NULL;
	return !text || *ret_copy;
}

static bool prepare(struct fetcher *fetcher)
{
	struct epoll_event event = {.events = EPOLLIN};

	fetcher->epoll = epoll_create1(EPOLL_CLOEXEC);
	fetcher->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	event.data.fd = fetcher->timer;
	if (fetcher->epoll < 0 || fetcher->timer < 0 ||
	    epoll_ctl(fetcher->epoll, EPOLL_CTL_ADD, fetcher->timer, &event) < 0 ||
	    curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return false;
	fetcher->multi = curl_multi_init();
	return fetcher->multi &&
	       curl_multi_setopt(fetcher->multi, CURLMOPT_SOCKETFUNCTION, watch_socket) == 0 &&
	       curl_multi_setopt(fetcher->multi, CURLMOPT_SOCKETDATA, fetcher) == 0 &&
	       curl_multi_setopt(fetcher->multi, CURLMOPT_TIMERFUNCTION, set_timer) == 0 &&
	       curl_multi_setopt(fetcher->multi, CURLMOPT_TIMERDATA, fetcher) == 0;
}

int fetcher_open(const struct fetch_options *options, struct fetcher **ret_fetcher,
		 struct fault *fault)
{
	cleanup(free_fetcher) struct fetcher *fetcher = calloc(1, sizeof(*fetcher));

	if (!fetcher)
		return fault_set(fault, -ENOMEM, "no memory to fetch keys");
	fetcher->epoll = fetcher->timer = -1;
	fetcher->options = *options;
	if (!copy_text(options->ca_file, &fetcher->ca_file) ||
	    !copy_text(options->proxy, &fetcher->proxy) || !prepare(fetcher))
		return fault_set(fault, -ENOMEM, "cannot prepare to fetch keys");
	*ret_fetcher = take_ptr(&fetcher);
	return 0;
}
