// SPDX-License-Identifier: Apache-2.0
/*
 * Maps that are there from an earlier agent. A pin is input: what is not of the
 * very shape that the programs were built for is not used.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "cleanup.h"
#include "image.h"
#include "loader_internal.h"

#include <vaultwall.skel.h>

struct map_pin {
	const char *name;
	bool rules; /* holds rules: of use only together with the others that do */
};

static const struct map_pin map_pins[] = {
	{"cell", true},		{"slots", true},       {"seats", false},    {"counters", false},
	{"connections", false}, {"interfaces", false}, {"devices", false},  {"gates", false},
	{"events", false},	{"rates", false},      {"answers", false},  {"rows", false},
	{"tags", false},	{"tag_totals", false}, {"requests", false},
};

#define MAP_PINS (sizeof(map_pins) / sizeof(map_pins[0]))

static struct bpf_map *map_of(const struct loader *loader, const struct map_pin *pin)
{
	char name[32];

	(void)snprintf(name, sizeof(name), "vw_%s", pin->name);
	return bpf_object__find_map_by_name(loader->skeleton->obj, name);
}

static bool same_shape(int fd, const struct bpf_map *map)
{
	struct bpf_map_info info = {0};
	uint32_t size = sizeof(info);

	return !bpf_obj_get_info_by_fd(fd, &info, &size) && info.type == bpf_map__type(map) &&
	       info.key_size == bpf_map__key_size(map) &&
	       info.value_size == bpf_map__value_size(map) &&
	       info.max_entries == bpf_map__max_entries(map) &&
	       info.map_flags == bpf_map__map_flags(map);
}

/* Whether the pinned cell names an image of this layout. */
static bool rules_fit(const struct paths *paths, int cell)
{
	struct image_identity identity;
	struct vw_cell value = {0};
	uint32_t zero = 0;
	cleanup(close_fd) int image = -1;

	if (bpf_map_lookup_elem(cell, &zero, &value))
		return false;
	image = image_open(paths, value.slot);
	return image >= 0 && !image_read_identity(image, &identity);
}

/* The cell and the slots are used again both or not at all, and only with an image that fits. */
static bool rules_reusable(const struct loader *loader, const int fds[MAP_PINS])
{
	for (size_t i = 0; i < MAP_PINS; i++)
		if (map_pins[i].rules &&
		    (fds[i] < 0 || !same_shape(fds[i], map_of(loader, &map_pins[i]))))
			return false;
	return rules_fit(&loader->paths, fds[0]);
}

static void close_all(int (*fds)[MAP_PINS])
{
	for (size_t i = 0; i < MAP_PINS; i++)
		close_fd(&(*fds)[i]);
}

int maps_adopt(struct loader *loader, struct fault *fault)
{
	cleanup(close_all) int fds[MAP_PINS];
	bool rules;

	for (size_t i = 0; i < MAP_PINS; i++)
		fds[i] = pin_open(&loader->paths, map_pins[i].name);
	rules = rules_reusable(loader, fds);
	loader->tags_are_new = true;
	for (size_t i = 0; i < MAP_PINS; i++) {
		struct bpf_map *map = map_of(loader, &map_pins[i]);
		int r;

		if (fds[i] < 0 || !same_shape(fds[i], map) || (map_pins[i].rules && !rules))
			continue;
		r = bpf_map__reuse_fd(map, fds[i]);
		if (r)
			return fault_set(fault, r, "cannot take over the pinned map %s: %s",
					 map_pins[i].name, strerror(-r));
		if (!strcmp(map_pins[i].name, "tags"))
			loader->tags_are_new = false;
	}
	return 0;
}

/* Whether the pin of that name is this very map. */
static bool is_pinned(const struct loader *loader, const char *name, int fd)
{
	cleanup(close_fd) int pinned = pin_open(&loader->paths, name);
	struct bpf_map_info there = {0}, here = {0};
	uint32_t there_size = sizeof(there), here_size = sizeof(here);

	return pinned >= 0 && !bpf_obj_get_info_by_fd(pinned, &there, &there_size) &&
	       !bpf_obj_get_info_by_fd(fd, &here, &here_size) && there.id == here.id;
}

int maps_pin(struct loader *loader, struct fault *fault)
{
	for (size_t i = 0; i < MAP_PINS; i++) {
		int fd = bpf_map__fd(map_of(loader, &map_pins[i]));
		int r;

		if (is_pinned(loader, map_pins[i].name, fd))
			continue;
		r = pin_replace(&loader->paths, map_pins[i].name, fd, fault);
		if (r)
			return r;
	}
	return 0;
}
