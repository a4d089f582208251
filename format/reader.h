/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The reader's insides, shared by reader.c (the chunks) and scan.c (finding them). Internal. */
#ifndef NETSNOOP_FORMAT_READER_H
#define NETSNOOP_FORMAT_READER_H

#include "chunk_decode.h"
#include "frame.h"
#include "input.h"
#include "registry.h"

#define NST_PROBLEMS_KEPT 64
#define NST_KINDS_KEPT 64

struct nst_problems {
	struct nst_problem kept[NST_PROBLEMS_KEPT];
	uint64_t n_total;
	bool damaged;
};

/* What of the current chunk has been decoded. */
enum nst_decoded {
	NST_DECODED_NOTHING,
	NST_DECODED_DICTIONARIES,
	NST_DECODED_EVENTS,
	NST_DECODED_METADATA,
	NST_DECODED_BADLY, /* it was damaged, which has been noted */
};

/* A chunk on its way through another thread. */
struct nst_unpacker {
	struct nst_decoder *decoder;
	ZSTD_DCtx *dctx;
	struct nst_buffer payload;		 /* both frames, compressed */
	struct nst_buffer dictionaries, columns; /* decompressed */
	struct nst_chunk_header header;
	struct nst_chunk chunk;
	/* What was found: ids of unknown sections of both frames, and the problem. */
	uint16_t unknown[2 * NST_UNKNOWN_MAX];
	size_t n_unknown;
	struct nst_problem problem;
	bool is_bad;
};

struct nst_reader {
	struct nst_input input;
	struct nst_registry registry;
	struct nst_problems problems;
	uint64_t from_ns, to_ns;
	bool (*is_wanted)(void *context, const struct nst_chunk *chunk); /* NULL: all are */
	void *choice_context;
	void (*catch_up)(void *context); /* NULL: no chunk is ever out */
	void *catch_up_context;
	bool is_settling;
	int error;	  /* the end, and why */
	bool is_finished; /* the end */

	/* The stretch that is being passed over, and why. */
	bool is_lost;
	struct nst_problem lost_at;
	uint64_t checksum_work; /* bytes of payload that were checked */
	struct nst_problem sniffed;

	/* Unknown kinds that have been noted: chunk types, and section ids above 16 bits. */
	uint32_t kinds[NST_KINDS_KEPT];
	size_t n_kinds;
	bool duplicates_noted; /* for this run of them */

	/* The current chunk; its frames stand in the input's buffer. */
	bool has_chunk;
	struct nst_chunk_header header;
	struct nst_chunk chunk;
	size_t header_frame_len;
	enum nst_decoded decoded;
	struct nst_decoder *decoder;
	ZSTD_DCtx *dctx;
	struct nst_buffer dictionaries, columns; /* decompressed */
};

/* Have all chunks settled that are out. */
void nst_reader_catch_up(struct nst_reader *reader);

/* Take a problem into the list. */
void nst_reader_note(struct nst_reader *reader, const struct nst_problem *problem);

/* Is this the first time that the reader is asked about this unknown kind? */
bool nst_reader_is_new_kind(struct nst_reader *reader, uint32_t kind);

/*
 * Go to the next chunk to be delivered and fill header, chunk and
 * header_frame_len. 1, 0 at the end, or as nst_reader_next() has it.
 */
int nst_scan_next(struct nst_reader *reader);

#endif
