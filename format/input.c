/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "input.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define STEP_MIN 4096
#define STEP_MAX (256u << 10)

void nst_input_init(struct nst_input *input, int fd)
{
	struct stat status;

	*input = (struct nst_input){ .fd = fd, .step = STEP_MAX };
	if (fstat(fd, &status) || !S_ISREG(status.st_mode))
		return;
	input->base = lseek(fd, 0, SEEK_CUR);
	input->is_file = input->base >= 0;
}

void nst_input_free(struct nst_input *input)
{
	free(input->buffer);
}

/*
 * Room for len bytes from begin on. The buffer is at least twice as large, so
 * that bytes are moved only once as many have been consumed: whoever needs much
 * of an input and then goes on by little must not pay for the move each time.
 */
static int make_room(struct nst_input *input, size_t len)
{
	size_t kept = nst_input_len(input), cap = input->cap ? input->cap : 2 * STEP_MAX;
	uint8_t *buffer;

	if (input->begin + len <= input->cap)
		return 0;
	if (2 * len <= input->cap) {
		memmove(input->buffer, nst_input_at(input), kept);
	} else {
		while (cap < 2 * len)
			cap *= 2;
		buffer = malloc(cap);
		if (!buffer)
			return -ENOMEM;
		if (kept)
			memcpy(buffer, nst_input_at(input), kept);
		free(input->buffer);
		input->buffer = buffer;
		input->cap = cap;
	}
	input->begin = 0;
	input->end = kept;
	return 0;
}

/* What is behind the end of the buffer; of a file by its place, so that a hop is no call. */
static ssize_t read_next(const struct nst_input *input, size_t len)
{
	uint8_t *to = input->buffer + input->end;

	if (!input->is_file)
		return read(input->fd, to, len);
	return pread(input->fd, to, len,
		     input->base + (off_t)(input->offset + nst_input_len(input)));
}

/* The bytes that came. */
static ssize_t read_some(struct nst_input *input, size_t len)
{
	for (;;) {
		ssize_t n = read_next(input, len);
		struct pollfd pollfd = { .fd = input->fd, .events = POLLIN };

		if (n >= 0) {
			input->end += (size_t)n;
			return n;
		}
		if (errno == EAGAIN || errno == EWOULDBLOCK) {
			if (poll(&pollfd, 1, -1) < 0 && errno != EINTR)
				return -errno;
		} else if (errno != EINTR) {
			return -errno;
		}
	}
}

int nst_input_need(struct nst_input *input, size_t len)
{
	int r;

	if (nst_input_len(input) >= len || input->at_end)
		return 0;
	r = make_room(input, len > input->step ? len : input->step);
	if (r)
		return r;
	while (nst_input_len(input) < len) {
		size_t room = input->cap - input->end;
		ssize_t n = read_some(input, room < input->step ? room : input->step);

		if (n < 0)
			return (int)n;
		if (n == 0) {
			input->at_end = true;
			return 0;
		}
		input->step = input->step < STEP_MAX ? 2 * input->step : STEP_MAX;
	}
	return 0;
}

void nst_input_consume(struct nst_input *input, size_t len)
{
	input->begin += len;
	input->offset += len;
}

ssize_t nst_input_peek(struct nst_input *input, size_t ahead, uint8_t *room, size_t len,
		       const uint8_t **ret_at)
{
	size_t have = nst_input_len(input);
	ssize_t n;
	int r;

	if (!input->is_file && have < ahead + len) {
		r = nst_input_need(input, ahead + len);
		if (r)
			return r;
		have = nst_input_len(input);
	}
	if (!input->is_file || input->at_end || have >= ahead + len) {
		*ret_at = have > ahead ? nst_input_at(input) + ahead : room;
		have = have > ahead ? have - ahead : 0;
		return (ssize_t)(have < len ? have : len);
	}
	if (input->peeks && nst_peeks_get(input->peeks, input->offset + ahead, room, len)) {
		n = (ssize_t)len;
		goto out;
	}
	do {
		n = pread(input->fd, room, len, input->base + (off_t)(input->offset + ahead));
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	if (input->peeks)
		nst_peeks_add(input->peeks, input->offset + ahead, room, (size_t)n);
out:
	*ret_at = room;
	input->peeked_at = input->offset + ahead;
	input->peeked_len = (size_t)n < sizeof(input->peeked) ? (size_t)n : sizeof(input->peeked);
	memcpy(input->peeked, room, input->peeked_len);
	return n;
}

void nst_input_hop(struct nst_input *input, size_t len)
{
	if (len <= nst_input_len(input)) {
		nst_input_consume(input, len);
		return;
	}
	input->offset += len;
	input->begin = input->end = 0;
	input->step = STEP_MIN;
	if (input->peeked_at == input->offset && input->peeked_len <= input->cap) {
		memcpy(input->buffer, input->peeked, input->peeked_len);
		input->end = input->peeked_len;
	}
}
