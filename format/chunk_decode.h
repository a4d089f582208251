/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Decompressed frames to rows and columns, beneath all checksums: every value
 * may be hostile. Memory is kept from chunk to chunk. Internal.
 */
#ifndef NETSNOOP_FORMAT_CHUNK_DECODE_H
#define NETSNOOP_FORMAT_CHUNK_DECODE_H

#include "order.h"
#include "table.h"

#define NST_METADATA_TABLES (NST_TABLE_LAST - NST_TABLE_SETTING + 1)

struct nst_decoder {
	uint32_t incompat; /* of the chunk that is decoded, to be set by who decodes it */
	struct nst_sections sections; /* of the frame decoded last */
	uint64_t *scratch;	      /* NST_EVENTS_SCRATCH values, more than NST_ROWS_CAP */
	uint64_t *hashes;	      /* NST_ROWS_CAP values */
	uint32_t *slots;	      /* 2 * NST_ROWS_CAP */
	struct nst_row_array processes, flows, lanes;
	struct nst_row_array metadata[NST_METADATA_TABLES];
	bool metadata_done[NST_METADATA_TABLES];
	void *columns; /* one block for all columns of the events */
	size_t columns_cap;
	bool for_sums; /* of events, to be set: only what sums take, in the order of the chunk */
	uint32_t *order, *ends;
	struct nst_order_room by_time;
	struct nst_dictionaries dictionaries;
	struct nst_events events;
};

int nst_decoder_new(struct nst_decoder **ret_decoder);
void nst_decoder_free(struct nst_decoder *decoder);

/* The frame's bytes must stay where they are: strings point into it. */
int nst_decode_dictionaries(struct nst_decoder *decoder, struct nst_bytes frame,
			    struct nst_problem *ret_problem);

/* After the dictionaries of the same chunk. */
int nst_decode_events(struct nst_decoder *decoder, const struct nst_chunk *chunk,
		      struct nst_bytes frame, struct nst_problem *ret_problem);

/* Split a frame of metadata; then its tables one by one. */
int nst_decode_metadata(struct nst_decoder *decoder, struct nst_bytes frame,
			struct nst_problem *ret_problem);
int nst_decode_rows(struct nst_decoder *decoder, const struct nst_table_desc *desc,
		    const struct nst_row_array **ret_rows, struct nst_problem *ret_problem);

#endif
