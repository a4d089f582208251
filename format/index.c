/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "index.h"

#include "crc32c.h"

#include <stdlib.h>

/* The index can be rebuilt from the chunks, so having none is never an error. */
static bool reserve(struct nst_index *index, size_t more)
{
	size_t need = index->len + more + NST_INDEX_TRAILER_LEN, cap = index->cap;
	uint8_t *frame;

	if (need > NST_SKIPPABLE_OVERHEAD + NST_INDEX_CAP)
		return false;
	if (need <= cap)
		return true;
	cap = cap ? 2 * cap : 4096;
	frame = realloc(index->frame, cap);
	if (!frame)
		return false;
	index->frame = frame;
	index->cap = cap;
	return true;
}

void nst_index_add(struct nst_index *index, uint64_t offset, const struct nst_chunk_header *chunk)
{
	uint8_t *at;

	if (!index->len)
		index->len = NST_SKIPPABLE_OVERHEAD;
	if (index->given_up || !reserve(index, NST_INDEX_ENTRY_LEN)) {
		index->given_up = true;
		return;
	}
	at = index->frame + index->len;
	nst_put64(at + NST_IE_OFFSET, offset);
	nst_put64(at + NST_IE_FIRST, chunk->first_ns);
	nst_put64(at + NST_IE_LAST, chunk->last_ns);
	nst_put64(at + NST_IE_SEQUENCE, chunk->sequence);
	nst_put32(at + NST_IE_COUNT, chunk->n_events);
	nst_put16(at + NST_IE_TYPE, chunk->type);
	nst_put16(at + NST_IE_RESERVED, 0);
	index->len += NST_INDEX_ENTRY_LEN;
	index->n_entries++;
}

struct nst_bytes nst_index_close(struct nst_index *index, const uint8_t uuid[16])
{
	uint8_t *content, *trailer;
	size_t len;

	if (index->given_up || !index->n_entries)
		return (struct nst_bytes){ NULL, 0 };
	content = index->frame + NST_SKIPPABLE_OVERHEAD;
	trailer = index->frame + index->len;
	index->len += NST_INDEX_TRAILER_LEN;
	len = index->len - NST_SKIPPABLE_OVERHEAD;
	nst_put32(index->frame, NST_INDEX_MAGIC);
	nst_put32(index->frame + 4, (uint32_t)len);
	memcpy(trailer + NST_IT_UUID, uuid, 16);
	nst_put32(trailer + NST_IT_ENTRIES, index->n_entries);
	nst_put32(trailer + NST_IT_LENGTH, (uint32_t)len);
	nst_put32(trailer + NST_IT_CRC, nst_crc32c(content, len - 8));
	memcpy(trailer + NST_IT_MAGIC, NST_INDEX_TRAILER_MAGIC, 4);
	return (struct nst_bytes){ index->frame, (uint32_t)index->len };
}

const char *nst_index_fault(const uint8_t *content, size_t len)
{
	const uint8_t *trailer;

	if (len < NST_INDEX_TRAILER_LEN)
		return "it is too short";
	trailer = content + len - NST_INDEX_TRAILER_LEN;
	if (memcmp(trailer + NST_IT_MAGIC, NST_INDEX_TRAILER_MAGIC, 4) ||
	    nst_get32(trailer + NST_IT_LENGTH) != len ||
	    (uint64_t)nst_get32(trailer + NST_IT_ENTRIES) * NST_INDEX_ENTRY_LEN !=
		    len - NST_INDEX_TRAILER_LEN)
		return "its lengths do not agree";
	if (nst_get32(trailer + NST_IT_CRC) != nst_crc32c(content, len - 8))
		return "its checksum is wrong";
	return NULL;
}

void nst_index_free(struct nst_index *index)
{
	free(index->frame);
}
