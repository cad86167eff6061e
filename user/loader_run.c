// SPDX-License-Identifier: Apache-2.0
/* What is asked of the live programs: a verdict, counters, events, metrics and maps for others. */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "cleanup.h"
#include "loader_internal.h"

#include <vaultwall.skel.h>

static int run(int program, const void *frame, size_t length, uint32_t *ret_action,
	       struct fault *fault)
{
	LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = frame, .data_size_in = (uint32_t)length);
	int r = bpf_prog_test_run_opts(program, &options);

	if (r)
		return fault_set(fault, r, "the filter cannot be run on a frame of %zu bytes: %s",
				 length, strerror(-r));
	*ret_action = options.retval;
	return 0;
}

int loader_test_run(struct loader *loader, const void *frame, size_t length, uint32_t *ret_action,
		    struct fault *fault)
{
	return run(bpf_program__fd(loader->skeleton->progs.vw_filter), frame, length, ret_action,
		   fault);
}

static int ask(struct loader *loader, const void *frame, size_t length, struct vw_answer answer,
	       struct vw_sighting *ret_sighting, struct fault *fault)
{
	int answers = bpf_map__fd(loader->skeleton->maps.vw_answers);
	uint32_t zero = 0, action;
	int r = bpf_map_update_elem(answers, &zero, &answer, BPF_ANY);

	if (r)
		return fault_set(fault, r, "the filter cannot be asked: %s", strerror(-r));
	r = run(bpf_program__fd(loader->skeleton->progs.vw_explain), frame, length, &action, fault);
	if (r)
		return r;
	r = bpf_map_lookup_elem(answers, &zero, &answer);
	if (r)
		return fault_set(fault, r, "the filter gave no answer: %s", strerror(-r));
	*ret_sighting = answer.sighting;
	return 0;
}

int loader_explain(struct loader *loader, const void *frame, size_t length, unsigned ifindex,
		   struct vw_sighting *ret_sighting, struct fault *fault)
{
	return loader_explain_when(loader, frame, length, ifindex, (struct loader_when){0},
				   ret_sighting, fault);
}

int loader_explain_when(struct loader *loader, const void *frame, size_t length, unsigned ifindex,
			struct loader_when when, struct vw_sighting *ret_sighting,
			struct fault *fault)
{
	const struct vw_answer question = {
		.interface = ifindex, .before = when.before, .earlier = when.earlier};

	return ask(loader, frame, length, question, ret_sighting, fault);
}

int loader_counters(struct loader *loader, uint32_t seat, struct vw_counters *ret_counters,
		    struct fault *fault)
{
	cleanup(free_ptr) struct vw_counters *values = calloc(loader->cpus, sizeof(*values));
	struct vw_counters sums = {0};
	int r;

	if (!values)
		return fault_set(fault, -ENOMEM, "out of memory");
	r = bpf_map_lookup_elem(bpf_map__fd(loader->skeleton->maps.vw_counters), &seat, values);
	if (r)
		return fault_set(fault, r, "the counters of seat %u cannot be read: %s", seat,
				 strerror(-r));
	for (uint32_t cpu = 0; cpu < loader->cpus; cpu++)
		for (size_t outcome = 0; outcome < VW_OUTCOME_COUNT; outcome++) {
			sums.outcomes[outcome].packets += values[cpu].outcomes[outcome].packets;
			sums.outcomes[outcome].bytes += values[cpu].outcomes[outcome].bytes;
		}
	*ret_counters = sums;
	return 0;
}

int loader_events_fd(struct loader *loader)
{
	return ring_buffer__epoll_fd(loader->events);
}

int loader_events(struct loader *loader,
		  void (*receive)(const struct vw_event *event, void *context), void *context)
{
	loader->receive = receive;
	loader->receive_context = context;
	return ring_buffer__consume(loader->events);
}

int metrics_pin(struct loader *loader, struct fault *fault)
{
	union bpf_iter_link_info target = {
		.map = {.map_fd = (uint32_t)bpf_map__fd(loader->skeleton->maps.vw_rows)},
	};
	LIBBPF_OPTS(bpf_link_create_opts, options, .iter_info = &target,
		    .iter_info_len = sizeof(target));
	char path[LOADER_PIN];
	int r;

	loader->metrics_link = bpf_link_create(bpf_program__fd(loader->skeleton->progs.vw_metrics),
					       0, BPF_TRACE_ITER, &options);
	if (loader->metrics_link < 0)
		return fault_set(fault, loader->metrics_link, "the metrics cannot be made: %s",
				 strerror(-loader->metrics_link));
	r = pin_replace(&loader->paths, "metrics", loader->metrics_link, fault);
	if (!r)
		r = pin_path(&loader->paths, "metrics", path, fault);
	if (!r && chmod(path, 0444))
		r = fault_set(fault, -errno, "cannot make %s readable: %s", path, strerror(errno));
	return r;
}

static int mount_shared(const char *path, struct fault *fault)
{
	struct statfs stat;

	if (mkdir(path, 0755) && errno != EEXIST)
		return fault_set(fault, -errno, "cannot make %s: %s", path, strerror(errno));
	if (!statfs(path, &stat) && stat.f_type == BPF_FS_MAGIC)
		return 0;
	if (mount("bpf", path, "bpf", MS_NOSUID | MS_NODEV | MS_NOEXEC, "mode=0755"))
		return fault_set(fault, -errno, "cannot mount a bpffs for everybody at %s: %s",
				 path, strerror(errno));
	return 0;
}

/* The file name that node_exporter looks for; bpffs itself has no names with a dot. */
static int link_textfile(const struct paths *paths, struct fault *fault)
{
	char path[PATH_TEXT + 32];

	(void)snprintf(path, sizeof(path), "%s/vaultwall.prom", paths->run);
	if (!symlink("bpf/metrics", path) || errno == EEXIST)
		return 0;
	return fault_set(fault, -errno, "cannot make %s: %s", path, strerror(errno));
}

/* Pins an object in the bpffs for everybody, for the group's eyes if it is for some only. */
static int share(const struct loader *loader, const char *name, int fd, mode_t mode, gid_t group,
		 struct fault *fault)
{
	char path[PATH_TEXT + 32], fresh[PATH_TEXT + 40];
	int r;

	(void)snprintf(path, sizeof(path), "%s/%s", loader->paths.metrics_mount, name);
	(void)snprintf(fresh, sizeof(fresh), "%s~new", path);
	(void)unlink(fresh); /* of an agent that was killed right here */
	r = bpf_obj_pin(fd, fresh);
	if (r)
		return fault_set(fault, r, "cannot pin %s: %s", path, strerror(-r));
	/* Without CAP_CHOWN it stays with a group that is the agent's own. */
	if ((chown(fresh, (uid_t)-1, group) && errno != EPERM) || chmod(fresh, mode) ||
	    rename(fresh, path)) {
		r = -errno;
		(void)unlink(fresh);
		(void)unlink(path); /* no map is better than a wrong one */
		return fault_set(fault, r, "cannot open %s to its readers: %s", path, strerror(-r));
	}
	return 0;
}

int loader_share(struct loader *loader, gid_t group, struct fault *fault)
{
	int tags = bpf_map__fd(loader->skeleton->maps.vw_tags);
	const struct {
		const char *name;
		int fd;
		mode_t mode;
	} shared[] = {
		{"metrics", loader->metrics_link, 0444},
		{"tags", tags, 0440},
		{"requests", bpf_map__fd(loader->skeleton->maps.vw_requests), 0660},
	};
	int r = mount_shared(loader->paths.metrics_mount, fault);

	for (size_t i = 0; i < sizeof(shared) / sizeof(shared[0]) && !r; i++)
		if (shared[i].fd != tags || loader_tags_settled(loader))
			r = share(loader, shared[i].name, shared[i].fd, shared[i].mode, group,
				  fault);
	return r ? r : link_textfile(&loader->paths, fault);
}
