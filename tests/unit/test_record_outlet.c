// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What goes into the outlet comes out of it, whole, in order, or not at all. */
#include "format/trace.h"
#include "record/outlet.h"

#include "tests/unit/test.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define CHUNK_BYTES 50000
#define MS UINT64_C(1000000)
#define LONG (10000 * MS)

/* A chunk in two parts; its bytes follow from its number. */
static int give(struct outlet *outlet, uint32_t number)
{
	static uint8_t data[CHUNK_BYTES];
	const struct nst_chunk chunk = { .n_events = 3 };
	const struct iovec parts[] = { { data, 100 }, { data + 100, sizeof(data) - 100 } };
	const struct nst_sink *sink = outlet_sink(outlet);

	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)(number * 31 + i / 7);
	return sink->write(sink->context, parts, 2, &chunk);
}

/* How many whole chunks fd holds, each as it should be, and what is left of another one. */
static uint32_t count_chunks(int fd, size_t *ret_rest)
{
	static uint8_t data[CHUNK_BYTES];
	uint32_t n = 0;
	size_t have = 0;
	ssize_t got;

	while ((got = read(fd, data + have, sizeof(data) - have)) > 0) {
		have += (size_t)got;
		if (have < sizeof(data))
			continue;
		for (size_t i = 0; i < sizeof(data); i += 997)
			if (data[i] != (uint8_t)(n * 31 + i / 7))
				return n; /* the checks are the main thread's */
		n++;
		have = 0;
	}
	*ret_rest = have;
	return n;
}

static uint64_t events_of(struct outlet *outlet)
{
	struct outlet_written written;

	outlet_written(outlet, &written);
	CHECK_INT(written.bytes, written.events / 3 * CHUNK_BYTES);
	return written.events;
}

struct reader {
	int fd;
	uint32_t n;
	size_t rest;
};

static void *read_all(void *context)
{
	struct reader *reader = context;

	reader->n = count_chunks(reader->fd, &reader->rest);
	return NULL;
}

/* A reader that comes late gets everything; until then the queue takes what it can. */
static void a_stalled_reader(const int fds[2])
{
	struct reader reader = { .fd = fds[0] };
	struct outlet *outlet = NULL;
	pthread_t thread;
	uint32_t n = 0;
	int err;

	CHECK_INT(outlet_open(fds[1], 0, &outlet), 0);
	CHECK(outlet_has_room(outlet));
	while (!(err = give(outlet, n)))
		n++;
	CHECK_INT(err, -EAGAIN);
	CHECK(n >= (32 << 20) / CHUNK_BYTES - 1 && n <= (33 << 20) / CHUNK_BYTES);
	CHECK(!outlet_has_room(outlet));
	CHECK_INT(outlet_finish(outlet, 20 * MS, -1), -ETIME);
	CHECK_INT(outlet_error(outlet), 0);
	pthread_create(&thread, NULL, read_all, &reader);
	CHECK_INT(outlet_finish(outlet, LONG, -1), 0);
	/* around the end of the queue */
	for (; n < 2000; n++)
		if (give(outlet, n) && (outlet_finish(outlet, LONG, -1) || give(outlet, n)))
			break;
	CHECK_INT(outlet_finish(outlet, LONG, -1), 0);
	CHECK(outlet_has_room(outlet));
	CHECK_INT(events_of(outlet), 3 * 2000);
	outlet_close(outlet);
	close(fds[1]);
	pthread_join(thread, NULL);
	CHECK_INT(reader.n, 2000);
	CHECK_INT(reader.rest, 0);
	close(fds[0]);
}

static void a_stalled_pipe(void)
{
	int fds[2];

	CHECK_INT(pipe(fds), 0);
	a_stalled_reader(fds);
	CHECK_INT(pipe2(fds, 0), 0);
	fcntl(fds[1], F_SETFL, O_NONBLOCK);
	a_stalled_reader(fds);
}

static void a_stalled_socket(void)
{
	int fds[2];

	CHECK_INT(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	a_stalled_reader(fds);
}

static void giving_up(void)
{
	struct outlet *outlet = NULL;
	int fds[2], cancel_fd = eventfd(1, 0);
	size_t rest;
	uint64_t events;

	CHECK_INT(pipe(fds), 0);
	CHECK_INT(outlet_open(fds[1], 0, &outlet), 0);
	for (uint32_t n = 0; n < 5; n++)
		CHECK_INT(give(outlet, n), 0);
	CHECK_INT(outlet_finish(outlet, LONG, cancel_fd), -ECANCELED);
	outlet_stop(outlet);
	events = events_of(outlet);
	close(fds[1]);
	CHECK_INT(3 * count_chunks(fds[0], &rest), events);
	CHECK_INT(events_of(outlet), events);
	outlet_close(outlet);
	close(fds[0]);
	close(cancel_fd);
}

static void a_reader_that_went_away(void)
{
	struct outlet *outlet = NULL;
	int fds[2];

	signal(SIGPIPE, SIG_IGN);
	CHECK_INT(pipe(fds), 0);
	CHECK_INT(outlet_open(fds[1], 0, &outlet), 0);
	for (uint32_t n = 0; n < 5; n++)
		CHECK_INT(give(outlet, n), 0);
	close(fds[0]); /* while it waits for him */
	CHECK_INT(outlet_finish(outlet, LONG, -1), -EPIPE);
	CHECK_INT(outlet_error(outlet), -EPIPE);
	CHECK_INT(give(outlet, 5), -EPIPE);
	outlet_close(outlet);
	close(fds[1]);
}

static int open_file(void)
{
	char name[] = "/tmp/test_record_outlet.XXXXXX";
	int fd = mkstemp(name);

	unlink(name);
	return fd;
}

/* The limit is within the fourth chunk. */
static void a_file_that_cannot_grow(void)
{
	struct rlimit before, limit;
	struct outlet *outlet = NULL;
	int fd = open_file();
	struct stat status;
	size_t rest;

	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &before);
	limit = before;
	limit.rlim_cur = 3 * CHUNK_BYTES + 1000;
	CHECK_INT(setrlimit(RLIMIT_FSIZE, &limit), 0);
	CHECK_INT(outlet_open(fd, 100 * MS, &outlet), 0);
	for (uint32_t n = 0; n < 6; n++)
		if (give(outlet, n) == -EFBIG)
			break;
	CHECK_INT(outlet_finish(outlet, LONG, -1), -EFBIG);
	setrlimit(RLIMIT_FSIZE, &before);
	CHECK_INT(give(outlet, 9), -EFBIG);
	outlet_stop(outlet);
	CHECK_INT(events_of(outlet), 9);
	CHECK_INT(fstat(fd, &status), 0);
	CHECK_INT(status.st_size, 3 * CHUNK_BYTES);
	lseek(fd, 0, SEEK_SET);
	CHECK_INT(count_chunks(fd, &rest), 3);
	CHECK_INT(rest, 0);
	outlet_close(outlet);
	close(fd);
}

static void a_full_device(void)
{
	struct outlet *outlet = NULL;
	int fd = open("/dev/full", O_WRONLY);

	CHECK_INT(outlet_open(fd, 100 * MS, &outlet), 0);
	give(outlet, 0);
	CHECK_INT(outlet_finish(outlet, LONG, -1), -ENOSPC);
	outlet_close(outlet);
	close(fd);
}

/* What cannot be synced is none the worse for it, and a file is. */
static void syncs(void)
{
	struct outlet *outlet = NULL;
	int fds[2] = { open("/dev/null", O_WRONLY), open_file() };

	for (int i = 0; i < 2; i++) {
		CHECK_INT(outlet_open(fds[i], MS, &outlet), 0);
		for (uint32_t n = 0; n < 50; n++)
			CHECK_INT(give(outlet, n), 0);
		CHECK_INT(outlet_finish(outlet, LONG, -1), 0);
		CHECK_INT(events_of(outlet), 150);
		outlet_close(outlet);
		close(fds[i]);
	}
}

int main(void)
{
	RUN(a_stalled_pipe);
	RUN(a_stalled_socket);
	RUN(giving_up);
	RUN(a_reader_that_went_away);
	RUN(a_file_that_cannot_grow);
	RUN(a_full_device);
	RUN(syncs);
	return test_result();
}
