/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The dictionaries of the chunk being written: processes, flows and lanes, each row once
 * and in the order of its first event. What they say is remembered beyond the chunk, so
 * that a lane that is known needs no look-up to get its rows in the next one. All memory
 * is allocated at the start. Internal.
 */
#ifndef NETSNOOP_FORMAT_INTERN_H
#define NETSNOOP_FORMAT_INTERN_H

#include "layout.h"
#include "trace.h"

#include <stdbool.h>

/* Keys have no padding and no bytes that are not set: they compare as memory. */
struct nst_flow_key {
	uint64_t id;
	uint32_t has, netns;
	uint16_t ethertype, local_port, remote_port;
	uint8_t protocol, addr_len;
	uint8_t local_addr[16], remote_addr[16];
};

struct nst_lane_key {
	uint64_t cgroup_id;
	uint32_t has, flow, process, ifindex; /* the entries of flow and process */
	uint16_t vlan_id, flags;
	uint8_t is_send, owner_source, link_header_bytes, zero;
};

struct nst_intern;

int nst_intern_new(struct nst_intern **ret_intern);
void nst_intern_free(struct nst_intern *intern);

/* Begin a chunk without rows. What is remembered is forgotten if it has become too much. */
void nst_intern_clear(struct nst_intern *intern);

/*
 * The entry of a process, flow or lane, made if it is new. There is room for
 * NST_CHUNK_EVENTS_MAX new ones of each in a chunk, so one an event always fits.
 */
uint32_t nst_intern_process(struct nst_intern *intern, uint32_t pid, uint64_t start_ns,
			    const char *comm, uint8_t comm_len);
uint32_t nst_intern_flow(struct nst_intern *intern, const struct nst_flow_key *key);
uint32_t nst_intern_lane(struct nst_intern *intern, const struct nst_lane_key *key);

/* The row of an entry of a lane in this chunk, made with those that it refers to. */
uint32_t nst_intern_row(struct nst_intern *intern, uint32_t lane);

/* Of all entries: they are forgotten when it changes. Those of two interns differ. */
uint32_t nst_intern_generation(const struct nst_intern *intern);

/* The rows as nst_table_encode() takes them; valid until the next change. */
void nst_intern_rows(const struct nst_intern *intern, struct nst_dictionaries *ret_dictionaries);

/* Bytes of all comms: the only part of a dictionary that could pass the frame's cap. */
size_t nst_intern_comm_bytes(const struct nst_intern *intern);

#endif
