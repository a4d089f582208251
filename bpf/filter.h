/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The filters. An event passes if, for each kind of filter, nothing or one of
 * its values is included and none of them is excluded. `filters` is a constant
 * to the verifier, which drops the code of those that are not in use.
 */
#ifndef NETSNOOP_BPF_FILTER_H
#define NETSNOOP_BPF_FILTER_H

#include "bpf/kernel.h"

#include "bpf/events.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

#define FILTER_ENTRIES 1024
#define SNOOP_ENTRIES 65536
#define CGROUP_ENTRIES 16384

const volatile __u32 filters; /* FILTER_INCLUDES() and FILTER_EXCLUDES() */

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, SNOOP_ENTRIES);
	__type(key, __u32);
	__type(value, struct snoop_value);
} snoop_proc SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, FILTER_ENTRIES);
	__type(key, char[COMM_BYTES]);
	__type(value, __u32);
} filter_comm SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, FILTER_ENTRIES);
	__type(key, char[INTERFACE_BYTES]);
	__type(value, __u32);
} filter_interface SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(max_entries, FILTER_ENTRIES);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct host_key);
	__type(value, __u32);
} filter_host_include SEC(".maps"), filter_host_exclude SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct port_table);
} filter_port SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, FILTER_ENTRIES);
	__type(key, struct protocol_key);
	__type(value, __u32);
} filter_proto SEC(".maps");

/* By id, with all that are below those named. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, CGROUP_ENTRIES);
	__type(key, __u64);
	__type(value, __u32);
} filter_cgroup SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, FILTER_ENTRIES);
	__type(key, __u32);
	__type(value, __u32);
} filter_user SEC(".maps");

static __always_inline bool allows(__u32 kind, __u32 verdicts)
{
	if (verdicts & VERDICT_EXCLUDE)
		return false;
	return !(filters & FILTER_INCLUDES(kind)) || verdicts & VERDICT_INCLUDE;
}

static __always_inline __u32 verdict_of(void *map, const void *key)
{
	__u32 *verdict = bpf_map_lookup_elem(map, key);

	return verdict ? *verdict : 0;
}

/* What snoop_proc says of a process, and not of an earlier one with its pid. */
static __always_inline __u32 snoop_what(__u32 pid, __u64 start_ns)
{
	struct snoop_value *value = bpf_map_lookup_elem(&snoop_proc, &pid);

	if (!value || (value->start_ns && value->start_ns != start_ns))
		return 0;
	return value->what;
}

static __always_inline bool allows_interface(struct net_device *device)
{
	char name[INTERFACE_BYTES] = {};

	bpf_core_read_str(name, sizeof(name), &device->name);
	return allows(FILTER_INTERFACE, verdict_of(&filter_interface, name));
}

static __always_inline bool has_host(void *trie, const struct record *record)
{
	struct host_key key = { .prefix_bits = HOST_FAMILY_BITS + 128 };

	if (!(record->has & RECORD_HAS_ADDR))
		return false;
	key.family = record->ethertype == ETH_P_IP ? 4 : 6;
	if (key.family == 4)
		key.prefix_bits = HOST_FAMILY_BITS + 32;
	__builtin_memcpy(key.addr, record->saddr, sizeof(key.addr));
	if (bpf_map_lookup_elem(trie, &key))
		return true;
	__builtin_memcpy(key.addr, record->daddr, sizeof(key.addr));
	return bpf_map_lookup_elem(trie, &key) != NULL;
}

static __always_inline bool allows_host(const struct record *record)
{
	__u32 verdicts = 0;

	if (filters & FILTER_INCLUDES(FILTER_HOST) && has_host(&filter_host_include, record))
		verdicts |= VERDICT_INCLUDE;
	if (filters & FILTER_EXCLUDES(FILTER_HOST) && has_host(&filter_host_exclude, record))
		verdicts |= VERDICT_EXCLUDE;
	return allows(FILTER_HOST, verdicts);
}

static __always_inline bool allows_port(const struct record *record)
{
	__u32 zero = 0, verdicts = 0;
	struct port_table *table = bpf_map_lookup_elem(&filter_port, &zero);

	if (table && record->has & RECORD_HAS_PORT)
		verdicts = table->verdict[record->sport] | table->verdict[record->dport];
	return allows(FILTER_PORT, verdicts);
}

static __always_inline bool allows_proto(const struct record *record)
{
	struct protocol_key key = { .number = record->ethertype };

	if (record->has & RECORD_HAS_PROTOCOL) {
		key.number = record->protocol;
		key.is_ip = 1;
	}
	return allows(FILTER_PROTO, verdict_of(&filter_proto, &key));
}

#define FILTERS_BY_PROCESS                                                                       \
	(FILTER_EITHER(FILTER_PID) | FILTER_EITHER(FILTER_COMM) | FILTER_EITHER(FILTER_CGROUP) | \
	 FILTER_EITHER(FILTER_USER))

/* Of whom it is, by user and by cgroup. */
static __always_inline bool allows_group(__u32 uid, __u64 cgroup_id)
{
	if (filters & FILTER_EITHER(FILTER_USER) &&
	    !allows(FILTER_USER, verdict_of(&filter_user, &uid)))
		return false;
	if (filters & FILTER_EITHER(FILTER_CGROUP) &&
	    !allows(FILTER_CGROUP, verdict_of(&filter_cgroup, &cgroup_id)))
		return false;
	return true;
}

/* Do the filters by process let this one pass? What they keep out leaves no trace at all. */
static __always_inline bool allows_owner(const struct owner *owner)
{
	if (filters & FILTERS_BY_PROCESS && !owner->pid)
		return false;
	if (filters & FILTER_EITHER(FILTER_PID) &&
	    !allows(FILTER_PID, snoop_what(owner->pid, owner->start_ns)))
		return false;
	if (filters & FILTER_EITHER(FILTER_COMM) &&
	    !allows(FILTER_COMM, verdict_of(&filter_comm, owner->comm)))
		return false;
	return allows_group(owner->uid, owner->cgroup_id);
}

static __always_inline bool allows_process(const struct record *record)
{
	struct owner owner = { .pid = record->pid,
			       .start_ns = record->start_ns,
			       .cgroup_id = record->cgroup_id,
			       .uid = record->uid };

	__builtin_memcpy(owner.comm, record->comm, sizeof(owner.comm));
	return allows_owner(&owner);
}

/* Does the event pass? If not, it has been counted. */
static __always_inline bool passes(struct net_device *device, const struct record *record,
				   struct counters *count)
{
	if (filters & FILTERS_BY_PROCESS && record->owner_source == SOURCE_UNKNOWN) {
		count->value[COUNTER_FILTERED_UNKNOWN]++;
		goto drop;
	}
	if (filters & FILTERS_BY_PROCESS && !allows_process(record))
		goto drop;
	if (filters & FILTER_EITHER(FILTER_INTERFACE) && !allows_interface(device))
		goto drop;
	if (filters & FILTER_EITHER(FILTER_HOST) && !allows_host(record))
		goto drop;
	if (filters & FILTER_EITHER(FILTER_PORT) && !allows_port(record))
		goto drop;
	if (filters & FILTER_EITHER(FILTER_PROTO) && !allows_proto(record))
		goto drop;
	return true;
drop:
	count->value[COUNTER_FILTERED]++;
	return false;
}

#endif
