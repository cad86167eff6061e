// SPDX-License-Identifier: Apache-2.0
#include "child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <time.h>

#include "cleanup.h"

/* Messages in one language, and programs from where root put them. */
static char path_variable[] = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
static char language_variable[] = "LC_ALL=C";
static char *const environment[] = {path_variable, language_variable, NULL};

struct plan {
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attributes;
};

static void free_plan(struct plan *plan)
{
	(void)posix_spawn_file_actions_destroy(&plan->files);
	(void)posix_spawnattr_destroy(&plan->attributes);
}

/* posix_spawn's functions return an errno, positive. */
static int plan_files(struct plan *plan, int output)
{
	posix_spawn_file_actions_t *files = &plan->files;
	int r = posix_spawn_file_actions_addopen(files, 0, "/dev/null", O_RDONLY, 0);

	if (r == 0)
		r = posix_spawn_file_actions_adddup2(files, output, 1);
	if (r == 0)
		r = posix_spawn_file_actions_adddup2(files, output, 2);
	if (r == 0)
		r = posix_spawn_file_actions_addclosefrom_np(files, 3);
	if (r == 0)
		r = posix_spawn_file_actions_addchdir_np(files, "/");
	return r;
}

/* A group of its own, so that nothing that it starts outlives the time limit. */
static int plan_signals(struct plan *plan)
{
	sigset_t none, all;
	int r;

	(void)sigemptyset(&none);
	(void)sigfillset(&all);
	r = posix_spawnattr_setflags(&plan->attributes, POSIX_SPAWN_SETPGROUP |
								POSIX_SPAWN_SETSIGMASK |
								POSIX_SPAWN_SETSIGDEF);
	if (r == 0)
		r = posix_spawnattr_setpgroup(&plan->attributes, 0);
	if (r == 0)
		r = posix_spawnattr_setsigmask(&plan->attributes, &none);
	if (r == 0)
		r = posix_spawnattr_setsigdefault(&plan->attributes, &all);
	return r;
}

static int start(const char *const *arguments, int output, pid_t *ret_pid)
{
	cleanup(free_plan) struct plan plan;
	/* Nothing is written there; the prototype is older than const. */
	char *const *words = (char *const *)(uintptr_t)arguments;
	int r;

	(void)posix_spawn_file_actions_init(&plan.files);
	(void)posix_spawnattr_init(&plan.attributes);
	r = plan_files(&plan, output);
	if (r == 0)
		r = plan_signals(&plan);
	if (r == 0)
		r = posix_spawn(ret_pid, arguments[0], &plan.files, &plan.attributes, words,
				environment);
	return -r;
}

static int64_t now_milliseconds(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * INT64_C(1000) + now.tv_nsec / 1000000;
}

/* The last word is what counts: when there is no room, the older half goes. False: no more came. */
static bool take_output(int fd, struct child_result *result, size_t *used)
{
	ssize_t got;

	if (*used == CHILD_OUTPUT - 1) {
		memmove(result->output, result->output + CHILD_OUTPUT / 2,
			CHILD_OUTPUT - 1 - CHILD_OUTPUT / 2);
		*used -= CHILD_OUTPUT / 2;
	}
	errno = 0;
	got = read(fd, result->output + *used, CHILD_OUTPUT - 1 - *used);
	if (got <= 0)
		return false;
	*used += (size_t)got;
	return true;
}

/* Readable while one of them waits; one that nobody blocks never does. */
static int watch_signals(void)
{
	sigset_t signals;

	(void)sigemptyset(&signals);
	(void)sigaddset(&signals, SIGTERM);
	(void)sigaddset(&signals, SIGINT);
	return signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
}

/* Until it ends, or its time does, or ours. True: ours. */
static bool attend(int process, int output, unsigned seconds, struct child_result *result)
{
	cleanup(close_fd) int signals = watch_signals();
	struct pollfd watched[] = {{.fd = process, .events = POLLIN},
				   {.fd = output, .events = POLLIN},
				   {.fd = signals, .events = POLLIN}};
	int64_t end = now_milliseconds() + (int64_t)seconds * 1000;
	size_t used = 0;

	while (!(watched[0].revents & POLLIN) && !watched[2].revents && !result->late) {
		int64_t left = end - now_milliseconds();

		result->late = left <= 0;
		if (left > 0)
			(void)poll(watched, 3, (int)left);
		/* Its end of the pipe is closed: only the process is waited for now. */
		if (watched[1].revents && !take_output(output, result, &used) && errno != EAGAIN)
			watched[1].fd = -1;
	}
	while (take_output(output, result, &used))
		;
	result->output[used] = '\0';
	return watched[2].revents && !(watched[0].revents & POLLIN);
}

static int make_pipe(int ret_ends[2])
{
	if (pipe2(ret_ends, O_CLOEXEC) < 0)
		return -errno;
	/* Only our end: a program that writes expects to be waited for. */
	return fcntl(ret_ends[0], F_SETFL, O_NONBLOCK) < 0 ? -errno : 0;
}

static void finish(pid_t pid, struct child_result *result)
{
	int status = 0;

	/* Whatever it left behind in its group. */
	(void)kill(-pid, SIGKILL);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	result->status = WIFEXITED(status) && !result->late ? WEXITSTATUS(status) : -1;
}

int child_run(const char *const *arguments, unsigned seconds, struct child_result *ret_result,
	      struct fault *fault)
{
	int ends[2] = {-1, -1};
	int r = make_pipe(ends);
	cleanup(close_fd) int output = ends[0];
	cleanup(close_fd) int input = ends[1];
	cleanup(close_fd) int process = -1;
	bool interrupted;
	pid_t pid = 0;

	if (r == 0)
		r = start(arguments, input, &pid);
	if (r < 0)
		return fault_set(fault, r, "cannot run %s: %s", arguments[0], strerror(-r));
	close_fd(&input);
	memset(ret_result, 0, sizeof(*ret_result));
	process = pidfd_open(pid, 0);
	if (process < 0)
		ret_result->late = true;
	interrupted = attend(process, output, seconds, ret_result);
	finish(pid, ret_result);
	return interrupted
		       ? fault_set(fault, -EINTR, "%s was ended before it had done", arguments[0])
		       : 0;
}
