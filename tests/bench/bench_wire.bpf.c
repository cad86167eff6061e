// SPDX-License-Identifier: GPL-2.0-only
/* Both ends of the wire but for the filter: what sends, what only drops, what lets all pass. */
#include "generate.bpf.h"

int wire_device; /* ifindex that frames leave by */
__u64 wire_dropped;

/* The sum over the header that is in the frame, with its addresses; the checksum field is zero. */
static __always_inline __u16 sum_header(const struct iphdr *ip)
{
	const __u16 *words = (const __u16 *)ip;
	__u32 sum = 0;

#pragma clang loop unroll(full)
	for (int i = 0; i < 10; i++)
		sum += words[i];
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return (__u16)~sum;
}

SEC("xdp")
int wire_send(struct xdp_md *context)
{
	__u32 number = generate_number();
	struct iphdr *ip;

	if (!generate_plain(context, number))
		return XDP_ABORTED;
	ip = (void *)(long)context->data + sizeof(struct ethhdr);
	if ((void *)(ip + 1) > (void *)(long)context->data_end)
		return XDP_ABORTED;
	ip->check = 0;
	ip->check = sum_header(ip);
	return (int)bpf_redirect((__u32)wire_device, 0);
}

SEC("xdp")
int wire_drop(struct xdp_md *context)
{
	(void)context;
	wire_dropped++;
	return XDP_DROP;
}

SEC("xdp")
int wire_pass(struct xdp_md *context)
{
	(void)context;
	return XDP_PASS;
}

char LICENSE[] SEC("license") = "GPL";
