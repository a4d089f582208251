/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Reads an input whole, every frame and every column, and says what of it holds. */
#ifndef NETSNOOP_ANALYZE_VERIFY_H
#define NETSNOOP_ANALYZE_VERIFY_H

#include "analyze/input.h"
#include "analyze/limits.h"
#include "analyze/timeline.h"
#include "analyze/verify_facts.h"
#include "analyze/verify_runs.h"

#include <stdio.h>

struct verified_trace {
	struct facts facts;
	struct timeline timeline;
	struct gap *gaps;
	size_t n_gaps;
	uint64_t life_ns; /* the latest moment it tells of */
	struct finding findings[N_CHECKS];
	bool whole, cut; /* neither: damaged */
};

struct verified { /* an input */
	const struct input *input;
	off_t begins;		   /* offset of what is read; 0 of a pipe */
	struct nst_reader *reader; /* for its traces and problems */
	struct runs runs;
	uint64_t n_problems;	       /* when the last chunk of the runs had been read */
	struct verified_trace *traces; /* as many as the reader's */
	size_t n_traces, n_allocated;
	size_t n_said;
	struct tally tally;
	int error;     /* what ended the reading too early, or 0 */
	bool only_cut; /* nothing worse was found than that it ends too early */
	int status;    /* STATUS_DONE, _DAMAGED or _FAILED (refused) */
};

/*
 * Read the input and fill *ret_verified, which is to be freed in any case; what the
 * reader objected to was said. 0, or -ENOMEM, said.
 */
int verify(const struct input *input, struct verified *ret_verified);
void verified_free(struct verified *verified);

/*
 * Decode all of the reader's current chunk: 0, -EBADMSG (it is damaged, which the reader
 * has noted), or -ENOMEM.
 */
int verify_chunk(struct nst_reader *reader, const struct nst_chunk *chunk);

/* ---- verify_print.c ---- */

void verified_print_text(FILE *out, const struct verified *verified, bool utc);

/* One object; the caller writes what stands around it. */
void verified_print_json(FILE *out, const struct verified *verified);

#endif
