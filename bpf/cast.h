/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Memory that is read without a helper. The programs are compiled twice, with WITH_CASTS
 * and without; the recorder loads the first where the kernel has bpf_rdonly_cast (6.2,
 * a35b9af4ec2c). (That a function is missing cannot be left to the loader before libbpf 1.3.)
 */
#ifndef NETSNOOP_BPF_CAST_H
#define NETSNOOP_BPF_CAST_H

#include "bpf/kernel.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

#ifdef WITH_CASTS
extern void *bpf_rdonly_cast(const void *object, __u32 btf_id) __ksym;

/* To the kernel's own type of that name. A load has to be as wide as one of its members. */
#define CAST(pointer, type) \
	((const struct type *)bpf_rdonly_cast((pointer), bpf_core_type_id_kernel(struct type)))
#define READ(pointer, type, member) (CAST(pointer, type)->member)
#else
#define READ(pointer, type, member) BPF_CORE_READ((const struct type *)(pointer), member)
#endif

#endif
