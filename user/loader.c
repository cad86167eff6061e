// SPDX-License-Identifier: Apache-2.0
#include "loader.h"

#include <dirent.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "cleanup.h"
#include "loader_internal.h"

#include <vaultwall.skel.h>

static char complaint[256];

/* libbpf speaks line by line; its last warning is kept for the fault, and nothing is printed. */
static int keep_complaint(enum libbpf_print_level level, const char *format, va_list arguments)
{
	if (level == LIBBPF_WARN) {
		(void)vsnprintf(complaint, sizeof(complaint), format, arguments);
		complaint[strcspn(complaint, "\n")] = '\0';
	}
	return 0;
}

const char *loader_complaint(void)
{
	return complaint[0] ? complaint : "no details";
}

static int explain_failure(int code, struct fault *fault)
{
	struct utsname host;

	if (code == -EPERM || code == -EACCES)
		return fault_set(fault, code,
				 "the kernel does not let this process load the filter: run it as "
				 "root or with CAP_BPF, CAP_NET_ADMIN and CAP_PERFMON (%s)",
				 loader_complaint());
	(void)uname(&host);
	return fault_set(fault, code,
			 "the kernel (%s) refused the filter: %s; Linux 6.1 or later with BTF is "
			 "needed (%s)",
			 host.release, strerror(-code), loader_complaint());
}

/* Asks the kernel itself: xdp.frags came with Linux 5.18, and one such program unloads all. */
static bool kernel_has_frags(void)
{
	const struct bpf_insn pass[] = {
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = XDP_PASS},
		{.code = BPF_JMP | BPF_EXIT},
	};
	LIBBPF_OPTS(bpf_prog_load_opts, options, .prog_flags = BPF_F_XDP_HAS_FRAGS);
	cleanup(close_fd) int fd =
		bpf_prog_load(BPF_PROG_TYPE_XDP, "vw_probe", "GPL", pass, 2, &options);

	return fd >= 0;
}

static int load(struct loader *loader, struct fault *fault)
{
	struct vaultwall_bpf *skeleton = vaultwall_bpf__open();
	int cpus = libbpf_num_possible_cpus();
	int r;

	if (!skeleton)
		return fault_set(fault, -errno, "the filter cannot be opened: %s",
				 loader_complaint());
	loader->skeleton = skeleton;
	if (cpus < 1)
		return fault_set(fault, cpus, "the number of CPUs cannot be read");
	loader->cpus = (uint32_t)cpus;
	loader->frags = kernel_has_frags();
	skeleton->rodata->metrics_cpus = loader->cpus;
	(void)bpf_program__set_autoload(skeleton->progs.vw_filter_frags, loader->frags);
	r = maps_adopt(loader, fault);
	if (r)
		return r;
	r = vaultwall_bpf__load(skeleton);
	return r ? explain_failure(r, fault) : 0;
}

static void *map_memory(int fd, size_t size)
{
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	return memory == MAP_FAILED ? NULL : memory;
}

static size_t cell_bytes(void)
{
	return (size_t)sysconf(_SC_PAGESIZE);
}

#define SEATS_BYTES    (VW_SEATS * sizeof(struct vw_seat))
#define REQUESTS_BYTES (VW_SEATS * sizeof(struct vw_requests))

static int map_shared(struct loader *loader, struct fault *fault)
{
	loader->cell = map_memory(bpf_map__fd(loader->skeleton->maps.vw_cell), cell_bytes());
	loader->seats = map_memory(bpf_map__fd(loader->skeleton->maps.vw_seats), SEATS_BYTES);
	loader->requests =
		map_memory(bpf_map__fd(loader->skeleton->maps.vw_requests), REQUESTS_BYTES);
	if (loader->cell && loader->seats && loader->requests)
		return 0;
	return fault_set(fault, -errno, "the kernel's maps cannot be mapped: %s", strerror(errno));
}

static int hand_event(void *context, void *data, size_t size)
{
	const struct loader *loader = context;

	if (size >= sizeof(struct vw_event) && loader->receive)
		loader->receive(data, loader->receive_context);
	return 0;
}

static int open_events(struct loader *loader, struct fault *fault)
{
	loader->events = ring_buffer__new(bpf_map__fd(loader->skeleton->maps.vw_events), hand_event,
					  loader, NULL);
	if (loader->events)
		return 0;
	return fault_set(fault, -errno, "the ring buffer of events cannot be opened: %s",
			 strerror(errno));
}

/* A cell that never named a slot must not name the first one, which is empty. */
#define CELL_NO_SLOT UINT32_MAX

static void settle_cell(struct loader *loader)
{
	struct image_identity identity;

	if (loader_identity(loader, &identity))
		__atomic_store_n(&loader->cell->slot, CELL_NO_SLOT, __ATOMIC_RELEASE);
}

static int finish(struct loader *loader, struct fault *fault)
{
	int r = map_shared(loader, fault);

	if (r)
		return r;
	settle_cell(loader);
	tags_begin(loader);
	requests_give_all(loader);
	r = maps_pin(loader, fault);
	if (!r)
		r = open_events(loader, fault);
	if (!r)
		r = pin_replace(&loader->paths, "explain",
				bpf_program__fd(loader->skeleton->progs.vw_explain), fault);
	if (!r)
		r = metrics_pin(loader, fault);
	return r ? r : loader_set_clock(loader, fault);
}

static void close_loader(struct loader **loader)
{
	loader_close(*loader);
}

int loader_open(const struct paths *paths, struct loader **ret_loader, struct fault *fault)
{
	cleanup(close_loader) struct loader *loader = calloc(1, sizeof(*loader));
	int r;

	if (!loader)
		return fault_set(fault, -ENOMEM, "out of memory");
	loader->paths = *paths;
	loader->metrics_link = loader->slots[0].map = loader->slots[1].map = -1;
	(void)libbpf_set_print(keep_complaint);
	r = pins_prepare(paths, fault);
	if (!r)
		r = load(loader, fault);
	if (!r)
		r = finish(loader, fault);
	if (r)
		return r;
	*ret_loader = take_ptr(&loader);
	return 0;
}

void loader_close(struct loader *loader)
{
	if (!loader)
		return;
	ring_buffer__free(loader->events);
	close_fd(&loader->metrics_link);
	close_fd(&loader->slots[0].map);
	close_fd(&loader->slots[1].map);
	if (loader->cell)
		(void)munmap(loader->cell, cell_bytes());
	if (loader->seats)
		(void)munmap(loader->seats, SEATS_BYTES);
	if (loader->requests)
		(void)munmap(loader->requests, REQUESTS_BYTES);
	vaultwall_bpf__destroy(loader->skeleton);
	free(loader);
}

static void close_directory(DIR **directory)
{
	if (*directory)
		(void)closedir(*directory);
}

/* Removes every file of a directory of pins, and the directory. */
static int remove_pins(const char *path, struct fault *fault)
{
	cleanup(close_directory) DIR *directory = opendir(path);
	const struct dirent *entry;

	if (!directory)
		return errno == ENOENT ? 0
				       : fault_set(fault, -errno, "cannot read %s: %s", path,
						   strerror(errno));
	while ((entry = readdir(directory)))
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			(void)unlinkat(dirfd(directory), entry->d_name, 0);
	if (rmdir(path))
		return fault_set(fault, -errno, "cannot remove %s: %s", path, strerror(errno));
	return 0;
}

int loader_uninstall(const struct paths *paths, struct fault *fault)
{
	char path[LOADER_PIN];
	int r = pin_path(paths, "links", path, fault);

	if (!r)
		r = remove_pins(path, fault); /* the links first: nothing is filtered any more */
	if (!r)
		r = remove_pins(paths->bpf, fault);
	if (r)
		return r;
	(void)umount2(paths->metrics_mount, MNT_DETACH);
	(void)rmdir(paths->metrics_mount);
	(void)snprintf(path, sizeof(path), "%s/vaultwall.prom", paths->run);
	(void)unlink(path);
	return 0;
}
