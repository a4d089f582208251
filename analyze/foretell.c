/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "analyze/foretell.h"

#include "analyze/say.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SKIPPED UINT32_MAX /* a trace of an earlier input */
#define RECORDING_LEN 36   /* the setting's value: a UUID */

struct recording_key {
	char recording[RECORDING_LEN];
	uint8_t boot_id[16];
};

struct reading { /* of one input */
	struct foretelling *foretelling;
	struct nst_reader *reader;
	uint32_t n_before; /* traces of earlier inputs */
	uint32_t *numbers; /* of the reader's traces */
	size_t n_numbers, n_allocated;
};

static int add_trace(struct reading *reading, const uint8_t uuid[16])
{
	struct foretelling *foretelling = reading->foretelling;
	struct foretold *trace;
	uint32_t number;
	bool is_new;
	int err = array_reserve(&reading->numbers, &reading->n_allocated, reading->n_numbers + 1,
				sizeof(*reading->numbers));

	/* room first, so that every number has its element */
	if (!err)
		err = array_reserve(&foretelling->traces, &foretelling->n_allocated,
				    (size_t)foretelling->uuids.n + 1, sizeof(*foretelling->traces));
	if (!err)
		err = intern_get(&foretelling->uuids, uuid, 16, &number, &is_new);
	if (err)
		return err;
	trace = &foretelling->traces[number];
	if (is_new)
		err = owners_new(&trace->owners);
	if (is_new && !err)
		err = stack_new(&trace->stack);
	reading->numbers[reading->n_numbers++] = number < reading->n_before ? SKIPPED : number;
	return err;
}

static int add_new_traces(struct reading *reading)
{
	size_t n;
	const struct nst_trace *traces = nst_reader_traces(reading->reader, &n);
	int err = 0;

	while (reading->n_numbers < n && !err)
		err = add_trace(reading, traces[reading->n_numbers].header.uuid);
	return err;
}

/* Which recording the trace is a part of, if its settings say so. */
static int take_settings(struct reading *reading, const uint8_t boot_id[16],
			 struct foretold *foretold, const struct nst_setting *rows, size_t n)
{
	static const char name[] = "recording";
	struct recording_key key;
	uint32_t number;
	bool is_new;
	int err = 0;

	for (size_t i = 0; i < n && !err; i++) {
		if (rows[i].key.len_bytes != strlen(name) ||
		    memcmp(rows[i].key.data, name, strlen(name)) ||
		    rows[i].value.len_bytes != RECORDING_LEN)
			continue;
		memcpy(key.recording, rows[i].value.data, RECORDING_LEN);
		memcpy(key.boot_id, boot_id, sizeof(key.boot_id));
		err = intern_get(&reading->foretelling->recordings, &key, sizeof(key), &number,
				 &is_new);
		if (!err)
			foretold->recording = number + 1;
	}
	return err;
}

static int add_chunk(struct reading *reading, size_t trace)
{
	const struct nst_trace *traces;
	struct foretold *foretold;
	const void *rows;
	size_t n;
	int err;

	if (reading->numbers[trace] == SKIPPED)
		return 0;
	foretold = &reading->foretelling->traces[reading->numbers[trace]];
	traces = nst_reader_traces(reading->reader, &n);
	err = nst_reader_rows(reading->reader, NST_TABLE_SETTING, &rows, &n);
	if (!err)
		err = take_settings(reading, traces[trace].header.boot_id, foretold, rows, n);
	if (!err)
		err = nst_reader_rows(reading->reader, NST_TABLE_OWNER, &rows, &n);
	if (!err)
		err = owners_add(foretold->owners, rows, n);
	if (!err)
		err = nst_reader_rows(reading->reader, NST_TABLE_INTERFACE, &rows, &n);
	if (!err)
		err = stack_add(foretold->stack, rows, n);
	/* damaged, or without rows of any kind */
	return err == -EBADMSG || err == -EINVAL ? 0 : err;
}

static int read_chunks(struct reading *reading, foretell_chunk *also, void *context)
{
	const struct nst_chunk *chunk;
	int err;

	while ((err = nst_reader_next(reading->reader, &chunk)) > 0) {
		err = add_new_traces(reading);
		if (!err && chunk->type != NST_CHUNK_EVENTS)
			err = tally_chunk(&reading->foretelling->tally, reading->reader, chunk);
		if (!err && chunk->type != NST_CHUNK_EVENTS)
			err = add_chunk(reading, chunk->trace);
		if (!err && also)
			err = also(context, reading->reader, chunk);
		if (err)
			return err;
	}
	/* whatever ended it ends the reading of the events too, and is said there */
	if (err == -ENOMEM)
		return err;
	return also ? also(context, reading->reader, NULL) : 0;
}

/* The rows of all parts of a recording become those of the first that was read. */
static int unite_parts(struct foretelling *foretelling, uint32_t first)
{
	uint32_t *lenders = calloc((size_t)foretelling->recordings.n + 1, sizeof(*lenders));
	int err = lenders ? 0 : -ENOMEM;

	for (uint32_t i = first; i < foretelling->uuids.n && !err; i++) {
		struct foretold *trace = &foretelling->traces[i];
		uint32_t *lender = &lenders[trace->recording];

		if (!trace->recording)
			continue;
		if (!*lender) {
			*lender = i + 1;
			continue;
		}
		err = owners_merge(foretelling->traces[*lender - 1].owners, trace->owners);
		owners_free(trace->owners);
		trace->owners = NULL;
		trace->lender = *lender;
	}
	free(lenders);
	return err;
}

static int close_traces(struct foretelling *foretelling, uint32_t first)
{
	int err = unite_parts(foretelling, first);

	for (uint32_t i = first; i < foretelling->uuids.n && !err; i++) {
		struct foretold *trace = &foretelling->traces[i];

		err = stack_close(trace->stack);
		if (err)
			break;
		if (trace->lender) { /* which stands in front of it */
			trace->owners = foretelling->traces[trace->lender - 1].owners;
			trace->is_rebound = foretelling->traces[trace->lender - 1].is_rebound;
			continue;
		}
		err = owners_close(trace->owners);
		if (err)
			break;
		trace->is_rebound = calloc(owners_flow_count(trace->owners) + 1, sizeof(bool));
		err = trace->is_rebound ? 0 : -ENOMEM;
	}
	return err;
}

static bool is_wanted(void *unused, const struct nst_chunk *chunk)
{
	(void)unused;
	(void)chunk;
	return false;
}

/* One of the inputs, with nothing closed. */
static int foretell_one(struct foretelling *foretelling, const struct input *input,
			foretell_chunk *also, void *context)
{
	struct reading reading = { .foretelling = foretelling, .n_before = foretelling->uuids.n };
	off_t start = lseek(input->fd, 0, SEEK_CUR);
	int err = nst_reader_open(input->fd, &reading.reader);

	tally_begin(&foretelling->tally, input);
	if (!err) {
		/* events are hopped over */
		nst_reader_set_choice(reading.reader, is_wanted, NULL);
		nst_reader_set_peeks(reading.reader, foretelling->peeks);
		err = read_chunks(&reading, also, context);
	}
	if (!err && (start < 0 || lseek(input->fd, start, SEEK_SET) < 0)) {
		err = -errno;
		say("%s: %s", input->name, strerror(errno));
	}
	nst_reader_close(reading.reader);
	free(reading.numbers);
	return err;
}

int foretell(struct foretelling *foretelling, const struct input *inputs, size_t n_inputs,
	     foretell_chunk *also, void *context)
{
	uint32_t first = foretelling->uuids.n;
	int err = 0;

	for (size_t i = 0; i < n_inputs && !err; i++)
		err = foretell_one(foretelling, &inputs[i], also, context);
	return err ? err : close_traces(foretelling, first);
}

void foretelling_count(const struct foretelling *foretelling, uint64_t *ret_owner_rows,
		       uint64_t *ret_rebound_flows)
{
	uint64_t rows = 0, flows = 0;

	for (uint32_t i = 0; i < foretelling->uuids.n; i++) {
		const struct foretold *trace = &foretelling->traces[i];

		if (!trace->is_rebound || trace->lender)
			continue;
		rows += owners_count(trace->owners);
		for (size_t flow = 0; flow < owners_flow_count(trace->owners); flow++)
			flows += trace->is_rebound[flow];
	}
	*ret_owner_rows = rows;
	*ret_rebound_flows = flows;
}

void foretelling_free(struct foretelling *foretelling)
{
	for (uint32_t i = 0; i < foretelling->uuids.n; i++) {
		stack_free(foretelling->traces[i].stack);
		if (foretelling->traces[i].lender)
			continue;
		owners_free(foretelling->traces[i].owners);
		free(foretelling->traces[i].is_rebound);
	}
	free(foretelling->traces);
	intern_free(&foretelling->uuids);
	intern_free(&foretelling->recordings);
	*foretelling = (struct foretelling){ 0 };
}

struct foretold *foretold_find(const struct foretelling *foretelling, const uint8_t uuid[16])
{
	uint32_t number;

	if (!foretelling || !intern_find(&foretelling->uuids, uuid, 16, &number))
		return NULL;
	return &foretelling->traces[number];
}
