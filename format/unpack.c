/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Chunks of events that are decoded beside the reader: see trace.h. */
#include "problem.h"
#include "reader.h"

#include <errno.h>
#include <stdlib.h>

int nst_unpacker_new(struct nst_unpacker **ret_unpacker)
{
	struct nst_unpacker *unpacker = calloc(1, sizeof(*unpacker));
	int r = -ENOMEM;

	if (!unpacker)
		goto out;
	unpacker->dctx = ZSTD_createDCtx();
	if (!unpacker->dctx)
		goto out;
	r = nst_decoder_new(&unpacker->decoder);
	if (r)
		goto out;
	*ret_unpacker = unpacker;
	unpacker = NULL;
out:
	nst_unpacker_free(unpacker);
	return r;
}

void nst_unpacker_free(struct nst_unpacker *unpacker)
{
	if (!unpacker)
		return;
	nst_decoder_free(unpacker->decoder);
	ZSTD_freeDCtx(unpacker->dctx);
	free(unpacker->payload.data);
	free(unpacker->dictionaries.data);
	free(unpacker->columns.data);
	free(unpacker);
}

int nst_unpacker_take(struct nst_unpacker *unpacker, const struct nst_reader *reader)
{
	struct nst_bytes dictionaries, columns;
	size_t len;
	int r;

	r = nst_reader_frames(reader, &dictionaries, &columns);
	if (r || reader->chunk.type != NST_CHUNK_EVENTS)
		return -EINVAL;
	len = (size_t)dictionaries.len_bytes + columns.len_bytes;
	r = nst_buffer_reserve(&unpacker->payload, len);
	if (r)
		return r;
	memcpy(unpacker->payload.data, dictionaries.data, len); /* they are neighbours */
	unpacker->payload.len = len;
	unpacker->header = reader->header;
	unpacker->chunk = reader->chunk;
	unpacker->n_unknown = 0;
	unpacker->is_bad = false;
	return 0;
}

static void keep_unknown(struct nst_unpacker *unpacker)
{
	const struct nst_sections *sections = &unpacker->decoder->sections;

	memcpy(unpacker->unknown + unpacker->n_unknown, sections->unknown,
	       sections->n_unknown * sizeof(sections->unknown[0]));
	unpacker->n_unknown += sections->n_unknown;
}

static struct nst_bytes bytes_of(const struct nst_buffer *buffer)
{
	return (struct nst_bytes){ buffer->data, (uint32_t)buffer->len };
}

static int decode(struct nst_unpacker *unpacker, struct nst_problem *problem)
{
	const struct nst_chunk_header *header = &unpacker->header;
	const uint8_t *at = unpacker->payload.data;
	int r;

	unpacker->decoder->incompat = header->incompat;
	r = nst_frame_decompress(unpacker->dctx, at, header->dict_len, header->dict_raw_len,
				 &unpacker->dictionaries, problem);
	if (!r)
		r = nst_decode_dictionaries(unpacker->decoder, bytes_of(&unpacker->dictionaries),
					    problem);
	if (r)
		return r;
	keep_unknown(unpacker);
	r = nst_frame_decompress(unpacker->dctx, at + header->dict_len, header->col_len,
				 header->col_raw_len, &unpacker->columns, problem);
	if (!r)
		r = nst_decode_events(unpacker->decoder, &unpacker->chunk,
				      bytes_of(&unpacker->columns), problem);
	if (!r)
		keep_unknown(unpacker);
	return r;
}

int nst_unpacker_decode(struct nst_unpacker *unpacker, bool for_sums,
			const struct nst_dictionaries **ret_dictionaries,
			const struct nst_events **ret_events)
{
	struct nst_problem problem = { 0 };
	int r;

	unpacker->decoder->for_sums = for_sums;
	r = decode(unpacker, &problem);
	unpacker->is_bad = r == -EBADMSG;
	if (unpacker->is_bad)
		unpacker->problem = problem;
	if (r)
		return r;
	*ret_dictionaries = &unpacker->decoder->dictionaries;
	*ret_events = &unpacker->decoder->events;
	return 0;
}
