/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The programs in the kernel: loaded, attached, asked, taken out again. */
#ifndef NETSNOOP_RECORD_KERNEL_H
#define NETSNOOP_RECORD_KERNEL_H

#include "record/counts.h"
#include "record/drain.h"
#include "record/filters.h"

struct kernel;
struct flows_maps;	   /* of flows.h */
struct kernel_totals_maps; /* of kernel_totals.h */
struct owner_record;	   /* of bpf/events.h */

/*
 * Load the programs, with rings of about ring_bytes together (0: the default),
 * a table of max_flows flows and these filters. follow: kernel_follow() will be called. Every failure has
 * been told to the user.
 */
int kernel_open(const struct filters *filters, uint64_t ring_bytes, uint32_t max_flows, bool follow,
		bool verbose, struct kernel **ret_kernel);

/* Include a command's process, and its descendants but for FOLLOW_NONE. Before kernel_attach(). */
int kernel_follow(struct kernel *kernel, uint32_t pid);

/* Totals alone are wanted of what is seen, without events. */
void kernel_want_totals_alone(struct kernel *kernel);

/* From here on events are recorded. Every failure has been told to the user. */
int kernel_attach(struct kernel *kernel);

/* When this returns no program is running any more, nor will be. */
void kernel_detach(struct kernel *kernel);

/* The rings, in order of time; lives as long as kernel. */
struct drain *kernel_drain(struct kernel *kernel);

/* What happened to processes, in order of time; lives as long as kernel. */
struct drain *kernel_process_drain(struct kernel *kernel);

/* A record of each process of now. 0, -ENOMEM, what the kernel gives, or what sink returned. */
int kernel_list_processes(struct kernel *kernel, drain_sink sink, void *context);

size_t kernel_cpus(const struct kernel *kernel); /* possible ones */
size_t kernel_rings(const struct kernel *kernel);
size_t kernel_ring_bytes(const struct kernel *kernel); /* of each */
const char *kernel_hooks(const struct kernel *kernel); /* "net_dev_queue netif_receive_skb" */

/*
 * Give every owner record that is there to sink; non-zero ends it with that, and
 * the record that it was called with is taken. 0, what sink gave, or -errno.
 */
int kernel_owner_records(struct kernel *kernel,
			 int (*sink)(void *context, const struct owner_record *record),
			 void *context);

/*
 * What has to be done now and then to the tables of owners; as often as the rings
 * are drained. 0 or -errno.
 */
int kernel_tick(struct kernel *kernel, uint64_t at_ns);

/* Learn who holds the sockets that nobody has used. Once, before kernel_detach(). 0 or -errno. */
int kernel_settle(struct kernel *kernel);

/* The table of flows. */
void kernel_flows_maps(const struct kernel *kernel, struct flows_maps *ret_maps);

/* The map `snoop_proc`: struct snoop_value by pid. */
int kernel_followed_fd(const struct kernel *kernel);

/* What totals are read from. */
void kernel_totals_maps(const struct kernel *kernel, struct kernel_totals_maps *ret_maps);

/* See counts.h; ret_by_cpu has room for kernel_cpus(). */
int kernel_counts(const struct kernel *kernel, struct counts *ret_by_cpu);
int kernel_throughput(const struct kernel *kernel, struct throughput **ret_rows,
		      size_t *ret_n_rows);

/* Nothing of it is left in the kernel. NULL is fine. */
void kernel_close(struct kernel *kernel);

#endif
