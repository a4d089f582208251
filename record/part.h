/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* One file of a recording, from its first byte until its last one is written. */
#ifndef NETSNOOP_RECORD_PART_H
#define NETSNOOP_RECORD_PART_H

#include "format/trace.h"
#include "record/output.h"

#include <stdbool.h>
#include <stdint.h>

struct flight;
struct outlet;
struct rotation;
struct settings;

struct part {
	struct output output;
	struct outlet *outlet;
	struct nst_writer *writer;
	struct nst_sink sink; /* of the writer, in front of the outlet's */
	struct rotation *rotation;
	uint64_t bytes; /* given to the outlet */
	uint8_t uuid[16];
};

/*
 * Begin a file with its header. The output is the part's from now on, but not if this
 * fails. 0, -ENOMEM, or what writing or outlet_open() gives.
 */
int part_open(struct output *output, const struct nst_header *header,
	      const struct settings *settings, struct rotation *rotation, struct part **ret_part);

/* Begin one that is kept in memory, and has neither output nor outlet. 0 or -ENOMEM. */
int part_open_flight(struct flight *flight, const struct nst_header *header, int level,
		     struct part **ret_part);

/* Has all that was given to the writer come to the file? 0; -ETIME: not yet; or what writing gives. */
int part_is_written(const struct part *part);

/*
 * Nothing more is written. is_failed: a file in which there are no events then is
 * nobody's wish. 0, or what close(2) gives, which has been told. NULL is fine.
 */
int part_close(struct part *part, bool is_failed);

#endif
