/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What a trace says of its own sums, and whether it is so. */
#ifndef NETSNOOP_ANALYZE_VERIFY_FACTS_H
#define NETSNOOP_ANALYZE_VERIFY_FACTS_H

#include "analyze/verify_sums.h"

struct throughput_pair { /* of one process and direction */
	uint64_t told, kernel;
};

struct facts { /* zeros are those of a trace without any */
	struct sums_check sums;
	uint64_t loss_rows[NST_LOSS_SLOTS]; /* sums of LOSS, by cause */
	struct intern throughput_keys;
	uint64_t *throughput; /* bytes, by the number of their key */
	size_t n_throughput;
	bool has_events_counter;
	uint64_t events_counter, summed_counter;
	uint64_t merged; /* packets that were counted without their flow or owner */
	uint64_t throughput_full;
	bool is_part, is_recovered, lacks_metadata; /* by its settings */
};

/* Take what the reader's current chunk says, which was found whole. 0 or -ENOMEM. */
int facts_add(struct facts *facts, struct nst_reader *reader, const struct nst_chunk *chunk);

void facts_free(struct facts *facts);

enum check {
	CHECK_LOST,	  /* the headers' cumulative losses, and LOSS */
	CHECK_SUM,	  /* events and TOTAL against SUM */
	CHECK_THROUGHPUT, /* against THROUGHPUT */
	CHECK_COUNTERS,	  /* events against COUNTER */
	N_CHECKS,
};
extern const char *const check_names[N_CHECKS];

struct finding {
	enum {
		FINDING_NOT_CHECKED,
		FINDING_EQUAL,
		FINDING_DIFFERS
	} state;
	char text[320];		 /* what was compared, what differs, or why nothing was compared */
	uint64_t found, counted; /* what differs: as the trace tells it, and as it was counted */
};

/* Hold them against each other. complete: no chunk is missing. 0 or -ENOMEM. */
int facts_check(const struct facts *facts, const struct nst_trace *trace, bool complete,
		bool lost_rises, struct finding findings[N_CHECKS]);

#endif
