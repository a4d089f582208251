/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "analyze/dimensions.h"

#include "analyze/limits.h"
#include "analyze/owners.h"
#include "analyze/text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int dims_init(struct dimensions *dims)
{
	static const uint32_t none[] = { 0 };
	uint32_t index;
	bool is_new;
	int err;

	*dims = (struct dimensions){ .first_trace_id = 1, .first_flow_id = 1, .first_lane_id = 1 };
	err = intern_get(&dims->consumers, none, sizeof(none), &index, &is_new);
	for (uint32_t i = 0; i < OWNERS_RESERVED && !err; i++) {
		struct process_key key;

		memset(&key, 0, sizeof(key));
		key.boot = UINT32_MAX;
		key.pid = i;
		err = intern_get(&dims->processes, &key, sizeof(key), &index, &is_new);
	}
	return err;
}

void dims_free(struct dimensions *dims)
{
	for (size_t i = 0; i < dims->n_traces; i++)
		timeline_free(&dims->traces[i].timeline);
	free(dims->traces);
	free(dims->process_names);
	free(dims->process_infos);
	free(dims->label_texts);
	free(dims->lane_members);
	free(dims->members);
	intern_free(&dims->labels);
	intern_free(&dims->texts);
	intern_free(&dims->group_keys);
	intern_free(&dims->boots);
	intern_free(&dims->names);
	intern_free(&dims->processes);
	intern_free(&dims->protocols);
	intern_free(&dims->flows);
	intern_free(&dims->conversations);
	intern_free(&dims->lanes);
	intern_free(&dims->consumers);
	*dims = (struct dimensions){ 0 };
}

int dims_add_trace(struct dimensions *dims, const struct nst_header *header, uint32_t *ret_trace)
{
	static const uint8_t zero[16];
	struct dims_trace *trace;
	struct boot_key key;
	bool is_new;
	int err;

	err = array_reserve(&dims->traces, &dims->n_traces_allocated, dims->n_traces + 1,
			    sizeof(*dims->traces));
	if (err)
		return err;
	trace = &dims->traces[dims->n_traces];
	memset(&key, 0, sizeof(key));
	key.is_trace = !memcmp(header->boot_id, zero, sizeof(zero));
	memcpy(key.uuid, key.is_trace ? header->uuid : header->boot_id, sizeof(key.uuid));
	memcpy(trace->uuid, header->uuid, sizeof(trace->uuid));
	err = intern_get(&dims->boots, &key, sizeof(key), &trace->boot, &is_new);
	if (err)
		return err;
	err = timeline_add(&trace->timeline, header->start_ns, header->start_realtime_ns);
	if (err)
		return err;
	*ret_trace = (uint32_t)dims->n_traces++;
	return 0;
}

bool dims_find_trace(const struct dimensions *dims, const uint8_t uuid[16], uint32_t *ret_trace)
{
	for (size_t i = 0; i < dims->n_traces; i++) {
		if (memcmp(dims->traces[i].uuid, uuid, 16))
			continue;
		*ret_trace = (uint32_t)i;
		return true;
	}
	return false;
}

int dims_name(struct dimensions *dims, struct nst_bytes comm, uint32_t *ret_name)
{
	char text[TEXT_MAX(NST_COMM_MAX)];
	size_t len = comm.len_bytes > NST_COMM_MAX ? NST_COMM_MAX : comm.len_bytes;
	bool is_new;

	len = text_from_bytes(comm.data, len, text);
	return intern_get(&dims->names, text, len + 1, ret_name, &is_new);
}

int dims_process(struct dimensions *dims, uint32_t trace, uint32_t pid, uint64_t start_ns,
		 uint32_t *ret_process)
{
	struct process_key key;
	bool is_new;
	int err;

	memset(&key, 0, sizeof(key));
	key.boot = dims->traces[trace].boot;
	key.pid = pid;
	key.start_ns = start_ns;
	err = intern_get(&dims->processes, &key, sizeof(key), ret_process, &is_new);
	if (!err && is_new && dims->tally)
		err = tally_processes(dims->tally, dims->processes.n);
	return err;
}

int dims_name_process(struct dimensions *dims, uint32_t process, uint32_t name, uint64_t seen_ns)
{
	struct process_name *last;

	if (array_reserve(&dims->process_names, &dims->n_process_names, (size_t)process + 1,
			  sizeof(*dims->process_names)))
		return -ENOMEM;
	last = &dims->process_names[process];
	if (last->has_name && last->seen_ns > seen_ns)
		return 0;
	last->has_name = true;
	last->seen_ns = seen_ns;
	last->name = name;
	return 0;
}

const char *flow_protocol_name(uint32_t has, uint8_t protocol, uint16_t ethertype,
			       char name[PROTOCOL_NAME_MAX])
{
	bool is_ip = has & NST_HAS_PROTOCOL;

	return protocol_name((struct protocol){ is_ip, is_ip ? protocol : ethertype }, name);
}

static uint8_t copy_address(struct nst_bytes from, uint8_t to[16])
{
	/* of a length that is known when this is compiled, so that nothing is called */
	if (from.len_bytes == 4)
		memcpy(to, from.data, 4);
	else if (from.len_bytes == 16)
		memcpy(to, from.data, 16);
	else
		return 0;
	return (uint8_t)from.len_bytes;
}

static void flow_key(uint32_t trace, const struct nst_flow *flow, struct flow_key *key)
{
	memset(key, 0, sizeof(*key));
	key->trace = trace;
	key->has = flow->has;
	key->id = flow->has & NST_HAS_FLOW_ID ? flow->id : 0;
	key->netns = flow->has & NST_HAS_NETNS ? flow->netns : 0;
	key->ethertype = flow->ethertype;
	key->protocol = flow->has & NST_HAS_PROTOCOL ? flow->protocol : 0;
	if (flow->has & NST_HAS_PORT) {
		key->local_port = flow->local_port;
		key->remote_port = flow->remote_port;
	}
	if (flow->has & NST_HAS_ADDR) {
		key->local_len = copy_address(flow->local_addr, key->local_addr);
		key->remote_len = copy_address(flow->remote_addr, key->remote_addr);
	}
}

/* Several at a time, so that the memory that one needs comes while another is looked for. */
#define FIND_AT_ONCE 16
void dims_find_flows(const struct dimensions *dims, uint32_t trace, const struct nst_flow *flows,
		     size_t n, uint32_t *ret_flows)
{
	struct flow_key keys[FIND_AT_ONCE];
	uint32_t hashes[FIND_AT_ONCE];

	for (size_t from = 0; from < n; from += FIND_AT_ONCE) {
		size_t n_now = n - from < FIND_AT_ONCE ? n - from : FIND_AT_ONCE;

		for (size_t i = 0; i < n_now; i++)
			flow_key(trace, &flows[from + i], &keys[i]);
		/* not at once: what was written in pieces is read as a whole */
		for (size_t i = 0; i < n_now; i++) {
			hashes[i] = intern_hash(&keys[i], sizeof(keys[i]));
			intern_fetch_slot(&dims->flows, hashes[i]);
		}
		for (size_t i = 0; i < n_now; i++)
			intern_fetch_key(&dims->flows, hashes[i]);
		for (size_t i = 0; i < n_now; i++)
			if (!intern_find_hashed(&dims->flows, &keys[i], sizeof(keys[i]), hashes[i],
						&ret_flows[from + i]))
				ret_flows[from + i] = NO_FLOW;
	}
}

static void conversation_key(uint32_t boot, uint32_t protocol, uint32_t process,
			     const struct flow_key *flow, struct conversation_key *key)
{
	memset(key, 0, sizeof(*key));
	key->boot = boot;
	key->protocol = protocol;
	key->process = process;
	key->has = flow->has & (NST_HAS_PORT | NST_HAS_NETNS);
	key->netns = flow->netns;
	key->local_port = flow->local_port;
	key->remote_port = flow->remote_port;
	key->local_len = flow->local_len;
	key->remote_len = flow->remote_len;
	memcpy(key->local_addr, flow->local_addr, sizeof(key->local_addr));
	memcpy(key->remote_addr, flow->remote_addr, sizeof(key->remote_addr));
}

static int map_flow(struct dimensions *dims, uint32_t trace, const struct nst_flow *flow,
		    uint32_t *ret_flow, uint32_t *ret_protocol)
{
	char name[PROTOCOL_NAME_MAX];
	struct flow_key key;
	bool is_new;
	int err;

	flow_key(trace, flow, &key);
	err = intern_get(&dims->flows, &key, sizeof(key), ret_flow, &is_new);
	if (err)
		return err;
	flow_protocol_name(key.has, key.protocol, key.ethertype, name);
	return intern_get(&dims->protocols, name, strlen(name) + 1, ret_protocol, &is_new);
}

static int compare_numbers(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

/* As a key: how many, then their numbers from low to high. */
static int map_consumers(struct dimensions *dims, uint32_t trace, const struct lane_change *change,
			 uint32_t *ret_consumers)
{
	size_t n = change->n_consumers;
	uint32_t *key;
	bool is_new;
	int err = 0;

	if (!n)
		return 0;
	key = calloc(n + 1, sizeof(*key));
	if (!key)
		return -ENOMEM;
	key[0] = (uint32_t)n;
	for (size_t i = 0; i < n && !err; i++)
		err = dims_process(dims, trace, change->consumers[i]->pid,
				   change->consumers[i]->start_ns, &key[1 + i]);
	if (!err) {
		qsort(key + 1, n, sizeof(*key), compare_numbers);
		err = intern_get(&dims->consumers, key, (n + 1) * sizeof(*key), ret_consumers,
				 &is_new);
	}
	free(key);
	return err;
}

const uint32_t *dims_consumers(const struct dimensions *dims, uint32_t consumers, size_t *ret_n)
{
	const uint32_t *key = intern_key(&dims->consumers, consumers);

	*ret_n = key[0];
	return key + 1;
}

/* Whom the lane is charged to where there is no process. */
static uint32_t reserved_process(unsigned int owner_source)
{
	return owner_source == NST_OWNER_KERNEL	     ? KERNEL
	       : owner_source == NST_OWNER_FORWARDED ? FORWARDED
						     : NOBODY;
}

/* Whom the lane is charged to, and under which name. */
static int map_owner(struct dimensions *dims, uint32_t trace, const struct nst_process *recorded,
		     const struct nst_owner *owner, struct lane_key *key)
{
	struct nst_bytes comm = { 0 };
	uint64_t start_ns = 0;
	uint32_t pid = 0;
	int err;

	if (owner)
		key->owner_source = owner->owner_source < NST_OWNER_SOURCES ? owner->owner_source
									    : NST_OWNER_UNKNOWN;
	key->process = reserved_process(key->owner_source);
	if (owner && owner_is_process(owner)) {
		key->has |= NST_HAS_OWNER;
		pid = owner->pid;
		start_ns = owner->start_ns;
		comm = owner->comm;
	} else if (!owner && recorded) {
		pid = recorded->pid;
		start_ns = recorded->start_ns;
		comm = recorded->comm;
	} else {
		key->has &= ~(uint32_t)NST_HAS_OWNER;
		return 0;
	}
	err = dims_name(dims, comm, &key->name);
	return err ? err : dims_process(dims, trace, pid, start_ns, &key->process);
}

static void lane_key(uint32_t trace, const struct nst_lane *lane, struct lane_key *key)
{
	memset(key, 0, sizeof(*key));
	key->trace = trace;
	key->has = lane->has;
	key->is_send = lane->is_send;
	key->owner_source = lane->owner_source < NST_OWNER_SOURCES ? lane->owner_source : 0;
	key->flags = lane->flags;
	key->cgroup_id = lane->has & NST_HAS_CGROUP ? lane->cgroup_id : 0;
	key->vlan_id = lane->has & NST_HAS_VLAN ? lane->vlan_id : 0;
	key->ifindex = lane->has & NST_HAS_IFINDEX ? lane->ifindex : 0;
	key->link_header_bytes = lane->has & NST_HAS_LINK_HEADER ? lane->link_header_bytes : 0;
}

int dims_map_lane(struct dimensions *dims, uint32_t trace,
		  const struct nst_dictionaries *dictionaries, const struct nst_lane *lane,
		  const struct lane_change *change, uint32_t *ret_lane)
{
	const struct nst_owner *owner = change->owner;
	const struct nst_process *recorded =
		lane->has & NST_HAS_OWNER ? &dictionaries->processes[lane->process] : NULL;
	struct conversation_key conversation;
	struct lane_key key;
	bool is_new;
	int err;

	lane_key(trace, lane, &key);
	key.counts_elsewhere = change->counts_elsewhere;
	if (owner && !change->keeps_cgroup) {
		key.has = (key.has & ~(uint32_t)NST_HAS_CGROUP) |
			  (owner->has & NST_OWNER_HAS_CGROUP ? NST_HAS_CGROUP : 0);
		key.cgroup_id = owner->has & NST_OWNER_HAS_CGROUP ? owner->cgroup_id : 0;
	}
	err = map_flow(dims, trace, &dictionaries->flows[lane->flow], &key.flow, &key.protocol);
	if (!err)
		err = map_owner(dims, trace, recorded, owner, &key);
	if (!err)
		err = map_consumers(dims, trace, change, &key.consumers);
	if (err)
		return err;
	conversation_key(dims->traces[trace].boot, key.protocol, key.process,
			 intern_key(&dims->flows, key.flow), &conversation);
	err = intern_get(&dims->conversations, &conversation, sizeof(conversation),
			 &key.conversation, &is_new);
	if (err)
		return err;
	err = intern_get(&dims->lanes, &key, sizeof(key), ret_lane, &is_new);
	if (!err && is_new && dims->tally)
		err = tally_flows(dims->tally, dims->lanes.n);
	return err;
}

int dims_map(struct dimensions *dims, uint32_t trace, const struct nst_dictionaries *dictionaries,
	     uint32_t *ret_lanes)
{
	static const struct lane_change none;
	int err = 0;

	for (size_t i = 0; i < dictionaries->n_lanes && !err; i++)
		err = dims_map_lane(dims, trace, dictionaries, &dictionaries->lanes[i], &none,
				    &ret_lanes[i]);
	return err;
}
