/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The way from the recorder to a descriptor: a bounded queue and a thread that
 * writes, so that a disk or a reader that stalls never stops the recorder.
 */
#ifndef NETSNOOP_RECORD_OUTLET_H
#define NETSNOOP_RECORD_OUTLET_H

#include <stdbool.h>
#include <stdint.h>

struct nst_sink;
struct outlet;

/*
 * Write to fd, which stays the caller's, what comes into the sink; with
 * sync_ns, fdatasync(2) it that often, if it is anything that this can be done to.
 * To be called once privileges are given up: capabilities are each thread's own.
 * 0, -ENOMEM, or what fstat(2), eventfd(2) or pthread_create(3) gives.
 */
int outlet_open(int fd, uint64_t sync_ns, struct outlet **ret_outlet);

/* For nst_writer_open_sink(): -EAGAIN when the queue is full, never waits. */
const struct nst_sink *outlet_sink(const struct outlet *outlet);

/*
 * Is there room for another chunk of events? What is left behind that is kept for
 * metadata.
 */
bool outlet_has_room(const struct outlet *outlet);

/* 0, or the negative errno of the write that failed, which is final. */
int outlet_error(const struct outlet *outlet);

/* What was written so far; what was given to the sink and is not in here may come later. */
struct outlet_written {
	uint64_t bytes;
	uint64_t events; /* in chunks that were written whole */
};
void outlet_written(const struct outlet *outlet, struct outlet_written *ret_written);

/*
 * Wait until all is written (and, with sync_ns, on the disk): 0, what writing gives, or
 * -ETIME after patience_ns in which nothing was written, or -ECANCELED once
 * cancel_fd is readable (-1: none). Bringing it to the disk may take some more patience.
 */
int outlet_finish(struct outlet *outlet, uint64_t patience_ns, int cancel_fd);

/* Write nothing any more: what is in the queue is dropped, outlet_written() stays as it is. */
void outlet_stop(struct outlet *outlet);

/* outlet_stop(), and free it. NULL is fine. */
void outlet_close(struct outlet *outlet);

#endif
