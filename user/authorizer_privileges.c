// SPDX-License-Identifier: Apache-2.0
#include "authorizer_privileges.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <string.h>
#include <sys/capability.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "cleanup.h"

static void free_caps(cap_t *caps)
{
	if (*caps)
		(void)cap_free(*caps);
}

/* Inheritable ones are nothing to have, only to clear. What cannot be asked for counts as there. */
static bool has_capabilities(void)
{
	cleanup(free_caps) cap_t caps = cap_get_proc();
	cap_flag_value_t set = CAP_SET;

	for (int capability = 0; caps && cap_get_bound(capability) >= 0; capability++)
		if (cap_get_flag(caps, capability, CAP_PERMITTED, &set) < 0 || set == CAP_SET)
			return true;
	return !caps;
}

bool privileges_any(void)
{
	uid_t real, effective, saved;

	if (getresuid(&real, &effective, &saved) < 0)
		return true;
	return !real || !effective || !saved || has_capabilities();
}

static int become(const struct passwd *user)
{
	for (int capability = 0; cap_get_bound(capability) >= 0; capability++)
		(void)prctl(PR_CAPBSET_DROP, capability, 0, 0, 0);
	if (initgroups(user->pw_name, user->pw_gid) < 0 ||
	    setresgid(user->pw_gid, user->pw_gid, user->pw_gid) < 0 ||
	    setresuid(user->pw_uid, user->pw_uid, user->pw_uid) < 0)
		return -errno;
	return 0;
}

static int clear_capabilities(void)
{
	cleanup(free_caps) cap_t none = cap_init();

	if (!none || cap_set_proc(none) < 0)
		return -errno;
	(void)cap_reset_ambient();
	return 0;
}

/* Not dumpable: no core file with tokens in it, and nobody else of the same user looks in. */
static int seal(void)
{
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		return -errno;
	return 0;
}

static int become_user(const char *name, struct fault *fault)
{
	const struct passwd *user;
	int r;

	errno = 0;
	// cppcheck-suppress getpwnamCalled
	user = getpwnam(name); // NOLINT(concurrency-mt-unsafe): one thread as yet
	if (!user)
		return fault_set(fault, -ENOENT, "there is no user '%.64s'", name);
	if (user->pw_uid == 0)
		return fault_set(fault, -EINVAL, "'%.64s' is root", name);
	r = become(user);
	if (r < 0)
		return fault_set(fault, r, "cannot become '%.64s': %s", name, strerror(-r));
	return 0;
}

int privileges_drop(const char *user, struct fault *fault)
{
	int r = 0;

	if (privileges_any()) {
		if (!user)
			return fault_set(
				fault, -EPERM,
				"the authoriser has no use for privileges: run it as a user without any, or name one with --user");
		r = become_user(user, fault);
	}
	if (r == 0)
		r = clear_capabilities();
	if (r == 0)
		r = seal();
	if (r < 0 && fault->code == 0)
		return fault_set(fault, r, "cannot give up privileges: %s", strerror(-r));
	if (r == 0 && privileges_any())
		return fault_set(fault, -EPERM, "cannot give up all privileges");
	return r;
}
