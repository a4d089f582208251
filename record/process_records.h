/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the programs tell of processes. */
#ifndef NETSNOOP_RECORD_PROCESS_RECORDS_H
#define NETSNOOP_RECORD_PROCESS_RECORDS_H

#include "record/drain.h"

struct netsnoop_bpf;

/* The ring of what they write. */
int process_records_drain(struct netsnoop_bpf *programs, struct drain **ret_drain);

/*
 * Give a record of each process of now to sink. 0 (also where the kernel has
 * no such iterator), -ENOMEM, what the iterator gives, or what sink returned.
 */
int process_records_list(struct netsnoop_bpf *programs, drain_sink sink, void *context);

#endif
