// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "tests/rig/ring.h"

#include "tests/rig/rig.h"

#include <errno.h>
#include <linux/io_uring.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define ENTRIES 4

struct ring {
	int fd;
	unsigned int flags;
	struct io_uring_sqe *sqes;
	struct io_uring_cqe *cqes;
	unsigned int *sq_tail, *sq_mask, *sq_array, *sq_flags;
	unsigned int *cq_head, *cq_tail, *cq_mask;
};

static void *map(int fd, size_t bytes, off_t offset)
{
	void *made =
		mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, fd, offset);

	check(made != MAP_FAILED, "io_uring: mmap");
	return made;
}

struct ring *ring_open(unsigned int setup_flags)
{
	struct io_uring_params params = { .flags = setup_flags, .sq_thread_idle = 1000 };
	int fd = (int)syscall(SYS_io_uring_setup, ENTRIES, &params);
	struct ring *ring;
	char *sq, *cq;

	if (fd < 0)
		return NULL;
	ring = calloc(1, sizeof(*ring));
	check(ring != NULL, "memory");
	sq = map(fd, params.sq_off.array + params.sq_entries * sizeof(unsigned int),
		 IORING_OFF_SQ_RING);
	cq = map(fd, params.cq_off.cqes + params.cq_entries * sizeof(*ring->cqes),
		 IORING_OFF_CQ_RING);
	ring->sqes = map(fd, params.sq_entries * sizeof(*ring->sqes), IORING_OFF_SQES);
	ring->fd = fd;
	ring->flags = setup_flags;
	ring->sq_tail = (void *)(sq + params.sq_off.tail);
	ring->sq_mask = (void *)(sq + params.sq_off.ring_mask);
	ring->sq_array = (void *)(sq + params.sq_off.array);
	ring->sq_flags = (void *)(sq + params.sq_off.flags);
	ring->cq_head = (void *)(cq + params.cq_off.head);
	ring->cq_tail = (void *)(cq + params.cq_off.tail);
	ring->cq_mask = (void *)(cq + params.cq_off.ring_mask);
	ring->cqes = (void *)(cq + params.cq_off.cqes);
	return ring;
}

/* Put the operation in, and wait for its result. */
static int perform(struct ring *ring, const struct io_uring_sqe *operation)
{
	unsigned int tail = *ring->sq_tail, at_slot = tail & *ring->sq_mask, head = *ring->cq_head;
	unsigned int to_submit = 1, flags = IORING_ENTER_GETEVENTS;
	int result;

	ring->sqes[at_slot] = *operation;
	ring->sq_array[at_slot] = at_slot;
	__atomic_store_n(ring->sq_tail, tail + 1, __ATOMIC_SEQ_CST);
	if (ring->flags & IORING_SETUP_SQPOLL) {
		to_submit = 0;
		if (__atomic_load_n(ring->sq_flags, __ATOMIC_SEQ_CST) & IORING_SQ_NEED_WAKEUP)
			flags |= IORING_ENTER_SQ_WAKEUP;
	}
	while (__atomic_load_n(ring->cq_tail, __ATOMIC_ACQUIRE) == head) {
		if (syscall(SYS_io_uring_enter, ring->fd, to_submit, 1, flags, NULL, 0) < 0)
			check(errno == EINTR, "io_uring_enter");
		else
			to_submit = 0;
	}
	result = ring->cqes[head & *ring->cq_mask].res;
	__atomic_store_n(ring->cq_head, head + 1, __ATOMIC_RELEASE);
	return result;
}

int ring_send(struct ring *ring, int fd, const void *data, size_t bytes, uint8_t flags)
{
	struct io_uring_sqe operation = { .opcode = IORING_OP_SEND,
					  .flags = flags,
					  .fd = fd,
					  .addr = (uintptr_t)data,
					  .len = (uint32_t)bytes };

	return perform(ring, &operation);
}

int ring_recv(struct ring *ring, int fd, void *data, size_t bytes, uint8_t flags)
{
	struct io_uring_sqe operation = { .opcode = IORING_OP_RECV,
					  .flags = flags,
					  .fd = fd,
					  .addr = (uintptr_t)data,
					  .len = (uint32_t)bytes };

	return perform(ring, &operation);
}
