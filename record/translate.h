/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* From the ring's layout to the trace's: the one place that knows both. */
#ifndef NETSNOOP_RECORD_TRANSLATE_H
#define NETSNOOP_RECORD_TRANSLATE_H

#include <stdbool.h>
#include <stdint.h>

struct lane_id;
struct net_event;
struct nst_flow;
struct nst_lane_event;
struct nst_total;
struct owner_change;
struct owner_record;
struct process_news;
struct record;
struct total;
struct total_key;

/* A full record: fill every field of event but the bytes of comm behind its NUL. */
void translate(const struct record *record, struct net_event *event);

/* A short one: its lane, and all that the lane leaves open. False: it is a full one. */
bool translate_short(const void *record, uint32_t length_bytes, struct lane_id *ret_lane,
		     struct nst_lane_event *ret_event);

/* Fill every field of change, comm included. */
void translate_owner(const struct owner_record *record, struct owner_change *change);

/*
 * What the ring of processes holds, or their iterator. news refers to the record
 * and to its own path.
 */
void translate_process(const void *record, struct process_news *news);

/*
 * All that was counted of a key, what of it no record tells, and its flow; their strings
 * and addresses are those of the value. Times are not known here.
 */
void translate_total(const struct total_key *key, const struct total *value, struct nst_total *all,
		     struct nst_total *untold, struct nst_flow *tuple);

#endif
