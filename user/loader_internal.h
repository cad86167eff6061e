/* SPDX-License-Identifier: Apache-2.0 */
/* What the parts of the loader share: loader.c leads, each other file does one of its jobs. */
#pragma once

#include "loader.h"

struct bpf_object;
struct bpf_map;
struct ring_buffer;
struct vaultwall_bpf;

#define LOADER_PIN 512 /* bytes of a pin's path */

struct loader_slot {
	int map;	/* the one in it, if this loader has put it there; else -1 */
	uint32_t lines; /* of the last image in it, in force or not */
};

struct loader {
	struct paths paths;
	struct vaultwall_bpf *skeleton;
	struct vw_cell *cell;  /* mapped */
	struct vw_seat *seats; /* mapped, VW_SEATS of them */
	struct ring_buffer *events;
	void (*receive)(const struct vw_event *event, void *context);
	void *receive_context;
	int metrics_link;
	struct vw_requests *requests; /* mapped, VW_SEATS of them */
	struct loader_slot slots[2];
	bool flipped;	   /* and not settled yet */
	bool left;	   /* and no CPU is in the old image any more */
	bool frags;	   /* the kernel has xdp.frags */
	bool tags_are_new; /* no earlier agent's, and empty */
	uint32_t cpus;
};

/* pins: paths below the instance's directory in bpffs */

/* Sees to it that bpffs is mounted and the instance's directories are there. */
int pins_prepare(const struct paths *paths, struct fault *fault);
int pin_path(const struct paths *paths, const char *name, char path[LOADER_PIN],
	     struct fault *fault);
/* Pins `fd` under a name whether or not something has it, without a moment's absence. */
int pin_replace(const struct paths *paths, const char *name, int fd, struct fault *fault);
/* The pinned object, or -ENOENT and other -errno. */
int pin_open(const struct paths *paths, const char *name);
void pin_remove(const struct paths *paths, const char *name);
/* The same for the link of an interface, whose name may hold a dot. */
int link_pin_name(const char *interface, char name[LOADER_PIN]);

/* Lets maps that are pinned in the same shape be used again. */
int maps_adopt(struct loader *loader, struct fault *fault);
/* Pins what is new. */
int maps_pin(struct loader *loader, struct fault *fault);

/* Makes the metrics iterator and pins it. */
int metrics_pin(struct loader *loader, struct fault *fault);

/* Lets the authoriser count for whom the seat is now, from zero; or for all, where it does not. */
void requests_give(struct loader *loader, size_t seat);
void requests_give_all(struct loader *loader);

/* The authoriser does not get notes to read that are not complete. */
void tags_begin(struct loader *loader);

/* The image in a slot, for reading, as a descriptor of its map; -ENOENT. */
int image_open(const struct paths *paths, uint32_t slot);
int image_read_identity(int map, struct image_identity *ret_identity);

/* The last of libbpf's complaints, for a fault that the kernel gave no words for. */
const char *loader_complaint(void);
