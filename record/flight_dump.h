/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Writes what a flight recorder keeps into files, each a trace of its own: a little at
 * a time, so that the recording goes on meanwhile.
 */
#ifndef NETSNOOP_RECORD_FLIGHT_DUMP_H
#define NETSNOOP_RECORD_FLIGHT_DUMP_H

#include <stdbool.h>
#include <stdint.h>

struct flight;
struct flight_dump;
struct recording;
struct settings;

/*
 * Nothing is created yet, but it is looked whether it could be. Every failure
 * has been told to the user.
 */
int flight_dump_open(const struct settings *settings, struct flight *flight,
		     struct flight_dump **ret_dump);

/* The first file that is going to be written. */
const char *flight_dump_path(const struct flight_dump *dump);

/*
 * Write out what is kept: soon, and once if it is wanted several times before that begins,
 * unless the file then ends before the last of them. why stands in what the user is told.
 */
void flight_dump_want(struct flight_dump *dump, const char *why);

/* Is one wanted, and none under way? Then it can begin once there is a mark. */
bool flight_dump_is_due(const struct flight_dump *dump);

/*
 * Up to the last mark. A failure has been told to the user, and ends nothing but this
 * one.
 */
void flight_dump_begin(struct flight_dump *dump, const struct recording *recording);

/* Go on with the one that is under way. */
void flight_dump_tick(struct flight_dump *dump);

/* Wait for the end of the one that is under way; cancel_fd becomes readable to give it up. */
void flight_dump_finish(struct flight_dump *dump, int cancel_fd);

/* How many there were, and whether one failed. */
struct flight_dump_stats {
	unsigned int written, failed;
	const char *last; /* the last file that was written */
};
void flight_dump_stats(const struct flight_dump *dump, struct flight_dump_stats *ret_stats);

/* NULL is fine. */
void flight_dump_close(struct flight_dump *dump);

#endif
