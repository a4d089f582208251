// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "record/status.h"

#include "common/units.h"
#include "record/say.h"

#include <inttypes.h>
#include <stdio.h>

static uint64_t lost(const struct status *status)
{
	return status->counts.ring_full_events + status->lost_recorder;
}

static void describe(const struct status *status, char *text, size_t room)
{
	char bytes[UNITS_MAX], file_bytes[UNITS_MAX], duration[UNITS_MAX];

	snprintf(text, room, "%s: %" PRIu64 " events, %s, lost %" PRIu64 ", file %s",
		 format_duration(status->duration_ns, duration), status->events,
		 format_bytes(status->bytes, bytes), lost(status),
		 format_bytes(status->file_bytes, file_bytes));
}

void status_live(const struct status *status)
{
	char text[256];

	describe(status, text, sizeof(text));
	say_live(text);
}

void status_line(const struct status *status)
{
	char text[256];

	describe(status, text, sizeof(text));
	say("%s", text);
}

static void say_events(const struct status *status)
{
	char bytes[UNITS_MAX], duration[UNITS_MAX];

	format_duration(status->duration_ns, duration);
	if (status->bytes || !status->events)
		say("%" PRIu64 " events, %s, in %s", status->events,
		    format_bytes(status->bytes, bytes), duration);
	else
		say("%" PRIu64 " events in %s", status->events, duration);
}

static void say_lost(const struct status *status)
{
	const struct counts *counts = &status->counts;
	char bytes[UNITS_MAX];

	say("lost %" PRIu64, lost(status));
	if (counts->ring_full_events)
		say("  ring_full %" PRIu64 ", %s: a larger --buffer-size may help",
		    counts->ring_full_events, format_bytes(counts->ring_full_bytes, bytes));
	if (status->lost_recorder)
		say("  recorder %" PRIu64 ": not written", status->lost_recorder);
}

/* Only what there was of it. */
static void say_oddities(const struct status *status)
{
	const struct counts *counts = &status->counts;
	const struct {
		const char *what;
		uint64_t value;
	} lines[] = {
		{ "filtered", counts->filtered },
		{ "  filtered_unknown, for want of an owner:", counts->filtered_unknown },
		{ "not_ip", counts->not_ip },
		{ "bad_header", counts->bad_header },
		{ "throughput_full, bytes not counted by process:", counts->throughput_full_bytes },
		{ "flow_table_full, events without a flow:", counts->flow_table_full },
		{ "owner_ring_full, records of owners lost:", status->lost_owners },
		{ "process_ring_full, records of processes lost:", counts->process_ring_full },
		{ "snoop_full, children not followed:", counts->snoop_full },
	};

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		if (lines[i].value)
			say("%s %" PRIu64, lines[i].what, lines[i].value);
}

void status_summary(const struct status *status)
{
	char file_bytes[UNITS_MAX];

	say_events(status);
	say_lost(status);
	say_oddities(status);
	format_bytes(status->file_bytes, file_bytes);
	if (status->events)
		say("%s: %s, %.2f bytes an event", status->file, file_bytes,
		    (double)status->file_bytes / (double)status->events);
	else
		say("%s: %s", status->file, file_bytes);
}
