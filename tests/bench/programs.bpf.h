/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The programs that are measured, over whichever look-ups stand before: nothing; a
 * floor, which reads the same headers and answers the same to all; the filter.
 * All return XDP_DROP; what the filter said is in bench_state.
 */
#pragma once

#include "generate.bpf.h"

/* What the kernel's test loop and the clock cost. */
SEC("xdp")
int bench_empty(struct xdp_md *context)
{
	(void)context;
	(void)generate_number();
	return XDP_DROP;
}

SEC("xdp")
int bench_floor(struct xdp_md *context)
{
	__u32 number = generate_number();
	struct packet packet = {};

	if (!generate_plain(context, number))
		return XDP_ABORTED;
	vw_read_frame(context, &packet, context->data_end - context->data);
	generate_note(number, XDP_DROP);
	return XDP_DROP;
}

SEC("xdp")
int bench_filter(struct xdp_md *context)
{
	__u32 number = generate_number();

	if (!generate_plain(context, number))
		return XDP_ABORTED;
	generate_note(number, (__u32)filter(context, context->data_end - context->data));
	return XDP_DROP;
}

SEC("xdp")
int bench_floor_tunnel(struct xdp_md *context)
{
	__u32 number = generate_number(), length = context->data_end - context->data;
	struct packet packet = {}, inside = {};
	struct tunnel tunnel = {};

	if (!generate_tunnel(context, number))
		return XDP_ABORTED;
	vw_read_frame(context, &packet, length);
	vw_read_inside(context, &tunnel, &inside,
		       (packet.payload & READ_OFFSET) | (__u32)IMAGE_TRANSPORT_VXLAN
								<< READ_OFFSET_BITS,
		       length);
	generate_note(number, XDP_DROP);
	return XDP_DROP;
}

SEC("xdp")
int bench_filter_tunnel(struct xdp_md *context)
{
	__u32 number = generate_number();

	if (!generate_tunnel(context, number))
		return XDP_ABORTED;
	generate_note(number, (__u32)filter(context, context->data_end - context->data));
	return XDP_DROP;
}
