/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Whether what a trace tells of packets (events and TOTAL) is what the kernel counted (SUM). */
#ifndef NETSNOOP_ANALYZE_VERIFY_SUMS_H
#define NETSNOOP_ANALYZE_VERIFY_SUMS_H

#include "analyze/intern.h"
#include "format/trace.h"

enum {
	SUM_EVENTS,
	SUM_PACKETS,
	SUM_BYTES,
	SUM_PAYLOAD_BYTES,
	SUM_WIRE_BYTES,
	SUM_COLUMNS
};
extern const char *const sum_column_names[SUM_COLUMNS];

struct sum_key { /* without padding: it is compared as bytes */
	uint64_t start_ns;
	uint32_t has; /* OWNER, IFINDEX, NETNS, PROTOCOL of enum nst_total_has */
	uint32_t pid, netns, ifindex;
	uint16_t ethertype, flags;
	uint8_t protocol, is_send, owner_source, link_header_bytes;
};

struct sum_pair {
	uint64_t told[SUM_COLUMNS];   /* by events and rows of TOTAL */
	uint64_t kernel[SUM_COLUMNS]; /* by rows of SUM */
	bool in_sum;
};

struct sums_check { /* zeros are an empty one */
	struct intern keys;
	struct sum_pair *pairs; /* by the number of their key */
	size_t n_pairs;
	uint64_t sum_rows;
	uint64_t (*lanes)[SUM_COLUMNS]; /* of the chunk at hand */
	size_t n_lanes;
};

/* Add what a chunk tells. 0 or -ENOMEM. */
int sums_add_events(struct sums_check *sums, const struct nst_dictionaries *dictionaries,
		    const struct nst_events *events);
int sums_add_totals(struct sums_check *sums, const struct nst_total *rows, size_t n_rows);
int sums_add_sums(struct sums_check *sums, const struct nst_total *rows, size_t n_rows);

enum sums_level { /* what is compared, from the finest to the coarsest */
	SUMS_BY_OWNER,
	SUMS_BY_INTERFACE, /* and everything else but the owner */
	SUMS_BY_DIRECTION,
};

struct sums_difference {
	struct sum_key key; /* of the first that differs */
	struct sum_pair pair;
	int column;
	size_t n_differ, n_keys;
};

/* Compare at a level: 0 with n_differ 0 or the first difference, or -ENOMEM. */
int sums_compare(const struct sums_check *sums, enum sums_level level,
		 struct sums_difference *ret_difference);

/* All keys together. */
struct sum_pair sums_all(const struct sums_check *sums);

void sums_free(struct sums_check *sums);

#endif
