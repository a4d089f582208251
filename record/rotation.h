/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The files of one recording, one after the other: their names, and which of them
 * stay. A recording that is not rotated has one, with the name that was asked for.
 */
#ifndef NETSNOOP_RECORD_ROTATION_H
#define NETSNOOP_RECORD_ROTATION_H

#include <stdbool.h>
#include <stdint.h>

struct output;
struct rotation;
struct settings;

/* 0 or -ENOMEM; what the settings point to has to last. */
int rotation_open(const struct settings *settings, struct rotation **ret_rotation);

/* Are there several files? */
bool rotation_is_on(const struct rotation *rotation);

/* How large one of them may become; 0: no limit. */
uint64_t rotation_part_bytes(const struct rotation *rotation);

/*
 * Open the next file, the first one to begin with, which then is the current one.
 * Every failure has been told to the user.
 */
int rotation_next(struct rotation *rotation, struct output *ret_output);

/* The number of the current file, from 1. */
uint64_t rotation_number(const struct rotation *rotation);

/*
 * The file before the current one is over and has this many bytes; the oldest may be
 * deleted now. 0, -ENOMEM, or what unlink(2) gives, which has been told.
 */
int rotation_ended(struct rotation *rotation, uint64_t bytes);

/*
 * The current file is about to have this many bytes: delete the oldest of the others
 * where all together would be too many. 0, or what unlink(2) gives, which has been told.
 */
int rotation_make_room(struct rotation *rotation, uint64_t bytes);

struct rotation_summary {
	uint64_t files, bytes; /* that were ended, deleted or not */
	uint64_t deleted;      /* of them */
	uint64_t deleted_bytes;
	const char *
		first; /* name of the oldest that is still there; of the current one if it is alone */
};
void rotation_summarize(const struct rotation *rotation, struct rotation_summary *ret_summary);

/* NULL is fine. */
void rotation_close(struct rotation *rotation);

#endif
