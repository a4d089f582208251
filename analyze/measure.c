/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Sums of the roll-up by the rows that a lane counts in; the same as the view measure has. */
#include "analyze/measure.h"

#include "analyze/say.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define SECOND_NS INT64_C(1000000000)

struct period { /* a row of the table */
	int64_t id, start_realtime_ns, duration_ns;
	bool has_start;
};

struct periods {
	struct intern ids;
	struct period *list;
	size_t n_allocated;
};

void measures_free(struct measures *measures)
{
	if (!measures)
		return;
	free(measures->rows);
	free(measures);
}

/* ---- summing ---- */

/* As sum() of SQL: what does not fit is no number. */
static void add(struct measure *row, enum measure_column column, uint64_t value)
{
	if (value > INT64_MAX ||
	    __builtin_add_overflow(row->values[column], (int64_t)value, &row->values[column]))
		row->is_over = true;
}

/* What is known of a direction adds up; it is null where all that there is is unknown. */
static void add_known(struct measure *row, enum measure_column column, bool has, uint64_t value)
{
	row->seen |= 1u << column;
	if (!has)
		return;
	row->known |= 1u << column;
	add(row, column, value);
}

/* -EOVERFLOW: a sum is over 64 bits, as no traffic's is. */
static int add_lane(struct measure *row, const struct lane_key *lane, const struct sums *sums,
		    int64_t first, int64_t last)
{
	static const enum measure_column source_columns[NST_OWNER_SOURCES] = {
		[NST_OWNER_UNKNOWN] = MEASURE_UNKNOWN, [NST_OWNER_SOCKET] = MEASURE_SOCKET,
		[NST_OWNER_FLOW] = MEASURE_FLOW,       [NST_OWNER_LISTENER] = MEASURE_LISTENER,
		[NST_OWNER_SHARED] = MEASURE_SHARED,   [NST_OWNER_SEEDED] = MEASURE_SEEDED,
		[NST_OWNER_KERNEL] = MEASURE_KERNEL,   [NST_OWNER_FORWARDED] = MEASURE_FORWARDED,
		[NST_OWNER_CURRENT] = MEASURE_CURRENT,
	};
	int to = lane->is_send ? 0 : 1; /* behind the column of what is sent */
	bool has_wire = sums->wire_packets && lane->has & NST_HAS_LINK_HEADER;
	uint64_t wire_bytes = sums->wire_bytes + sums->wire_packets * lane->link_header_bytes;

	add(row, MEASURE_SEND_BYTES + to, sums->bytes);
	add(row, MEASURE_SEND_PACKETS + to, sums->packets);
	add_known(row, MEASURE_SEND_PAYLOAD + to, sums->payload_events != 0, sums->payload_bytes);
	add_known(row, MEASURE_SEND_WIRE + to, has_wire, wire_bytes);
	if (!row->is_used || first < row->values[MEASURE_FIRST])
		row->values[MEASURE_FIRST] = first;
	if (!row->is_used || last > row->values[MEASURE_LAST])
		row->values[MEASURE_LAST] = last;
	add(row, source_columns[lane->owner_source], sums->bytes);
	row->is_used = true;
	return row->is_over ? -EOVERFLOW : 0;
}

static int add_usage(const struct collector *collector, struct measures *measures)
{
	const struct rollup *rollup = &collector->rollup;
	const struct dimensions *dims = &collector->dims;

	for (uint32_t i = 0; i < rollup->usage_keys.n; i++) {
		const struct rollup_key *usage = rollup_usage_key(rollup, i);
		const struct lane_key *lane = dims_lane(dims, usage->id);
		const struct lane_members *of = &dims->lane_members[usage->id];
		const struct timeline *timeline = &dims->traces[lane->trace].timeline;
		int64_t first = timeline_realtime(timeline, rollup->usage[i].first_ns);
		int64_t last = timeline_realtime(timeline, rollup->usage[i].last_ns);

		for (size_t j = of->first; j < of->first + of->n; j++) {
			const struct member *member = &dims->members[j];
			const struct rollup_key key = { .period = usage->period,
							.id = member->id,
							.grouping = member->grouping };
			uint32_t number;
			int err;

			/* whatever has usage has a peak */
			if (!intern_find(&rollup->peak_keys, &key, sizeof(key), &number))
				return -EUCLEAN;
			err = add_lane(&measures->rows[number], lane, &rollup->usage[i], first,
				       last);
			if (err)
				return err;
		}
	}
	return 0;
}

/* ---- rates ---- */

static int read_periods(sqlite3 *db, struct periods *periods)
{
	sqlite3_stmt *row = NULL;
	int err = db_prepare(db, "SELECT period_id, start_realtime_ns, duration_ns FROM period",
			     &row);

	while (!err && sqlite3_step(row) == SQLITE_ROW) {
		struct period period = { .id = sqlite3_column_int64(row, 0),
					 .start_realtime_ns = sqlite3_column_int64(row, 1),
					 .duration_ns = sqlite3_column_int64(row, 2),
					 .has_start = sqlite3_column_type(row, 1) != SQLITE_NULL };
		uint32_t number;
		bool is_new;

		err = intern_get(&periods->ids, &period.id, sizeof(period.id), &number, &is_new);
		if (!err)
			err = array_reserve(&periods->list, &periods->n_allocated,
					    (size_t)number + 1, sizeof(*periods->list));
		if (!err)
			periods->list[number] = period;
	}
	if (sqlite3_finalize(row) != SQLITE_OK && !err)
		err = db_error(db, "reading periods");
	return err;
}

/* CAST(round(bytes * 8e9 / duration_ns) AS INTEGER), to the last bit. */
static int64_t rate(int64_t bytes, int64_t duration_ns)
{
	double bps = (double)bytes * 8e9 / (double)duration_ns;

	if (bps < 4503599627370496.0)
		return (int64_t)(bps + 0.5);
	return bps < 9223372036854775807.0 ? (int64_t)bps : INT64_MAX;
}

static int64_t bits_of(uint64_t bytes)
{
	return bytes > INT64_MAX / 8 ? INT64_MAX : (int64_t)bytes * 8;
}

static void set_rates(struct measure *row, const struct period *period, const struct peak *peak)
{
	for (int to = 0; to < 2; to++) {
		enum measure_column bps = MEASURE_SEND_BPS + to, highest = MEASURE_SEND_PEAK + to;

		row->seen |= 1u << bps;
		if (period->duration_ns) {
			row->known |= 1u << bps;
			row->values[bps] =
				rate(row->values[MEASURE_SEND_BYTES + to], period->duration_ns);
		}
		if (period->duration_ns < SECOND_NS) {
			row->seen |= 1u << highest;
			row->known |= (row->known >> bps & 1) << highest;
			row->values[highest] = row->values[bps];
		} else {
			row->values[highest] = bits_of(peak->highest[!to]);
		}
	}
	row->values[MEASURE_TIME] = period->start_realtime_ns;
	row->seen |= 1u << MEASURE_TIME;
	row->known |= (unsigned int)period->has_start << MEASURE_TIME;
}

/* ---- rows ---- */

/* As GROUP BY leaves them. */
static int compare(const void *a, const void *b)
{
	const struct measure *x = a, *y = b;

	if (x->grouping != y->grouping)
		return strcmp(grouping_specs[x->grouping].keyword,
			      grouping_specs[y->grouping].keyword);
	if (x->values[MEASURE_KEY] != y->values[MEASURE_KEY])
		return x->values[MEASURE_KEY] < y->values[MEASURE_KEY] ? -1 : 1;
	return (x->values[MEASURE_PERIOD] > y->values[MEASURE_PERIOD]) -
	       (x->values[MEASURE_PERIOD] < y->values[MEASURE_PERIOD]);
}

/* Rows without a period are none: they were joined with it. */
static int finish_rows(const struct collector *collector, struct measures *measures,
		       const struct periods *periods)
{
	const struct rollup *rollup = &collector->rollup;

	for (uint32_t i = 0; i < rollup->peak_keys.n; i++) {
		const struct rollup_key *key = rollup_peak_key(rollup, i);
		struct measure row = measures->rows[i];
		uint32_t period;

		if (!row.is_used ||
		    !intern_find(&periods->ids, &key->period, sizeof(key->period), &period))
			continue;
		row.grouping = key->grouping;
		row.values[MEASURE_KEY] = grouping_id(key->grouping, key->id);
		row.values[MEASURE_PERIOD] = key->period;
		set_rates(&row, &periods->list[period], &rollup->peaks[i]);
		measures->rows[measures->n++] = row;
	}
	qsort(measures->rows, measures->n, sizeof(*measures->rows), compare);
	return 0;
}

int measures_make(const struct collector *collector, struct measures **ret_measures)
{
	struct measures *measures = calloc(1, sizeof(*measures));
	struct periods periods = { 0 };
	int err = measures ? 0 : -ENOMEM;

	if (!err) {
		measures->rows =
			calloc((size_t)collector->rollup.peak_keys.n + 1, sizeof(*measures->rows));
		err = measures->rows ? add_usage(collector, measures) : -ENOMEM;
	}
	if (!err)
		err = read_periods(collector->db, &periods);
	if (!err)
		err = finish_rows(collector, measures, &periods);
	if (err == -ENOMEM)
		say("out of memory");
	if (err == -EOVERFLOW)
		say("sums over 64 bits: what the trace says cannot be so");
	intern_free(&periods.ids);
	free(periods.list);
	if (err)
		measures_free(measures);
	else
		*ret_measures = measures;
	return err;
}
