/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A trace of which everything is known, and how much of it another one holds. */
#ifndef NETSNOOP_TESTS_DAMAGE_MANY_H
#define NETSNOOP_TESTS_DAMAGE_MANY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MAX_CHUNKS 256
#define FILE_HEADER_FRAME (9 + 128)
#define CHUNK_HEADER_FRAME (9 + 224)

struct chunk_place { /* in the file; by FORMAT.md */
	size_t offset, len;
	uint64_t first_event; /* its number */
	uint32_t n_events;
};

struct whole {
	uint8_t *data;
	size_t len;
	size_t index_offset;
	struct chunk_place chunks[MAX_CHUNKS]; /* by sequence */
	size_t n_chunks;
	uint64_t n_events;
};

/* Make the trace. 0, or -1 once it was said. */
int whole_make(struct whole *whole);
void whole_free(struct whole *whole);

struct held {
	uint64_t chunks, events;
	uint64_t wrong;	       /* events that are not those of the chunks that survive, in order */
	uint64_t damaged_lost; /* in the last header */
};

/* Read the trace in a file, which has to hold the events of the chunks that survive. */
struct held whole_compare(const struct whole *whole, int fd, const bool *survives);

#endif
