// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "record/outlet_fd.h"

#include "record/clock.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

int outlet_fd_open(int fd, int cancel_fd, uint64_t *moved_ns, struct outlet_fd *ret_to)
{
	struct stat status;

	if (fstat(fd, &status))
		return -errno;
	*ret_to = (struct outlet_fd){
		.fd = fd,
		.cancel_fd = cancel_fd,
		.is_file = S_ISREG(status.st_mode) || S_ISBLK(status.st_mode),
		.is_socket = S_ISSOCK(status.st_mode),
		.moved_ns = moved_ns,
	};
	return 0;
}

/* 0, -ECANCELED, or what poll(2) gives. */
static int wait_until_writable(const struct outlet_fd *to)
{
	struct pollfd waiting[] = { { .fd = to->fd, .events = POLLOUT },
				    { .fd = to->cancel_fd, .events = POLLIN } };

	while (poll(waiting, 2, -1) < 0)
		if (errno != EINTR)
			return -errno;
	return waiting[1].revents ? -ECANCELED : 0;
}

/*
 * A write(2) that has begun to wait for a reader cannot be given up, and the descriptor
 * may be shared, so that making it non-blocking is not ours to do. But one of PIPE_BUF
 * bytes into a pipe that poll(2) calls writable does not wait.
 */
static ssize_t write_some(const struct outlet_fd *to, const struct iovec *part)
{
	size_t len = part->iov_len;
	int err;

	if (to->is_file)
		return write(to->fd, part->iov_base, len);
	err = wait_until_writable(to);
	if (err) {
		errno = -err;
		return -1;
	}
	if (to->is_socket)
		return send(to->fd, part->iov_base, len, MSG_DONTWAIT | MSG_NOSIGNAL);
	return write(to->fd, part->iov_base, len < PIPE_BUF ? len : PIPE_BUF);
}

/* The last n_bytes are the beginning of a chunk, of which there is no more. */
static void cut_back(const struct outlet_fd *to, off_t n_bytes)
{
	struct stat status;
	off_t end = lseek(to->fd, 0, SEEK_CUR);

	if (!n_bytes || end < n_bytes || fstat(to->fd, &status) || !S_ISREG(status.st_mode) ||
	    status.st_size != end)
		return;
	/* the error that is told is the first one: with this one, the file ends in the chunk */
	if (!ftruncate(to->fd, end - n_bytes))
		lseek(to->fd, end - n_bytes, SEEK_SET);
}

int outlet_fd_write(const struct outlet_fd *to, struct iovec *parts, int n_parts)
{
	off_t written = 0;

	while (n_parts > 0) {
		ssize_t n = parts->iov_len ? write_some(to, parts) : 0;
		int err = n < 0 ? -errno : 0;

		if (err == -EAGAIN)
			err = wait_until_writable(to);
		else if (err == -EINTR)
			err = 0;
		else if (!n && parts->iov_len)
			err = -EIO;
		if (err) {
			cut_back(to, written);
			return err;
		}
		if (n > 0) {
			__atomic_store_n(to->moved_ns, clock_ns(CLOCK_MONOTONIC), __ATOMIC_RELAXED);
			written += n;
			parts->iov_base = (char *)parts->iov_base + n;
			parts->iov_len -= (size_t)n;
		}
		if (!parts->iov_len) {
			parts++;
			n_parts--;
		}
	}
	return 0;
}
