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

/* Or what is kept instead of them. */
static void describe_files(const struct status *status, char *text, size_t room)
{
	char bytes[UNITS_MAX], duration[UNITS_MAX];

	if (status->is_flight)
		snprintf(text, room, "keeping %" PRIu64 " events, %s, the last %s",
			 status->kept_events, format_bytes(status->kept_bytes, bytes),
			 format_duration(status->kept_ns, duration));
	else if (status->files)
		snprintf(text, room, "%" PRIu64 " file%s %s", status->files,
			 status->files > 1 ? "s" : "", format_bytes(status->file_bytes, bytes));
	else
		snprintf(text, room, "file %s", format_bytes(status->file_bytes, bytes));
}

static void describe(const struct status *status, char *text, size_t room)
{
	char bytes[UNITS_MAX], duration[UNITS_MAX], where[128], summed[64] = "";

	describe_files(status, where, sizeof(where));
	if (status->counts.summed_events)
		snprintf(summed, sizeof(summed), ", summed %" PRIu64 ", detail %s",
			 status->counts.summed_events, status->detail);
	snprintf(text, room, "%s: %" PRIu64 " events, %s, lost %" PRIu64 "%s, %s",
		 format_duration(status->duration_ns, duration), status->events,
		 format_bytes(status->bytes, bytes), lost(status), summed, where);
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

static void say_summed(const struct status *status)
{
	const struct counts *counts = &status->counts;
	char bytes[UNITS_MAX];

	if (counts->summed_events)
		say("summed %" PRIu64 ", %s: by flow, without events", counts->summed_events,
		    format_bytes(counts->summed_bytes, bytes));
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
		{ "flow_table_full, events without a flow, themselves or in the totals:",
		  counts->flow_table_full },
		{ "totals_merged, events without flow or owner in the totals:",
		  status->totals_merged },
		{ "owner_ring_full, records of owners lost:", status->lost_owners },
		{ "process_ring_full, records of processes lost:", counts->process_ring_full },
		{ "snoop_full, children not followed:", counts->snoop_full },
		{ "level_lowered, compressed less to keep up, times:", status->level_lowered },
	};

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		if (lines[i].value)
			say("%s %" PRIu64, lines[i].what, lines[i].value);
}

/* file_bytes are of all files that there were. */
static void say_files(const struct status *status)
{
	char bytes[UNITS_MAX], an_event[48] = "";

	format_bytes(status->file_bytes, bytes);
	if (status->events)
		snprintf(an_event, sizeof(an_event), ", %.2f bytes an event",
			 (double)status->file_bytes / (double)status->events);
	if (status->files < 2)
		say("%s: %s%s", status->file, bytes, an_event);
	else
		say("%s to %s: %" PRIu64 " files, %s%s", status->first_file, status->file,
		    status->files, bytes, an_event);
	if (status->files_deleted)
		say("  %" PRIu64 " of them deleted, the oldest, to keep within the limits",
		    status->files_deleted);
}

/* Each has been told of when it was written. */
static void say_dumps(const struct status *status)
{
	say("%u file%s written", status->dumps, status->dumps == 1 ? "" : "s");
	if (status->dumps_failed)
		say("  %u more could not be, or not whole", status->dumps_failed);
}

void status_summary(const struct status *status)
{
	say_events(status);
	say_lost(status);
	say_summed(status);
	say_oddities(status);
	if (status->is_flight)
		say_dumps(status);
	else
		say_files(status);
}
