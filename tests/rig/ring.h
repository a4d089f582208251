/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* As much of io_uring as the rig needs: one operation at a time, by the system calls. */
#ifndef NETSNOOP_TESTS_RING_H
#define NETSNOOP_TESTS_RING_H

#include <stddef.h>
#include <stdint.h>

#define RING_SQPOLL (1U << 1) /* IORING_SETUP_SQPOLL */
#define RING_ASYNC (1U << 4)  /* IOSQE_ASYNC */

struct ring;

/* NULL if the kernel has none to give. A ring lives as long as its process. */
struct ring *ring_open(unsigned int setup_flags);
/* Bytes moved, or -errno. */
int ring_send(struct ring *ring, int fd, const void *data, size_t bytes, uint8_t flags);
int ring_recv(struct ring *ring, int fd, void *data, size_t bytes, uint8_t flags);

#endif
