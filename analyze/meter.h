/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the counters of a network device count, by what kind of device it is. */
#ifndef NETSNOOP_ANALYZE_METER_H
#define NETSNOOP_ANALYZE_METER_H

#include "analyze/dimensions.h"
#include "analyze/rollup.h"

#include <sqlite3.h>

enum meter_unit {
	METER_IP,	      /* bytes at the IP layer of each skb */
	METER_FRAME,	      /* and its link header */
	METER_IP_SEGMENTS,    /* the same of each packet that the skb becomes on the wire */
	METER_FRAME_SEGMENTS, /* wire bytes */
};

/* The word of the table reconciliation. */
const char *meter_unit_name(enum meter_unit unit);

struct meter {		    /* one direction of a device */
	bool has_link;	    /* link headers are counted */
	const char *reason; /* why what it counts cannot be compared; NULL: it can */
};

struct meter_device { /* texts are valid until the look-up is reset; NULL: not known */
	const char *name;
	const char *kind; /* as rtnetlink names it; NULL: a driver of hardware, or loopback */
	uint32_t type;	  /* ARPHRD_* */
	bool is_known;
};

struct meter meter_of(const struct meter_device *device, bool is_send);

/* The bytes of some packets in all units. */
struct meter_sums {
	uint64_t bytes, link_bytes;	      /* of skbs */
	uint64_t wire_bytes, wire_link_bytes; /* of segments */
};

void meter_add_event(struct meter_sums *sums, const struct lane_key *lane,
		     const struct nst_events *events, size_t i);
void meter_add_total(struct meter_sums *sums, const struct nst_total *total);
void meter_add_usage(struct meter_sums *sums, const struct lane_key *lane,
		     const struct sums *usage);
void meter_merge(struct meter_sums *into, const struct meter_sums *from);
void meter_subtract(struct meter_sums *from, const struct meter_sums *what);
uint64_t meter_bytes(const struct meter_sums *sums, enum meter_unit unit);

/*
 * The device's unit, by skbs, or of both that by which the sums come nearer to what the
 * device said: whether large packets are cut before the device counts them or by its
 * hardware afterwards is a setting of each.
 */
enum meter_unit meter_whole(const struct meter *meter);
enum meter_unit meter_nearest(const struct meter *meter, const struct meter_sums *sums,
			      uint64_t said);

/* The look-up of devices in the table interface. 0 or -EIO, said. */
int meter_prepare(sqlite3 *db, sqlite3_stmt **ret_lookup);
int meter_look_up(sqlite3_stmt *lookup, int64_t trace_id, uint32_t netns, uint32_t ifindex,
		  struct meter_device *ret_device);

#endif
