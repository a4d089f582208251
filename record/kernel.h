/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The programs in the kernel: loaded, attached, asked, taken out again. */
#ifndef NETSNOOP_RECORD_KERNEL_H
#define NETSNOOP_RECORD_KERNEL_H

#include "record/counts.h"
#include "record/drain.h"
#include "record/filters.h"

struct kernel;

/*
 * Load the programs, with rings of about ring_bytes together (0: the default)
 * and these filters. follow: kernel_follow() will be called. Every failure has
 * been told to the user.
 */
int kernel_open(const struct filters *filters, uint64_t ring_bytes, bool follow, bool verbose,
		struct kernel **ret_kernel);

/* Include a process and its descendants. Before kernel_attach(). */
int kernel_follow(struct kernel *kernel, uint32_t pid);

/* From here on events are recorded. Every failure has been told to the user. */
int kernel_attach(struct kernel *kernel);

/* When this returns no program is running any more, nor will be. */
void kernel_detach(struct kernel *kernel);

/* The rings, in order of time; lives as long as kernel. */
struct drain *kernel_drain(struct kernel *kernel);

size_t kernel_cpus(const struct kernel *kernel); /* possible ones */
size_t kernel_rings(const struct kernel *kernel);
size_t kernel_ring_bytes(const struct kernel *kernel); /* of each */
const char *kernel_hooks(const struct kernel *kernel); /* "net_dev_queue netif_receive_skb" */

/* See counts.h; ret_by_cpu has room for kernel_cpus(). */
int kernel_counts(const struct kernel *kernel, struct counts *ret_by_cpu);
int kernel_throughput(const struct kernel *kernel, struct throughput **ret_rows,
		      size_t *ret_n_rows);

/* Nothing of it is left in the kernel. NULL is fine. */
void kernel_close(struct kernel *kernel);

#endif
