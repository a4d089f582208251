/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Buffered input from a pipe or a file, with as much look-ahead as one chunk
 * can need. Internal.
 */
#ifndef NETSNOOP_FORMAT_INPUT_H
#define NETSNOOP_FORMAT_INPUT_H

#include "header.h"
#include "peeks.h"

/* The largest chunk, and the header that stands behind it. */
#define NST_INPUT_CAP (2 * NST_RAW_FRAME_MAX + 2 * (size_t)NST_FRAME_CAP)

struct nst_input {
	int fd;
	bool is_file;	 /* a regular file: it is read by place, and fd stays where it was */
	bool at_end;	 /* there is nothing behind the buffer */
	off_t base;	 /* of the fd when reading began: offset 0 */
	uint64_t offset; /* of the next byte */
	uint8_t *buffer;
	size_t cap, begin, end;
	size_t step; /* bytes to read at once: small behind a hop */
	/* what was peeked at last, which a hop to it takes over */
	uint8_t peeked[NST_RAW_FRAME_MAX];
	uint64_t peeked_at;
	size_t peeked_len;
	struct nst_peeks *peeks; /* NULL: none are kept */
};

void nst_input_init(struct nst_input *input, int fd);
void nst_input_free(struct nst_input *input);

/* The next bytes, how many of them are in the buffer. */
static inline const uint8_t *nst_input_at(const struct nst_input *input)
{
	return input->buffer + input->begin;
}

static inline size_t nst_input_len(const struct nst_input *input)
{
	return input->end - input->begin;
}

/*
 * Have at least len (at most NST_INPUT_CAP) bytes in the buffer, fewer only at
 * the end of the input. Pointers into the buffer are void. -errno of read(2).
 */
int nst_input_need(struct nst_input *input, size_t len);

/* Go on by len bytes, all of them in the buffer. */
void nst_input_consume(struct nst_input *input, size_t len);

/*
 * Look at up to len bytes that stand ahead bytes further on, without going
 * there: their number, and *ret_at valid until the next call. On a file
 * nothing in between is read.
 */
ssize_t nst_input_peek(struct nst_input *input, size_t ahead, uint8_t *room, size_t len,
		       const uint8_t **ret_at);

/* Go on by len bytes, which nst_input_peek() has seen to be there. */
void nst_input_hop(struct nst_input *input, size_t len);

#endif
