// SPDX-License-Identifier: Apache-2.0
#include "client_fault.h"

#include <errno.h>
#include <grp.h>
#include <string.h>
#include <sys/stat.h>

#define GROUP_BYTES 65536 /* the names of its members are among them */

/* What sentences say of each server. */
struct server_words {
	const char *name;
	const char *unit;
	const char *command;
};

static const struct server_words words[] = {
	[CLIENT_AGENT] = {"agent", "vaultwall-agent", "agent"},
	[CLIENT_AUTHORIZER] = {"authoriser", "vaultwall-authorizer", "authorizer --user vaultwall"},
};

const char *client_socket(const struct paths *paths, enum client_server server)
{
	return server == CLIENT_AGENT ? paths->control : paths->authorize;
}

static int tell_not_running(const struct paths *paths, enum client_server server, int error,
			    struct fault *fault)
{
	const char *why = error == -ECONNREFUSED ? "nobody answers at" : "there is no";
	const struct server_words *of = &words[server];
	const char *socket = client_socket(paths, server);

	if (strcmp(paths->instance, INSTANCE_DEFAULT) == 0)
		return fault_set(
			fault, error,
			"the %s of instance '%s' is not running (%s %s): start it with 'systemctl start %s', or in the foreground with 'vaultwall %s'",
			of->name, paths->instance, why, socket, of->unit, of->command);
	return fault_set(
		fault, error,
		"the %s of instance '%s' is not running (%s %s): start it with 'vaultwall --instance %s %s'",
		of->name, paths->instance, why, socket, paths->instance, of->command);
}

/* The group that the socket has, whichever it was given. */
static int tell_denied(const char *socket, struct fault *fault)
{
	struct group entry, *group = NULL;
	char buffer[GROUP_BYTES];
	struct stat status;

	if (stat(socket, &status) == 0)
		(void)getgrgid_r(status.st_gid, &entry, buffer, sizeof(buffer), &group);
	if (!group || group->gr_gid == 0)
		return fault_set(fault, -EACCES, "permission denied: %s is for root alone", socket);
	return fault_set(fault, -EACCES, "permission denied: %s is for root and the group %s",
			 socket, group->gr_name);
}

static int tell_no_connection(const struct paths *paths, enum client_server server, int error,
			      struct fault *fault)
{
	const char *socket = client_socket(paths, server);
	struct stat status;

	if (!error)
		error = stat(socket, &status) < 0 ? errno : ECONNREFUSED;
	switch (error) {
	case EACCES:
	case EPERM:
		return tell_denied(socket, fault);
	case ENOENT:
	case ENOTDIR:
		return tell_not_running(paths, server, -ENOENT, fault);
	case ECONNREFUSED:
		return tell_not_running(paths, server, -ECONNREFUSED, fault);
	default:
		return fault_set(fault, -EIO, "cannot connect to %s: %s", socket, strerror(error));
	}
}

int client_fault(const struct paths *paths, enum client_server server, CURLcode code, long error,
		 struct fault *fault)
{
	const char *instance = paths->instance;
	const char *name = words[server].name;

	switch (code) {
	case CURLE_COULDNT_CONNECT:
		return tell_no_connection(paths, server, (int)error, fault);
	case CURLE_OPERATION_TIMEDOUT:
		return fault_set(
			fault, -ETIMEDOUT,
			"the %s of instance '%s' did not answer in time; its log may say why", name,
			instance);
	case CURLE_ABORTED_BY_CALLBACK:
		return fault_set(fault, -EINTR, "interrupted");
	case CURLE_GOT_NOTHING:
	case CURLE_PARTIAL_FILE:
	case CURLE_RECV_ERROR:
	case CURLE_SEND_ERROR:
		return fault_set(
			fault, -ECONNRESET,
			"the %s of instance '%s' closed the connection before it had answered; 'vaultwall status' tells what is in force",
			name, instance);
	case CURLE_OUT_OF_MEMORY:
		return fault_set(fault, -ENOMEM, "out of memory");
	case CURLE_UNSUPPORTED_PROTOCOL:
	case CURLE_WEIRD_SERVER_REPLY:
		return fault_set(
			fault, -EPROTO,
			"what answers at %s is no %s of this version: its answer makes no sense",
			client_socket(paths, server), name);
	default:
		return fault_set(fault, -EIO, "cannot talk to the %s of instance '%s': %s", name,
				 instance, curl_easy_strerror(code));
	}
}
