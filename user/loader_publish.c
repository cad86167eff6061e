// SPDX-License-Identifier: Apache-2.0
/*
 * Publication. Two slots with a map each, one cell; a packet reads the cell once and
 * sees one image.
 *
 *   step                              a packet sees   if the agent dies here
 *   1 fill the map in the idle slot   old             the next agent puts another map
 *     N, pin it as image N                            there
 *   2 name the new seats              old             names without packets
 *   3 flip the cell to N              old or new      new rules in force
 *     loader_publish() ends here, and loader_settle() goes on
 *   4 wait until every CPU that read  new             "
 *     the cell before has left
 *   5 clear the seats given up,       new             done again by the next agent
 *     unpin the old image
 *   6 put a map into the idle slot    new             "
 *     if there is none of ours
 *
 * The kernel takes a grace period for each change of a slot: 0.01 s, and half a second
 * where all CPUs are busy. So a slot keeps its map, and what waiting there is comes when
 * nobody waits for the answer. Nor can a push fail because the kernel has no memory for
 * a second image.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>

#include "cleanup.h"
#include "loader_internal.h"

#include <vaultwall.skel.h>

static void slot_pin(uint32_t slot, char name[16])
{
	(void)snprintf(name, 16, "image%u", slot & 1);
}

int image_open(const struct paths *paths, uint32_t slot)
{
	char name[16];

	if (slot > 1)
		return -ENOENT;
	slot_pin(slot, name);
	return pin_open(paths, name);
}

/* A pinned image is input: only one of this layout, with as many lines as it says, is one. */
int image_read_identity(int map, struct image_identity *ret_identity)
{
	struct bpf_map_info info = {0};
	uint32_t size = sizeof(info), line = IMAGE_LINE_IDENTITY;
	union image_line identity;

	if (bpf_obj_get_info_by_fd(map, &info, &size))
		return -errno;
	if (info.type != BPF_MAP_TYPE_ARRAY || info.value_size != IMAGE_LINE_BYTES ||
	    info.key_size != sizeof(line) || !(info.map_flags & BPF_F_MMAPABLE))
		return -EINVAL;
	if (bpf_map_lookup_elem(map, &line, &identity))
		return -errno;
	if (identity.identity.magic != IMAGE_MAGIC || identity.identity.layout != IMAGE_LAYOUT ||
	    identity.identity.lines > info.max_entries)
		return -EINVAL;
	*ret_identity = identity.identity;
	return 0;
}

int loader_identity(struct loader *loader, struct image_identity *ret_identity)
{
	uint32_t slot = __atomic_load_n(&loader->cell->slot, __ATOMIC_ACQUIRE), in_slot;
	cleanup(close_fd) int image = image_open(&loader->paths, slot);
	struct bpf_map_info info = {0};
	uint32_t size = sizeof(info);

	if (image < 0)
		return -ENOENT;
	/* The pin must be what the slot holds. */
	if (bpf_map_lookup_elem(bpf_map__fd(loader->skeleton->maps.vw_slots), &slot, &in_slot) ||
	    bpf_obj_get_info_by_fd(image, &info, &size) || info.id != in_slot)
		return -ENOENT;
	return image_read_identity(image, ret_identity) ? -ENOENT : 0;
}

static void copy_seat_name(const struct vw_seat *seat, char name[VW_SEAT_NAME + 1])
{
	memcpy(name, seat->name, VW_SEAT_NAME);
	name[VW_SEAT_NAME - 1] = '\0'; /* a pinned map is input */
	name[VW_SEAT_NAME] = '\0';
}

int loader_seating(struct loader *loader, struct seating *ret_seating, struct fault *fault)
{
	cleanup(seating_free) struct seating seating = {
		.names = calloc(VW_SEATS, sizeof(*seating.names)),
	};
	char name[VW_SEAT_NAME + 1];

	if (!seating.names)
		return fault_set(fault, -ENOMEM, "out of memory");
	for (size_t seat = 0; seat < VW_SEATS; seat++) {
		copy_seat_name(&loader->seats[seat], name);
		if (!name[0])
			continue;
		if (seating_take(&seating, seat, name))
			return fault_set(fault, -ENOMEM, "out of memory");
	}
	*ret_seating = seating;
	seating = (struct seating){0};
	return 0;
}

/* A fresh map of the slots' inner shape, with BTF, so that a dump names the fields. */
static int make_image_map(struct loader *loader, struct fault *fault)
{
	const struct btf *btf = bpf_object__btf(loader->skeleton->obj);
	int value = btf__find_by_name_kind(btf, "image_line", BTF_KIND_UNION);
	int key = btf__find_by_name_kind(btf, "__u32", BTF_KIND_TYPEDEF);
	LIBBPF_OPTS(bpf_map_create_opts, options, .map_flags = BPF_F_MMAPABLE);
	int fd;

	if (value > 0 && key > 0 && btf__fd(btf) >= 0) {
		options.btf_fd = (uint32_t)btf__fd(btf);
		options.btf_key_type_id = (uint32_t)key;
		options.btf_value_type_id = (uint32_t)value;
	}
	fd = bpf_map_create(BPF_MAP_TYPE_ARRAY, "vw_image", sizeof(uint32_t), IMAGE_LINE_BYTES,
			    LOADER_SLOT_LINES, &options);
	if (fd < 0)
		return fault_set(fault, fd, "the kernel has no room for the rules (%u MiB): %s",
				 LOADER_SLOT_LINES / (1048576 / IMAGE_LINE_BYTES), strerror(-fd));
	return fd;
}

/* What an earlier image had more of is wiped. */
static int fill_slot(struct loader_slot *slot, const struct image *image, struct fault *fault)
{
	size_t count = image->count > slot->lines ? image->count : slot->lines;
	size_t size = count * sizeof(*image->lines);
	union image_line *lines =
		mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, slot->map, 0);

	if (lines == MAP_FAILED)
		return fault_set(fault, -errno, "the rules cannot be written to the kernel: %s",
				 strerror(errno));
	memcpy(lines, image->lines, image->count * sizeof(*lines));
	memset(lines + image->count, 0, (count - image->count) * sizeof(*lines));
	(void)munmap(lines, size);
	slot->lines = (uint32_t)image->count;
	return 0;
}

static int put_into_slot(struct loader *loader, uint32_t slot, int map, struct fault *fault)
{
	int r = bpf_map_update_elem(bpf_map__fd(loader->skeleton->maps.vw_slots), &slot, &map,
				    BPF_ANY);

	return r ? fault_set(fault, r, "the rules cannot be put into a slot: %s", strerror(-r)) : 0;
}

static bool is_free(const struct vw_seat *seat)
{
	return !seat->name[0];
}

static const char *wanted_name(const struct seating *seating, size_t seat)
{
	return seat < seating->count && seating->names[seat] ? seating->names[seat] : "";
}

static void name_seat(struct loader *loader, size_t seat, const char *name)
{
	struct vw_seat fresh = {0};

	(void)snprintf(fresh.name, sizeof(fresh.name), "%s", name);
	loader->seats[seat] = fresh;
	requests_give(loader, seat);
}

static void name_new_seats(struct loader *loader, const struct seating *seating)
{
	for (size_t seat = 0; seat < seating->count; seat++)
		if (is_free(&loader->seats[seat]))
			name_seat(loader, seat, wanted_name(seating, seat));
}

/* Per CPU as a map of that kind takes them: the larger of the two kinds of counters. */
static int zero_seat(struct loader *loader, uint32_t seat, const struct vw_counters *zeros)
{
	int r = bpf_map_update_elem(bpf_map__fd(loader->skeleton->maps.vw_counters), &seat, zeros,
				    BPF_ANY);

	if (r)
		return r;
	return bpf_map_update_elem(bpf_map__fd(loader->skeleton->maps.vw_connections), &seat, zeros,
				   BPF_ANY);
}

_Static_assert(sizeof(struct vw_connections) <= sizeof(struct vw_counters),
	       "zeros for the one are enough for the other");

/* Seats whose name went, or went to another: their counters start anew. */
static int clear_left_seats(struct loader *loader, const struct seating *seating)
{
	cleanup(free_ptr) struct vw_counters *zeros = calloc(loader->cpus, sizeof(*zeros));

	if (!zeros)
		return -ENOMEM;
	for (uint32_t seat = 0; seat < VW_SEATS; seat++) {
		const char *name = wanted_name(seating, seat);
		int r;

		if (is_free(&loader->seats[seat]) ||
		    !strncmp(loader->seats[seat].name, name, VW_SEAT_NAME))
			continue;
		r = zero_seat(loader, seat, zeros);
		if (r)
			return r;
		name_seat(loader, seat, name);
	}
	return 0;
}

/*
 * Step 4. An update of a map of maps returns after a grace period
 * (maybe_wait_bpf_programs() in the kernel): putting the image in force into its
 * slot once more changes nothing and waits for whoever read the cell before.
 */
static int wait_for_readers(struct loader *loader, uint32_t slot, int map, struct fault *fault)
{
	return put_into_slot(loader, slot, map, fault);
}

static uint32_t slot_in_force(const struct loader *loader)
{
	return __atomic_load_n(&loader->cell->slot, __ATOMIC_ACQUIRE);
}

static uint32_t idle_slot(const struct loader *loader)
{
	return slot_in_force(loader) == 0 ? 1 : 0;
}

/* A slot whose map an earlier agent made gets one of ours. */
static int provide_map(struct loader *loader, uint32_t slot, struct fault *fault)
{
	cleanup(close_fd) int map = -1;
	int r;

	if (loader->slots[slot].map >= 0)
		return 0;
	/* First, so that there are never three. */
	(void)bpf_map_delete_elem(bpf_map__fd(loader->skeleton->maps.vw_slots), &slot);
	map = make_image_map(loader, fault);
	if (map < 0)
		return map;
	r = put_into_slot(loader, slot, map, fault);
	if (!r)
		loader->slots[slot] = (struct loader_slot){take_fd(&map), 0};
	return r;
}

/* Nobody may be in the map that is filled: a packet that still is would see a mixture. */
int loader_leave(struct loader *loader, struct fault *fault)
{
	uint32_t slot = slot_in_force(loader);
	int r = 0;

	if (loader->flipped && !loader->left)
		r = wait_for_readers(loader, slot, loader->slots[slot].map, fault);
	if (!r)
		loader->left = true;
	return r;
}

int loader_publish(struct loader *loader, const struct image *image, const struct seating *seating,
		   struct fault *fault)
{
	uint32_t idle = idle_slot(loader);
	char name[16];
	int r;

	if (image->count > LOADER_SLOT_LINES || seating->count > VW_SEATS)
		return fault_set(fault, -ENOSPC, "the image has %zu lines, and a slot only %u",
				 image->count, LOADER_SLOT_LINES);
	r = loader_leave(loader, fault);
	if (!r)
		r = provide_map(loader, idle, fault);
	if (!r)
		r = fill_slot(&loader->slots[idle], image, fault);
	slot_pin(idle, name);
	if (!r)
		r = pin_replace(&loader->paths, name, loader->slots[idle].map, fault);
	if (!r)
		r = loader_set_clock(loader, fault);
	if (r)
		return r;
	name_new_seats(loader, seating);
	__atomic_store_n(&loader->cell->slot, idle, __ATOMIC_RELEASE);
	loader->flipped = true;
	loader->left = false;
	return 0;
}

bool loader_is_flipped(const struct loader *loader)
{
	return loader->flipped;
}

bool loader_is_settled(const struct loader *loader)
{
	return !loader->flipped && loader->slots[idle_slot(loader)].map >= 0;
}

/* If anything here fails, the next publication meets it again and says so. */
void loader_settle(struct loader *loader, const struct seating *seating)
{
	uint32_t idle = idle_slot(loader);
	char name[16];

	if (loader_leave(loader, NULL))
		return;
	if (loader->flipped)
		(void)clear_left_seats(loader, seating);
	loader->flipped = false;
	slot_pin(idle, name);
	pin_remove(&loader->paths, name);
	(void)provide_map(loader, idle, NULL);
}
