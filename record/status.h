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
	const char *file;
	struct counts counts; /* of the kernel side */
};

/* One line, for terminals, over and over. */
void status_live(const struct status *status);

/* The same line, once, when asked for. */
void status_line(const struct status *status);

/* A line each: what was recorded, what was lost and why, what was odd, the file. */
void status_summary(const struct status *status);

#endif
