// SPDX-License-Identifier: Apache-2.0
#include "client_fault.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

static int tell_not_running(const struct paths *paths, int error, struct fault *fault)
{
	const char *why = error == -ECONNREFUSED ? "nobody answers at" : "there is no";

	if (strcmp(paths->instance, INSTANCE_DEFAULT) == 0)
		return fault_set(
			fault, error,
			"the agent of instance '%s' is not running (%s %s): start it with 'systemctl start vaultwall', or in the foreground with 'vaultwall agent'",
			paths->instance, why, paths->control);
	return fault_set(
		fault, error,
		"the agent of instance '%s' is not running (%s %s): start it with 'vaultwall --instance %s agent'",
		paths->instance, why, paths->control, paths->instance);
}

static int tell_no_connection(const struct paths *paths, int error, struct fault *fault)
{
	struct stat status;

	if (!error)
		error = stat(paths->control, &status) < 0 ? errno : ECONNREFUSED;
	switch (error) {
	case EACCES:
	case EPERM:
		return fault_set(fault, -EACCES,
				 "permission denied: %s is for root and the group vaultwall",
				 paths->control);
	case ENOENT:
	case ENOTDIR:
		return tell_not_running(paths, -ENOENT, fault);
	case ECONNREFUSED:
		return tell_not_running(paths, -ECONNREFUSED, fault);
	default:
		return fault_set(fault, -EIO, "cannot connect to %s: %s", paths->control,
				 strerror(error));
	}
}

int client_fault(const struct paths *paths, CURLcode code, long error, struct fault *fault)
{
	const char *instance = paths->instance;

	switch (code) {
	case CURLE_COULDNT_CONNECT:
		return tell_no_connection(paths, (int)error, fault);
	case CURLE_OPERATION_TIMEDOUT:
		return fault_set(
			fault, -ETIMEDOUT,
			"the agent of instance '%s' did not answer in time; its log may say why",
			instance);
	case CURLE_ABORTED_BY_CALLBACK:
		return fault_set(fault, -EINTR, "interrupted");
	case CURLE_GOT_NOTHING:
	case CURLE_PARTIAL_FILE:
	case CURLE_RECV_ERROR:
	case CURLE_SEND_ERROR:
		return fault_set(
			fault, -ECONNRESET,
			"the agent of instance '%s' closed the connection before it had answered; 'vaultwall status' tells what is in force",
			instance);
	case CURLE_OUT_OF_MEMORY:
		return fault_set(fault, -ENOMEM, "out of memory");
	case CURLE_UNSUPPORTED_PROTOCOL:
	case CURLE_WEIRD_SERVER_REPLY:
		return fault_set(
			fault, -EPROTO,
			"what answers at %s is no agent of this version: its answer makes no sense",
			paths->control);
	default:
		return fault_set(fault, -EIO, "cannot talk to the agent of instance '%s': %s",
				 instance, curl_easy_strerror(code));
	}
}
