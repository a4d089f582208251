/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "arrange.h"
#include "crc32c.h"
#include "event_lane.h"
#include "events_encode.h"
#include "frame.h"
#include "header.h"
#include "index.h"
#include "intern.h"
#include "table.h"

#include <errno.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/uio.h>
#include <zstd.h>

/* Comms are all that could bring a chunk's rows, of 95 bytes at most, over a frame's cap. */
#define COMM_BYTES_MAX (NST_FRAME_CAP / 4)
#define LEVEL_MAX 19
#define NO_CHUNK UINT64_MAX

struct nst_writer {
	int fd;
	struct nst_sink sink; /* instead of fd, if it has a function */
	int error;	      /* of the first write that failed: nothing is written behind it */
	bool ended;
	struct nst_header header;
	uint8_t file_frame[NST_FILE_FRAME_LEN];
	uint64_t file_bytes, n_events, n_chunks;
	uint64_t lost[NST_LOSS_SLOTS];
	uint64_t sample_clock_ns, sample_realtime_ns;
	uint64_t pending_since_ns;
	uint64_t chunk; /* a serial number of the open one, or NO_CHUNK: it takes no event */
	struct nst_index index;
	struct nst_intern *intern;
	struct nst_arrangement *arrangement;
	struct nst_event_columns *events;
	ZSTD_CCtx *cctx;
	struct nst_buffer raw;		 /* a frame before compression */
	struct nst_buffer dict, columns; /* frames, compressed */
	uint64_t *scratch;		 /* NST_ROWS_CAP values */
};

static bool header_is_valid(const struct nst_header *header)
{
	return (header->clock == NST_CLOCK_BOOTTIME || header->clock == NST_CLOCK_MONOTONIC) &&
	       !(header->incompat & ~NST_KNOWN_INCOMPAT) &&
	       strnlen(header->writer, sizeof(header->writer)) <= 32;
}

/* A number that no other chunk of this process has. */
static uint64_t new_serial(void)
{
	static atomic_uint_fast64_t last;

	return atomic_fetch_add(&last, 1) + 1;
}

/* Nothing is written from here on, and so no event taken. */
static int fail(struct nst_writer *writer, int err)
{
	writer->chunk = NO_CHUNK;
	return writer->error = err;
}

/* All of it, whatever a pipe or a signal makes of the single calls. */
static int write_fd(struct nst_writer *writer, struct iovec *iov, int n_iov)
{
	while (n_iov > 0) {
		ssize_t n = writev(writer->fd, iov, n_iov);

		if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
			struct pollfd pollfd = { .fd = writer->fd, .events = POLLOUT };

			if (poll(&pollfd, 1, -1) < 0 && errno != EINTR)
				return fail(writer, -errno);
			continue;
		}
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return fail(writer, n ? -errno : -EIO);
		writer->file_bytes += (uint64_t)n;
		for (; n_iov > 0 && (size_t)n >= iov->iov_len; iov++, n_iov--)
			n -= (ssize_t)iov->iov_len;
		if (n_iov > 0) {
			iov->iov_base = (uint8_t *)iov->iov_base + n;
			iov->iov_len -= (size_t)n;
		}
	}
	return 0;
}

static int write_sink(struct nst_writer *writer, const struct iovec *iov, int n_iov,
		      const struct nst_chunk *chunk)
{
	int r = writer->sink.write(writer->sink.context, iov, n_iov, chunk);

	if (r)
		return r == -EAGAIN ? r : fail(writer, r);
	for (int i = 0; i < n_iov; i++)
		writer->file_bytes += iov[i].iov_len;
	return 0;
}

/* chunk: what it is, or NULL. */
static int write_all(struct nst_writer *writer, struct iovec *iov, int n_iov,
		     const struct nst_chunk *chunk)
{
	return writer->sink.write ? write_sink(writer, iov, n_iov, chunk)
				  : write_fd(writer, iov, n_iov);
}

static int buffer_new(struct nst_buffer *buffer, size_t cap)
{
	buffer->data = malloc(cap);
	buffer->cap = cap;
	return buffer->data ? 0 : -ENOMEM;
}

static int writer_allocate(struct nst_writer *writer, int level)
{
	int r;

	r = nst_intern_new(&writer->intern);
	if (!r)
		r = nst_arrangement_new(&writer->arrangement);
	if (!r)
		r = buffer_new(&writer->raw, NST_FRAME_CAP);
	if (!r)
		r = buffer_new(&writer->dict, ZSTD_compressBound(NST_FRAME_CAP));
	if (!r)
		r = buffer_new(&writer->columns, ZSTD_compressBound(NST_FRAME_CAP));
	if (r)
		return r;
	writer->events = calloc(1, sizeof(*writer->events));
	writer->scratch = malloc(NST_ROWS_CAP * sizeof(*writer->scratch));
	writer->cctx = ZSTD_createCCtx();
	if (!writer->events || !writer->scratch || !writer->cctx)
		return -ENOMEM;
	if (ZSTD_isError(ZSTD_CCtx_setParameter(writer->cctx, ZSTD_c_compressionLevel, level)) ||
	    ZSTD_isError(ZSTD_CCtx_setParameter(writer->cctx, ZSTD_c_checksumFlag, 1)) ||
	    ZSTD_isError(ZSTD_CCtx_setParameter(writer->cctx, ZSTD_c_windowLog, 0)))
		return -EINVAL;
	return 0;
}

static int writer_open(int fd, const struct nst_sink *sink, const struct nst_header *header,
		       int level, struct nst_writer **ret_writer)
{
	struct nst_writer *writer = NULL;
	struct iovec iov;
	int r = -EINVAL;

	if (level < 1 || level > LEVEL_MAX || !header_is_valid(header))
		goto out;
	r = -ENOMEM;
	writer = calloc(1, sizeof(*writer));
	if (!writer)
		goto out;
	writer->fd = fd;
	if (sink)
		writer->sink = *sink;
	writer->header = *header;
	writer->header.incompat |= NST_INCOMPAT_RUNS;
	writer->chunk = new_serial();
	writer->sample_clock_ns = header->start_ns;
	writer->sample_realtime_ns = header->start_realtime_ns;
	r = writer_allocate(writer, level);
	if (r)
		goto out;
	nst_file_header_put(writer->file_frame, &writer->header);
	iov = (struct iovec){ writer->file_frame, sizeof(writer->file_frame) };
	r = write_all(writer, &iov, 1, NULL);
	if (r)
		goto out;
	*ret_writer = writer;
	writer = NULL;
out:
	nst_writer_close(writer);
	return r;
}

int nst_writer_open(int fd, const struct nst_header *header, int level,
		    struct nst_writer **ret_writer)
{
	return writer_open(fd, NULL, header, level, ret_writer);
}

int nst_writer_open_sink(const struct nst_sink *sink, const struct nst_header *header, int level,
			 struct nst_writer **ret_writer)
{
	return writer_open(-1, sink, header, level, ret_writer);
}

void nst_writer_close(struct nst_writer *writer)
{
	if (!writer)
		return;
	nst_intern_free(writer->intern);
	nst_arrangement_free(writer->arrangement);
	nst_index_free(&writer->index);
	ZSTD_freeCCtx(writer->cctx);
	free(writer->events);
	free(writer->scratch);
	free(writer->raw.data);
	free(writer->dict.data);
	free(writer->columns.data);
	free(writer);
}

/* ---- Chunks ------------------------------------------------------------ */

/* Compress the raw frame into to; its length, raw length and checksum for the header. */
static int frame_compress(struct nst_writer *writer, struct nst_buffer *to, uint32_t *ret_len,
			  uint32_t *ret_raw_len, uint32_t *ret_crc)
{
	int r = nst_frame_compress(writer->cctx, &writer->raw, to);

	if (r)
		return r;
	*ret_len = (uint32_t)to->len;
	*ret_raw_len = (uint32_t)writer->raw.len;
	*ret_crc = nst_crc32c(to->data, to->len);
	return 0;
}

/* What every chunk's header has, whatever its type. */
static void chunk_begin(const struct nst_writer *writer, unsigned int type,
			struct nst_chunk_header *ret_chunk)
{
	*ret_chunk = (struct nst_chunk_header){
		.sequence = writer->n_chunks,
		.first_ordinal = writer->n_events,
		.sample_clock_ns = writer->sample_clock_ns,
		.sample_realtime_ns = writer->sample_realtime_ns,
		.incompat = writer->header.incompat,
		.clock = (uint8_t)writer->header.clock,
		.type = (uint16_t)type,
	};
	memcpy(ret_chunk->uuid, writer->header.uuid, sizeof(ret_chunk->uuid));
	memcpy(ret_chunk->lost, writer->lost, sizeof(ret_chunk->lost));
}

/* One writev: a chunk's header and frames, and the file header where it is due. */
static int chunk_write(struct nst_writer *writer, const struct nst_chunk_header *chunk,
		       struct nst_bytes dictionaries, struct nst_bytes columns)
{
	struct nst_chunk told;
	uint8_t chunk_frame[NST_CHUNK_FRAME_LEN];
	uint64_t offset = writer->file_bytes;
	struct iovec iov[4];
	int n = 0, r;

	nst_chunk_header_put(chunk_frame, chunk);
	if (chunk->sequence && chunk->sequence % NST_HEADER_REPEAT == 0) {
		iov[n++] = (struct iovec){ writer->file_frame, sizeof(writer->file_frame) };
		offset += sizeof(writer->file_frame);
	}
	iov[n++] = (struct iovec){ chunk_frame, sizeof(chunk_frame) };
	if (chunk->dict_len)
		iov[n++] = (struct iovec){ (void *)dictionaries.data, chunk->dict_len };
	if (chunk->col_len)
		iov[n++] = (struct iovec){ (void *)columns.data, chunk->col_len };
	told = (struct nst_chunk){
		.offset = offset,
		.sequence = chunk->sequence,
		.first_ordinal = chunk->first_ordinal,
		.first_ns = chunk->first_ns,
		.last_ns = chunk->last_ns,
		.sample_clock_ns = chunk->sample_clock_ns,
		.sample_realtime_ns = chunk->sample_realtime_ns,
		.n_events = chunk->n_events,
		.dictionaries_bytes = chunk->dict_len,
		.columns_bytes = chunk->col_len,
		.dictionaries_raw_bytes = chunk->dict_raw_len,
		.columns_raw_bytes = chunk->col_raw_len,
		.incompat = chunk->incompat,
		.type = chunk->type,
	};
	memcpy(told.lost, chunk->lost, sizeof(told.lost));
	r = write_all(writer, iov, n, &told);
	if (r)
		return r;
	nst_index_add(&writer->index, offset, chunk);
	writer->n_chunks++;
	writer->n_events += chunk->n_events;
	return 0;
}

/* The same, of what stands in the writer's own buffers. */
static int own_chunk_write(struct nst_writer *writer, const struct nst_chunk_header *chunk)
{
	const struct nst_bytes dictionaries = { writer->dict.data, chunk->dict_len };
	const struct nst_bytes columns = { writer->columns.data, chunk->col_len };

	return chunk_write(writer, chunk, dictionaries, columns);
}

static int dictionaries_encode(struct nst_writer *writer, const struct nst_dictionaries *rows,
			       struct nst_chunk_header *chunk)
{
	int r;

	writer->raw.len = 0;
	r = rows->n_processes ? nst_table_encode(nst_table_find(NST_TABLE_PROCESS), rows->processes,
						 rows->n_processes, writer->scratch, &writer->raw)
			      : 0;
	if (!r)
		r = nst_table_encode(nst_table_find(NST_TABLE_FLOW), rows->flows, rows->n_flows,
				     writer->scratch, &writer->raw);
	if (!r)
		r = nst_table_encode(nst_table_find(NST_TABLE_LANE), rows->lanes, rows->n_lanes,
				     writer->scratch, &writer->raw);
	if (!r)
		r = frame_compress(writer, &writer->dict, &chunk->dict_len, &chunk->dict_raw_len,
				   &chunk->dict_crc);
	return r;
}

int nst_writer_flush(struct nst_writer *writer)
{
	struct nst_event_columns *events = writer->events;
	const struct nst_placed_lane *placed;
	struct nst_dictionaries rows;
	struct nst_chunk_header chunk;
	int r;

	if (writer->error)
		return writer->error;
	if (!events->n_events)
		return 0;
	nst_events_sort(events);
	chunk_begin(writer, NST_CHUNK_EVENTS, &chunk);
	chunk.n_events = events->n_events;
	chunk.first_ns = events->timestamp[0];
	chunk.last_ns = events->timestamp[events->n_events - 1];
	nst_intern_rows(writer->intern, &rows);
	placed = nst_arrange(writer->arrangement, &rows, &rows);
	r = dictionaries_encode(writer, &rows, &chunk);
	if (!r) {
		writer->raw.len = 0;
		r = nst_events_encode(events, &rows, placed, &writer->raw);
	}
	if (!r)
		r = frame_compress(writer, &writer->columns, &chunk.col_len, &chunk.col_raw_len,
				   &chunk.col_crc);
	if (!r)
		r = own_chunk_write(writer, &chunk);
	if (r == -EAGAIN)
		return r;
	nst_intern_clear(writer->intern);
	events->n_events = 0;
	writer->chunk = new_serial();
	return r;
}

/* ---- Events ------------------------------------------------------------ */

static bool event_is_valid(const struct net_event *event)
{
	const uint32_t known = NST_FLOW_HAS | NST_LANE_HAS | NST_EVENT_HAS;

	return !(event->has & ~known) && event->is_send <= 1;
}

/* The part of an event that its lane does not say. */
static inline void event_append(struct nst_event_columns *events, uint32_t lane, uint32_t has,
				const struct nst_lane_event *event)
{
	uint32_t i = events->n_events++;

	events->timestamp[i] = event->timestamp;
	events->lane[i] = lane;
	events->bytes[i] = event->bytes;
	events->segments[i] = has & NST_HAS_SEGMENTS ? event->segments : 0;
	events->tid[i] = has & NST_HAS_TID ? event->tid : 0;
	events->has[i] = (uint16_t)(has & NST_EVENT_HAS);
	events->header_bytes[i] = has & NST_HAS_HEADER_BYTES ? event->header_bytes : 0;
	events->flags[i] = event->flags;
	events->tcp_flags[i] = has & NST_HAS_TCP_FLAGS ? event->tcp_flags : 0;
}

/* Room for one more event in the open chunk. 0, 1 (a chunk was written for it), or why not. */
static int make_room(struct nst_writer *writer)
{
	int r;

	if (writer->error)
		return writer->error;
	if (writer->ended)
		return -EINVAL;
	if (writer->events->n_events < NST_CHUNK_EVENTS_MAX &&
	    nst_intern_comm_bytes(writer->intern) <= COMM_BYTES_MAX)
		return 0;
	r = nst_writer_flush(writer);
	return r ? r : 1;
}

/* The lane has a row in the open chunk, in which there is room: append an event. */
static void lane_append(struct nst_writer *writer, const struct nst_writer_lane *lane,
			const struct nst_lane_event *event)
{
	struct nst_event_columns *events = writer->events;

	if (!events->n_events)
		writer->pending_since_ns = event->timestamp;
	event_append(events, lane->row, lane->has, event);
	if (events->n_events == NST_CHUNK_EVENTS_MAX ||
	    nst_intern_comm_bytes(writer->intern) > COMM_BYTES_MAX)
		writer->chunk = NO_CHUNK;
}

int nst_writer_event_lane(struct nst_writer *writer, const struct net_event *event,
			  struct nst_writer_lane *ret_lane)
{
	const struct nst_lane_event own = {
		.timestamp = event->timestamp,
		.bytes = event->bytes,
		.tid = event->tid,
		.segments = event->segments,
		.header_bytes = event->header_bytes,
		.tcp_flags = event->tcp_flags,
		.flags = (uint8_t)(event->flags & NST_EVENT_FLAGS),
	};
	int r = writer->error || event_is_valid(event) ? make_room(writer) : -EINVAL;

	if (r < 0)
		return r;
	*ret_lane = (struct nst_writer_lane){
		.chunk = writer->chunk,
		.entry = nst_event_lane(writer->intern, event),
		.generation = nst_intern_generation(writer->intern),
		.has = event->has,
	};
	ret_lane->row = nst_intern_row(writer->intern, ret_lane->entry);
	lane_append(writer, ret_lane, &own);
	return r;
}

int nst_writer_event(struct nst_writer *writer, const struct net_event *event)
{
	struct nst_writer_lane lane;
	int r = nst_writer_event_lane(writer, event, &lane);

	return r < 0 ? r : 0;
}

/* The lane's first event in the open chunk, or in the next one. */
static int lane_begin(struct nst_writer *writer, struct nst_writer_lane *lane,
		      const struct nst_lane_event *event)
{
	int r = make_room(writer);

	if (r < 0)
		return r;
	if (lane->generation != nst_intern_generation(writer->intern))
		return -ESTALE;
	lane->row = nst_intern_row(writer->intern, lane->entry);
	lane->chunk = writer->chunk;
	lane_append(writer, lane, event);
	return r;
}

int nst_writer_lane_event(struct nst_writer *writer, struct nst_writer_lane *lane,
			  const struct nst_lane_event *event)
{
	struct nst_event_columns *events = writer->events;

	if (lane->chunk != writer->chunk)
		return lane_begin(writer, lane, event);
	event_append(events, lane->row, lane->has, event);
	if (events->n_events == NST_CHUNK_EVENTS_MAX)
		writer->chunk = NO_CHUNK;
	return 0;
}

/* ---- Everything else --------------------------------------------------- */

static int tables_encode(struct nst_writer *writer, const struct nst_rows *tables, size_t n_tables)
{
	uint64_t seen = 0;
	int r = 0;

	writer->raw.len = 0;
	for (size_t i = 0; i < n_tables && !r; i++) {
		const struct nst_table_desc *desc = nst_table_find(tables[i].table);

		if (!desc || desc->table < NST_TABLE_SETTING || seen & 1ull << desc->table)
			return -EINVAL;
		seen |= 1ull << desc->table;
		if (tables[i].n_rows)
			r = nst_table_encode(desc, tables[i].rows, tables[i].n_rows,
					     writer->scratch, &writer->raw);
	}
	return r;
}

int nst_writer_rows(struct nst_writer *writer, enum nst_chunk_type type,
		    const struct nst_rows *tables, size_t n_tables)
{
	struct nst_chunk_header chunk;
	int r;

	if (writer->error)
		return writer->error;
	if (writer->ended || type == NST_CHUNK_EVENTS || type == NST_CHUNK_END)
		return -EINVAL;
	r = tables_encode(writer, tables, n_tables);
	if (r || !writer->raw.len)
		return r;
	chunk_begin(writer, type, &chunk);
	r = frame_compress(writer, &writer->columns, &chunk.col_len, &chunk.col_raw_len,
			   &chunk.col_crc);
	return r ? r : own_chunk_write(writer, &chunk);
}

int nst_writer_copy(struct nst_writer *writer, const struct nst_chunk *chunk,
		    struct nst_bytes dictionaries, struct nst_bytes columns)
{
	struct nst_chunk_header copy;

	if (writer->error)
		return writer->error;
	if (writer->ended || writer->events->n_events || chunk->type == NST_CHUNK_END ||
	    chunk->dictionaries_bytes != dictionaries.len_bytes ||
	    chunk->columns_bytes != columns.len_bytes)
		return -EINVAL;
	chunk_begin(writer, chunk->type, &copy);
	copy.first_ns = chunk->first_ns;
	copy.last_ns = chunk->last_ns;
	copy.n_events = chunk->n_events;
	copy.dict_len = dictionaries.len_bytes;
	copy.dict_raw_len = chunk->dictionaries_raw_bytes;
	copy.dict_crc =
		dictionaries.len_bytes ? nst_crc32c(dictionaries.data, dictionaries.len_bytes) : 0;
	copy.col_len = columns.len_bytes;
	copy.col_raw_len = chunk->columns_raw_bytes;
	copy.col_crc = columns.len_bytes ? nst_crc32c(columns.data, columns.len_bytes) : 0;
	if (nst_chunk_too_large(&copy) || nst_chunk_fault(&copy))
		return -EINVAL;
	return chunk_write(writer, &copy, dictionaries, columns);
}

int nst_writer_set_level(struct nst_writer *writer, int level)
{
	if (level < 1 || level > LEVEL_MAX ||
	    ZSTD_isError(ZSTD_CCtx_setParameter(writer->cctx, ZSTD_c_compressionLevel, level)))
		return -EINVAL;
	return 0;
}

void nst_writer_set_lost(struct nst_writer *writer, const uint64_t lost[NST_LOSS_SLOTS])
{
	memcpy(writer->lost, lost, sizeof(writer->lost));
}

void nst_writer_set_clock_sample(struct nst_writer *writer, uint64_t clock_ns, uint64_t realtime_ns)
{
	writer->sample_clock_ns = clock_ns;
	writer->sample_realtime_ns = realtime_ns;
}

int nst_writer_end(struct nst_writer *writer, uint64_t end_ns)
{
	struct nst_chunk_header chunk;
	struct nst_bytes index;
	struct iovec iov;
	int r;

	if (writer->ended)
		return writer->error ? writer->error : -EINVAL;
	r = nst_writer_flush(writer);
	if (r)
		return r;
	chunk_begin(writer, NST_CHUNK_END, &chunk);
	chunk.first_ns = chunk.last_ns = end_ns;
	r = own_chunk_write(writer, &chunk);
	if (r)
		return r;
	writer->ended = true;
	writer->chunk = NO_CHUNK;
	index = nst_index_close(&writer->index, writer->header.uuid);
	iov = (struct iovec){ (void *)index.data, index.len_bytes };
	r = index.len_bytes ? write_all(writer, &iov, 1, NULL) : 0;
	return r == -EAGAIN ? 0 : r; /* the trace is whole without it */
}

void nst_writer_stats(const struct nst_writer *writer, struct nst_writer_stats *ret_stats)
{
	*ret_stats = (struct nst_writer_stats){
		.file_bytes = writer->file_bytes,
		.events = writer->n_events,
		.chunks = writer->n_chunks,
		.pending_events = writer->events->n_events,
		.pending_since_ns = writer->events->n_events ? writer->pending_since_ns : 0,
	};
}
