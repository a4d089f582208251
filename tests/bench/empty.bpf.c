// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What a program costs that does nothing: the floor that hooks.c subtracts. */
#include "bpf/kernel.h"

#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "Dual BSD/GPL";

#pragma clang diagnostic ignored "-Wunused-parameter"

SEC("tp_btf/net_dev_queue")
int BPF_PROG(empty_send, struct sk_buff *skb)
{
	return 0;
}

SEC("tp_btf/netif_receive_skb")
int BPF_PROG(empty_receive, struct sk_buff *skb)
{
	return 0;
}
