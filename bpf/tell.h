/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The ring of owner records.
 *
 * What holds here:
 * - A record says what the events before it could not: it is written when an
 *   owner becomes known or changes, not for each packet.
 * - An owner that the filters keep out is not in it.
 * - One that finds no room is counted.
 */
#ifndef NETSNOOP_BPF_TELL_H
#define NETSNOOP_BPF_TELL_H

#include "bpf/kernel.h"

#include "bpf/count.h"
#include "bpf/events.h"
#include "bpf/filter.h"

#include <bpf/bpf_helpers.h>

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 256 * 1024);
} owner_records SEC(".maps");

/* owner is NULL with SOCKET_OF_FLOW, and else the owner of both ids' traffic. */
struct telling {
	__u64 flow_id;
	__u64 socket_id;
	__u64 used_ns;
	const struct owner *owner;
	__u8 kind;
	__u8 source;
	__u8 is_shared;
};

static __always_inline void tell(const struct telling *telling)
{
	struct owner_record *record;

	if (telling->owner && !allows_owner(telling->owner))
		return;
	record = bpf_ringbuf_reserve(&owner_records, sizeof(*record), 0);
	if (!record) {
		struct counters *count = own_counters();

		if (count)
			__sync_fetch_and_add(&count->value[COUNTER_OWNER_RING_FULL], 1);
		return;
	}
	__builtin_memset(record, 0, sizeof(*record));
	record->timestamp = bpf_ktime_get_boot_ns();
	record->flow_id = telling->flow_id;
	record->socket_id = telling->socket_id;
	record->used_ns = telling->used_ns;
	record->kind = telling->kind;
	record->source = telling->source;
	record->is_shared = telling->is_shared;
	if (telling->owner)
		record->owner = *telling->owner;
	bpf_ringbuf_submit(record, BPF_RB_NO_WAKEUP);
}

#endif
