/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The index at the end of a trace, as it is collected and written. Internal. */
#ifndef NETSNOOP_FORMAT_INDEX_H
#define NETSNOOP_FORMAT_INDEX_H

#include "header.h"

struct nst_index {
	uint8_t *frame; /* overhead and entries so far */
	size_t len, cap;
	uint32_t n_entries;
	bool given_up; /* it would be too large, or there was no memory */
};

/* Note a chunk whose header frame is offset bytes behind the file header. */
void nst_index_add(struct nst_index *index, uint64_t offset, const struct nst_chunk_header *chunk);

/* The whole frame, to be written; no bytes if the index was given up. */
struct nst_bytes nst_index_close(struct nst_index *index, const uint8_t uuid[16]);

/* What is wrong with the content of an index's frame, or NULL. */
const char *nst_index_fault(const uint8_t *content, size_t len);

void nst_index_free(struct nst_index *index);

#endif
