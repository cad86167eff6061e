// SPDX-License-Identifier: Apache-2.0
#include "devices.h"

#include <errno.h>
#include <linux/if.h>
#include <linux/if_link.h>
#include <linux/if_tunnel.h>
#include <linux/rtnetlink.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "cleanup.h"

#define DUMP_BYTES    65536
#define STACK_MAXIMUM 8 /* devices on devices, as deep as the kernel allows */

/* A device as rtnetlink tells it; 0 where it says nothing. */
struct link {
	unsigned ifindex;
	unsigned lower;	 /* what it is stacked on */
	unsigned master; /* the bridge or VRF that it is a port of */
	char name[IFNAMSIZ];
	char kind[16];
	uint32_t id; /* VNI, key, VLAN id */
	uint16_t port;
	bool external; /* one device for all tags */
	bool has_id;
	struct vw_device device;
};

struct links {
	struct link *items;
	size_t count, capacity;
};

static void links_free(struct links *links)
{
	free(links->items);
}

void devices_free(struct devices *devices)
{
	free(devices->items);
	*devices = (struct devices){0};
}

/* An attribute's payload, copied into `size` bytes; short ones leave zeros. */
static void copy_payload(const struct rtattr *attribute, void *to, size_t size)
{
	size_t length = RTA_PAYLOAD(attribute);

	memset(to, 0, size);
	memcpy(to, RTA_DATA(attribute), length < size ? length : size);
}

static uint32_t payload_u32(const struct rtattr *attribute)
{
	uint32_t value;

	copy_payload(attribute, &value, sizeof(value));
	return value;
}

static uint16_t payload_u16(const struct rtattr *attribute)
{
	uint16_t value;

	copy_payload(attribute, &value, sizeof(value));
	return value;
}

static void copy_name(const struct rtattr *attribute, char *to, size_t size)
{
	copy_payload(attribute, to, size);
	to[size - 1] = '\0';
}

static void set_id(struct link *link, uint32_t id)
{
	link->id = id;
	link->has_id = true;
}

static void read_vxlan(struct link *link, const struct rtattr *attribute)
{
	if (attribute->rta_type == IFLA_VXLAN_ID)
		set_id(link, payload_u32(attribute));
	else if (attribute->rta_type == IFLA_VXLAN_PORT)
		link->port = ntohs(payload_u16(attribute));
	else if (attribute->rta_type == IFLA_VXLAN_COLLECT_METADATA)
		link->external = RTA_PAYLOAD(attribute) == 0 || payload_u16(attribute) & 0xff;
}

static void read_geneve(struct link *link, const struct rtattr *attribute)
{
	if (attribute->rta_type == IFLA_GENEVE_ID)
		set_id(link, payload_u32(attribute));
	else if (attribute->rta_type == IFLA_GENEVE_PORT)
		link->port = ntohs(payload_u16(attribute));
	else if (attribute->rta_type == IFLA_GENEVE_COLLECT_METADATA)
		link->external = true;
}

/* Only a device that wants a key takes packets with one key alone. */
static void read_gre(struct link *link, const struct rtattr *attribute)
{
	if (attribute->rta_type == IFLA_GRE_IKEY)
		link->id = ntohl(payload_u32(attribute));
	else if (attribute->rta_type == IFLA_GRE_IFLAGS)
		link->has_id = (payload_u16(attribute) & GRE_KEY) != 0;
	else if (attribute->rta_type == IFLA_GRE_COLLECT_METADATA)
		link->external = true;
}

static void read_vlan(struct link *link, const struct rtattr *attribute)
{
	if (attribute->rta_type == IFLA_VLAN_ID)
		set_id(link, payload_u16(attribute));
}

/* A kind of device that may assert tags, and how its particulars are read. */
struct kind {
	const char *name;
	enum tag_transport transport;
	unsigned shift; /* of the id, to make the tag */
	void (*read)(struct link *link, const struct rtattr *attribute);
};

static const struct kind kinds[] = {
	{"vxlan", TAG_VXLAN, 0, read_vxlan}, {"geneve", TAG_GENEVE, 0, read_geneve},
	{"gretap", TAG_GRE, 8, read_gre},    {"gre", TAG_GRE, 0, read_gre},
	{"vlan", TAG_VLAN, 0, read_vlan},
};

static const struct kind *find_kind(const struct link *link)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (!strcmp(link->kind, kinds[i].name))
			return &kinds[i];
	return NULL;
}

/* Each attribute of a run; an attribute that overruns it ends the walk. */
static void for_each(const void *first, size_t size, struct link *link,
		     void (*read)(struct link *link, const struct rtattr *attribute))
{
	const char *at = first, *end = at + size;

	while ((size_t)(end - at) >= sizeof(struct rtattr)) {
		const struct rtattr *attribute = (const void *)at;
		size_t length = attribute->rta_len;

		if (length < sizeof(*attribute) || length > (size_t)(end - at))
			return;
		read(link, attribute);
		length = RTA_ALIGN(length);
		at = length < (size_t)(end - at) ? at + length : end;
	}
}

static void read_kind(struct link *link, const struct rtattr *attribute)
{
	if (attribute->rta_type == IFLA_INFO_KIND)
		copy_name(attribute, link->kind, sizeof(link->kind));
}

static void read_data(struct link *link, const struct rtattr *attribute)
{
	const struct kind *kind = find_kind(link);

	if (attribute->rta_type == IFLA_INFO_DATA && kind)
		for_each(RTA_DATA(attribute), RTA_PAYLOAD(attribute), link, kind->read);
}

static void read_link(struct link *link, const struct rtattr *attribute)
{
	switch (attribute->rta_type) {
	case IFLA_IFNAME:
		copy_name(attribute, link->name, sizeof(link->name));
		break;
	case IFLA_LINK:
		link->lower = payload_u32(attribute);
		break;
	case IFLA_MASTER:
		link->master = payload_u32(attribute);
		break;
	case IFLA_LINKINFO: /* the kind first, wherever it stands: the data are read by it */
		for_each(RTA_DATA(attribute), RTA_PAYLOAD(attribute), link, read_kind);
		for_each(RTA_DATA(attribute), RTA_PAYLOAD(attribute), link, read_data);
		break;
	default:
		break;
	}
}

static int add_link(struct links *links, const struct nlmsghdr *message)
{
	const struct ifinfomsg *info = NLMSG_DATA(message);
	struct link link = {.ifindex = (unsigned)info->ifi_index};

	if (message->nlmsg_len < NLMSG_LENGTH(sizeof(*info)))
		return 0;
	for_each(IFLA_RTA(info), IFLA_PAYLOAD(message), &link, read_link);
	if (links->count == links->capacity) {
		size_t capacity = links->capacity ? links->capacity * 2 : 32;
		struct link *items = reallocarray(links->items, capacity, sizeof(*items));

		if (!items)
			return -ENOMEM;
		links->items = items;
		links->capacity = capacity;
	}
	links->items[links->count++] = link;
	return 0;
}

/* One answer of the dump. 1: it was the last; -EAGAIN: the devices changed meanwhile. */
static int read_answer(struct links *links, const char *buffer, size_t size)
{
	const struct nlmsghdr *message = (const struct nlmsghdr *)(const void *)buffer;

	for (; NLMSG_OK(message, size); message = NLMSG_NEXT(message, size)) {
		int r = 0;

		if (message->nlmsg_flags & NLM_F_DUMP_INTR)
			return -EAGAIN;
		if (message->nlmsg_type == NLMSG_DONE)
			return 1;
		if (message->nlmsg_type == NLMSG_ERROR)
			return -EIO;
		if (message->nlmsg_type == RTM_NEWLINK)
			r = add_link(links, message);
		if (r)
			return r;
	}
	return 0;
}

static int dump(struct links *links)
{
	const struct {
		struct nlmsghdr header;
		struct ifinfomsg info;
	} question = {{.nlmsg_len = sizeof(question),
		       .nlmsg_type = RTM_GETLINK,
		       .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP},
		      {.ifi_family = AF_UNSPEC}};
	cleanup(close_fd) int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	cleanup(free_ptr) char *buffer = malloc(DUMP_BYTES);
	int r = 0;

	if (!buffer)
		return -ENOMEM;
	if (fd < 0 || send(fd, &question, sizeof(question), 0) < 0)
		return -errno;
	links->count = 0;
	while (!r) {
		ssize_t size = recv(fd, buffer, DUMP_BYTES, 0);

		if (size <= 0)
			return size < 0 ? -errno : -EIO;
		r = read_answer(links, buffer, (size_t)size);
	}
	return r < 0 ? r : 0;
}

static struct link *find_link(const struct links *links, unsigned ifindex)
{
	for (size_t i = 0; ifindex && i < links->count; i++)
		if (links->items[i].ifindex == ifindex)
			return &links->items[i];
	return NULL;
}

static bool names_interface(const struct tag_source *source, const char *name)
{
	for (size_t i = 0; i < source->interface_count; i++)
		if (!strcmp(source->interfaces[i], name))
			return true;
	return false;
}

/* Does node.yaml let a device of this kind, port or lower interface assert tags? */
static bool may_tag(const struct node *node, const struct links *links, const struct link *link,
		    const struct kind *kind)
{
	const struct link *lower = find_link(links, link->lower);

	for (size_t i = 0; i < node->tag_count; i++) {
		const struct tag_source *source = &node->tags[i];

		if (source->transport != kind->transport)
			continue;
		if (kind->transport == TAG_VLAN
			    ? lower && names_interface(source, lower->name)
			    : kind->transport == TAG_GRE || source->port == link->port)
			return true;
	}
	return false;
}

static void judge(const struct node *node, const struct links *links, struct link *link)
{
	const struct kind *kind = find_kind(link);

	if (!kind || !may_tag(node, links, link, kind))
		return;
	if (link->external || !link->has_id) {
		link->device.flags = VW_DEVICE_REFUSED;
		return;
	}
	link->device.flags = VW_DEVICE_TAGGED;
	if (kind->transport == TAG_VLAN)
		link->device.flags |= VW_DEVICE_VLAN;
	link->device.tag = link->id >> kind->shift;
}

static bool is_stacked(const struct link *link)
{
	static const char *const stacked[] = {"vlan", "macvlan", "macvtap", "ipvlan", "ipvtap"};

	for (size_t i = 0; i < sizeof(stacked) / sizeof(stacked[0]); i++)
		if (!strcmp(link->kind, stacked[i]))
			return true;
	return false;
}

/* A device on a tagged one is tagged likewise. */
static bool inherit(const struct links *links, struct link *link)
{
	const struct link *lower = is_stacked(link) ? find_link(links, link->lower) : NULL;

	if (link->device.flags || !lower || !lower->device.flags)
		return false;
	link->device = lower->device;
	return true;
}

/* A master of one tagged port speaks for it; of more ports it cannot be told which spoke. */
static bool gather(const struct links *links, struct link *link)
{
	const struct link *tagged = NULL;
	size_t ports = 0;

	for (size_t i = 0; i < links->count; i++) {
		if (links->items[i].master != link->ifindex)
			continue;
		ports++;
		if (links->items[i].device.flags)
			tagged = &links->items[i];
	}
	if (link->device.flags || !tagged)
		return false;
	link->device = tagged->device;
	if (ports > 1)
		link->device.flags = VW_DEVICE_REFUSED;
	return true;
}

/* Until nothing changes any more; stacks are shallow. */
static void spread(struct links *links)
{
	bool changed = true;

	for (int level = 0; changed && level < STACK_MAXIMUM; level++) {
		changed = false;
		for (size_t i = 0; i < links->count; i++)
			if (inherit(links, &links->items[i]) || gather(links, &links->items[i]))
				changed = true;
	}
}

/* See bpf/tags.h. Without tags nothing is noted, and a VRF is a device like any other. */
static void set_apart(const struct node *node, struct links *links)
{
	for (size_t i = 0; node->tag_count > 0 && i < links->count; i++)
		if (!strcmp(links->items[i].kind, "vrf"))
			links->items[i].device.flags |= VW_DEVICE_APART;
}

static void add_device(struct devices *devices, unsigned ifindex, const struct vw_device *device)
{
	devices->items[devices->count++] = (struct loader_device){ifindex, *device};
	devices->refused += device->flags & VW_DEVICE_REFUSED ? 1 : 0;
}

/* Those of which there is something to say come first. */
static int collect(const struct node *node, const struct links *links, struct devices *devices)
{
	const struct vw_device plain = {.flags = VW_DEVICE_PLAIN};

	devices->items = calloc(links->count + 1, sizeof(*devices->items));
	if (!devices->items)
		return -ENOMEM;
	for (size_t i = 0; i < links->count; i++)
		if (links->items[i].device.flags)
			add_device(devices, links->items[i].ifindex, &links->items[i].device);
	if (node->tag_count == 0)
		return 0;
	for (size_t i = 0; i < links->count; i++)
		if (!links->items[i].device.flags)
			add_device(devices, links->items[i].ifindex, &plain);
	add_device(devices, VW_DEVICES_LISTED, &plain);
	return 0;
}

#define DUMP_TRIES 5

int devices_scan(const struct node *node, struct devices *ret_devices, struct fault *fault)
{
	cleanup(links_free) struct links links = {0};
	cleanup(devices_free) struct devices devices = {0};
	int r = -EAGAIN;

	for (int tries = 0; tries < DUMP_TRIES && r == -EAGAIN; tries++)
		r = dump(&links);
	if (r)
		return fault_set(fault, r, "network devices cannot be listed: %s", strerror(-r));
	for (size_t i = 0; i < links.count; i++)
		judge(node, &links, &links.items[i]);
	spread(&links);
	set_apart(node, &links);
	r = collect(node, &links, &devices);
	if (r)
		return fault_set(fault, r, "out of memory");
	*ret_devices = devices;
	devices = (struct devices){0};
	return 0;
}
