/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What stands on the command line: traces, a database, or - for a pipe. */
#ifndef NETSNOOP_ANALYZE_INPUT_H
#define NETSNOOP_ANALYZE_INPUT_H

#include "format/trace.h"

#include <stdbool.h>

struct input {
	const char *name; /* as given */
	int fd;
	int spool_fd; /* of a pipe: an empty file to copy it to, or -errno */
	bool is_database;
	bool can_seek;
	const struct input *made_of; /* which limits go by, and name; NULL: by its own size */
};

/*
 * Open a file, or take standard input for "-". Nothing of it is read but the 16 bytes that
 * tell a database. 0, or -errno once it was said.
 */
int input_open(const char *name, struct input *ret_input);

/*
 * All of several that can be opened, at once: it was said of the others that they cannot.
 * 0 with an array that inputs_close() frees, and how many it has; -ENOMEM, said.
 */
int inputs_open(char *const *names, size_t n, struct input **ret_inputs, size_t *ret_n_inputs);
void inputs_close(struct input *inputs, size_t n);

/*
 * Make sure that the input can be read more than once: a pipe is copied into a
 * file without a name. 0, or -errno once it was said.
 */
int input_spool(struct input *input);

/* All that is left of one in the other. 0 or -errno: -E2BIG if it is more than so many bytes. */
int input_copy(int from, int to, uint64_t most);

/* Another descriptor of it. Files are read by place, so that several may be. -errno, said. */
int input_duplicate(const struct input *input, int *ret_fd);

/* Back to the start. 0, or -errno once it was said. */
int input_rewind(const struct input *input);

void input_close(struct input *input);

/*
 * Of several inputs close those that are empty or end within a trace's first header, and
 * say so: the last file of a recording that was cut short may be such a one. At least one
 * is left. True: there were some.
 */
bool inputs_drop_stubs(struct input *inputs, size_t *n_inputs);

/*
 * When the trace of a chunk started, on its clock: one whose headers are all
 * damaged starts with what is left of it. 0: this chunk does not say.
 */
uint64_t input_trace_start(const struct nst_header *header, const struct nst_chunk *chunk);

/*
 * Word the problems from *n_said on that the reader noted, and what is wrong
 * with err, the result of nst_reader_next() (0 or a negative errno).
 */
void input_say_problems(const struct input *input, const struct nst_reader *reader, size_t *n_said,
			int err);

/* The rest, if there were more problems than the reader keeps. */
void input_say_more_problems(const struct input *input, const struct nst_reader *reader);

#endif
