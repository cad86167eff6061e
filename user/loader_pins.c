// SPDX-License-Identifier: Apache-2.0
/* Pins: names in bpffs by which maps, programs and links outlive the agent. */
#include <errno.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "loader_internal.h"

#define BPFFS "/sys/fs/bpf"

static bool is_bpffs(const char *path)
{
	struct statfs stat;

	return !statfs(path, &stat) && stat.f_type == BPF_FS_MAGIC;
}

static int mount_bpffs(struct fault *fault)
{
	if (is_bpffs(BPFFS))
		return 0;
	if (!mount("bpf", BPFFS, "bpf", MS_NOSUID | MS_NODEV | MS_NOEXEC, "mode=0700"))
		return 0;
	return fault_set(fault, -errno,
			 "bpffs is not mounted at " BPFFS " and cannot be (%s): as root, run "
			 "'mount -t bpf bpf " BPFFS "'",
			 strerror(errno));
}

static int make_directory(const char *path, struct fault *fault)
{
	if (!mkdir(path, 0700) || errno == EEXIST)
		return 0;
	return fault_set(fault, -errno, "cannot make %s: %s", path, strerror(errno));
}

int pins_prepare(const struct paths *paths, struct fault *fault)
{
	char links[LOADER_PIN];
	int r = mount_bpffs(fault);

	if (!r)
		r = make_directory(paths->bpf, fault);
	if (!r)
		r = pin_path(paths, "links", links, fault);
	return r ? r : make_directory(links, fault);
}

int pin_path(const struct paths *paths, const char *name, char path[LOADER_PIN],
	     struct fault *fault)
{
	int length = snprintf(path, LOADER_PIN, "%s/%s", paths->bpf, name);

	return length < LOADER_PIN
		       ? 0
		       : fault_set(fault, -ENAMETOOLONG, "'%s' is too long a name", name);
}

int pin_replace(const struct paths *paths, const char *name, int fd, struct fault *fault)
{
	char path[LOADER_PIN], fresh[LOADER_PIN + 8];
	int r = pin_path(paths, name, path, fault);

	if (r)
		return r;
	(void)snprintf(fresh, sizeof(fresh), "%s~new", path);
	(void)unlink(fresh); /* of an agent that was killed right here */
	r = bpf_obj_pin(fd, fresh);
	if (r)
		return fault_set(fault, r, "cannot pin %s: %s", path, strerror(-r));
	if (!rename(fresh, path))
		return 0;
	r = -errno;
	(void)unlink(fresh);
	return fault_set(fault, r, "cannot pin %s: %s", path, strerror(-r));
}

int pin_open(const struct paths *paths, const char *name)
{
	char path[LOADER_PIN];
	int r = pin_path(paths, name, path, NULL);

	return r ? r : bpf_obj_get(path);
}

void pin_remove(const struct paths *paths, const char *name)
{
	char path[LOADER_PIN];

	if (!pin_path(paths, name, path, NULL))
		(void)unlink(path);
}

/* bpffs keeps names with a dot for itself; '%' is in no interface's name that a person gave. */
int link_pin_name(const char *interface, char name[LOADER_PIN])
{
	size_t used = (size_t)snprintf(name, LOADER_PIN, "links/");

	for (const char *at = interface; *at; at++) {
		const char *as = *at == '.' ? "%2e" : *at == '%' ? "%25" : (char[]){*at, '\0'};

		if (used + 4 > LOADER_PIN)
			return -ENAMETOOLONG;
		used += (size_t)snprintf(name + used, LOADER_PIN - used, "%s", as);
	}
	return 0;
}
