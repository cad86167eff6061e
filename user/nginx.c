// SPDX-License-Identifier: Apache-2.0
#include "nginx.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "child.h"
#include "nginx_words.h"

#define SECONDS	     10
#define PROBLEM_TEXT 400

static const char *const places[] = {
	"/usr/sbin/nginx",	"/usr/local/sbin/nginx",
	"/usr/bin/nginx",	"/usr/local/nginx/sbin/nginx",
	"/usr/local/bin/nginx",
};

/* What runs with our rights must not be another's to change. */
static int check_program(const char *path, struct fault *fault)
{
	struct stat status;

	if (stat(path, &status) < 0)
		return fault_set(fault, -errno, "cannot run %s: %s", path, strerror(errno));
	if (!S_ISREG(status.st_mode) || !(status.st_mode & 0111))
		return fault_set(fault, -EINVAL, "%s is no program", path);
	if ((status.st_uid != 0 && status.st_uid != geteuid()) || (status.st_mode & 022))
		return fault_set(fault, -EINVAL,
				 "%s can be changed by others than root; it is not run", path);
	return 0;
}

int nginx_find(const char *program, struct nginx *ret_nginx, struct fault *fault)
{
	struct nginx nginx = {.seconds = SECONDS};
	int r;

	for (size_t i = 0; !program && i < sizeof(places) / sizeof(places[0]); i++)
		if (access(places[i], X_OK) == 0)
			program = places[i];
	if (!program)
		return fault_set(fault, -ENOENT, "there is no nginx here; name it with --nginx");
	if (program[0] != '/' || strlen(program) >= sizeof(nginx.program))
		return fault_set(fault, -EINVAL, "'%.80s' is no absolute path of an nginx",
				 program);
	r = check_program(program, fault);
	if (r < 0)
		return r;
	(void)snprintf(nginx.program, sizeof(nginx.program), "%s", program);
	*ret_nginx = nginx;
	return 0;
}

/* And says what it took amiss. */
static int run(const char *const *arguments, unsigned seconds, const struct nginx_subject *subject,
	       struct child_result *result, struct fault *fault)
{
	char problem[PROBLEM_TEXT];
	int r = child_run(arguments, seconds, result, fault);

	if (r < 0 || result->status == 0)
		return r;
	if (result->late)
		return fault_set(fault, -ETIMEDOUT,
				 "nginx took longer than %u seconds and was ended", seconds);
	nginx_words_problem(result->output, subject->now, subject->later, problem, sizeof(problem));
	if (result->status < 0)
		return fault_set(fault, -EIO, "nginx died%s%s", problem[0] ? ": " : "", problem);
	return fault_set(fault, -EBADMSG, "nginx refuses it: %s",
			 problem[0] ? problem : "it does not say why");
}

int nginx_test(const struct nginx *nginx, const struct nginx_subject *subject, bool whole,
	       struct fault *fault)
{
	const char *configuration = whole ? subject->now : nginx->configuration;
	const char *const arguments[] = {nginx->program, "-q", "-t", configuration ? "-c" : NULL,
					 configuration,	 NULL};
	struct child_result result;

	return run(arguments, nginx->seconds, subject, &result, fault);
}

int nginx_reload(const struct nginx *nginx, struct fault *fault)
{
	const char *const arguments[] = {
		nginx->program,	      "-q", "-s", "reload", nginx->configuration ? "-c" : NULL,
		nginx->configuration, NULL};
	const struct nginx_subject nothing = {0};
	struct child_result result;
	int r = run(arguments, nginx->seconds, &nothing, &result, fault);

	if (r == -EBADMSG && nginx_words_not_running(result.output))
		return fault_set(fault, -ESRCH, "nginx does not run");
	return r;
}
