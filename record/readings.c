// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "record/readings.h"

#include "format/trace.h"
#include "record/clock.h"
#include "record/counted.h"
#include "record/look.h"
#include "record/watcher.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

#define INTERVAL_NS (60 * NS_PER_S)

struct readings {
	struct watcher *watcher;
	struct counted counted;
	uint64_t taken; /* the last look that was taken */
	uint64_t asked; /* what a minute asked for; 0: nothing is due */
	uint64_t due_ns;
	bool is_begun; /* a part of the trace */
};

int readings_open(struct watcher *watcher, struct readings **ret_readings)
{
	struct readings *readings = calloc(1, sizeof(*readings));

	if (!readings)
		return -ENOMEM;
	readings->watcher = watcher;
	*ret_readings = readings;
	return 0;
}

static void take(struct readings *readings, const struct look *look)
{
	if (!look || look->id == readings->taken)
		return;
	counted_update(&readings->counted, &look->namespaces);
	readings->taken = look->id;
}

/* All that are there, and those that have gone since they were last written. */
static int write_rows(struct readings *readings, struct nst_writer *writer)
{
	struct nst_interface_counter *rows = calloc(readings->counted.n + 1, sizeof(*rows));
	struct nst_rows table = { NST_TABLE_INTERFACE_COUNTER, rows, 0 };
	int err;

	if (!rows)
		return -ENOMEM;
	table.n_rows = counted_rows(&readings->counted, rows);
	err = table.n_rows ? nst_writer_rows(writer, NST_CHUNK_INTERFACE_COUNTERS, &table, 1) : 0;
	if (!err)
		counted_written(&readings->counted);
	free(rows);
	return err;
}

int readings_write(struct readings *readings, struct nst_writer *writer)
{
	const struct look *look = watcher_edge(readings->watcher);
	int err = 0;

	if (readings->is_begun) {
		take(readings, look);
	} else if (look) {
		err = counted_begin(&readings->counted, &look->namespaces);
		readings->taken = look->id;
	} else { /* what was seen before is not of this part */
		counted_free(&readings->counted);
	}
	if (!err)
		err = write_rows(readings, writer);
	if (!err)
		readings->is_begun = !readings->is_begun;
	readings->asked = readings->due_ns = 0;
	return err;
}

int readings_tick(struct readings *readings, struct nst_writer *writer, uint64_t at_ns)
{
	int err;

	take(readings, watcher_newest(readings->watcher));
	if (!readings->due_ns)
		readings->due_ns = at_ns + INTERVAL_NS;
	if (!readings->asked && at_ns >= readings->due_ns)
		readings->asked = watcher_ask(readings->watcher);
	if (!readings->asked || readings->taken < readings->asked)
		return 0;
	err = write_rows(readings, writer);
	if (err)
		return err == -EAGAIN ? 0 : err;
	readings->asked = 0;
	readings->due_ns += INTERVAL_NS;
	if (readings->due_ns <= at_ns) /* the machine slept */
		readings->due_ns = at_ns + INTERVAL_NS;
	return 0;
}

void readings_close(struct readings *readings)
{
	if (!readings)
		return;
	counted_free(&readings->counted);
	free(readings);
}
