/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A reader that goes ahead of the decoding finds what one finds that decodes each chunk
 * before it goes to the next: the same events, problems and counts, whatever is broken.
 */
#include "test_trace_parts.h"

#define AHEAD_CHUNKS 9
#define OUT_MAX 6
#define SEEN_MAX 64

/* ---- Broken traces, the same for the same number ------------------------ */

static uint64_t chance_state;

static uint64_t chance(uint64_t below)
{
	uint64_t x = chance_state += 0x9e3779b97f4a7c15u;

	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
	x = (x ^ x >> 27) * 0x94d049bb133111ebu;
	return (x ^ x >> 31) % below;
}

/* The checksums of a chunk that was changed become right: only decoding it finds it. */
static void chunk_seal(uint8_t *frame)
{
	uint8_t *content = frame + 9, *payload = frame + CHUNK_FRAME;
	uint32_t dict_len = get32(content + 40), col_len = get32(content + 52);

	put32(content + 48, nst_crc32c(payload, dict_len));
	put32(content + 60, nst_crc32c(payload + dict_len, col_len));
	header_seal(frame);
}

static void chunk_break(uint8_t *frame)
{
	size_t payload = chunk_len(frame) - CHUNK_FRAME;

	switch (chance(5)) {
	case 0: /* zstd or the decoder refuses it */
		frame[CHUNK_FRAME + chance(payload)] ^= (uint8_t)(1 << chance(8));
		chunk_seal(frame);
		break;
	case 1:
		frame[CHUNK_FRAME + chance(payload)] ^= 1;
		break;
	case 2:
		frame[chance(CHUNK_FRAME)] ^= (uint8_t)(1 << chance(8));
		break;
	default: /* it has another length than it says */
		put32(frame + 9 + 56, get32(frame + 9 + 56) + 1);
		header_seal(frame);
	}
}

/* Of two traces: chunks left out, twice, in another place, broken, with garbage between. */
static struct fixture_bytes broken_trace(const struct fixture_bytes whole[2], uint64_t number)
{
	struct fixture_bytes all = { malloc(4 * (whole[0].len + whole[1].len) + 65536), 0 };
	size_t breaks;

	chance_state = number;
	breaks = chance(4);
	for (int t = 0; t < 2; t++) {
		memcpy(all.data + all.len, whole[t].data, FILE_FRAME);
		all.len += FILE_FRAME;
		for (int i = 0; i <= AHEAD_CHUNKS; i++) {
			int from = chance(8) ? i : (int)chance(AHEAD_CHUNKS + 1);
			size_t at = chunk_at(&whole[t], from);
			uint8_t *copy = all.data + all.len;

			if (!chance(12))
				continue;
			memcpy(copy, whole[t].data + at, chunk_len(whole[t].data + at));
			if (i < AHEAD_CHUNKS && from < AHEAD_CHUNKS && chance(8) < breaks)
				chunk_break(copy);
			all.len += chunk_len(whole[t].data + at);
			if (!chance(20))
				memset(all.data + all.len++, (int)number, 1);
		}
	}
	return all;
}

/* ---- Two ways to read ---------------------------------------------------- */

struct found {
	struct nst_reader *reader;
	struct nst_unpacker *out[OUT_MAX]; /* as a ring */
	uint64_t oldest, end, n_out;
	uint64_t sums[SEEN_MAX]; /* of the chunks that could be decoded */
	size_t n_seen;
	int r;
};

static void see(struct found *found, const struct nst_events *events)
{
	uint64_t sum = events->n_events;

	for (size_t i = 0; i < events->n_events; i++)
		sum = sum * 31 + events->timestamp[i] * 7 + events->bytes[i] + events->lane[i];
	if (found->n_seen < SEEN_MAX)
		found->sums[found->n_seen++] = sum;
}

/* The newest is decoded first, so that nothing can depend on the order. */
static void settle_all(void *context)
{
	struct found *found = context;
	const struct nst_dictionaries *dictionaries;
	const struct nst_events *events[OUT_MAX];
	int r[OUT_MAX];

	for (uint64_t i = found->end; i-- > found->oldest;)
		r[i % OUT_MAX] = nst_unpacker_decode(found->out[i % OUT_MAX], false, &dictionaries,
						     &events[i % OUT_MAX]);
	for (; found->oldest < found->end; found->oldest++) {
		size_t slot = found->oldest % OUT_MAX;

		CHECK_INT(nst_reader_settle(found->reader, found->out[slot]), 0);
		if (!r[slot])
			see(found, events[slot]);
	}
}

static void read_chunk(struct found *found, const struct nst_chunk *chunk)
{
	const struct nst_events *events;
	const void *rows;
	size_t n;

	if (chunk->type != NST_CHUNK_EVENTS) {
		(void)nst_reader_rows(found->reader, NST_TABLE_SETTING, &rows, &n);
	} else if (!found->n_out) {
		if (!nst_reader_events(found->reader, &events))
			see(found, events);
	} else {
		if (found->end - found->oldest == found->n_out)
			settle_all(found);
		CHECK_INT(nst_unpacker_take(found->out[found->end % OUT_MAX], found->reader), 0);
		found->end++;
	}
}

/* n_out 0: one chunk after the other. */
static struct found read_all(int fd, uint64_t n_out)
{
	struct found found = { .n_out = n_out };
	const struct nst_chunk *chunk;

	lseek(fd, 0, SEEK_SET);
	CHECK_INT(nst_reader_open(fd, &found.reader), 0);
	for (uint64_t i = 0; n_out && i < OUT_MAX; i++)
		CHECK_INT(nst_unpacker_new(&found.out[i]), 0);
	if (n_out)
		nst_reader_set_ahead(found.reader, settle_all, &found);
	while ((found.r = nst_reader_next(found.reader, &chunk)) == 1)
		read_chunk(&found, chunk);
	settle_all(&found);
	return found;
}

static void found_free(struct found *found)
{
	for (size_t i = 0; i < OUT_MAX; i++)
		nst_unpacker_free(found->out[i]);
	nst_reader_close(found->reader);
}

static bool is_same_problem(const struct nst_problem *a, const struct nst_problem *b)
{
	return a->code == b->code && a->offset == b->offset && a->has_sequence == b->has_sequence &&
	       a->sequence == b->sequence && !strcmp(a->text, b->text);
}

static bool is_same(const struct found *a, const struct found *b)
{
	size_t n_a, n_b, kept_a, kept_b;
	uint64_t total_a, total_b;
	const struct nst_problem *problems_a = nst_reader_problems(a->reader, &kept_a, &total_a);
	const struct nst_problem *problems_b = nst_reader_problems(b->reader, &kept_b, &total_b);
	const struct nst_trace *traces_a = nst_reader_traces(a->reader, &n_a);
	const struct nst_trace *traces_b = nst_reader_traces(b->reader, &n_b);

	if (a->r != b->r || n_a != n_b || total_a != total_b || a->n_seen != b->n_seen ||
	    nst_reader_damaged(a->reader) != nst_reader_damaged(b->reader) ||
	    memcmp(a->sums, b->sums, a->n_seen * sizeof(a->sums[0])))
		return false;
	for (size_t i = 0; i < kept_a; i++)
		if (!is_same_problem(&problems_a[i], &problems_b[i]))
			return false;
	return !n_a || !memcmp(traces_a, traces_b, n_a * sizeof(*traces_a));
}

static void test_ahead_is_the_same(void)
{
	struct fixture_bytes whole[2] = { fixture_trace(1, AHEAD_CHUNKS, EVENTS),
					  fixture_trace(2, AHEAD_CHUNKS, EVENTS) };
	uint64_t n_damaged_chunks = 0, n_nearly_whole = 0, n_different = 0;

	for (uint64_t number = 1; number <= 2000; number++) {
		struct fixture_bytes bytes = broken_trace(whole, number);
		int fd = fixture_memfd();
		struct found plain, ahead;
		const struct nst_trace *traces;
		size_t n;

		CHECK_INT(write(fd, bytes.data, bytes.len), (ssize_t)bytes.len);
		plain = read_all(fd, 0);
		ahead = read_all(fd, 1 + number % OUT_MAX);
		n_different += !is_same(&plain, &ahead);
		traces = nst_reader_traces(plain.reader, &n);
		for (size_t i = 0; i < n; i++)
			n_damaged_chunks += traces[i].damaged_chunks;
		n_nearly_whole += plain.n_seen > 2 * AHEAD_CHUNKS - 4;
		found_free(&plain);
		found_free(&ahead);
		close(fd);
		free(bytes.data);
	}
	CHECK_INT(n_different, 0);
	/* or else it was no test */
	CHECK(n_damaged_chunks > 1000);
	CHECK(n_nearly_whole > 100);
	free(whole[0].data);
	free(whole[1].data);
}

/* ---- Headers alone --------------------------------------------------------- */

static bool is_fourth(void *context, const struct nst_chunk *chunk)
{
	++*(int *)context;
	return chunk->sequence == 3;
}

/* Chunks that nobody wants are there as headers, and their payloads are not looked at. */
static void test_chosen_by_header(void)
{
	struct fixture_bytes bytes = fixture_trace(1, AHEAD_CHUNKS, EVENTS);
	int fd = fixture_memfd(), n_asked = 0, n_chunks = 0;
	const struct nst_events *events;
	const struct nst_trace *traces;
	struct nst_bytes dictionaries, columns;
	struct nst_reader *reader = NULL;
	const struct nst_chunk *chunk;
	uint64_t n_problems;
	size_t n;

	bytes.data[chunk_at(&bytes, 5) + CHUNK_FRAME + 20] ^= 1;
	CHECK_INT(write(fd, bytes.data, bytes.len), (ssize_t)bytes.len);
	lseek(fd, 0, SEEK_SET);
	CHECK_INT(nst_reader_open(fd, &reader), 0);
	nst_reader_set_choice(reader, is_fourth, &n_asked);
	while (nst_reader_next(reader, &chunk) == 1) {
		bool is_wanted = chunk->sequence == 3;

		if (chunk->type != NST_CHUNK_EVENTS)
			continue;
		CHECK_INT(chunk->sequence, n_chunks++);
		CHECK_INT(chunk->first_ns, FIXTURE_START_NS + chunk->sequence * EVENTS * 1000 +
						   chunk->sequence * EVENTS % 7);
		CHECK_INT(nst_reader_events(reader, &events), is_wanted ? 0 : -EINVAL);
		CHECK_INT(nst_reader_frames(reader, &dictionaries, &columns),
			  is_wanted ? 0 : -EINVAL);
		if (is_wanted)
			CHECK_INT(events->n_events, EVENTS);
	}
	CHECK_INT(n_chunks, AHEAD_CHUNKS);
	CHECK_INT(n_asked, AHEAD_CHUNKS);
	traces = nst_reader_traces(reader, &n);
	CHECK_INT(traces[0].events, AHEAD_CHUNKS * EVENTS);
	CHECK(traces[0].has_end);
	(void)nst_reader_problems(reader, &n, &n_problems);
	CHECK_INT(n_problems, 0);
	nst_reader_close(reader);
	close(fd);
	free(bytes.data);
}

int main(void)
{
	RUN(test_chosen_by_header);
	RUN(test_ahead_is_the_same);
	return test_result();
}
