/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Events that stand by flow, and the encodings that go with them: what is written comes
 * back, and what contradicts itself is refused. Sections are typed from FORMAT.md.
 */
#include "format/chunk_decode.h"
#include "format/codes.h"
#include "format/floats.h"
#include "format/order.h"
#include "test_trace_fixture.h"

static uint64_t state;

static uint64_t next_random(void)
{
	state += 0x9e3779b97f4a7c15u;
	return (state ^ state >> 29) * 0xbf58476d1ce4e5b9u;
}

/* ---- FLOAT ------------------------------------------------------------- */

#define N_MAX 16384

static uint8_t room[1 << 20];
static uint64_t values[N_MAX], back[N_MAX], scratch[NST_ROWS_CAP];

static struct nst_section section_of(const struct nst_buffer *out)
{
	return (struct nst_section){
		.data = out->data + NST_SECTION_HEADER_LEN,
		.count = nst_get32(out->data + NST_SH_COUNT),
		.len = nst_get32(out->data + NST_SH_LENGTH),
		.encoding = out->data[NST_SH_ENCODING],
		.width = out->data[NST_SH_WIDTH],
	};
}

/* Encode n of values and decode them; the bits that each has in its byte. */
static int float_there_and_back(size_t n)
{
	struct nst_buffer out = { room, 0, sizeof(room) };
	struct nst_section section;

	CHECK_INT(nst_floats_encode(0x0402, values, n, &out), 0);
	section = section_of(&out);
	CHECK_INT(section.encoding, 5);
	CHECK_INT(section.width, 1);
	CHECK_INT(section.len + NST_SECTION_HEADER_LEN, out.len);
	CHECK_STR(nst_floats_decode(&section, scratch, back) ?: "", "");
	CHECK(!memcmp(values, back, n * sizeof(values[0])));
	return section.data[0];
}

static void test_float_values(void)
{
	size_t n = 0;

	for (unsigned int bit = 0; bit < 64; bit++) {
		values[n++] = 1ull << bit;
		values[n++] = (1ull << bit) - 1;
		values[n++] = (1ull << bit) + 1;
	}
	values[n++] = UINT64_MAX;
	CHECK_INT(float_there_and_back(n), 0);
	for (size_t max = 2; max <= 1 << 20; max *= 2) {
		for (size_t i = 0; i < 3000; i++)
			values[i] = next_random() % max;
		float_there_and_back(3000);
	}
	values[0] = 0;
	CHECK_INT(float_there_and_back(1), 0);
	for (size_t i = 0; i < N_MAX; i++)
		values[i] = next_random() >> (next_random() % 64);
	float_there_and_back(N_MAX);
}

/* Values of one magnitude that are much alike have their highest bits where zstd sees them. */
static void test_float_chooses(void)
{
	for (size_t i = 0; i < N_MAX; i++)
		values[i] = 700 + next_random() % 20;
	CHECK_INT(float_there_and_back(N_MAX), 3);
	for (size_t i = 0; i < N_MAX; i++)
		values[i] = next_random() % 1024;
	CHECK(float_there_and_back(N_MAX) < 3);
}

static const char *float_fault(const char *data, size_t len, uint32_t count)
{
	struct nst_section section = { (const uint8_t *)data, count, (uint32_t)len, 0x0402, 5, 1 };

	return nst_floats_decode(&section, scratch, back) ?: "";
}

static void test_float_refused(void)
{
	/* m = 1: 1; 4 + 1 bit; 6 + 2 bits: 1, 6 | 1, 8 | 2 */
	CHECK_STR(float_fault("\1\1\5\6\5", 5, 3), "");
	CHECK_INT(back[0], 1);
	CHECK_INT(back[1], 3 << 1 | 1);
	CHECK_INT(back[2], 2 << 2 | 2);
	CHECK(strstr(float_fault("\1\1\5\6\x0d", 5, 3), "not zero"));
	CHECK(strstr(float_fault("\1\1\5\6\5", 4, 3), "add up"));
	CHECK(strstr(float_fault("\1\1\5\6\5\0", 6, 3), "add up"));
	CHECK(strstr(float_fault("\1\1\5", 3, 3), "byte for each"));
	CHECK(strstr(float_fault("\4\1", 2, 1), "more than 3"));
	CHECK_STR(float_fault("\0\x40\0\0\0\0\0\0\0\x00", 10, 1), ""); /* 64 bits */
	CHECK_INT(back[0], INT64_MIN);
	CHECK(strstr(float_fault("\0\x41\0\0\0\0\0\0\0\0", 10, 1), "64 bits"));
	CHECK(strstr(float_fault("\2\xfc\0\0\0\0\0\0\0\0", 10, 1), "64 bits"));
}

/* ---- CODES ------------------------------------------------------------- */

static uint32_t sizes[N_MAX], sizes_back[N_MAX], codes_room[NST_CODES_ROOM(N_MAX)];

static int codes_there_and_back(size_t n, unsigned int width)
{
	static struct nst_coder coder;
	struct nst_buffer out = { room, 0, sizeof(room) };
	int r = nst_codes_encode(&coder, 0x0404, sizes, n, width, &out);
	struct nst_section section;

	CHECK(r >= 0);
	if (!r) {
		CHECK_INT(out.len, 0);
		return 0;
	}
	section = section_of(&out);
	CHECK_INT(section.encoding, 6);
	CHECK_INT(section.len + NST_SECTION_HEADER_LEN, out.len);
	CHECK_STR(nst_codes_decode(&section, codes_room, sizes_back) ?: "", "");
	CHECK(!memcmp(sizes, sizes_back, n * sizeof(sizes[0])));
	return section.data[0];
}

static void test_codes_values(void)
{
	for (uint32_t i = 0; i < N_MAX; i++)
		sizes[i] = i % 3 ? 52 + i % 2 * 1448 : i / 16;
	CHECK_INT(codes_there_and_back(N_MAX, 2), 2);
	for (uint32_t i = 0; i < N_MAX; i++)
		sizes[i] = i % 2 ? UINT32_MAX - i % 7 : i % 500;
	CHECK_INT(codes_there_and_back(N_MAX, 4), 7); /* 500 would be too many */
	for (uint32_t i = 0; i < N_MAX; i++)
		sizes[i] = i % 255 * 256;
	CHECK_INT(codes_there_and_back(N_MAX, 2), 255);
	for (uint32_t i = 0; i < N_MAX; i++)
		sizes[i] = i; /* too many different ones */
	CHECK_INT(codes_there_and_back(N_MAX, 2), 0);
	CHECK_INT(codes_there_and_back(1000, 2), 0); /* none is frequent */
}

static const char *codes_fault(const char *data, size_t len, uint32_t count, uint8_t width)
{
	struct nst_section section = {
		(const uint8_t *)data, count, (uint32_t)len, 0x0404, 6, width
	};

	return nst_codes_decode(&section, codes_room, sizes_back) ?: "";
}

static void test_codes_refused(void)
{
	CHECK_STR(codes_fault("\2\x10\x11\0\1\xff\0\x20", 8, 4, 1), "");
	CHECK(sizes_back[0] == 0x10 && sizes_back[1] == 0x11 && sizes_back[2] == 0x20);
	CHECK_STR(codes_fault("\0\xff\x34\x12", 4, 1, 2), "");
	CHECK_INT(sizes_back[0], 0x1234);
	CHECK(strstr(codes_fault("\2\x10\x11\0\2\xff\0\x20", 8, 4, 1), "without a value"));
	CHECK(strstr(codes_fault("\2\x10\x11\0\1\xff\0\x20", 7, 4, 1), "add up"));
	CHECK(strstr(codes_fault("\2\x10\x11\0\1\1\0\x20", 8, 4, 1), "add up"));
	CHECK(strstr(codes_fault("\2\x10\x11\0\1\1", 6, 4, 1), "code for each"));
	CHECK(strstr(codes_fault("\2\x10\x11\0\1\1\0", 0, 4, 1), "code for each"));
	CHECK(strstr(codes_fault("\0\xff\0\0\0\0\0\0\0\0", 10, 1, 8), "width"));
}

/* ---- The order of time ------------------------------------------------- */

static uint64_t unsorted[N_MAX];

static int compare_unsorted(const void *a, const void *b)
{
	uint32_t i = *(const uint32_t *)a, k = *(const uint32_t *)b;

	if (unsorted[i] != unsorted[k])
		return unsorted[i] < unsorted[k] ? -1 : 1;
	return i < k ? -1 : i > k;
}

/* values up to usual, and one that is max */
static void check_order(size_t n, uint64_t usual, uint64_t max)
{
	static uint64_t keys[N_MAX], spare[N_MAX];
	static uint32_t order[N_MAX], want[N_MAX];
	const struct nst_order_room order_room = { keys, spare };
	uint64_t wrong = 0;

	for (uint32_t i = 0; i < n; i++) {
		unsorted[i] = usual == UINT64_MAX ? next_random() : next_random() % (usual + 1);
		if (i == n / 2)
			unsorted[i] = max;
		values[i] = unsorted[i];
		want[i] = i;
	}
	qsort(want, n, sizeof(want[0]), compare_unsorted);
	nst_order(values, n, max, &order_room, order);
	for (size_t i = 0; i < n; i++)
		wrong += order[i] != want[i] || values[i] != unsorted[want[i]];
	CHECK_INT(wrong, 0);
}

static void test_order(void)
{
	for (unsigned int bits = 0; bits <= 64; bits++) {
		uint64_t max = bits == 64 ? UINT64_MAX : (1ull << bits) - 1;

		check_order(1, max, max);
		check_order(257, max, max);
		check_order(3000, max, max);
	}
	check_order(N_MAX, 500000000, 500000000);
	check_order(N_MAX, 100000, 500000000000); /* all but one in one moment */
}

/* ---- Chunks ------------------------------------------------------------ */

struct frame {
	uint8_t data[512];
	size_t len;
};

static void add(struct frame *frame, unsigned int table, unsigned int column, unsigned int encoding,
		unsigned int width, uint32_t count, const char *data, size_t len)
{
	uint8_t *at = frame->data + frame->len;

	CHECK(frame->len + 16 + len <= sizeof(frame->data));
	at[0] = (uint8_t)column;
	at[1] = (uint8_t)table;
	at[2] = (uint8_t)encoding;
	at[3] = (uint8_t)width;
	nst_put32(at + 4, count);
	nst_put32(at + 8, (uint32_t)len);
	nst_put32(at + 12, 0);
	memcpy(at + 16, data, len);
	frame->len += 16 + len;
}
#define ADD(frame, table, column, encoding, width, count, data) \
	add(frame, table, column, encoding, width, count, data, sizeof(data) - 1)

/* Two flows, the first with two lanes; five events, three of them of the first flow. */
struct sample {
	struct frame dictionaries, columns;
	struct nst_chunk chunk;
};

static void sample_dictionaries(struct frame *frame)
{
	ADD(frame, 2, 1, 0, 1, 2, "\2\2"); /* ADDR */
	ADD(frame, 2, 6, 0x14, 1, 2,
	    "\4\x10"
	    "\x0a\x20\0\1\0\x0d\1\xb8\0\0\0\0\0\0\0\0\0\0\0\1");
	ADD(frame, 2, 8, 4, 1, 2, "\4\4abcdabce");
	ADD(frame, 3, 2, 2, 1, 3, "\0\0\2"); /* 0, 0, 1 */
	ADD(frame, 3, 5, 0, 1, 3, "\0\1\0");
}

static void sample_columns(struct frame *frame)
{
	ADD(frame, 5, 1, 0, 1, 2, "\3\2");
	ADD(frame, 4, 2, 5, 1, 5, "\3\0\2\4\2\1"); /* 0, 2, 6 and 1, 2 */
	ADD(frame, 4, 3, 0, 1, 5, "\0\1\0\0\0");
	ADD(frame, 4, 4, 6, 1, 5, "\1\x34\0\xff\0\xff\0\x55\x66");
	ADD(frame, 4, 1, 1, 2, 5, "\x10\0"); /* TID */
	ADD(frame, 4, 8, 3, 1, 5, "\7\x08\x09");
}

static void sample_init(struct sample *sample)
{
	memset(sample, 0, sizeof(*sample));
	sample->chunk.first_ns = 1000;
	sample->chunk.last_ns = 1006;
	sample->chunk.n_events = 5;
	sample->chunk.incompat = 1;
	sample_dictionaries(&sample->dictionaries);
	sample_columns(&sample->columns);
}

static int sample_decode(const struct sample *sample, struct nst_problem *ret_problem)
{
	return nst_decode_events_chunk(
		&sample->chunk,
		(struct nst_bytes){ sample->dictionaries.data, (uint32_t)sample->dictionaries.len },
		(struct nst_bytes){ sample->columns.data, (uint32_t)sample->columns.len },
		ret_problem);
}

static void check_sample(struct nst_decoder *decoder, const uint8_t *order)
{
	static const uint64_t times[] = { 1000, 1002, 1006, 1001, 1002 };
	static const uint32_t lanes[] = { 0, 1, 0, 2, 2 }, tids[] = { 7, 8, 7, 9, 9 },
			      bytes[] = { 0x34, 0x55, 0x34, 0x66, 0x34 };
	const struct nst_events *events = &decoder->events;

	CHECK_INT(events->n_events, 5);
	CHECK_INT(events->first_ns, 1000);
	CHECK_INT(events->last_ns, 1006);
	for (size_t i = 0; i < events->n_events; i++) {
		size_t k = order[i];

		CHECK_INT(events->timestamp[i], times[k]);
		CHECK_INT(events->lane[i], lanes[k]);
		CHECK_INT(events->bytes[i], bytes[k]);
		if (events->tid)
			CHECK_INT(events->tid[i], tids[k]);
		CHECK_INT(events->has[i], NST_HAS_TID);
	}
}

static void test_chunk(void)
{
	struct nst_decoder *decoder = NULL;
	struct nst_problem problem = { 0 };
	const struct nst_flow *flow;
	struct sample sample;

	sample_init(&sample);
	CHECK_INT(nst_decoder_new(&decoder), 0);
	decoder->incompat = 1;
	for (int for_sums = 0; for_sums < 2; for_sums++) {
		decoder->for_sums = for_sums;
		CHECK_INT(nst_decode_dictionaries(
				  decoder,
				  (struct nst_bytes){ sample.dictionaries.data,
						      (uint32_t)sample.dictionaries.len },
				  &problem),
			  0);
		CHECK_INT(nst_decode_events(decoder, &sample.chunk,
					    (struct nst_bytes){ sample.columns.data,
								(uint32_t)sample.columns.len },
					    &problem),
			  0);
		check_sample(decoder, for_sums ? (const uint8_t *)"\0\1\2\3\4"
					       : (const uint8_t *)"\0\3\1\4\2");
		CHECK_INT(decoder->events.tid == NULL, for_sums);
		CHECK_INT(decoder->events.n_runs, for_sums ? 2 : 1);
		CHECK_INT(decoder->events.run_ends[0], for_sums ? 3 : 5);
		CHECK_INT(decoder->events.run_ends[decoder->events.n_runs - 1], 5);
	}
	flow = decoder->dictionaries.flows;
	CHECK(!memcmp(flow[0].local_addr.data, "\x0a\0\0\1", 4));
	CHECK(!memcmp(flow[1].local_addr.data, "\x20\1\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1", 16));
	CHECK(!memcmp(flow[1].remote_addr.data, "abce", 4));
	CHECK_INT(decoder->dictionaries.lanes[2].flow, 1);
	nst_decoder_free(decoder);
}

/* The first section with this table and column; the test's own are small. */
static uint8_t *section_at(struct frame *frame, unsigned int table, unsigned int column)
{
	uint8_t *at = frame->data;

	while (at[0] != column || at[1] != table)
		at += 16 + nst_get32(at + 8);
	return at;
}

static void check_refused(const struct sample *sample, const char *word)
{
	struct nst_problem problem = { 0 };

	CHECK_INT(sample_decode(sample, &problem), -EBADMSG);
	if (!strstr(problem.text, word))
		CHECK_STR(problem.text, word);
}

/* A byte of a column's data is another. */
static void check_column_byte(unsigned int table, unsigned int column, size_t byte, uint8_t value,
			      const char *word)
{
	struct sample sample;

	sample_init(&sample);
	section_at(&sample.columns, table, column)[16 + byte] = value;
	check_refused(&sample, word);
}

static void test_chunks_refused(void)
{
	struct sample sample;

	check_column_byte(5, 1, 1, 3, "more than the chunk's 5");
	check_column_byte(5, 1, 1, 1, "runs of 4 events");
	check_column_byte(4, 3, 0, 2, "a lane that its flow does not have");
	check_column_byte(4, 3, 4, 1, "a lane that its flow does not have");
	check_column_byte(4, 2, 2, 3, "a time behind the last"); /* 0, 3, 7 */
	check_column_byte(4, 2, 0, 4, "more than 3 bits");
	check_column_byte(4, 4, 2, 1, "a code without a value");

	sample_init(&sample);
	nst_put32(section_at(&sample.columns, 5, 1) + 4, 1);
	section_at(&sample.columns, 5, 1)[2] = 1;
	nst_put32(section_at(&sample.columns, 5, 1) + 8, 2);
	section_at(&sample.columns, 5, 1)[3] = 2;
	check_refused(&sample, "1 runs of events, but the chunk has 2 flows");

	sample_init(&sample);
	section_at(&sample.columns, 5, 1)[2] = 2;
	check_refused(&sample, "not for runs");

	sample_init(&sample);
	section_at(&sample.dictionaries, 3, 2)[16 + 1] = 2; /* flows 0, 1, 2 */
	check_refused(&sample, "there are 2");
	section_at(&sample.dictionaries, 3, 2)[16 + 2] = 1; /* 0, 1, 0 */
	section_at(&sample.dictionaries, 3, 5)[16 + 2] = 1;
	check_refused(&sample, "order of their flows");

	sample_init(&sample);
	section_at(&sample.dictionaries, 2, 6)[16] = 5; /* longer than there are bytes */
	check_refused(&sample, "add up");

	/* without runs: times as a version without them would have it */
	sample_init(&sample);
	section_at(&sample.columns, 5, 1)[1] = 0x77;
	check_refused(&sample, "not for timestamps");
	section_at(&sample.columns, 4, 2)[2] = 2;
	nst_put32(section_at(&sample.columns, 4, 2) + 8, 5);
	memmove(section_at(&sample.columns, 4, 2) + 21, section_at(&sample.columns, 4, 2) + 22,
		sample.columns.len - 22);
	sample.columns.len--;
	memset(section_at(&sample.columns, 4, 2) + 16, 2, 5);
	sample.chunk.last_ns = 2000;
	check_refused(&sample, "section 0x0404");

	/* with runs, but times in their old encoding */
	sample_init(&sample);
	section_at(&sample.columns, 4, 2)[2] = 1;
	section_at(&sample.columns, 4, 2)[3] = 2;
	nst_put32(section_at(&sample.columns, 4, 2) + 8, 2);
	check_refused(&sample, "section");
}

/* What a version without runs could not read must be told by the header. */
static void test_header_tells(void)
{
	struct sample sample;

	sample_init(&sample);
	sample.chunk.incompat = 0;
	check_refused(&sample, "does not tell");
	sample_init(&sample);
	sample.dictionaries.len = 0;
	ADD(&sample.dictionaries, 2, 4, 1, 2, 1, "\0\x08");
	ADD(&sample.dictionaries, 3, 2, 1, 1, 1, "\0");
	sample.columns.len = 0;
	ADD(&sample.columns, 4, 2, 2, 1, 1, "\0");
	sample.chunk.n_events = 1;
	sample.chunk.incompat = 0;
	CHECK_INT(sample_decode(&sample, &(struct nst_problem){ 0 }), 0);
	section_at(&sample.dictionaries, 3, 2)[2] = 2;
	check_refused(&sample, "section 0x0302: the chunk's header does not tell");
	sample.chunk.incompat = 1;
	CHECK_INT(sample_decode(&sample, &(struct nst_problem){ 0 }), 0);
	/* names of processes have no planes, whatever the header tells */
	ADD(&sample.dictionaries, 1, 1, 1, 1, 1, "\1");
	ADD(&sample.dictionaries, 1, 3, 0x14, 1, 1, "\1x");
	check_refused(&sample, "not for strings");
}

/* What traces from the writer say, in their headers and in those of their chunks. */
static void test_writer_tells(void)
{
	struct fixture_bytes bytes = fixture_trace(1, 1, 100);

	CHECK_INT(nst_get32(bytes.data + 9 + 16), 1);
	CHECK_INT(nst_get32(bytes.data + 137 + 9 + 32), 1);
	free(bytes.data);
}

int main(void)
{
	RUN(test_float_values);
	RUN(test_float_chooses);
	RUN(test_float_refused);
	RUN(test_codes_values);
	RUN(test_codes_refused);
	RUN(test_order);
	RUN(test_chunk);
	RUN(test_chunks_refused);
	RUN(test_header_tells);
	RUN(test_writer_tells);
	return test_result();
}
