// SPDX-License-Identifier: Apache-2.0
/*
 * The filter on interfaces: pinned XDP links, moved to a new program in place. The
 * ways in are tried in order: native with frames of several buffers, native with
 * plain frames, then generic. A program of somebody else is never replaced.
 */
#include <dirent.h>
#include <errno.h>
#include <linux/if_link.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "cleanup.h"
#include "loader_internal.h"

#include <vaultwall.skel.h>

struct way {
	bool generic;
	bool frags;
};

static const struct way ways[] = {{false, true}, {false, false}, {true, true}, {true, false}};

#define WAYS (sizeof(ways) / sizeof(ways[0]))

static bool way_is_open(const struct loader *loader, const struct way *way, enum attach_mode mode)
{
	if (way->frags && !loader->frags)
		return false;
	if (mode == ATTACH_NATIVE)
		return !way->generic;
	return mode == ATTACH_AUTO || way->generic;
}

static int program_of(const struct loader *loader, const struct way *way)
{
	return bpf_program__fd(way->frags ? loader->skeleton->progs.vw_filter_frags
					  : loader->skeleton->progs.vw_filter);
}

/* Who holds the interface, for the sentence that says so. */
static void describe_holder(unsigned ifindex, const char *interface, char *text, size_t size)
{
	LIBBPF_OPTS(bpf_xdp_query_opts, query);
	struct bpf_prog_info info = {0};
	uint32_t length = sizeof(info);
	cleanup(close_fd) int fd = -1;
	uint32_t id;

	if (bpf_xdp_query((int)ifindex, 0, &query)) {
		(void)snprintf(text, size, "another XDP program is attached");
		return;
	}
	id = query.prog_id	 ? query.prog_id
	     : query.drv_prog_id ? query.drv_prog_id
				 : query.skb_prog_id;
	if (!id) {
		(void)snprintf(
			text, size,
			"a device above it (VLAN, VXLAN, bridge, bond) has an XDP program, and "
			"then the kernel takes none here: take that one off first");
		return;
	}
	fd = bpf_prog_get_fd_by_id(id);
	if (fd < 0 || bpf_obj_get_info_by_fd(fd, &info, &length))
		(void)snprintf(info.name, sizeof(info.name), "?");
	(void)snprintf(text, size,
		       "another XDP program is attached (id %u, %s): take it off with 'ip link set "
		       "dev %s xdp off' or by the program that owns it",
		       id, info.name, interface);
}

/* The link of an earlier agent, if it still holds the interface. */
static int open_link(const struct loader *loader, const char *name, unsigned ifindex)
{
	cleanup(close_fd) int fd = pin_open(&loader->paths, name);
	struct bpf_link_info info = {0};
	uint32_t size = sizeof(info);

	if (fd < 0)
		return -ENOENT;
	if (bpf_obj_get_info_by_fd(fd, &info, &size) || info.type != BPF_LINK_TYPE_XDP ||
	    info.xdp.ifindex != ifindex)
		return -ESTALE; /* its device is gone, or the name has moved to another */
	return take_fd(&fd);
}

static bool attached_generic(unsigned ifindex)
{
	LIBBPF_OPTS(bpf_xdp_query_opts, query);

	return !bpf_xdp_query((int)ifindex, 0, &query) && query.attach_mode == XDP_ATTACHED_SKB;
}

/* Moves a link to this loader's program. Which of the two programs it can take is tried. */
static int update_link(const struct loader *loader, int link, struct attachment *attachment)
{
	int r = -EINVAL;

	for (size_t i = 0; i < 2 && r; i++) {
		if (ways[i].frags && !loader->frags)
			continue;
		r = bpf_link_update(link, program_of(loader, &ways[i]), NULL);
		attachment->frags = ways[i].frags;
	}
	return r;
}

static void tell_way(const struct way *way, enum attach_mode mode, int native_error,
		     struct attachment *attachment)
{
	attachment->state = ATTACH_ATTACHED;
	attachment->generic = way->generic;
	attachment->frags = way->frags;
	if (way->generic && mode == ATTACH_AUTO)
		(void)snprintf(attachment->reason, sizeof(attachment->reason),
			       "the driver refused native mode (%s): generic mode is slower",
			       strerror(-native_error));
}

static void tell_refusal(const char *interface, unsigned ifindex, int error,
			 struct attachment *attachment)
{
	attachment->state = ATTACH_REFUSED;
	if (error == -EBUSY || error == -EEXIST)
		describe_holder(ifindex, interface, attachment->reason, sizeof(attachment->reason));
	else
		(void)snprintf(attachment->reason, sizeof(attachment->reason), "%s%s",
			       strerror(-error),
			       error == -ERANGE ? ": the MTU is too large for this mode" : "");
}

/* Tries the ways in their order. Returns the descriptor of a new link, or -errno. */
static int make_link(const struct loader *loader, unsigned ifindex, enum attach_mode mode,
		     struct attachment *attachment)
{
	int error = -EOPNOTSUPP, native_error = -EOPNOTSUPP;

	for (size_t i = 0; i < WAYS; i++) {
		LIBBPF_OPTS(bpf_link_create_opts, options,
			    .flags = ways[i].generic ? XDP_FLAGS_SKB_MODE : XDP_FLAGS_DRV_MODE);
		int link;

		if (!way_is_open(loader, &ways[i], mode))
			continue;
		link = bpf_link_create(program_of(loader, &ways[i]), (int)ifindex, BPF_XDP,
				       &options);
		if (link >= 0) {
			tell_way(&ways[i], mode, native_error, attachment);
			return link;
		}
		error = link;
		if (error == -EBUSY || error == -EEXIST || error == -EPERM)
			break;
		if (!ways[i].generic)
			native_error = error;
	}
	return error;
}

static int pin_link(const struct loader *loader, const char *name, int link, struct fault *fault)
{
	pin_remove(&loader->paths, name);
	return pin_replace(&loader->paths, name, link, fault);
}

static int set_vlan_tags(const struct loader *loader, unsigned ifindex, bool vlan_tags,
			 struct fault *fault)
{
	int map = bpf_map__fd(loader->skeleton->maps.vw_interfaces);
	uint32_t key = ifindex, value = 1;
	int r;

	if (!vlan_tags) {
		(void)bpf_map_delete_elem(map, &key);
		return 0;
	}
	r = bpf_map_update_elem(map, &key, &value, BPF_ANY);
	return r ? fault_set(fault, r, "VLAN tags cannot be turned on: %s", strerror(-r)) : 0;
}

/* Whether the link that is there is of the mode that is asked for. */
static bool mode_suits(unsigned ifindex, enum attach_mode mode)
{
	bool generic = attached_generic(ifindex);

	return mode == ATTACH_AUTO || generic == (mode == ATTACH_GENERIC);
}

static int attach(struct loader *loader, const char *interface, const char *name,
		  enum attach_mode mode, struct attachment *attachment, struct fault *fault)
{
	unsigned ifindex = attachment->ifindex;
	cleanup(close_fd) int link = open_link(loader, name, ifindex);

	if (link >= 0 && mode_suits(ifindex, mode) && !update_link(loader, link, attachment)) {
		attachment->state = ATTACH_ATTACHED;
		attachment->generic = attached_generic(ifindex);
		if (attachment->generic && mode == ATTACH_AUTO)
			(void)snprintf(attachment->reason, sizeof(attachment->reason),
				       "it was attached in generic mode before; 'vaultwall agent "
				       "--detach' and a new start try native mode again");
		return 0;
	}
	if (link >= 0) { /* another mode: there is no way to change it but to let go first */
		(void)bpf_link_detach(link); /* at once; a pin lets go only after a grace period */
		pin_remove(&loader->paths, name);
		close_fd(&link);
	}
	link = make_link(loader, ifindex, mode, attachment);
	if (link < 0) {
		tell_refusal(interface, ifindex, link, attachment);
		return 0;
	}
	return pin_link(loader, name, link, fault);
}

int loader_attach(struct loader *loader, const char *interface, enum attach_mode mode,
		  bool vlan_tags, struct attachment *ret_attachment, struct fault *fault)
{
	struct attachment attachment = {.ifindex = if_nametoindex(interface)};
	char name[LOADER_PIN];
	int r = link_pin_name(interface, name);

	if (r)
		return fault_set(fault, r, "'%s' is too long a name", interface);
	if (!attachment.ifindex) {
		attachment.state = ATTACH_ABSENT;
		(void)snprintf(attachment.reason, sizeof(attachment.reason),
			       "there is no such interface; it gets the filter when it appears");
		*ret_attachment = attachment;
		return 0;
	}
	r = set_vlan_tags(loader, attachment.ifindex, vlan_tags, fault);
	if (!r)
		r = attach(loader, interface, name, mode, &attachment, fault);
	if (!r)
		*ret_attachment = attachment;
	return r;
}

static bool is_kept(const char *pin, const char *const *keep, size_t count)
{
	char name[LOADER_PIN];

	for (size_t i = 0; i < count; i++)
		if (!link_pin_name(keep[i], name) && !strcmp(name + strlen("links/"), pin))
			return true;
	return false;
}

static void close_directory(DIR **directory)
{
	if (*directory)
		(void)closedir(*directory);
}

int loader_detach_others(struct loader *loader, const char *const *keep, size_t count,
			 struct fault *fault)
{
	cleanup(close_directory) DIR *directory = NULL;
	const struct dirent *entry;
	char path[LOADER_PIN];
	int r = pin_path(&loader->paths, "links", path, fault);

	if (r)
		return r;
	directory = opendir(path);
	if (!directory)
		return fault_set(fault, -errno, "cannot read %s: %s", path, strerror(errno));
	while ((entry = readdir(directory)))
		if (entry->d_name[0] != '.' && !is_kept(entry->d_name, keep, count))
			(void)unlinkat(dirfd(directory), entry->d_name, 0);
	return 0;
}
