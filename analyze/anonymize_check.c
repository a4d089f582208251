/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The proof's first half. It shares with what made the output the table of fields, whose
 * completeness a test sees to, and the list of what stands for what, which is judged by rules
 * of its own (anonymize_pairs.c); not the code that put it in place. A value that a rule maps
 * has to be one that stands for something; those that stay, and times before they were
 * shifted, have to add up to what was read, and there is to be no row more or less.
 */
#include "analyze/anonymize_pairs.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DAY_NS UINT64_C(86400000000000)

struct check {
	struct anonymized *of;
	struct nst_reader *reader;
	uint64_t sums[FIELDS_MAX];
	uint64_t values[FIELDS_MAX];
	uint64_t rows[NST_TABLE_LAST + 1];
	uint64_t traces, chunks;
	uint64_t latest_ns; /* of what rows tell of processes and devices, in the trace at hand */
	struct intern users, told; /* processes: that have to do with a flow; that are told of */
};

static int fault(struct check *check, const struct field *field, const char *what)
{
	snprintf(check->of->fault, sizeof(check->of->fault), "%s.%s: %s",
		 field_table_name(field->table), field->name, what);
	return -EBADMSG;
}

/* ---- Times ------------------------------------------------------------- */

static uint64_t before_shift(uint64_t time_ns, uint64_t shift_ns)
{
	return time_ns ? time_ns - shift_ns : 0;
}

static int check_shifts(struct check *check)
{
	const struct anonymizer *anonymizer = &check->of->anonymizer;
	bool shifts = anonymizer->options.shift_time;

	if (shifts ? anonymizer->clock_shift_ns >= DAY_NS && anonymizer->realtime_shift_ns >= DAY_NS
		   : !anonymizer->clock_shift_ns && !anonymizer->realtime_shift_ns)
		return 0;
	snprintf(check->of->fault, sizeof(check->of->fault), "times: %s",
		 shifts ? "not shifted" : "shifted, and should stay");
	return -EBADMSG;
}

/* Some header had these, before. */
static int check_clocks(struct check *check, const char *of, uint64_t clock_ns,
			uint64_t realtime_ns)
{
	const struct anonymizer *anonymizer = &check->of->anonymizer;
	const struct clock_reading before = {
		before_shift(clock_ns, anonymizer->clock_shift_ns),
		before_shift(realtime_ns, anonymizer->realtime_shift_ns),
	};
	uint32_t index;

	if (intern_find(&anonymizer->clocks, &before, sizeof(before), &index))
		return 0;
	snprintf(check->of->fault, sizeof(check->of->fault),
		 "%s: times that are not what they should be", of);
	return -EBADMSG;
}

/* ---- Fields ------------------------------------------------------------ */

static int check_mapped(struct check *check, const struct field *field, const void *row,
			enum image_kind kind)
{
	uint64_t number = field_number(field, row);
	struct nst_bytes value = { &number, sizeof(number) };

	if (field->type == FIELD_BYTES)
		value = field_bytes(field, row);
	if (field->rule == RULE_ADDRESS && !value.len_bytes)
		return 0;
	if (image_is(&check->of->anonymizer.images, kind, value))
		return 0;
	return fault(check, field, "a value that stands for nothing");
}

/* The key of a user is made of a number, its value is a name; both are known as such. */
static int check_setting(struct check *check, const struct field *field, const void *row)
{
	const struct nst_setting *setting = row;
	struct image_map *images = &check->of->anonymizer.images;
	bool is_user = setting->key.len_bytes > 5 && !memcmp(setting->key.data, "user.", 5);

	if (!image_is(images, IMAGE_SETTING_KEY, setting->key))
		return fault(check, field, "an unknown key");
	if (!image_is(images, is_user ? IMAGE_USER : IMAGE_SETTING, setting->value))
		return fault(check, field, "a value that stands for nothing");
	return 0;
}

static int check_field(struct check *check, const struct field *field, const void *row,
		       uint64_t weight)
{
	enum image_kind kind;
	uint64_t number;

	if (field->type == FIELD_NONE || field->rule == RULE_STRUCTURE)
		return 0;
	if (field->rule == RULE_DROP)
		return fault(check, field, "there, and should have been dropped");
	if (field_is_null(field, row)) {
		if (field->type == FIELD_BYTES ? field_bytes(field, row).len_bytes
					       : field_number(field, row))
			return fault(check, field, "null, and has a value");
		return 0;
	}
	check->values[field - fields] += weight;
	if (field->rule == RULE_SETTING_KEY || field->rule == RULE_SETTING)
		return check_setting(check, field, row);
	if (field_rule_kind(field->rule, &kind))
		return check_mapped(check, field, row, kind);
	number = field_number(field, row);
	if (field->rule == RULE_TIME)
		number = before_shift(number, check->of->anonymizer.clock_shift_ns);
	check->sums[field - fields] += number * weight;
	return 0;
}

static void note_time(struct check *check, unsigned int table, const void *row)
{
	uint64_t time_ns = 0;

	if (table == NST_TABLE_PROCESS_EVENT)
		time_ns = ((const struct nst_process_event *)row)->time_ns;
	else if (table == NST_TABLE_INTERFACE)
		time_ns = ((const struct nst_interface *)row)->time_ns;
	if (time_ns > check->latest_ns)
		check->latest_ns = time_ns;
}

/* Did it end there before, or is that what --to asks for? */
static bool is_shortened(const struct check *check, uint64_t end_ns)
{
	const struct selection *selection = check->of->selection;
	uint64_t to_ns = before_shift(end_ns, check->of->anonymizer.clock_shift_ns);

	for (size_t i = 0; selection && i < selection->n_traces; i++)
		if (selection->traces[i].to_ns == to_ns)
			return true;
	return false;
}

/* With --to nothing is told of what came behind. */
static int check_end(struct check *check, const struct nst_chunk *chunk)
{
	uint64_t latest_ns = check->latest_ns;

	check->latest_ns = 0;
	if (latest_ns <= chunk->last_ns || !is_shortened(check, chunk->last_ns))
		return check_clocks(check, "chunk header of the end", chunk->last_ns, 0);
	snprintf(check->of->fault, sizeof(check->of->fault), "a row of a time behind the end");
	return -EBADMSG;
}

/* Of a part by flow the process table tells of those alone that some flow is of. */
static int note_process(struct check *check, unsigned int table, const void *row)
{
	uint32_t pid, i;
	bool is_new, is_told = table == NST_TABLE_PROCESS_EVENT;

	if (!check->of->selection)
		return 0;
	if (is_told)
		pid = ((const struct nst_process_event *)row)->pid;
	else if (table == NST_TABLE_PROCESS)
		pid = ((const struct nst_process *)row)->pid;
	else if (table == NST_TABLE_OWNER)
		pid = ((const struct nst_owner *)row)->pid;
	else if (table == NST_TABLE_TOTAL)
		pid = ((const struct nst_total *)row)->pid;
	else
		return 0;
	return intern_get(is_told ? &check->told : &check->users, &pid, sizeof(pid), &i, &is_new);
}

static int check_processes(struct check *check)
{
	for (uint32_t i = 0; i < check->told.n; i++) {
		uint32_t found;

		if (intern_find(&check->users, intern_key(&check->told, i), sizeof(uint32_t),
				&found))
			continue;
		snprintf(check->of->fault, sizeof(check->of->fault),
			 "PROCESS_EVENT: a process that no flow of it is of");
		return -EBADMSG;
	}
	return 0;
}

static int check_row(struct check *check, unsigned int table, const void *row, uint64_t weight)
{
	size_t n;
	const struct field *first = fields_of(table, &n);
	int err = n ? note_process(check, table, row) : -EBADMSG;

	note_time(check, table, row);
	for (size_t i = 0; i < n && !err; i++)
		err = check_field(check, &first[i], row, weight);
	return err;
}

/* ---- Chunks ------------------------------------------------------------ */

static int check_rows(struct check *check, unsigned int table, const void *rows, size_t n,
		      size_t row_bytes, const uint32_t *weights)
{
	int err = 0;

	for (size_t i = 0; i < n && !err; i++)
		err = check_row(check, table, (const char *)rows + i * row_bytes,
				weights ? weights[i] : 1);
	return err;
}

/* All of them; each counts as often as there are events of it. */
static int check_dictionaries(struct check *check, const struct nst_dictionaries *rows,
			      const struct nst_events *events)
{
	size_t n = rows->n_lanes + rows->n_flows + rows->n_processes;
	uint32_t *of_lane = calloc(n ?: 1, sizeof(*of_lane));
	uint32_t *of_flow, *of_process;
	int err;

	if (!of_lane)
		return -ENOMEM;
	of_flow = of_lane + rows->n_lanes;
	of_process = of_flow + rows->n_flows;
	for (size_t i = 0; i < events->n_events; i++)
		of_lane[events->lane[i]]++;
	for (size_t i = 0; i < rows->n_lanes; i++) {
		of_flow[rows->lanes[i].flow] += of_lane[i];
		if (rows->lanes[i].has & NST_HAS_OWNER)
			of_process[rows->lanes[i].process] += of_lane[i];
	}
	err = check_rows(check, NST_TABLE_LANE, rows->lanes, rows->n_lanes, sizeof(*rows->lanes),
			 of_lane)
		      ?: check_rows(check, NST_TABLE_FLOW, rows->flows, rows->n_flows,
				    sizeof(*rows->flows), of_flow)
		      ?: check_rows(check, NST_TABLE_PROCESS, rows->processes, rows->n_processes,
				    sizeof(*rows->processes), of_process);
	free(of_lane);
	return err;
}

static int check_events(struct check *check, const struct nst_chunk *chunk)
{
	const struct nst_dictionaries *dictionaries;
	const struct nst_events *events;
	uint64_t first_ns = UINT64_MAX, last_ns = 0;
	int err = nst_reader_dictionaries(check->reader, &dictionaries)
			  ?: nst_reader_events(check->reader, &events);

	if (!err)
		err = check_dictionaries(check, dictionaries, events);
	for (size_t i = 0; !err && i < events->n_events; i++) {
		const struct net_event event = {
			.timestamp = events->timestamp[i],
			.has = events->has[i],
			.bytes = events->bytes[i],
			.tid = events->tid[i],
			.segments = events->segments[i],
			.header_bytes = events->header_bytes[i],
			.tcp_flags = events->tcp_flags[i],
			.flags = events->flags[i],
		};

		err = check_row(check, NST_TABLE_EVENT, &event, 1);
		first_ns = event.timestamp < first_ns ? event.timestamp : first_ns;
		last_ns = event.timestamp > last_ns ? event.timestamp : last_ns;
	}
	if (err)
		return err;
	check->rows[NST_TABLE_EVENT] += events->n_events;
	if (chunk->first_ns == first_ns && chunk->last_ns == last_ns)
		return 0;
	snprintf(check->of->fault, sizeof(check->of->fault),
		 "chunk header: other times than its events have");
	return -EBADMSG;
}

static int check_tables(struct check *check)
{
	int err = 0;

	for (int table = NST_TABLE_SETTING; table <= NST_TABLE_LAST && !err; table++) {
		size_t size = table_row_bytes((enum nst_table)table), n = 0;
		const void *rows = NULL;

		err = nst_reader_rows(check->reader, (enum nst_table)table, &rows, &n);
		if (!err)
			err = check_rows(check, (unsigned int)table, rows, n, size, NULL);
		check->rows[table] += n;
	}
	return err;
}

static int check_header(struct check *check, const struct nst_header *header)
{
	struct image_map *images = &check->of->anonymizer.images;
	size_t n;
	const struct field *first = fields_of(FIELDS_FILE_HEADER, &n);
	const struct nst_bytes writer = { header->writer, (uint32_t)strlen(header->writer) };

	if (!image_is(images, IMAGE_UUID, (struct nst_bytes){ header->uuid, 16 }))
		return fault(check, &first[0], "a value that stands for nothing");
	if (!image_is(images, IMAGE_UUID, (struct nst_bytes){ header->boot_id, 16 }))
		return fault(check, &first[1], "a value that stands for nothing");
	if (!image_is(images, IMAGE_WRITER, writer))
		return fault(check, &first[9], "a value that stands for nothing");
	check->traces++;
	return check_clocks(check, "file header", header->start_ns, header->start_realtime_ns);
}

/* Of what was met so far; that of a trace may be all there is of it. */
static int check_headers(struct check *check)
{
	size_t n;
	const struct nst_trace *traces = nst_reader_traces(check->reader, &n);
	int err = 0;

	while (check->traces < n && !err)
		err = check_header(check, &traces[check->traces].header);
	return err;
}

static int check_chunk(struct check *check, const struct nst_chunk *chunk)
{
	int err = check_headers(check);

	check->chunks++;
	if (!err)
		err = check_clocks(check, "chunk header", chunk->sample_clock_ns,
				   chunk->sample_realtime_ns);
	if (!err && chunk->type == NST_CHUNK_END)
		return check_end(check, chunk);
	if (err)
		return err;
	return chunk->type == NST_CHUNK_EVENTS ? check_events(check, chunk) : check_tables(check);
}

/* ---- All of it --------------------------------------------------------- */

static int compare_counts(struct check *check)
{
	const struct anonymized *of = check->of;

	for (size_t i = 0; i < n_fields; i++) {
		const struct field *field = &fields[i];
		enum image_kind kind;

		if (field->type == FIELD_ARRAY || field->rule == RULE_STRUCTURE ||
		    field->rule == RULE_DROP ||
		    (field->table == NST_TABLE_TUPLE && of->has_repeats))
			continue;
		if (check->values[i] != of->counts[i].values)
			return fault(check, field, "more or fewer values than were written");
		if (!field_rule_kind(field->rule, &kind) && check->sums[i] != of->counts[i].sum)
			return fault(check, field, "other values than were written");
	}
	for (size_t i = 0; i <= NST_TABLE_LAST; i++)
		if (check->rows[i] != of->rows[i] && (i != NST_TABLE_TUPLE || !of->has_repeats)) {
			snprintf(check->of->fault, sizeof(check->of->fault),
				 "%s: %" PRIu64 " rows, %" PRIu64 " were written",
				 field_table_name((unsigned int)i), check->rows[i], of->rows[i]);
			return -EBADMSG;
		}
	return 0;
}

/* That a trace without an end has none is all that may be said against it. */
static int check_problems(struct check *check)
{
	size_t n;
	uint64_t n_total;
	const struct nst_problem *problems = nst_reader_problems(check->reader, &n, &n_total);

	for (size_t i = 0; i < n; i++) {
		if (problems[i].code == NST_PROBLEM_NO_END && check->of->is_cut)
			continue;
		snprintf(check->of->fault, sizeof(check->of->fault), "%s", problems[i].text);
		return -EBADMSG;
	}
	if (check->traces == check->of->traces)
		return 0;
	snprintf(check->of->fault, sizeof(check->of->fault), "traces are missing");
	return -EBADMSG;
}

int anonymize_check(struct anonymized *anonymized, int fd)
{
	struct check check = { .of = anonymized };
	const struct nst_chunk *chunk;
	int more, err = check_shifts(&check) ?: pairs_check(anonymized);

	if (!err)
		err = lseek(fd, 0, SEEK_SET) < 0 ? -errno : nst_reader_open(fd, &check.reader);
	if (err)
		return err;
	while (!err && (more = nst_reader_next(check.reader, &chunk)) > 0)
		err = check_chunk(&check, chunk);
	if (!err && more < 0)
		err = more;
	if (!err)
		err = check_headers(&check) ?: check_problems(&check) ?: check_processes(&check);
	if (!err)
		err = compare_counts(&check);
	nst_reader_close(check.reader);
	intern_free(&check.users);
	intern_free(&check.told);
	anonymized->chunks = check.chunks;
	return err;
}
