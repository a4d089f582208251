// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The third place at which a recorder has to be for each datagram, and a program that does nothing. */
#include "bpf/kernel.h"

#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "Dual BSD/GPL";

#pragma clang diagnostic ignored "-Wunused-parameter"

SEC("tp_btf/sk_data_ready")
int BPF_PROG(empty_ready, struct sock *sk)
{
	return 0;
}
