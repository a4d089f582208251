/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "analyze/stream.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#define RUNS_HELD 3  /* chunks that may overlap each other */
#define STALL_MS 200 /* then what is held goes out, though an older event may still come */

struct run { /* a copy of a chunk's columns */
	struct stream_event *events;
	size_t n, next;
	void *attached;
};

struct stream {
	struct nst_reader *reader;
	const struct stream_ops *ops;
	void *context;
	struct run runs[RUNS_HELD + 1]; /* in the order of the file */
	size_t n_runs;
	size_t trace; /* of the runs */
	bool is_ended, is_live;
	int fd, end_err;
	bool drain;			 /* give all that is held before the next chunk is read */
	const struct nst_chunk *waiting; /* of another trace: for the runs to drain */
};

int stream_open(int fd, const struct stream_ops *ops, void *context, struct stream **ret_stream)
{
	struct stream *stream = calloc(1, sizeof(*stream));
	int err;

	if (!stream)
		return -ENOMEM;
	err = nst_reader_open(fd, &stream->reader);
	if (err) {
		free(stream);
		return err;
	}
	stream->fd = fd;
	stream->ops = ops;
	stream->context = context;
	stream->is_live = ops->stalled != NULL;
	*ret_stream = stream;
	return 0;
}

static void run_free(struct run *run)
{
	free(run->events);
	free(run->attached);
	*run = (struct run){ 0 };
}

void stream_close(struct stream *stream)
{
	if (!stream)
		return;
	for (size_t i = 0; i < stream->n_runs; i++)
		run_free(&stream->runs[i]);
	nst_reader_close(stream->reader);
	free(stream);
}

struct nst_reader *stream_reader(struct stream *stream)
{
	return stream->reader;
}

static void copy_events(struct run *run, const struct nst_events *events, size_t trace)
{
	for (size_t i = 0; i < events->n_events; i++)
		run->events[i] = (struct stream_event){
			.timestamp = events->timestamp[i],
			.attached = run->attached,
			.trace = trace,
			.lane = events->lane[i],
			.bytes = events->bytes[i],
			.segments = events->segments[i],
			.tid = events->tid[i],
			.has = events->has[i],
			.header_bytes = events->header_bytes[i],
			.flags = events->flags[i],
			.tcp_flags = events->tcp_flags[i],
		};
	run->n = events->n_events;
}

/* 0 without events in *ret_run where the chunk is damaged. */
static int make_run(struct stream *stream, const struct nst_chunk *chunk, struct run *ret_run)
{
	const struct nst_dictionaries *dictionaries;
	const struct nst_events *read;
	struct nst_events events;
	struct run run = { 0 };
	int err = nst_reader_dictionaries(stream->reader, &dictionaries);

	if (!err)
		err = nst_reader_events(stream->reader, &read);
	if (err)
		return err == -EBADMSG ? 0 : err;
	events = *read;
	run.events = malloc((events.n_events + 1) * sizeof(*run.events));
	if (!run.events)
		return -ENOMEM;
	err = stream->ops->attach(stream->context, stream->reader, chunk, dictionaries, &events,
				  &run.attached);
	if (err) {
		run_free(&run);
		return err;
	}
	copy_events(&run, &events, chunk->trace);
	*ret_run = run;
	return 0;
}

/* True once there was nothing to read for a while. */
static bool is_stalled(const struct stream *stream)
{
	struct pollfd poll_fd = { .fd = stream->fd, .events = POLLIN };

	if (!stream->is_live || nst_reader_has_buffered(stream->reader))
		return false;
	return poll(&poll_fd, 1, STALL_MS) == 0;
}

static int take_chunk(struct stream *stream, const struct nst_chunk *chunk)
{
	struct run run = { 0 };
	int err = stream->ops->chunk(stream->context, stream->reader, chunk);

	if (err > 0 && chunk->type == NST_CHUNK_EVENTS)
		err = make_run(stream, chunk, &run);
	if (err < 0)
		return err;
	if (run.n)
		stream->runs[stream->n_runs++] = run;
	else
		run_free(&run);
	stream->trace = chunk->trace;
	return 0;
}

/* Go to the next chunk, or find that what is held has to be given first. */
static int read_chunk(struct stream *stream)
{
	const struct nst_chunk *chunk;
	int err;

	if (stream->waiting) {
		chunk = stream->waiting;
		stream->waiting = NULL;
		stream->drain = false;
		return take_chunk(stream, chunk);
	}
	if (stream->n_runs && is_stalled(stream)) {
		stream->drain = true;
		return 0;
	}
	if (stream->is_live && !stream->n_runs)
		stream->ops->stalled(stream->context);
	stream->drain = false;
	err = nst_reader_next(stream->reader, &chunk);
	if (err <= 0) {
		stream->is_ended = true;
		stream->end_err = err;
		return 0;
	}
	if (stream->n_runs && chunk->trace != stream->trace) {
		stream->waiting = chunk;
		stream->drain = true;
		return 0;
	}
	return take_chunk(stream, chunk);
}

static void drop_empty_runs(struct stream *stream)
{
	size_t n = 0;

	for (size_t i = 0; i < stream->n_runs; i++) {
		if (stream->runs[i].next == stream->runs[i].n)
			run_free(&stream->runs[i]);
		else
			stream->runs[n++] = stream->runs[i];
	}
	stream->n_runs = n;
}

static struct run *earliest(struct stream *stream)
{
	struct run *best = &stream->runs[0];

	for (size_t i = 1; i < stream->n_runs; i++) {
		struct run *run = &stream->runs[i];

		if (run->events[run->next].timestamp < best->events[best->next].timestamp)
			best = run;
	}
	return best;
}

int stream_next(struct stream *stream, struct stream_event *ret_event)
{
	for (;;) {
		int err;

		drop_empty_runs(stream);
		if (stream->n_runs &&
		    (stream->n_runs > RUNS_HELD || stream->is_ended || stream->drain)) {
			struct run *run = earliest(stream);

			*ret_event = run->events[run->next++];
			return 1;
		}
		if (stream->is_ended)
			return stream->end_err;
		err = read_chunk(stream);
		if (err)
			return err;
	}
}
