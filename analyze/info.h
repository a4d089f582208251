/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Everything that a trace says about itself, for people. */
#ifndef NETSNOOP_ANALYZE_INFO_H
#define NETSNOOP_ANALYZE_INFO_H

#include "format/trace.h"

#include <sqlite3.h>
#include <stdio.h>

#define INFO_TYPES 9

struct info_counts { /* by chunk type, the last for unknown ones */
	uint64_t chunks[INFO_TYPES];
	uint64_t bytes[INFO_TYPES]; /* compressed */
	uint64_t raw_bytes[INFO_TYPES];
	uint64_t events;
	uint64_t owner_rows;
	uint64_t rebound_flows; /* of which some events belong to others than was recorded */
};

void info_count(struct info_counts *counts, const struct nst_chunk *chunk);

/* 0 or -EIO, said. */
int info_print(FILE *out, sqlite3 *db, const struct info_counts *counts, bool utc);

#endif
