// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "record/flight_control.h"

#include "common/units.h"
#include "record/clock.h"
#include "record/flight_dump.h"
#include "record/kernel.h"
#include "record/options.h"
#include "record/recording.h"
#include "record/say.h"
#include "record/status.h"
#include "record/trigger.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Of what was asked for; the rest is for a chunk on its way to a file, and that of the heap. */
#define KEPT_BYTES(all) ((all) / 8 * 7)
#define WINDOW_BYTES_MAX (UINT64_C(256) << 20) /* where a time was asked for */

struct flight_control {
	const struct settings *settings;
	struct flight *flight;
	struct flight_dump *dump;
	struct triggers *triggers; /* NULL: none */
	bool waits_for_mark;	   /* where the file that is wanted ends */
	bool has_told_cut;
	char *name;
};

static int set_name(struct flight_control *control)
{
	const struct settings *settings = control->settings;
	const char *path = flight_dump_path(control->dump);
	char text[UNITS_MAX];

	if (settings->flight_ns)
		format_duration(settings->flight_ns, text);
	else
		snprintf(text, sizeof(text), "%" PRIu64 " MiB", settings->flight_bytes >> 20);
	if (asprintf(&control->name, "memory, the last %s; SIGUSR2 writes it to %s", text, path) <
	    0) {
		control->name = NULL;
		return -ENOMEM;
	}
	return 0;
}

int flight_control_open(const struct settings *settings, const void *signal_mask, uint64_t start_ns,
			struct flight_control **ret_control)
{
	struct flight_control *control = calloc(1, sizeof(*control));
	int err = control ? 0 : -ENOMEM;

	if (!err) {
		control->settings = settings;
		err = flight_open(KEPT_BYTES(settings->flight_bytes ?: WINDOW_BYTES_MAX),
				  settings->flight_ns, start_ns, &control->flight);
	}
	if (!err && settings->n_triggers)
		err = triggers_open(settings->triggers, settings->n_triggers, signal_mask,
				    &control->triggers);
	if (err)
		say("--flight: %s", strerror(-err));
	else
		err = flight_dump_open(settings, control->flight, &control->dump);
	if (!err)
		err = set_name(control);
	if (err) {
		flight_control_close(control);
		return err;
	}
	*ret_control = control;
	return 0;
}

struct flight *flight_control_flight(const struct flight_control *control)
{
	return control->flight;
}

void flight_control_want(struct flight_control *control, const char *why)
{
	flight_dump_want(control->dump, why);
}

static int measure(struct triggers *triggers, struct kernel *kernel)
{
	uint64_t began_ns = clock_ns(CLOCK_THREAD_CPUTIME_ID);
	struct throughput *rows = NULL;
	size_t n_rows = 0;
	int err = kernel_throughput(kernel, &rows, &n_rows);

	if (!err)
		triggers_measure(triggers, rows, n_rows, now_ns(),
				 clock_ns(CLOCK_THREAD_CPUTIME_ID) - began_ns);
	return err;
}

static int pull_triggers(struct flight_control *control, struct kernel *kernel, uint64_t at_ns)
{
	const char *why;
	int err = 0;

	if (!control->triggers)
		return 0;
	if (triggers_want_throughput(control->triggers, at_ns))
		err = measure(control->triggers, kernel);
	triggers_tick(control->triggers, at_ns);
	why = triggers_fired(control->triggers);
	if (why)
		flight_dump_want(control->dump, why);
	return err;
}

/* Once: it may go on being so. */
static void tell_cut(struct flight_control *control)
{
	struct flight_stats stats;

	if (control->has_told_cut || !control->settings->flight_ns)
		return;
	flight_stats(control->flight, &stats);
	if (!stats.was_cut_by_room)
		return;
	control->has_told_cut = true;
	say("--flight: 256 MiB hold less than the time that was asked for; what is older goes");
}

int flight_control_tick(struct flight_control *control, const struct recording *recording,
			struct kernel *kernel, uint64_t at_ns)
{
	int err = pull_triggers(control, kernel, at_ns);

	tell_cut(control);
	if (!err && flight_dump_is_due(control->dump)) {
		if (!control->waits_for_mark)
			flight_want_mark(control->flight, at_ns);
		else if (flight_is_marked(control->flight))
			flight_dump_begin(control->dump, recording);
		control->waits_for_mark = flight_dump_is_due(control->dump);
	}
	flight_dump_tick(control->dump);
	return err;
}

void flight_control_wait(struct flight_control *control, int cancel_fd)
{
	flight_dump_finish(control->dump, cancel_fd);
}

int flight_control_finish(struct flight_control *control, const struct recording *recording,
			  int cancel_fd)
{
	struct flight_dump_stats stats;

	flight_dump_want(control->dump, "the end");
	flight_dump_begin(control->dump, recording);
	flight_dump_finish(control->dump, cancel_fd);
	flight_dump_stats(control->dump, &stats);
	return stats.failed ? -EIO : 0;
}

const char *flight_control_name(const struct flight_control *control)
{
	return control->name;
}

void flight_control_status(const struct flight_control *control, struct status *status)
{
	struct flight_dump_stats dumps;
	struct flight_stats kept;

	flight_stats(control->flight, &kept);
	flight_dump_stats(control->dump, &dumps);
	status->is_flight = true;
	status->kept_events = kept.events;
	status->kept_bytes = kept.bytes;
	status->kept_ns = now_ns() - kept.since_ns;
	status->dumps = dumps.written;
	status->dumps_failed = dumps.failed;
}

void flight_control_close(struct flight_control *control)
{
	if (!control)
		return;
	flight_dump_close(control->dump);
	triggers_close(control->triggers);
	flight_close(control->flight);
	free(control->name);
	free(control);
}
