/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What a report can be by. A lane counts in one row of each grouping, and one
 * with several consumers in theirs as well, but never twice in the same row.
 * A new grouping is an entry of the table in grouping.c and its SQL in
 * reports/; keys that are neither process, protocol nor conversation are rows
 * of the table group_key.
 */
#ifndef NETSNOOP_ANALYZE_GROUPING_H
#define NETSNOOP_ANALYZE_GROUPING_H

#include "analyze/dimensions.h"

#include <sqlite3.h>

enum grouping {
	BY_PROCESS,
	BY_PROTOCOL,
	BY_CONVERSATION,
	BY_PROGRAM,
	BY_USER,
	BY_CGROUP,
	BY_CONTAINER,
	BY_INTERFACE,
	BY_NETNS,
	BY_REMOTE,
	BY_PORT,
	N_GROUPINGS,
};

/* Sets of groupings. */
#define GROUPING_BIT(grouping) (UINT32_C(1) << (grouping))
#define GROUPINGS_ALL (GROUPING_BIT(N_GROUPINGS) - 1)
#define GROUPINGS_USUAL \
	(GROUPING_BIT(BY_PROCESS) | GROUPING_BIT(BY_PROTOCOL) | GROUPING_BIT(BY_CONVERSATION))

/* The key of a row, compared as bytes; it has no padding, so that it can be copied. */
struct group_key {
	uint64_t number;
	uint64_t has_number;
	uint32_t grouping;
	uint32_t boot;	       /* UINT32_MAX: of any */
	uint32_t name, detail; /* texts, or NO_TEXT */
};

struct grouping_spec {
	const char *name;    /* in --by */
	const char *keyword; /* in the database's column grouping */
	const char *sql;     /* of its report; $measures stands for them */
	/* what tables show of its columns, and with --wide; NULL: all */
	const char *table_columns, *wide_columns;
	/* the row's number for a lane that is charged to the process */
	int (*find)(struct dimensions *dims, const struct lane_key *lane, uint32_t process,
		    uint32_t *ret_id);
	bool of_consumers;   /* the rows of the lane's other consumers count it as well */
	bool is_everywhere;  /* also what counts elsewhere */
	bool is_lane_column; /* the database knows its members by the columns of lane */
};

extern const struct grouping_spec grouping_specs[N_GROUPINGS];

/* The row's id in the database. */
int64_t grouping_id(enum grouping grouping, uint32_t id);

/*
 * The rows that a lane counts in, of the groupings asked for the first time
 * that it was asked about. They stay valid until the next call. 0 or -ENOMEM.
 */
int members_get(struct dimensions *dims, uint32_t lane, uint32_t wanted,
		const struct member **ret_members, size_t *ret_n);

/* Of all lanes, as a database has them whose ids count from 1. 0 or -errno, said. */
int members_read(struct dimensions *dims, sqlite3 *db);

/* group_key, member and consumer into the database. 0 or -EIO, said. */
int members_store(struct dimensions *dims, sqlite3 *db);

/* The first of them alone. */
int group_keys_store(struct dimensions *dims, sqlite3 *db);

/* The next row of group_key of a database to be added to. 0, -ENOMEM or -EUCLEAN: not ours. */
int group_key_read(struct dimensions *dims, sqlite3_stmt *row);

#endif
