/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The wall between the agent and the kernel: maps, programs and links. The only
 * module that sees the skeleton and bpffs. What flows in: an image, seats, names
 * of interfaces. What flows out: what is in force, sightings, descriptors to poll.
 *
 *   pin (below paths->bpf)   writer        survives
 *   cell                     agent         the agent's death, restart and upgrade
 *   slots                    agent         "
 *   image0, image1           agent         " (what is in the slots)
 *   seats                    agent         "
 *   counters                 filter        ", and every push
 *   rates                    filter        "
 *   interfaces               agent         "
 *   events                   filter        "
 *   connections              steer         ", and every push
 *   devices, gates           agent         "
 *   tags, tag_totals         steer, agent  ", and every push
 *   requests                 authoriser    "
 *   rows                     nobody        " (drives the metrics iterator)
 *   explain                  (program)     replaced at start
 *   metrics                  (iterator)    replaced at start
 *   links/IFNAME             (XDP link)    updated in place at start
 *   steer                    (netns link)  updated in place at start
 *
 * Order at start: loader_open() takes over or makes the maps; then an image is in
 * force (adopted or published); only then loader_attach().
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "compile.h"
#include "counter.h"
#include "event.h"
#include "fault.h"
#include "image.h"
#include "node.h"
#include "paths.h"
#include "request.h"
#include "tag.h"

struct loader;

/* Lines of a slot: room for 10,000 vaults, 1,000,000 ranges and 100,000 subnets. */
#define LOADER_SLOT_LINES (1U << 19)

/*
 * Loads the programs. Maps that are pinned and of the same shape are reused, and
 * what they hold stays in force; maps of another layout are left alone until
 * links have moved to the new programs. Attaches nothing.
 */
int loader_open(const struct paths *paths, struct loader **ret_loader, struct fault *fault);

/* Closes descriptors. What is pinned goes on working. NULL is fine. */
void loader_close(struct loader *loader);

/* Removes every pin and link of this instance: nothing is filtered any more. */
int loader_uninstall(const struct paths *paths, struct fault *fault);

/* The identity of the image in force; -ENOENT if there is none. */
int loader_identity(struct loader *loader, struct image_identity *ret_identity);

/* The seats as the kernel has them; ended with seating_free(). */
int loader_seating(struct loader *loader, struct seating *ret_seating, struct fault *fault);

/*
 * Puts an image in force: fills the map in the idle slot and flips the cell. Fails with
 * the old image in force. Seats that are new start from zero. To be settled before the
 * next one.
 */
int loader_publish(struct loader *loader, const struct image *image, const struct seating *seating,
		   struct fault *fault);

/*
 * What is left to do then, with the seats of the image in force: waits until every
 * CPU has left the image before it, forgets that, clears the seats that were given up,
 * and sees to it that the idle slot has a map for the next publication. It takes a
 * while, and whoever asked for the rules need not wait for it. What a crash leaves is
 * done by the next one.
 */
bool loader_is_settled(const struct loader *loader);
/* Is there an image before it? */
bool loader_is_flipped(const struct loader *loader);
/* The first part, the waiting, alone; later ones do not wait again. */
int loader_leave(struct loader *loader, struct fault *fault);
void loader_settle(struct loader *loader, const struct seating *seating);

/* Tells the filter what the wall clock is now; at start and when it was set. */
int loader_set_clock(struct loader *loader, struct fault *fault);

enum attach_state { ATTACH_ABSENT, ATTACH_REFUSED, ATTACH_ATTACHED };

struct attachment {
	enum attach_state state;
	unsigned ifindex;
	bool generic;	  /* attached in generic mode */
	bool frags;	  /* the xdp.frags program: frames over a page are filtered, too */
	char reason[256]; /* why not, or why generic; empty: all is well */
};

/*
 * Attaches the filter to an interface, or moves its pinned link to this loader's
 * program without a gap. `vlan_tags`: VLAN ids are endpoint tags there. An absent
 * interface or a refusal is told in *ret_attachment, not an error.
 */
int loader_attach(struct loader *loader, const char *interface, enum attach_mode mode,
		  bool vlan_tags, struct attachment *ret_attachment, struct fault *fault);

/*
 * Steers new connections in the network namespace of the caller: what is gated is
 * refused where no gate stands, and so may come in. Until then the filter drops it.
 * After a failure it still does.
 */
int loader_steer(struct loader *loader, struct fault *fault);

/* Where the gate listens (host order); 0: there is none. Nobody else reaches that port. */
void loader_set_gate_port(struct loader *loader, uint16_t port);

/* Gated connections go to this listening socket, for as long as it lives. */
int loader_set_gate(struct loader *loader, int listener, struct fault *fault);
bool loader_gate_stands(struct loader *loader);

/* For the metrics: whether it listens. */
void loader_tell_gate(struct loader *loader, bool stands);

/* A network device whose packets bear an endpoint tag, for steering. */
struct loader_device {
	unsigned ifindex;
	struct vw_device device;
};

/* These devices are tagged, and no others. */
int loader_set_devices(struct loader *loader, const struct loader_device *devices, size_t count,
		       struct fault *fault);

/* Removes the filter from interfaces that are not in `keep`. */
int loader_detach_others(struct loader *loader, const char *const *keep, size_t count,
			 struct fault *fault);

/*
 * Runs the live filter on a frame as if it came in on `ifindex` (0: on no
 * particular one), without counting it. `ret_sighting` tells what was decided.
 */
int loader_explain(struct loader *loader, const void *frame, size_t length, unsigned ifindex,
		   struct vw_sighting *ret_sighting, struct fault *fault);

/* Another moment to ask about than now. */
struct loader_when {
	bool before; /* by the image before the one in force, until that publication is settled */
	uint16_t earlier; /* seconds ago: what has expired since still holds */
};

int loader_explain_when(struct loader *loader, const void *frame, size_t length, unsigned ifindex,
			struct loader_when when, struct vw_sighting *ret_sighting,
			struct fault *fault);

/* Runs the filter itself on a frame; it counts. *ret_action is an enum xdp_action. For tests. */
int loader_test_run(struct loader *loader, const void *frame, size_t length, uint32_t *ret_action,
		    struct fault *fault);

/* Sums the counters of a seat over all CPUs. */
int loader_counters(struct loader *loader, uint32_t seat, struct vw_counters *ret_counters,
		    struct fault *fault);

/*
 * Events. The descriptor is for epoll; loader_events() calls `receive` for each
 * record that is there and returns how many, or -errno.
 */
int loader_events_fd(struct loader *loader);
int loader_events(struct loader *loader,
		  void (*receive)(const struct vw_event *event, void *context), void *context);

/*
 * Mounts the small bpffs for everybody: the metrics and a .prom link beside them; and for the
 * group, what the authoriser needs: `tags` to read, once settled, and `requests` to count in.
 */
int loader_share(struct loader *loader, gid_t group, struct fault *fault);

/* How many requests the gate answered in which way, of all vaults. */
void loader_requests(const struct loader *loader, struct vw_requests *ret_requests);

/* Endpoint tags of gated connections; see bpf/tags.h. */

/*
 * Settled: every connection at the gate came in while notes were taken. Until then the authoriser
 * gets none to read.
 */
bool loader_tags_settled(const struct loader *loader);
void loader_settle_tags(struct loader *loader);
int loader_tag_totals(struct loader *loader, struct vw_tag_totals *ret_totals);

/* The notes whose time is `before` (CLOCK_MONOTONIC, nanoseconds) or earlier; the caller's to free.
 */
int loader_tags(struct loader *loader, uint64_t before, struct vw_tag_removal **ret_notes,
		size_t *ret_count, struct fault *fault);

/* Takes a note out; false: it was renewed meanwhile, and stays. */
bool loader_forget_tag(struct loader *loader, const struct vw_tag_removal *note);
