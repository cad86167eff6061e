// SPDX-License-Identifier: Apache-2.0
#include "authorizer_maps.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <bpf/bpf.h>

#include "cleanup.h"
#include "counter.h"
#include "journal.h"
#include "tag.h"

static void pin_of(const struct paths *paths, const char *name, char path[PATH_TEXT + 32])
{
	(void)snprintf(path, PATH_TEXT + 32, "%s/%s", paths->metrics_mount, name);
}

/* The shape that a pinned map must have. */
struct shape {
	const char *name;
	enum bpf_map_type type;
	uint32_t key, value, entries;
	uint32_t access; /* 0, or BPF_F_RDONLY */
};

static bool has_shape(int fd, const struct shape *shape)
{
	struct bpf_map_info info = {0};
	uint32_t size = sizeof(info);

	return !bpf_obj_get_info_by_fd(fd, &info, &size) && info.type == shape->type &&
	       info.key_size == shape->key && info.value_size == shape->value &&
	       info.max_entries == shape->entries;
}

/* A descriptor, or -errno. */
static int open_map(const struct paths *paths, const struct shape *shape)
{
	LIBBPF_OPTS(bpf_obj_get_opts, options, .file_flags = shape->access);
	char path[PATH_TEXT + 32];
	cleanup(close_fd) int fd = -1;

	pin_of(paths, shape->name, path);
	fd = bpf_obj_get_opts(path, &options);
	if (fd < 0)
		return fd;
	return has_shape(fd, shape) ? take_fd(&fd) : -EINVAL;
}

static const struct shape requests_shape = {.name = "requests",
					    .type = BPF_MAP_TYPE_ARRAY,
					    .key = sizeof(uint32_t),
					    .value = sizeof(struct vw_requests),
					    .entries = VW_SEATS};
static const struct shape tags_shape = {.name = "tags",
					.type = BPF_MAP_TYPE_HASH,
					.key = sizeof(struct vw_tag_key),
					.value = sizeof(struct vw_tag),
					.entries = VW_TAGS,
					.access = BPF_F_RDONLY};

static const size_t requests_bytes = VW_SEATS * sizeof(struct vw_requests);

static void close_counts(struct gate_maps *maps)
{
	if (maps->requests)
		(void)munmap(maps->requests, requests_bytes);
	maps->requests = NULL;
}

static int open_counts(struct gate_maps *maps, const struct paths *paths)
{
	cleanup(close_fd) int requests = open_map(paths, &requests_shape);
	void *memory;

	if (requests < 0)
		return requests;
	memory = mmap(NULL, requests_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, requests, 0);
	if (memory == MAP_FAILED)
		return -errno;
	maps->requests = memory;
	return 0;
}

void gate_maps_open(struct gate_maps *maps, const struct paths *paths)
{
	int r;

	close_counts(maps);
	r = open_counts(maps, paths);
	if (r < 0)
		journal(JOURNAL_WARNING, "requests are not counted: %s/%s: %s",
			paths->metrics_mount, requests_shape.name, strerror(-r));
}

void gate_maps_close(struct gate_maps *maps)
{
	close_counts(maps);
	close_fd(&maps->tags);
}

static void tell_missing(struct gate_maps *maps, const char *path, int error)
{
	if (!maps->tags_missed)
		journal(JOURNAL_WARNING,
			"endpoint tags are unknown, and shared frontends refuse who needs one or "
			"must have none: %s: %s",
			path, strerror(error));
	maps->tags_missed = true;
}

/*
 * The map that is pinned now: notes go into no other one. After an agent that could not use the
 * one before there is another pin.
 */
static int find_tags(struct gate_maps *maps, const struct paths *paths)
{
	char path[PATH_TEXT + 32];
	struct stat pin;

	pin_of(paths, tags_shape.name, path);
	if (stat(path, &pin) < 0) {
		close_fd(&maps->tags);
		tell_missing(maps, path, errno);
		return -1;
	}
	if (maps->tags >= 0 && maps->tags_device == pin.st_dev && maps->tags_inode == pin.st_ino)
		return maps->tags;
	close_fd(&maps->tags);
	maps->tags = open_map(paths, &tags_shape);
	maps->tags_device = pin.st_dev;
	maps->tags_inode = pin.st_ino;
	if (maps->tags < 0)
		tell_missing(maps, path, -maps->tags);
	else
		maps->tags_missed = false;
	return maps->tags;
}

static void write_address(const struct peer *peer, uint8_t to[16])
{
	if (peer->family == 4)
		vw_tag_write4(to, peer->address);
	else
		memcpy(to, peer->address, 16);
}

/* False: the question does not name a connection. */
static bool make_key(const struct question *question, struct vw_tag_key *key)
{
	const struct peer *source = &question->source, *frontend = &question->frontend;

	if (!source->family || !source->port || !frontend->family || !frontend->port)
		return false;
	*key = (struct vw_tag_key){.remote_port = htons(source->port),
				   .local_port = htons(frontend->port)};
	write_address(source, key->remote);
	write_address(frontend, key->local);
	return true;
}

void gate_maps_tell_tag(struct gate_maps *maps, const struct paths *paths,
			struct question *question)
{
	struct vw_tag_key key;
	struct vw_tag note = {0};
	int map = -1, r = -EINVAL;

	if (make_key(question, &key))
		map = find_tags(maps, paths);
	if (map >= 0)
		r = bpf_map_lookup_elem(map, &key, &note);
	question->tagged = r == 0;
	question->tag_unknown = r != 0 && r != -ENOENT;
	question->tag = r == 0 ? note.tag : 0;
	question->vlan = r == 0 && note.flags & VW_TAG_VLAN;
}
