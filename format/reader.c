/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "reader.h"

#include "problem.h"

#include <errno.h>
#include <stdlib.h>

#define SECTION_KIND 0x10000u /* tells section ids from chunk types */

int nst_reader_open(int fd, struct nst_reader **ret_reader)
{
	struct nst_reader *reader = calloc(1, sizeof(*reader));
	int r = -ENOMEM;

	if (!reader)
		goto out;
	nst_input_init(&reader->input, fd);
	reader->to_ns = UINT64_MAX;
	reader->dctx = ZSTD_createDCtx();
	if (!reader->dctx)
		goto out;
	r = nst_decoder_new(&reader->decoder);
	if (r)
		goto out;
	*ret_reader = reader;
	reader = NULL;
out:
	nst_reader_close(reader);
	return r;
}

void nst_reader_close(struct nst_reader *reader)
{
	if (!reader)
		return;
	nst_input_free(&reader->input);
	nst_registry_free(&reader->registry);
	nst_decoder_free(reader->decoder);
	ZSTD_freeDCtx(reader->dctx);
	free(reader->dictionaries.data);
	free(reader->columns.data);
	free(reader);
}

void nst_reader_set_window(struct nst_reader *reader, uint64_t from_ns, uint64_t to_ns)
{
	reader->from_ns = from_ns;
	reader->to_ns = to_ns;
}

void nst_reader_set_choice(struct nst_reader *reader,
			   bool (*is_wanted)(void *context, const struct nst_chunk *chunk),
			   void *context)
{
	reader->is_wanted = is_wanted;
	reader->choice_context = context;
}

void nst_reader_set_peeks(struct nst_reader *reader, struct nst_peeks *peeks)
{
	reader->input.peeks = peeks;
	if (peeks)
		nst_peeks_rewind(peeks);
}

void nst_reader_set_ahead(struct nst_reader *reader, void (*catch_up)(void *context), void *context)
{
	reader->catch_up = catch_up;
	reader->catch_up_context = context;
}

void nst_reader_catch_up(struct nst_reader *reader)
{
	if (reader->catch_up && !reader->is_settling)
		reader->catch_up(reader->catch_up_context);
}

/* ---- Problems ---------------------------------------------------------- */

void nst_reader_note(struct nst_reader *reader, const struct nst_problem *problem)
{
	struct nst_problems *problems = &reader->problems;

	nst_reader_catch_up(reader);
	if (problems->n_total < NST_PROBLEMS_KEPT)
		problems->kept[problems->n_total] = *problem;
	problems->n_total++;
	problems->damaged |= nst_problem_is_damage(problem);
}

bool nst_reader_is_new_kind(struct nst_reader *reader, uint32_t kind)
{
	for (size_t i = 0; i < reader->n_kinds; i++) {
		if (reader->kinds[i] == kind)
			return false;
	}
	if (reader->n_kinds == NST_KINDS_KEPT)
		return false;
	reader->kinds[reader->n_kinds++] = kind;
	return true;
}

const struct nst_problem *nst_reader_problems(const struct nst_reader *reader, size_t *ret_n_kept,
					      uint64_t *ret_n_total)
{
	uint64_t n = reader->problems.n_total;

	*ret_n_kept = n < NST_PROBLEMS_KEPT ? (size_t)n : NST_PROBLEMS_KEPT;
	*ret_n_total = n;
	return reader->problems.kept;
}

bool nst_reader_damaged(const struct nst_reader *reader)
{
	return reader->problems.damaged;
}

const struct nst_trace *nst_reader_traces(const struct nst_reader *reader, size_t *ret_n_traces)
{
	*ret_n_traces = reader->registry.n;
	return reader->registry.traces;
}

/* ---- Chunks ------------------------------------------------------------ */

int nst_reader_next(struct nst_reader *reader, const struct nst_chunk **ret_chunk)
{
	int r;

	if (reader->error)
		return reader->error;
	if (reader->is_finished)
		return 0;
	r = nst_scan_next(reader);
	if (r == 1)
		*ret_chunk = &reader->chunk;
	else if (r == 0)
		reader->is_finished = true;
	else
		reader->error = r;
	return r;
}

bool nst_reader_has_buffered(const struct nst_reader *reader)
{
	size_t current = 0;

	if (reader->has_chunk)
		current =
			reader->header_frame_len + reader->header.dict_len + reader->header.col_len;
	return nst_input_len(&reader->input) > current;
}

static void note_unknown_sections(struct nst_reader *reader, const struct nst_chunk *chunk,
				  const uint16_t *ids, size_t n)
{
	struct nst_problem problem = {
		.offset = chunk->offset,
		.has_sequence = true,
		.sequence = chunk->sequence,
	};

	if (n)
		nst_reader_catch_up(reader);
	for (size_t i = 0; i < n; i++) {
		unsigned int id = ids[i];

		if (!nst_reader_is_new_kind(reader, SECTION_KIND | id))
			continue;
		nst_problem_set(&problem, NST_PROBLEM_UNKNOWN,
				"sections of the unknown id 0x%04x (table %u, column %u): skipped",
				id, id >> 8, id & 0xff);
		nst_reader_note(reader, &problem);
	}
}

static void note_decoded_sections(struct nst_reader *reader)
{
	const struct nst_sections *sections = &reader->decoder->sections;

	note_unknown_sections(reader, &reader->chunk, sections->unknown, sections->n_unknown);
}

/* Note what a decoder says is wrong with a chunk, and count it as damaged. */
static int chunk_is_damaged(struct nst_reader *reader, const struct nst_chunk *chunk,
			    const struct nst_chunk_header *header, struct nst_problem problem)
{
	int r;

	problem.offset = chunk->offset;
	problem.has_sequence = true;
	problem.sequence = chunk->sequence;
	nst_reader_note(reader, &problem);
	r = nst_registry_revoke(&reader->registry, chunk->trace, header, chunk->offset);
	return r ? r : -EBADMSG;
}

static int chunk_is_bad(struct nst_reader *reader, const struct nst_problem *problem)
{
	reader->decoded = NST_DECODED_BADLY;
	return chunk_is_damaged(reader, &reader->chunk, &reader->header, *problem);
}

int nst_reader_settle(struct nst_reader *reader, const struct nst_unpacker *unpacker)
{
	int r = 0;

	reader->is_settling = true;
	note_unknown_sections(reader, &unpacker->chunk, unpacker->unknown, unpacker->n_unknown);
	if (unpacker->is_bad)
		r = chunk_is_damaged(reader, &unpacker->chunk, &unpacker->header,
				     unpacker->problem);
	else
		reader->registry.states[unpacker->chunk.trace].is_sure = true;
	reader->is_settling = false;
	return r == -EBADMSG ? 0 : r;
}

static const uint8_t *chunk_payload(const struct nst_reader *reader)
{
	return nst_input_at(&reader->input) + reader->header_frame_len;
}

int nst_reader_frames(const struct nst_reader *reader, struct nst_bytes *ret_dictionaries,
		      struct nst_bytes *ret_columns)
{
	const struct nst_chunk_header *header = &reader->header;

	if (!reader->has_chunk)
		return -EINVAL;
	*ret_dictionaries = (struct nst_bytes){ chunk_payload(reader), header->dict_len };
	*ret_columns =
		(struct nst_bytes){ chunk_payload(reader) + header->dict_len, header->col_len };
	return 0;
}

static int dictionaries_decode(struct nst_reader *reader, struct nst_problem *problem)
{
	const struct nst_chunk_header *header = &reader->header;
	struct nst_buffer *raw = &reader->dictionaries;
	int r;

	reader->decoder->incompat = header->incompat;
	r = nst_frame_decompress(reader->dctx, chunk_payload(reader), header->dict_len,
				 header->dict_raw_len, raw, problem);
	if (!r)
		r = nst_decode_dictionaries(reader->decoder,
					    (struct nst_bytes){ raw->data, (uint32_t)raw->len },
					    problem);
	if (!r)
		note_decoded_sections(reader);
	return r;
}

int nst_reader_dictionaries(struct nst_reader *reader,
			    const struct nst_dictionaries **ret_dictionaries)
{
	struct nst_problem problem = { 0 };
	int r;

	if (!reader->has_chunk || reader->chunk.type != NST_CHUNK_EVENTS)
		return -EINVAL;
	if (reader->decoded == NST_DECODED_BADLY)
		return -EBADMSG;
	if (reader->decoded == NST_DECODED_NOTHING) {
		r = dictionaries_decode(reader, &problem);
		if (r)
			return r == -EBADMSG ? chunk_is_bad(reader, &problem) : r;
		reader->decoded = NST_DECODED_DICTIONARIES;
	}
	*ret_dictionaries = &reader->decoder->dictionaries;
	return 0;
}

static int columns_decode(struct nst_reader *reader, struct nst_problem *problem)
{
	const struct nst_chunk_header *header = &reader->header;
	struct nst_buffer *raw = &reader->columns;
	struct nst_bytes frame;
	int r;

	reader->decoder->incompat = header->incompat;
	r = nst_frame_decompress(reader->dctx, chunk_payload(reader) + header->dict_len,
				 header->col_len, header->col_raw_len, raw, problem);
	if (r)
		return r;
	frame = (struct nst_bytes){ raw->data, (uint32_t)raw->len };
	if (header->type == NST_CHUNK_EVENTS)
		r = nst_decode_events(reader->decoder, &reader->chunk, frame, problem);
	else
		r = nst_decode_metadata(reader->decoder, frame, problem);
	if (!r)
		note_decoded_sections(reader);
	return r;
}

int nst_reader_events(struct nst_reader *reader, const struct nst_events **ret_events)
{
	const struct nst_dictionaries *dictionaries;
	struct nst_problem problem = { 0 };
	int r;

	r = nst_reader_dictionaries(reader, &dictionaries);
	if (r)
		return r;
	if (reader->decoded == NST_DECODED_DICTIONARIES) {
		r = columns_decode(reader, &problem);
		if (r)
			return r == -EBADMSG ? chunk_is_bad(reader, &problem) : r;
		reader->decoded = NST_DECODED_EVENTS;
	}
	*ret_events = &reader->decoder->events;
	return 0;
}

static bool chunk_has_rows(const struct nst_reader *reader)
{
	unsigned int type = reader->chunk.type;

	return reader->has_chunk && (type == NST_CHUNK_OWNERS ||
				     (type >= NST_CHUNK_ENVIRONMENT && type <= NST_CHUNK_COMMENT));
}

int nst_reader_rows(struct nst_reader *reader, enum nst_table table, const void **ret_rows,
		    size_t *ret_n_rows)
{
	const struct nst_table_desc *desc = nst_table_find(table);
	const struct nst_row_array *array = NULL;
	struct nst_problem problem = { 0 };
	int r = 0;

	if (!desc || table < NST_TABLE_SETTING || !chunk_has_rows(reader))
		return -EINVAL;
	if (reader->decoded == NST_DECODED_BADLY)
		return -EBADMSG;
	if (reader->decoded == NST_DECODED_NOTHING) {
		r = columns_decode(reader, &problem);
		if (!r)
			reader->decoded = NST_DECODED_METADATA;
	}
	if (!r)
		r = nst_decode_rows(reader->decoder, desc, &array, &problem);
	if (r)
		return r == -EBADMSG ? chunk_is_bad(reader, &problem) : r;
	*ret_rows = array->rows;
	*ret_n_rows = array->n_rows;
	return 0;
}

/* ---- Single events ----------------------------------------------------- */

static void addr_get(uint8_t to[16], const struct nst_bytes *addr)
{
	if (addr->len_bytes)
		memcpy(to, addr->data, addr->len_bytes);
}

static void flow_get(const struct nst_flow *flow, bool is_send, struct net_event *event)
{
	event->has |= flow->has;
	event->flow_id = flow->id;
	event->netns = flow->netns;
	event->ethertype = flow->ethertype;
	event->protocol = flow->protocol;
	event->sport = is_send ? flow->local_port : flow->remote_port;
	event->dport = is_send ? flow->remote_port : flow->local_port;
	addr_get(event->saddr, is_send ? &flow->local_addr : &flow->remote_addr);
	addr_get(event->daddr, is_send ? &flow->remote_addr : &flow->local_addr);
}

static void lane_get(const struct nst_dictionaries *dictionaries, const struct nst_lane *lane,
		     struct net_event *event)
{
	event->has |= lane->has;
	event->cgroup_id = lane->cgroup_id;
	event->ifindex = lane->ifindex;
	event->vlan_id = lane->vlan_id;
	event->flags |= lane->flags;
	event->is_send = lane->is_send;
	event->owner_source = lane->owner_source;
	event->link_header_bytes = lane->link_header_bytes;
	if (lane->has & NST_HAS_OWNER) {
		const struct nst_process *process = &dictionaries->processes[lane->process];

		event->pid = process->pid;
		event->start_ns = process->start_ns;
		event->comm_len = (uint8_t)process->comm.len_bytes;
		if (event->comm_len)
			memcpy(event->comm, process->comm.data, event->comm_len);
	}
	flow_get(&dictionaries->flows[lane->flow], lane->is_send, event);
}

void nst_reader_event(const struct nst_reader *reader, size_t i, struct net_event *ret_event)
{
	const struct nst_dictionaries *dictionaries = &reader->decoder->dictionaries;
	const struct nst_events *events = &reader->decoder->events;

	memset(ret_event, 0, sizeof(*ret_event));
	ret_event->timestamp = events->timestamp[i];
	ret_event->has = events->has[i];
	ret_event->bytes = events->bytes[i];
	ret_event->segments = events->segments[i];
	ret_event->tid = events->tid[i];
	ret_event->header_bytes = events->header_bytes[i];
	ret_event->flags = events->flags[i];
	ret_event->tcp_flags = events->tcp_flags[i];
	lane_get(dictionaries, &dictionaries->lanes[events->lane[i]], ret_event);
}
