/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* From when to when inputs tell, by the headers of their chunks. */
#ifndef NETSNOOP_ANALYZE_SURVEY_H
#define NETSNOOP_ANALYZE_SURVEY_H

#include "analyze/input.h"

#include <stdint.h>

struct surveyed;

struct survey {
	int64_t start_ns, end_ns; /* times of day, over all inputs; start > end: no trace yet */
	struct surveyed *traces;  /* of the input that is being read */
	size_t n_traces;	  /* allocated */
};

void survey_open(struct survey *survey);

/* The next chunk of an input. 0 or -ENOMEM. */
int survey_chunk(struct survey *survey, struct nst_reader *reader, const struct nst_chunk *chunk);

/* That was all of the input. */
void survey_end(struct survey *survey);

void survey_close(struct survey *survey);

/* Read an input through for it, and rewind it. 0 or -errno. */
int survey_input(struct survey *survey, const struct input *input);

#endif
