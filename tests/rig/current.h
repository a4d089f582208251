/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What current.bpf.c counts and current.c prints. */
#ifndef NETSNOOP_TESTS_CURRENT_H
#define NETSNOOP_TESTS_CURRENT_H

#ifndef __bpf__
#include <linux/types.h>
#endif

/* One direction of a tuple at one device, as it was charged to one task. */
struct current_key {
	__u64 start_ns;
	__u32 pid; /* a tgid; 0: the processor was idle */
	__u32 netns;
	__u32 ifindex;
	__u16 local_port, remote_port;
	__u8 family; /* 4 or 6 */
	__u8 protocol;
	__u8 is_send;
	__u8 has_port;
	__u8 local[16], remote[16];
	__u32 reserved;
};

struct current_sum {
	__u64 payload_bytes;
	__u64 packets;
};

#endif
