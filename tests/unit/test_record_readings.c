// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* When devices' counters are written, and of which devices. */
#include "record/readings.h"

#include "format/trace.h"
#include "record/clock.h"
#include "record/counted.h"
#include "record/look.h"
#include "record/watcher.h"
#include "tests/unit/test.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <unistd.h>

static void add(struct namespaces *seen, uint32_t netns, uint32_t ifindex, uint64_t bytes)
{
	struct interfaces *interfaces = &seen->interfaces;
	size_t i = interfaces->n;

	CHECK_INT(interfaces_append(interfaces), 0);
	interfaces->rows[i].netns = interfaces->counters[i].netns = netns;
	interfaces->rows[i].ifindex = interfaces->counters[i].ifindex = ifindex;
	interfaces->counters[i].recv_bytes = bytes;
}

/* The rows to be written, as "netns.ifindex=bytes ..." */
static const char *rows_of(struct counted *counted)
{
	static char text[256];
	struct nst_interface_counter rows[16];
	size_t n = counted_rows(counted, rows), at = 0;

	text[0] = '\0';
	for (size_t i = 0; i < n; i++)
		at += (size_t)snprintf(text + at, sizeof(text) - at, "%u.%u=%u ", rows[i].netns,
				       rows[i].ifindex, (unsigned int)rows[i].recv_bytes);
	counted_written(counted);
	return text;
}

static void of_the_devices_of_the_start(void)
{
	struct namespaces first = { 0 }, later = { 0 }, last = { 0 };
	struct counted counted = { 0 };

	add(&first, 2, 1, 5);
	add(&first, 1, 9, 10);
	add(&first, 1, 1, 20);
	add(&first, 3, 1, 30);
	add(&first, 4, 1, 40);
	CHECK_INT(counted_begin(&counted, &first), 0);
	CHECK_STR(rows_of(&counted), "1.1=20 1.9=10 2.1=5 3.1=30 4.1=40 ");

	/* a new one; one with the number of another; a namespace that has gone; one not read */
	add(&later, 1, 1, 21);
	add(&later, 1, 9, 9);
	add(&later, 1, 10, 100);
	add(&later, 2, 1, 5);
	namespaces_append(&later, 4, "", -1);
	counted_update(&counted, &later);
	CHECK_STR(rows_of(&counted), "1.1=21 1.9=10 2.1=5 3.1=30 4.1=40 ");

	/* what has gone does not come back, however much it has counted */
	add(&last, 1, 1, 22);
	add(&last, 1, 9, 99);
	add(&last, 3, 1, 99);
	add(&last, 4, 1, 41);
	add(&last, 2, 1, 6);
	counted_update(&counted, &last);
	CHECK_STR(rows_of(&counted), "1.1=22 2.1=6 4.1=41 ");

	/* another part of the trace begins */
	CHECK_INT(counted_begin(&counted, &last), 0);
	CHECK_STR(rows_of(&counted), "1.1=22 1.9=99 2.1=6 3.1=99 4.1=41 ");
	counted_free(&counted);
	namespaces_free(&first);
	namespaces_free(&later);
	namespaces_free(&last);
}

static size_t written; /* chunks */
static bool is_full;

static int take(void *context, const struct iovec *parts, int n_parts,
		const struct nst_chunk *chunk)
{
	(void)context;
	(void)parts;
	(void)n_parts;
	if (is_full && chunk)
		return -EAGAIN;
	written += chunk && chunk->type == NST_CHUNK_INTERFACE_COUNTERS;
	return 0;
}

/* What a minute asked for has come: tick until it is written, as the recorder does. */
static bool is_written(struct readings *readings, struct nst_writer *writer, uint64_t at_ns)
{
	size_t before = written;

	for (int i = 0; i < 1000 && written == before; i++) {
		CHECK_INT(readings_tick(readings, writer, at_ns), 0);
		usleep(1000);
	}
	return written == before + 1;
}

static void each_minute(void)
{
	const struct nst_sink sink = { .write = take };
	const struct nst_header header = { .clock = NST_CLOCK_BOOTTIME };
	const uint64_t start_ns = 1000 * NS_PER_S;
	struct readings *readings;
	struct nst_writer *writer;
	struct watcher *watcher;

	CHECK_INT(watcher_open(NULL, &watcher), 0);
	CHECK_INT(readings_open(watcher, &readings), 0);
	CHECK_INT(nst_writer_open_sink(&sink, &header, 1, &writer), 0);
	CHECK_INT(readings_write(readings, writer), 0);
	CHECK_INT(written, 1);
	CHECK_INT(readings_tick(readings, writer, start_ns), 0);
	for (uint64_t at_s = 0; at_s < 60; at_s++)
		CHECK_INT(readings_tick(readings, writer, start_ns + at_s * NS_PER_S), 0);
	CHECK_INT(written, 1);
	CHECK(is_written(readings, writer, start_ns + 60 * NS_PER_S));
	for (uint64_t at_s = 61; at_s < 120; at_s++)
		CHECK_INT(readings_tick(readings, writer, start_ns + at_s * NS_PER_S), 0);
	CHECK_INT(written, 2);

	/* without room it comes later */
	is_full = true;
	CHECK(!is_written(readings, writer, start_ns + 120 * NS_PER_S));
	is_full = false;
	CHECK(is_written(readings, writer, start_ns + 121 * NS_PER_S));

	/* after an hour's sleep there is one, not sixty */
	CHECK(is_written(readings, writer, start_ns + 3721 * NS_PER_S));
	CHECK_INT(readings_tick(readings, writer, start_ns + 3722 * NS_PER_S), 0);
	usleep(50000);
	CHECK_INT(readings_tick(readings, writer, start_ns + 3723 * NS_PER_S), 0);
	CHECK_INT(written, 4);
	CHECK_INT(readings_write(readings, writer), 0);
	CHECK_INT(written, 5);
	nst_writer_close(writer);
	readings_close(readings);
	watcher_close(watcher);
}

/* What was seen before a part began says nothing of what is counted in it. */
static void a_part_that_nobody_looks_at(void)
{
	const struct nst_sink sink = { .write = take };
	const struct nst_header header = { .clock = NST_CLOCK_BOOTTIME };
	FILE *children;
	struct readings *readings;
	struct nst_writer *writer;
	struct watcher *watcher;
	pid_t pid;

	written = 0;
	CHECK_INT(watcher_open(NULL, &watcher), 0);
	CHECK_INT(readings_open(watcher, &readings), 0);
	CHECK_INT(nst_writer_open_sink(&sink, &header, 1, &writer), 0);
	CHECK_INT(readings_write(readings, writer), 0);
	children = fopen("/proc/thread-self/children", "re");
	while (children && fscanf(children, "%d", &pid) == 1)
		kill(pid, SIGSTOP);
	if (children)
		fclose(children);
	usleep(150000); /* as old as that, it may be of the edge itself */
	CHECK_INT(readings_write(readings, writer), 0);
	CHECK_INT(written, 2);
	CHECK_INT(readings_write(readings, writer), 0);
	CHECK_INT(readings_write(readings, writer), 0);
	CHECK_INT(written, 2);
	nst_writer_close(writer);
	readings_close(readings);
	watcher_close(watcher);
}

int main(void)
{
	RUN(of_the_devices_of_the_start);
	RUN(each_minute);
	RUN(a_part_that_nobody_looks_at);
	return test_result();
}
