/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The fragments of a packet: only the first has the ports, and the others are
 * found by the number that all of them carry.
 *
 * What holds here: a later fragment that comes before the first, or whose entry
 * has gone (the least recently used go), is of a flow without ports.
 */
#ifndef NETSNOOP_BPF_FRAGMENT_H
#define NETSNOOP_BPF_FRAGMENT_H

#include "bpf/kernel.h"

#include "bpf/events.h"
#include "bpf/parse.h"

#include <bpf/bpf_helpers.h>

#define FRAGMENT_ENTRIES 4096

struct fragment_key {
	__u32 netns;
	__u32 ip_id;
	__u16 ethertype;
	__u8 protocol;
	__u8 is_send;
	__u8 local[16], remote[16];
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, FRAGMENT_ENTRIES);
	__type(key, struct fragment_key);
	__type(value, struct flow_key);
} fragments SEC(".maps");

/* Of a first fragment: remember key. Of a later one: make key the first's. */
static __noinline int join_fragments(const struct record *record, const struct cursor *cursor,
				     struct flow_key *key)
{
	struct fragment_key fragment = {};
	struct flow_key *first;

	if (!record || !cursor || !key)
		return 0;
	fragment.netns = key->netns;
	fragment.ip_id = cursor->ip_id;
	fragment.ethertype = key->ethertype;
	fragment.protocol = key->protocol;
	fragment.is_send = record->is_send;
	__builtin_memcpy(fragment.local, key->local, sizeof(fragment.local));
	__builtin_memcpy(fragment.remote, key->remote, sizeof(fragment.remote));
	if (!(record->flags & RECORD_LATER_FRAGMENT)) {
		bpf_map_update_elem(&fragments, &fragment, key, BPF_ANY);
		return 0;
	}
	first = bpf_map_lookup_elem(&fragments, &fragment);
	if (first)
		*key = *first;
	return 0;
}

#endif
