// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "record/flight_dump.h"

#include "common/units.h"
#include "format/trace.h"
#include "record/clock.h"
#include "record/environment.h"
#include "record/flight.h"
#include "record/options.h"
#include "record/outlet.h"
#include "record/output.h"
#include "record/part_name.h"
#include "record/recording.h"
#include "record/say.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <libgen.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SLICE_NS (5 * NS_PER_MS)    /* of each tick of the recorder, at most */
#define SLICE_BYTES (1 << 20)	    /* what is on its way to the file takes memory, too */
#define PATIENCE_NS (30 * NS_PER_S) /* with a disk that takes nothing */
#define WHY_MAX 512

struct flight_dump {
	const struct settings *settings;
	struct flight *flight;
	char *first_path;
	char *last_name;
	unsigned int number; /* of the last file */
	unsigned int written, failed;
	char why[WHY_MAX];
	bool is_wanted;
	uint64_t wanted_ns; /* the last time */

	/* the one that is under way */
	char reason[WHY_MAX];
	struct output output;
	struct outlet *outlet;
	struct nst_writer *writer; /* NULL: none is */
	struct flight_window window;
	uint64_t moved_ns, moved_bytes; /* when something was written last, and how much is */
	bool has_end;
};

/* A link to nowhere is there, too: nothing can be created in its place. */
static bool exists(const char *path)
{
	struct stat status;

	return !lstat(path, &status);
}

/* Could what is there be replaced? */
static int check_existing(const char *path, bool force)
{
	struct stat status;

	if (!lstat(path, &status) && !S_ISREG(status.st_mode)) {
		say("%s exists, and is a fifo, a device, a link or the like: --flight makes new "
		    "files alone, and waits for no reader",
		    path);
		return -EINVAL;
	}
	if (force)
		return 0;
	say("%s exists; --force replaces it", path);
	return -EEXIST;
}

/* The file comes later; what would be in its way then should be told now. */
static int check_place(const char *path, bool force)
{
	int err = exists(path) ? check_existing(path, force) : 0;
	char *copy;

	if (err)
		return err;
	copy = strdup(path);
	if (!copy)
		return -ENOMEM;
	if (faccessat(AT_FDCWD, dirname(copy), W_OK | X_OK, AT_EACCESS)) {
		err = -errno;
		say("%s could not be created when it is wanted: %s", path, strerror(-err));
	}
	free(copy);
	return err;
}

int flight_dump_open(const struct settings *settings, struct flight *flight,
		     struct flight_dump **ret_dump)
{
	struct flight_dump *dump = calloc(1, sizeof(*dump));
	int err = -ENOMEM;

	if (!dump)
		return err;
	dump->settings = settings;
	dump->flight = flight;
	dump->output.fd = -1;
	dump->first_path = settings->output ? strdup(settings->output) : output_default_name();
	if (dump->first_path)
		err = check_place(dump->first_path, settings->force);
	if (err) {
		flight_dump_close(dump);
		return err;
	}
	*ret_dump = dump;
	return 0;
}

const char *flight_dump_path(const struct flight_dump *dump)
{
	return dump->first_path;
}

void flight_dump_want(struct flight_dump *dump, const char *why)
{
	snprintf(dump->why, sizeof(dump->why), "%s", why);
	dump->is_wanted = true;
	dump->wanted_ns = now_ns();
}

bool flight_dump_is_due(const struct flight_dump *dump)
{
	return dump->is_wanted && !dump->writer;
}

static char *name_of(const struct flight_dump *dump, unsigned int number)
{
	return number == 1 ? strdup(dump->first_path) : part_name(dump->first_path, number);
}

/*
 * The next file. One that has come there meanwhile, or an older recording's, is left
 * alone without --force, and what may not be replaced even with it: what
 * is kept is not given up for it.
 */
static int open_next(struct flight_dump *dump)
{
	bool force = dump->settings->force;
	char *path = NULL;
	int err;

	do {
		free(path);
		path = name_of(dump, ++dump->number);
		if (!path)
			return -ENOMEM;
		err = !force && exists(path) ? -EEXIST
					     : output_open_new(path, force, &dump->output);
	} while (err == -EEXIST);
	free(path);
	return err;
}

static int open_writer(struct flight_dump *dump)
{
	struct nst_header header;
	int err = environment_header(&header);

	if (!err)
		err = outlet_open(dump->output.fd, dump->settings->sync_ns, &dump->outlet);
	if (err)
		return err;
	header.start_ns = dump->window.since_ns;
	header.start_realtime_ns = dump->window.since_realtime_ns;
	return nst_writer_open_sink(outlet_sink(dump->outlet), &header, dump->settings->level,
				    &dump->writer);
}

static void close_all(struct flight_dump *dump)
{
	flight_release(dump->flight);
	nst_writer_close(dump->writer);
	outlet_close(dump->outlet);
	dump->writer = NULL;
	dump->outlet = NULL;
}

static int close_file(struct flight_dump *dump, bool keep)
{
	if (dump->output.fd < 0)
		return 0;
	if (!keep)
		output_discard(&dump->output);
	return output_close(&dump->output);
}

/* What has come into the file stays, if there are events in it: it can be read. */
static void fail(struct flight_dump *dump, int err)
{
	struct outlet_written written = { 0 };
	const char *name = dump->output.name ?: "the file";

	if (dump->outlet)
		outlet_written(dump->outlet, &written);
	if (err == -EINTR)
		say("%s: given up, with %" PRIu64 " events in it", name, written.events);
	else if (err == -ETIMEDOUT)
		say("%s: nothing could be written for %d seconds: given up, with %" PRIu64
		    " events in it",
		    name, (int)(PATIENCE_NS / NS_PER_S), written.events);
	else
		say("%s: %s; %" PRIu64 " events are in it", name, strerror(-err), written.events);
	close_all(dump);
	close_file(dump, written.events > 0);
	dump->failed++;
}

static void succeed(struct flight_dump *dump)
{
	char bytes[UNITS_MAX], duration[UNITS_MAX];
	struct nst_writer_stats stats;
	char *name = strdup(dump->output.name);

	nst_writer_stats(dump->writer, &stats);
	close_all(dump);
	if (close_file(dump, true)) {
		free(name);
		dump->failed++;
		return;
	}
	free(dump->last_name);
	dump->last_name = name;
	dump->written++;
	if (!dump->settings->quiet)
		say("%s (%s): %" PRIu64 " events, %s, the last %s", name ?: "a file", dump->reason,
		    stats.events, format_bytes(stats.file_bytes, bytes),
		    format_duration(dump->window.end_ns - dump->window.since_ns, duration));
}

/* What is recorded from the beginning on, where an earlier chunk said so. */
static int write_detail(struct flight_dump *dump)
{
	const struct nst_detail_change row = { .time_ns = dump->window.since_ns,
					       .detail = (uint8_t)dump->window.detail };
	const struct nst_rows table = { NST_TABLE_DETAIL, &row, dump->window.has_detail };

	return nst_writer_rows(dump->writer, NST_CHUNK_TOTALS, &table, 1);
}

void flight_dump_begin(struct flight_dump *dump, const struct recording *recording)
{
	int err;

	memcpy(dump->reason, dump->why, sizeof(dump->reason));
	dump->is_wanted = false;
	dump->has_end = false;
	dump->moved_ns = now_ns();
	dump->moved_bytes = 0;
	if (open_next(dump)) { /* which has told why */
		close_file(dump, false);
		dump->failed++;
		return;
	}
	flight_hold(dump->flight, &dump->window);
	/* the file ends where it was first wanted to: what came until it was again is the next one's */
	dump->is_wanted = dump->wanted_ns > dump->window.end_ns;
	err = open_writer(dump);
	if (!err)
		err = recording_describe(recording, dump->writer);
	if (!err)
		err = write_detail(dump);
	if (err)
		fail(dump, err);
}

/* What the headers say of losses until then, without those before the window. */
static void set_lost(struct flight_dump *dump, const uint64_t until[NST_LOSS_SLOTS])
{
	uint64_t lost[NST_LOSS_SLOTS];

	for (size_t i = 0; i < NST_LOSS_SLOTS; i++)
		lost[i] = until[i] > dump->window.lost[i] ? until[i] - dump->window.lost[i] : 0;
	nst_writer_set_lost(dump->writer, lost);
}

static int copy(struct flight_dump *dump, const struct nst_chunk *chunk,
		struct nst_bytes dictionaries, struct nst_bytes columns)
{
	set_lost(dump, chunk->lost);
	if (chunk->sample_clock_ns >= dump->window.since_ns)
		nst_writer_set_clock_sample(dump->writer, chunk->sample_clock_ns,
					    chunk->sample_realtime_ns);
	return nst_writer_copy(dump->writer, chunk, dictionaries, columns);
}

/* Bytes that the writer has written and the file does not have yet. */
static uint64_t on_the_way(const struct flight_dump *dump)
{
	struct outlet_written written;
	struct nst_writer_stats stats;

	nst_writer_stats(dump->writer, &stats);
	outlet_written(dump->outlet, &written);
	return stats.file_bytes - written.bytes;
}

/* 1 when all is copied; 0, or what ends it. */
static int copy_some(struct flight_dump *dump)
{
	uint64_t until_ns = now_ns() + SLICE_NS;
	struct nst_bytes dictionaries, columns;
	const struct nst_chunk *chunk;
	int err;

	while ((err = flight_next(dump->flight, &chunk, &dictionaries, &columns)) == 1) {
		err = copy(dump, chunk, dictionaries, columns);
		if (err)
			return err;
		flight_pass(dump->flight);
		if (now_ns() >= until_ns || on_the_way(dump) >= SLICE_BYTES)
			return 0;
	}
	if (err)
		return err;
	set_lost(dump, dump->window.end_lost);
	nst_writer_set_clock_sample(dump->writer, dump->window.end_ns,
				    dump->window.end_realtime_ns);
	return nst_writer_end(dump->writer, dump->window.end_ns) ?: 1;
}

/*
 * Has all been written, and synced where that was asked for? Else -EAGAIN, or -ETIMEDOUT
 * when nothing moved for too long.
 */
static int check_written(struct flight_dump *dump)
{
	struct outlet_written written;
	int err = dump->has_end ? outlet_finish(dump->outlet, 0, -1)
				: outlet_error(dump->outlet) ?: -ETIME;

	if (err != -ETIME)
		return err;
	outlet_written(dump->outlet, &written);
	if (written.bytes != dump->moved_bytes) {
		dump->moved_bytes = written.bytes;
		dump->moved_ns = now_ns();
	}
	return now_ns() < dump->moved_ns + PATIENCE_NS ? -EAGAIN : -ETIMEDOUT;
}

/* 0 when it is over, -EAGAIN when it goes on. */
static int go_on(struct flight_dump *dump)
{
	int err = dump->has_end || on_the_way(dump) ? 0 : copy_some(dump);

	if (err == 1)
		dump->has_end = true;
	else if (err && err != -EAGAIN)
		return err;
	return check_written(dump);
}

static void conclude(struct flight_dump *dump, int err)
{
	if (err == -EAGAIN)
		return;
	if (err)
		fail(dump, err);
	else
		succeed(dump);
}

void flight_dump_tick(struct flight_dump *dump)
{
	if (dump->writer)
		conclude(dump, go_on(dump));
}

/* All of it is on its way: 0, or what ends it, as go_on() says it. */
static int finish(struct flight_dump *dump, int cancel_fd)
{
	int err = outlet_finish(dump->outlet, PATIENCE_NS, cancel_fd);

	return err == -ECANCELED ? -EINTR : err == -ETIME ? -ETIMEDOUT : err;
}

void flight_dump_finish(struct flight_dump *dump, int cancel_fd)
{
	while (dump->writer) {
		struct pollfd waiting = { .fd = cancel_fd, .events = POLLIN };
		int err = go_on(dump);

		if (err == -EAGAIN && dump->has_end)
			err = finish(dump, cancel_fd);
		else if (err == -EAGAIN && poll(&waiting, 1, 1) > 0)
			err = -EINTR;
		conclude(dump, err);
	}
}

void flight_dump_stats(const struct flight_dump *dump, struct flight_dump_stats *ret_stats)
{
	*ret_stats = (struct flight_dump_stats){
		.written = dump->written,
		.failed = dump->failed,
		.last = dump->last_name,
	};
}

void flight_dump_close(struct flight_dump *dump)
{
	if (!dump)
		return;
	if (dump->writer)
		fail(dump, -EINTR);
	free(dump->first_path);
	free(dump->last_name);
	free(dump);
}
