/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Writing whole chunks to a descriptor of any kind, so that it can be given up at any time. */
#ifndef NETSNOOP_RECORD_OUTLET_FD_H
#define NETSNOOP_RECORD_OUTLET_FD_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/uio.h>

struct outlet_fd {
	int fd;
	int cancel_fd; /* readable: no more waiting */
	bool is_file;  /* one that never makes its writer wait for a reader */
	bool is_socket;
	uint64_t *moved_ns; /* CLOCK_MONOTONIC; when something was last written */
};

/* 0 or what fstat(2) gives. */
int outlet_fd_open(int fd, int cancel_fd, uint64_t *moved_ns, struct outlet_fd *ret_to);

/*
 * Write these parts, which are changed. 0, -ECANCELED, or what write(2) gives: then a
 * regular file ends where it did before, as far as ftruncate(2) can do that.
 */
int outlet_fd_write(const struct outlet_fd *to, struct iovec *parts, int n_parts);

#endif
