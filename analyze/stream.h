/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The events of an input one by one, in order of time. Chunks may overlap
 * their neighbours by a little: a few of them are held at a time and merged.
 */
#ifndef NETSNOOP_ANALYZE_STREAM_H
#define NETSNOOP_ANALYZE_STREAM_H

#include "format/trace.h"

#include <stdbool.h>

struct stream_event {
	uint64_t timestamp;
	const void *attached; /* what attach() returned for the event's chunk */
	size_t trace;	      /* of the reader */
	uint32_t lane;	      /* of the chunk, or as attach() has it */
	uint32_t bytes, segments, tid;
	uint16_t has; /* TID, HEADER_BYTES, TCP_FLAGS, SEGMENTS */
	uint16_t header_bytes;
	uint8_t flags, tcp_flags;
};

struct stream_ops {
	/*
	 * Look at any chunk when it is reached, before its events come: 1 to
	 * take an events chunk, 0 to pass it over, or a negative errno.
	 */
	int (*chunk)(void *context, struct nst_reader *reader, const struct nst_chunk *chunk);
	/*
	 * Make what the events of a chunk need of its dictionaries: freed with
	 * free() when the last of them is gone. events->lane may be made to
	 * point to other numbers. 0 or a negative errno.
	 */
	int (*attach)(void *context, struct nst_reader *reader, const struct nst_chunk *chunk,
		      const struct nst_dictionaries *dictionaries, struct nst_events *events,
		      void **ret_attached);
	/* Before waiting for more of a live input; NULL: the input is a file. */
	void (*stalled)(void *context);
};

struct stream;

/* fd, ops and context stay the caller's. 0 or -ENOMEM. */
int stream_open(int fd, const struct stream_ops *ops, void *context, struct stream **ret_stream);
void stream_close(struct stream *stream);

/*
 * 1 with the next event; 0 at the end. A negative errno of the reader comes
 * once all events before it were given.
 */
int stream_next(struct stream *stream, struct stream_event *ret_event);

struct nst_reader *stream_reader(struct stream *stream);

#endif
