/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Makes of a trace another one, which tells the same of others. */
#ifndef NETSNOOP_ANALYZE_ANONYMIZE_H
#define NETSNOOP_ANALYZE_ANONYMIZE_H

#include "analyze/anonymize_fields.h"
#include "analyze/input.h"
#include "analyze/selection.h"

#include <stdio.h>

struct anonymized {
	const struct selection *selection; /* what is taken of it; NULL: all */
	uint64_t grain_ns;		   /* times of events are multiples of it; 0: as they are */
	struct anonymizer anonymizer;
	struct field_count counts[FIELDS_MAX];
	uint64_t rows[NST_TABLE_LAST + 1]; /* written, of each table; of EVENT: events */
	uint64_t traces, chunks;
	uint64_t n_without_flow; /* rows of TOTAL: left out, since flows are asked for */
	uint64_t unknown;	 /* chunks and sections that no rule is for: dropped */
	bool is_cut;		 /* some trace has no end */
	bool is_said;		 /* what was wrong with the input, or too much of it */
	bool has_repeats;	 /* rows of TUPLE are there more than once */
	char fault[256];	 /* what the check found, or why it was not done */
};

/*
 * Copy the input, in another guise, to fd. 0; -EUCLEAN: it is damaged, -ESTALE: its traces
 * take turns, -EEXIST: two names would become one, -E2BIG (said): over a limit, -ENOMEM, or what
 * reading (said) or writing gives; *ret_is_output tells which of the last two.
 */
int anonymize(struct anonymized *anonymized, const struct input *input, int fd,
	      bool *ret_is_output);

/* ---- anonymize_check.c ---- */

/*
 * Read the output, from its beginning, as anybody would, and see that each of its fields is
 * as its rule says. 0; -EBADMSG: it is not, with anonymized->fault; -ENOMEM or what reading
 * gives.
 */
int anonymize_check(struct anonymized *anonymized, int fd);

/* ---- anonymize_search.c ---- */

/*
 * Look for everything that was changed or dropped in all strings and all bytes of the output,
 * decompressed and as they are, and in what is said of it (NULL: nothing), in the usual
 * encodings. As above.
 */
int anonymize_search(struct anonymized *anonymized, int fd, const char *said);

/* ---- anonymize_account.c ---- */

/* A line a field: its rule, how many values it had, and how many were changed. */
void anonymize_account(FILE *out, const struct anonymized *anonymized);

/* What stands for what, a line each. 0 or -errno. */
int anonymize_write_map(FILE *out, const struct anonymized *anonymized);

#endif
