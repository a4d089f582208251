// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Which file a wish gets that comes while another one's is wanted, or written. */
#include "record/clock.h"
#include "record/flight.h"
#include "record/flight_dump.h"
#include "record/options.h"
#include "record/recording.h"

#include "tests/unit/test.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

static char directory[] = "/tmp/netsnoop-test-XXXXXX";

/* What the recording knows of processes and owners is nothing here. */
int __wrap_recording_describe(const struct recording *recording, struct nst_writer *writer);
int __wrap_recording_describe(const struct recording *recording, struct nst_writer *writer)
{
	(void)recording;
	(void)writer;
	return 0;
}

struct flying { /* a recording that is kept in memory, and who writes it out */
	struct flight *flight;
	struct nst_writer *writer;
	struct settings settings;
	struct flight_dump *dump;
	char path[64];
};

static void fly(struct flying *flying, const char *name)
{
	const uint64_t began_ns = now_ns();
	struct nst_header header = { .clock = NST_CLOCK_BOOTTIME, .start_ns = began_ns };

	*flying = (struct flying){ .settings = { .level = 1, .quiet = true } };
	snprintf(flying->path, sizeof(flying->path), "%s/%s.zst", directory, name);
	flying->settings.output = flying->path;
	CHECK_INT(flight_open(8 << 20, 0, began_ns, &flying->flight), 0);
	CHECK_INT(nst_writer_open_sink(flight_sink(flying->flight), &header, 1, &flying->writer),
		  0);
	CHECK_INT(flight_dump_open(&flying->settings, flying->flight, &flying->dump), 0);
}

static void land(struct flying *flying)
{
	flight_dump_close(flying->dump);
	nst_writer_close(flying->writer);
	flight_close(flying->flight);
}

/* An event of so many bytes, of now, which its number tells apart. */
static void meet(struct flying *flying, uint32_t bytes)
{
	const struct net_event event = { .timestamp = now_ns(), .bytes = bytes };

	CHECK_INT(nst_writer_event(flying->writer, &event), 0);
	CHECK_INT(nst_writer_flush(flying->writer), 0);
}

/* All that has come until now is kept: a file can end here. */
static void mark(struct flying *flying)
{
	static const uint64_t nothing_lost[NST_LOSS_SLOTS];

	flight_mark(flying->flight, now_ns(), nothing_lost, NST_DETAIL_PACKETS);
}

static void want(struct flying *flying)
{
	const uint64_t before_ns = now_ns();

	while (now_ns() == before_ns) /* later than whatever was before */
		;
	flight_dump_want(flying->dump, "the test");
}

/* Begin a file, for a recording that nobody asks anything. */
static void begin(struct flying *flying)
{
	static char recording;

	CHECK(flight_dump_is_due(flying->dump));
	flight_dump_begin(flying->dump, (const struct recording *)&recording);
}

static unsigned int written(const struct flying *flying)
{
	struct flight_dump_stats stats;

	flight_dump_stats(flying->dump, &stats);
	CHECK_INT(stats.failed, 0);
	return stats.written;
}

/* The sum of bytes of a file's events; -1: it cannot be read, or is not whole. */
static int64_t bytes_in(const char *name)
{
	const struct nst_events *events;
	const struct nst_chunk *chunk;
	struct nst_reader *reader;
	int64_t sum = 0;
	char path[96];
	int fd, r;

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	r = nst_reader_open(fd, &reader);
	if (!r) {
		while ((r = nst_reader_next(reader, &chunk)) > 0) {
			if (chunk->type != NST_CHUNK_EVENTS || nst_reader_events(reader, &events))
				continue;
			for (size_t i = 0; i < events->n_events; i++)
				sum += events->bytes[i];
		}
		if (nst_reader_damaged(reader))
			r = -1;
		nst_reader_close(reader);
	}
	close(fd);
	return r ? -1 : sum;
}

static void wishes_before_the_end_of_a_file_share_it(void)
{
	struct flying flying;

	fly(&flying, "shared");
	meet(&flying, 1);
	want(&flying);
	meet(&flying, 10);
	want(&flying);
	mark(&flying);
	begin(&flying);
	CHECK(!flight_dump_is_due(flying.dump));
	flight_dump_finish(flying.dump, -1);
	CHECK(!flight_dump_is_due(flying.dump));
	CHECK_INT(written(&flying), 1);
	CHECK_INT(bytes_in("shared.zst"), 11);
	land(&flying);
}

/* It comes behind the moment at which the file ends, and before that is begun. */
static void a_wish_behind_the_end_of_a_file_gets_another(void)
{
	struct flying flying;

	fly(&flying, "late");
	meet(&flying, 1);
	want(&flying);
	mark(&flying);
	meet(&flying, 10);
	want(&flying);
	begin(&flying);
	CHECK(!flight_dump_is_due(flying.dump)); /* one at a time */
	flight_dump_finish(flying.dump, -1);
	CHECK_INT(written(&flying), 1);
	mark(&flying);
	begin(&flying);
	flight_dump_finish(flying.dump, -1);
	CHECK(!flight_dump_is_due(flying.dump));
	CHECK_INT(written(&flying), 2);
	CHECK_INT(bytes_in("late.zst"), 1);
	CHECK_INT(bytes_in("late-000002.zst"), 11);
	land(&flying);
}

static void a_wish_while_a_file_is_written_gets_another(void)
{
	struct flying flying;

	fly(&flying, "meanwhile");
	meet(&flying, 1);
	want(&flying);
	mark(&flying);
	begin(&flying);
	meet(&flying, 10);
	want(&flying);
	CHECK(!flight_dump_is_due(flying.dump));
	flight_dump_finish(flying.dump, -1);
	mark(&flying);
	begin(&flying);
	flight_dump_finish(flying.dump, -1);
	CHECK(!flight_dump_is_due(flying.dump));
	CHECK_INT(written(&flying), 2);
	CHECK_INT(bytes_in("meanwhile.zst"), 1);
	CHECK_INT(bytes_in("meanwhile-000002.zst"), 11);
	land(&flying);
}

int main(void)
{
	char command[64];

	if (!mkdtemp(directory))
		return 1;
	RUN(wishes_before_the_end_of_a_file_share_it);
	RUN(a_wish_behind_the_end_of_a_file_gets_another);
	RUN(a_wish_while_a_file_is_written_gets_another);
	snprintf(command, sizeof(command), "rm -r '%s'", directory);
	CHECK_INT(system(command), 0);
	return test_result();
}
