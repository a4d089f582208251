/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Headers that one reader has seen on its way, and the next one does not read again. */
#include "test_trace_fixture.h"

#define CHUNKS 20
#define CUT 10 /* the chunk whose header is overwritten */

struct walk { /* over the headers of chunks */
	uint64_t chunks, events, offset_of_cut;
	bool damaged;
};

static bool none(void *context, const struct nst_chunk *chunk)
{
	(void)context;
	(void)chunk;
	return false;
}

static struct walk walk(int fd, struct nst_peeks *peeks)
{
	struct nst_reader *reader = NULL;
	const struct nst_chunk *chunk;
	struct walk walk = { 0 };

	lseek(fd, 0, SEEK_SET);
	CHECK_INT(nst_reader_open(fd, &reader), 0);
	nst_reader_set_choice(reader, none, NULL);
	nst_reader_set_peeks(reader, peeks);
	while (nst_reader_next(reader, &chunk) > 0) {
		if (chunk->sequence == CUT)
			walk.offset_of_cut = chunk->offset;
		walk.chunks++;
		walk.events += chunk->n_events;
	}
	walk.damaged = nst_reader_damaged(reader);
	nst_reader_close(reader);
	return walk;
}

static void are_not_read_again(void)
{
	/* chunks of more than is read at a time, so that a reader hops */
	struct fixture_bytes bytes = fixture_trace(1, CHUNKS, 20000);
	struct nst_peeks *peeks = NULL;
	struct walk first, second;
	int fd = fixture_memfd();

	CHECK_INT(write(fd, bytes.data, bytes.len), bytes.len);
	CHECK_INT(nst_peeks_new(&peeks), 0);
	first = walk(fd, peeks);
	CHECK_INT(first.events, CHUNKS * 20000);
	CHECK(!first.damaged);
	CHECK_INT(pwrite(fd, "x", 1, (off_t)first.offset_of_cut + 20), 1);
	second = walk(fd, peeks);
	CHECK(!memcmp(&first, &second, sizeof(first)));
	/* as which it would have been seen */
	second = walk(fd, NULL);
	CHECK(second.damaged);
	CHECK_INT(second.chunks, first.chunks - 1);
	nst_peeks_free(peeks);
	close(fd);
	free(bytes.data);
}

int main(void)
{
	RUN(are_not_read_again);
	return test_result();
}
