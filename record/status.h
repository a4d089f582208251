/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* How a recording stands, and how it ended. */
#ifndef NETSNOOP_RECORD_STATUS_H
#define NETSNOOP_RECORD_STATUS_H

#include "record/counts.h"

struct status {
	uint64_t events; /* recorded: in the file or on the way to it */
	uint64_t bytes;	 /* of these, at the IP layer; 0: not known */
	uint64_t lost_recorder;
	uint64_t lost_owners; /* what became known about them, not events */
	uint64_t duration_ns;
	uint64_t file_bytes;
	const char *detail;	/* what is recorded now: "packets" or "flows" */
	uint64_t totals_merged; /* events whose total lost its flow or owner for want of room */
	uint64_t level_lowered; /* how often that of compression was */
	const char *file;	/* the current one */
	const char *first_file; /* the oldest that is there; with files */
	uint64_t files;		/* 0: it is one, without a number */
	uint64_t files_deleted;
	bool is_flight; /* written to nothing but files of what is kept in memory: */
	uint64_t kept_events, kept_bytes, kept_ns;
	unsigned int dumps, dumps_failed;
	struct counts counts; /* of the kernel side */
};

/* One line, for terminals, over and over. */
void status_live(const struct status *status);

/* The same line, once, when asked for. */
void status_line(const struct status *status);

/* A line each: what was recorded, what was lost and why, what was odd, the file. */
void status_summary(const struct status *status);

#endif
