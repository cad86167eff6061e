// SPDX-License-Identifier: Apache-2.0
/* The steering program on the network namespace, by a pinned link like the filter's. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "cleanup.h"
#include "loader_internal.h"

#include <vaultwall.skel.h>

#define STEER_PIN "steer"

/* The link of an earlier agent, if it is on this very namespace. */
static int open_steer_link(const struct loader *loader, int namespace)
{
	cleanup(close_fd) int link = pin_open(&loader->paths, STEER_PIN);
	struct bpf_link_info info = {0};
	uint32_t size = sizeof(info);
	struct stat stat;

	if (link < 0 || bpf_obj_get_info_by_fd(link, &info, &size) || fstat(namespace, &stat))
		return -ENOENT;
	if (info.type != BPF_LINK_TYPE_NETNS || info.netns.attach_type != BPF_SK_LOOKUP ||
	    info.netns.netns_ino != stat.st_ino)
		return -ESTALE;
	return take_fd(&link);
}

static int steer(struct loader *loader, struct fault *fault)
{
	int program = bpf_program__fd(loader->skeleton->progs.vw_steer);
	cleanup(close_fd) int namespace = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	cleanup(close_fd) int link = -1;

	if (namespace < 0)
		return fault_set(fault, -errno, "the network namespace cannot be opened: %s",
				 strerror(errno));
	link = open_steer_link(loader, namespace);
	if (link >= 0 && !bpf_link_update(link, program, NULL))
		return 0;
	close_fd(&link);
	link = bpf_link_create(program, namespace, BPF_SK_LOOKUP, NULL);
	if (link < 0)
		return fault_set(fault, link, "connections cannot be steered (sk_lookup): %s",
				 strerror(-link));
	return pin_replace(&loader->paths, STEER_PIN, link, fault);
}

int loader_steer(struct loader *loader, struct fault *fault)
{
	int r = steer(loader, fault);

	__atomic_store_n(&loader->cell->steered, r ? VW_STEERING_OFF : VW_STEERING_ON,
			 __ATOMIC_RELEASE);
	return r;
}

static int compare_indexes(const void *left, const void *right)
{
	uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;

	return (a > b) - (a < b);
}

/* Takes out what is not listed. The key to go on from is read before its entry goes. */
static void forget_others(int map, uint32_t *listed, size_t count)
{
	uint32_t key, next;
	bool more = !bpf_map_get_next_key(map, NULL, &next);

	if (count > 0)
		qsort(listed, count, sizeof(*listed), compare_indexes);
	while (more) {
		key = next;
		more = !bpf_map_get_next_key(map, &key, &next);
		if (count == 0 || !bsearch(&key, listed, count, sizeof(key), compare_indexes))
			(void)bpf_map_delete_elem(map, &key);
	}
}

int loader_set_devices(struct loader *loader, const struct loader_device *devices, size_t count,
		       struct fault *fault)
{
	int map = bpf_map__fd(loader->skeleton->maps.vw_devices);
	cleanup(free_ptr) uint32_t *listed = calloc(count + 1, sizeof(*listed));

	if (!listed)
		return fault_set(fault, -ENOMEM, "no memory for devices");
	for (size_t i = 0; i < count; i++) {
		int r;

		listed[i] = devices[i].ifindex;
		r = bpf_map_update_elem(map, &listed[i], &devices[i].device, BPF_ANY);
		if (r)
			return fault_set(fault, r,
					 "tunnel devices cannot be told to the kernel: %s",
					 strerror(-r));
	}
	forget_others(map, listed, count);
	return 0;
}

void loader_set_gate_port(struct loader *loader, uint16_t port)
{
	__atomic_store_n(&loader->cell->gate_port, htons(port), __ATOMIC_RELEASE);
}

void loader_tell_gate(struct loader *loader, bool stands)
{
	if (loader->cell->steered != VW_STEERING_OFF)
		__atomic_store_n(&loader->cell->steered, stands ? VW_STEERING_GATE : VW_STEERING_ON,
				 __ATOMIC_RELEASE);
}

int loader_set_gate(struct loader *loader, int listener, struct fault *fault)
{
	uint32_t zero = 0;
	uint64_t value = (uint64_t)listener;
	int r = bpf_map_update_elem(bpf_map__fd(loader->skeleton->maps.vw_gates), &zero, &value,
				    BPF_ANY);

	return r ? fault_set(fault, r, "the kernel does not take the gate's socket: %s",
			     strerror(-r))
		 : 0;
}

/* The kernel takes a socket that was closed out of the map by itself. */
bool loader_gate_stands(struct loader *loader)
{
	uint32_t zero = 0;
	uint64_t cookie;

	return !bpf_map_lookup_elem(bpf_map__fd(loader->skeleton->maps.vw_gates), &zero, &cookie);
}
