// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * bench-writer TRACE [EVENTS [ROUNDS [LEVEL]]]: what the trace library takes for the first
 * EVENTS (1,000,000) events of a trace, in memory and in chunks as they were: ns of CPU an event, the
 * median of ROUNDS (7), for writing them and for reading what was written, in the order of time and
 * as they are stored; and bytes an event of the chunks of events.
 */
#include "format/chunk_decode.h"
#include "format/frame.h"
#include "format/trace.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define ROUNDS_MAX 101

static _Noreturn void die(const char *what, int err)
{
	fprintf(stderr, "bench-writer: %s: %s\n", what, strerror(err));
	exit(1);
}

static void check(int r)
{
	if (r < 0)
		die("the trace library", -r);
}

static double cpu_ns(void)
{
	struct timespec time;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
	return 1e9 * (double)time.tv_sec + (double)time.tv_nsec;
}

/* ---- What is written -------------------------------------------------- */

static struct net_event *events;
static bool *is_last; /* of its chunk */
static size_t n_events;

static void events_load(const char *path, size_t max)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	const struct nst_events *columns;
	const struct nst_chunk *chunk;
	struct nst_reader *reader;

	events = calloc(max, sizeof(*events));
	is_last = calloc(max, sizeof(*is_last));
	if (fd < 0 || !events || !is_last)
		die(path, errno);
	check(nst_reader_open(fd, &reader));
	while (n_events < max && nst_reader_next(reader, &chunk) == 1) {
		if (chunk->type != NST_CHUNK_EVENTS)
			continue;
		check(nst_reader_events(reader, &columns));
		for (size_t i = 0; i < columns->n_events && n_events < max; i++)
			nst_reader_event(reader, i, &events[n_events++]);
		is_last[n_events - 1] = true;
	}
	nst_reader_close(reader);
	close(fd);
	if (!n_events)
		die(path, ENODATA);
}

/* ---- Writing ---------------------------------------------------------- */

struct kept {
	struct nst_chunk chunk;
	uint8_t *frames; /* both, one behind the other */
};

static struct kept *kept;
static size_t n_kept, n_bytes;
static bool is_keeping;

static int sink_write(void *context, const struct iovec *iov, int n_iov,
		      const struct nst_chunk *chunk)
{
	size_t len = 0;

	(void)context;
	if (!is_keeping || !chunk || chunk->type != NST_CHUNK_EVENTS)
		return 0;
	kept[n_kept].chunk = *chunk;
	kept[n_kept].frames = malloc(chunk->dictionaries_bytes + chunk->columns_bytes);
	if (!kept[n_kept].frames)
		return -ENOMEM;
	for (int i = n_iov - 2; i < n_iov; i++) {
		memcpy(kept[n_kept].frames + len, iov[i].iov_base, iov[i].iov_len);
		len += iov[i].iov_len;
	}
	n_bytes += len;
	n_kept++;
	return 0;
}

static double flush_ns; /* of writing: to sort, encode and compress */

static double write_all(int level)
{
	const struct nst_sink sink = { .write = sink_write };
	struct nst_header header = { .clock = NST_CLOCK_BOOTTIME, .writer = "bench-writer" };
	struct nst_writer *writer;
	double begin, before;

	check(nst_writer_open_sink(&sink, &header, level, &writer));
	flush_ns = 0;
	begin = cpu_ns();
	for (size_t i = 0; i < n_events; i++) {
		check(nst_writer_event(writer, &events[i]));
		if (!is_last[i])
			continue;
		before = cpu_ns();
		check(nst_writer_flush(writer));
		flush_ns += cpu_ns() - before;
	}
	check(nst_writer_flush(writer));
	begin = cpu_ns() - begin;
	nst_writer_close(writer);
	return begin;
}

/* ---- Reading ---------------------------------------------------------- */

static double zstd_ns; /* of it, for decompressing */

static double read_all(bool for_sums)
{
	struct nst_buffer dictionaries = { 0 }, columns = { 0 };
	ZSTD_DCtx *dctx = ZSTD_createDCtx();
	struct nst_problem problem = { 0 };
	struct nst_decoder *decoder;
	double begin, before;

	check(nst_decoder_new(&decoder));
	decoder->for_sums = for_sums;
	decoder->incompat = NST_KNOWN_INCOMPAT;
	zstd_ns = 0;
	begin = cpu_ns();
	for (size_t i = 0; i < n_kept; i++) {
		const struct nst_chunk *chunk = &kept[i].chunk;

		before = cpu_ns();
		check(nst_frame_decompress(dctx, kept[i].frames, chunk->dictionaries_bytes,
					   chunk->dictionaries_raw_bytes, &dictionaries, &problem));
		check(nst_frame_decompress(dctx, kept[i].frames + chunk->dictionaries_bytes,
					   chunk->columns_bytes, chunk->columns_raw_bytes, &columns,
					   &problem));
		zstd_ns += cpu_ns() - before;
		check(nst_decode_dictionaries(
			decoder,
			(struct nst_bytes){ dictionaries.data, (uint32_t)dictionaries.len },
			&problem));
		check(nst_decode_events(decoder, chunk,
					(struct nst_bytes){ columns.data, (uint32_t)columns.len },
					&problem));
	}
	begin = cpu_ns() - begin;
	nst_decoder_free(decoder);
	ZSTD_freeDCtx(dctx);
	free(dictionaries.data);
	free(columns.data);
	return begin;
}

static int compare(const void *a, const void *b)
{
	double left = *(const double *)a, right = *(const double *)b;

	return left < right ? -1 : left > right;
}

static void tell(const char *what, double *ns, size_t rounds)
{
	qsort(ns, rounds, sizeof(*ns), compare);
	printf("%-28s %7.2f ns an event (%.2f to %.2f)\n", what, ns[rounds / 2] / (double)n_events,
	       ns[0] / (double)n_events, ns[rounds - 1] / (double)n_events);
}

int main(int argc, char **argv)
{
	size_t max = argc > 2 ? strtoul(argv[2], NULL, 10) : 1000000;
	size_t rounds = argc > 3 ? strtoul(argv[3], NULL, 10) : 7;
	int level = argc > 4 ? atoi(argv[4]) : 3;
	double ns[5][ROUNDS_MAX];

	if (argc < 2 || !max || !rounds || rounds > ROUNDS_MAX) {
		fputs("usage: bench-writer TRACE [EVENTS [ROUNDS [LEVEL]]]\n", stderr);
		return 2;
	}
	events_load(argv[1], max);
	kept = calloc(n_events, sizeof(*kept));
	if (!kept)
		die("events", ENOMEM);
	is_keeping = true;
	write_all(level);
	is_keeping = false;
	for (size_t i = 0; i < rounds; i++) {
		ns[0][i] = write_all(level);
		ns[4][i] = flush_ns;
		ns[1][i] = read_all(false);
		ns[2][i] = read_all(true);
		ns[3][i] = zstd_ns;
	}
	printf("%zu events, %zu chunks, %.3f bytes an event\n", n_events, n_kept,
	       (double)n_bytes / (double)n_events);
	tell("write", ns[0], rounds);
	tell("of that: encode, compress", ns[4], rounds);
	tell("read, in the order of time", ns[1], rounds);
	tell("read, as they are stored", ns[2], rounds);
	tell("of that: zstd", ns[3], rounds);
	return 0;
}
