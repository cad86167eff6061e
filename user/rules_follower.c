// SPDX-License-Identifier: Apache-2.0
#include "rules_follower.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "bundle_pack.h"
#include "cleanup.h"
#include "client.h"

#define RULES_TIMEOUT 60L /* seconds until all of the rules must have come */

/*
 *   field              written by      read by
 *   fresh, state       the thread      both, under the lock
 *   stop               the caller      both
 *   all else           before the thread starts
 */
struct rules_follower {
	const struct paths *paths;
	const struct range_list *failsafe;
	pthread_t thread;
	bool started;
	atomic_bool stop;
	int wakeup;
	pthread_mutex_t lock;
	struct followed_rules *fresh;
	struct rules_connection state;
	bool reread;	/* the thread's own: the connection is new */
	uint32_t known; /* and the generation that it read last */
};

void followed_rules_free(struct followed_rules *rules)
{
	if (!rules)
		return;
	authorize_index_free(rules->index);
	policy_free(&rules->policy);
	free(rules);
}

static void free_rules(struct followed_rules **rules)
{
	followed_rules_free(*rules);
}

static void set_state(struct rules_follower *follower, bool connected, const char *problem)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_BOOTTIME, &now);
	(void)pthread_mutex_lock(&follower->lock);
	if (follower->state.connected != connected || follower->state.since == 0)
		follower->state.since = now.tv_sec;
	follower->state.connected = connected;
	(void)snprintf(follower->state.problem, sizeof(follower->state.problem), "%s", problem);
	(void)pthread_mutex_unlock(&follower->lock);
}

static void publish(struct rules_follower *follower, struct followed_rules *rules)
{
	cleanup(free_rules) struct followed_rules *older = NULL;

	(void)pthread_mutex_lock(&follower->lock);
	older = follower->fresh;
	follower->fresh = rules;
	(void)pthread_mutex_unlock(&follower->lock);
	(void)eventfd_write(follower->wakeup, 1);
}

/* The thread. */

static bool goes_on(void *context, double seconds)
{
	struct rules_follower *follower = context;

	(void)seconds;
	return !atomic_load(&follower->stop);
}

/* An error in rules that are in force would be ours: the agent read them with the same code. */
static int read_rules(struct client_reply *reply, struct followed_rules *rules, struct fault *fault)
{
	cleanup(bundle_free) struct bundle bundle = {0};
	cleanup(diags_clear) struct diags diags = {0};
	int r = reply->packed ? pack_read(&reply->packed, reply->packed_size, &bundle, fault)
			      : bundle_from_json(reply->body, &bundle, fault);

	if (r < 0)
		return r;
	r = policy_read(&bundle.rules, time(NULL), &diags, &rules->policy);
	if (r < 0 && diags.count > 0)
		return fault_set(fault, r, "the rules in force cannot be read: %.300s",
				 diags.items[0].text);
	return r < 0 ? fault_set(fault, r, "the rules in force cannot be read: %s", strerror(-r))
		     : 0;
}

static int fetch_rules(struct rules_follower *follower, struct followed_rules *rules,
		       struct fault *fault)
{
	const struct client_request request = {.path = "/v1/rules",
					       .accept_pack = true,
					       .timeout = RULES_TIMEOUT,
					       .wait = goes_on,
					       .context = follower};
	cleanup(client_reply_free) struct client_reply reply = {0};
	int r = client_call(follower->paths, &request, &reply, fault);

	if (r < 0)
		return r;
	if (reply.status != 200)
		return fault_set(fault, -EIO, "%s", client_error(&reply));
	return read_rules(&reply, rules, fault);
}

/*
 * A generation that nobody can read is answered with no rules: everything is denied then, which
 * the rules before it might not do.
 */
static int follow_generation(struct rules_follower *follower, uint32_t generation,
			     struct fault *fault)
{
	cleanup(free_rules) struct followed_rules *rules = calloc(1, sizeof(*rules));
	int r = 0;

	if (!rules)
		return fault_set(fault, -ENOMEM, "no memory for the rules");
	rules->generation = generation;
	if (generation)
		r = fetch_rules(follower, rules, fault);
	if (r < 0 && r != -EIO && r != -EINVAL)
		return r;
	if (r < 0)
		(void)snprintf(rules->problem, sizeof(rules->problem), "%.255s", fault->text);
	if (follower->failsafe &&
	    authorize_index_open(&rules->policy, follower->failsafe, &rules->index) < 0)
		return fault_set(fault, -ENOMEM, "no memory for the rules");
	follower->known = generation;
	follower->reread = false;
	publish(follower, take_ptr(&rules));
	return r;
}

/* A line of the stream. An agent that was replaced may have other rules of the same number. */
static bool receive(const json_t *record, void *context)
{
	struct rules_follower *follower = context;
	uint32_t generation = (uint32_t)json_integer_value(json_object_get(record, "generation"));
	struct fault fault = {0};
	int r = 0;

	if (follower->reread || generation != follower->known)
		r = follow_generation(follower, generation, &fault);
	set_state(follower, true, r < 0 ? fault.text : "");
	return r == 0 || r == -EIO || r == -EINVAL;
}

static void *run(void *context)
{
	const struct client_request request = {
		.path = "/v1/generation",
		.parameters = {{"follow", "1"}},
		.wait = goes_on,
		.context = context,
	};
	const struct timespec pause = {.tv_nsec = 250000000};
	struct rules_follower *follower = context;

	while (!atomic_load(&follower->stop)) {
		struct fault fault = {0};

		follower->reread = true;
		if (client_follow(follower->paths, &request, receive, follower, &fault) == 0)
			(void)fault_set(&fault, -ECONNRESET, "the agent ended the connection");
		set_state(follower, false, fault.text);
		(void)nanosleep(&pause, NULL);
	}
	return NULL;
}

/* The caller's side. */

int rules_follower_fd(const struct rules_follower *follower)
{
	return follower->wakeup;
}

struct followed_rules *rules_follower_take(struct rules_follower *follower)
{
	struct followed_rules *rules;
	eventfd_t count;

	(void)eventfd_read(follower->wakeup, &count);
	(void)pthread_mutex_lock(&follower->lock);
	rules = follower->fresh;
	follower->fresh = NULL;
	(void)pthread_mutex_unlock(&follower->lock);
	return rules;
}

void rules_follower_state(struct rules_follower *follower, struct rules_connection *ret_state)
{
	(void)pthread_mutex_lock(&follower->lock);
	*ret_state = follower->state;
	(void)pthread_mutex_unlock(&follower->lock);
}

static void wake(int signal)
{
	(void)signal;
}

/* The thread waits for the agent without end, and sees that it is to stop when a signal wakes it.
 */
static void join(struct rules_follower *follower)
{
	struct timespec until;
	int r;

	do {
		(void)pthread_kill(follower->thread, SIGUSR1);
		(void)clock_gettime(CLOCK_REALTIME, &until);
		until.tv_nsec += 20000000;
		until.tv_sec += until.tv_nsec / 1000000000;
		until.tv_nsec %= 1000000000;
		r = pthread_timedjoin_np(follower->thread, NULL, &until);
	} while (r == ETIMEDOUT);
}

void rules_follower_stop(struct rules_follower *follower)
{
	atomic_store(&follower->stop, true);
	(void)pthread_kill(follower->thread, SIGUSR1);
}

void rules_unfollow(struct rules_follower *follower)
{
	if (!follower)
		return;
	atomic_store(&follower->stop, true);
	if (follower->started)
		join(follower);
	followed_rules_free(follower->fresh);
	(void)pthread_mutex_destroy(&follower->lock);
	close_fd(&follower->wakeup);
	free(follower);
}

static void free_follower(struct rules_follower **follower)
{
	rules_unfollow(*follower);
}

int rules_follow(const struct paths *paths, const struct range_list *failsafe,
		 struct rules_follower **ret_follower, struct fault *fault)
{
	cleanup(free_follower) struct rules_follower *follower = calloc(1, sizeof(*follower));
	const struct sigaction action = {.sa_handler = wake};

	if (!follower)
		return fault_set(fault, -ENOMEM, "no memory to follow the rules");
	(void)sigaction(SIGUSR1, &action, NULL);
	follower->paths = paths;
	follower->failsafe = failsafe;
	(void)pthread_mutex_init(&follower->lock, NULL);
	follower->wakeup = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (follower->wakeup < 0 || pthread_create(&follower->thread, NULL, run, follower) != 0)
		return fault_set(fault, -EAGAIN, "cannot start to follow the rules");
	follower->started = true;
	*ret_follower = take_ptr(&follower);
	return 0;
}
