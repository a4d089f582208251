/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Traces that contradict themselves under good checksums, come from the future, or are none. */
#include "test_trace_parts.h"

#include <time.h>
#include <zstd.h>

/* ---- Headers that lie -------------------------------------------------- */

/* Change 32 bits of the header of chunk 1, with a good checksum, and read. */
static struct fixture_result read_with_chunk_field(size_t offset, uint32_t value)
{
	struct fixture_bytes bytes = fixture_trace(1, CHUNKS, EVENTS);
	uint8_t *frame = bytes.data + chunk_at(&bytes, 1);
	struct fixture_result result;

	put32(frame + 9 + offset, value);
	header_seal(frame);
	result = fixture_read(bytes.data, bytes.len);
	free(bytes.data);
	return result;
}

static void check_chunk_field(size_t offset, uint32_t value, enum nst_problem_code code)
{
	struct fixture_result result = read_with_chunk_field(offset, value);

	CHECK_INT(result.r, 0);
	CHECK_INT(result.events, TOTAL - EVENTS);
	CHECK_INT(result.wrong, 0);
	CHECK_INT(result.problem.code, code);
	CHECK_INT(result.trace.events + result.trace.missing_events, TOTAL);
	CHECK(result.damaged);
}

static void test_lying_chunk_headers(void)
{
	check_chunk_field(36, 0x00000109, NST_PROBLEM_BAD_HEADER); /* clock and reserved */
	check_chunk_field(36, 0x00000101, NST_PROBLEM_BAD_HEADER); /* reserved */
	check_chunk_field(36, 2, NST_PROBLEM_BAD_VALUE);	   /* another clock */
	check_chunk_field(40, 0xffffffff, NST_PROBLEM_TOO_LARGE);
	check_chunk_field(44, (4 << 20) + 1, NST_PROBLEM_TOO_LARGE);
	check_chunk_field(52, 0x80000000, NST_PROBLEM_TOO_LARGE);
	check_chunk_field(52, 4 << 20, NST_PROBLEM_CUT);
	check_chunk_field(52, 0, NST_PROBLEM_BAD_VALUE);
	check_chunk_field(48, 1, NST_PROBLEM_BAD_CHECKSUM);
	check_chunk_field(44, 1, NST_PROBLEM_BAD_FRAME);
	check_chunk_field(64, 0, NST_PROBLEM_BAD_VALUE);
	check_chunk_field(64, 65537, NST_PROBLEM_BAD_VALUE);
	check_chunk_field(68, 1, NST_PROBLEM_BAD_HEADER);
	check_chunk_field(208, 1, NST_PROBLEM_BAD_HEADER);
	check_chunk_field(216, 1, NST_PROBLEM_BAD_HEADER);
	check_chunk_field(72, 2, NST_PROBLEM_BAD_VALUE);      /* ordinal */
	check_chunk_field(84, 0xffff, NST_PROBLEM_BAD_VALUE); /* first after last */
	check_chunk_field(88, 0, NST_PROBLEM_BAD_VALUE);
}

static void test_count_that_is_not_the_sections(void)
{
	struct fixture_result result = read_with_chunk_field(64, EVENTS - 1);

	CHECK(FIXTURE_HAS_CODE(result, NST_PROBLEM_BAD_SECTION));
	/* The next chunk's ordinal contradicts this lie: the one after is fine again. */
	CHECK_INT(result.events, TOTAL - 2 * EVENTS);
	CHECK_INT(result.trace.events + result.trace.missing_events, TOTAL);
}

static void test_unknown_incompat_bit(void)
{
	struct fixture_bytes bytes = fixture_trace(1, CHUNKS, EVENTS);
	struct fixture_result result;

	put32(bytes.data + 9 + 16, 1 << 3);
	header_seal(bytes.data);
	result = fixture_read(bytes.data, bytes.len);
	CHECK_INT(result.r, -EPROTONOSUPPORT);
	CHECK_INT(result.problem.code, NST_PROBLEM_INCOMPATIBLE);
	CHECK(strstr(result.problem.text, "bit 3") && strstr(result.problem.text, "fixture 1.0"));
	CHECK_INT(result.events, 0);
	free(bytes.data);

	result = read_with_chunk_field(32, 1 << 3);
	CHECK_INT(result.r, -EPROTONOSUPPORT);
	CHECK_INT(result.events, EVENTS);
}

/* A later version: higher numbers, compat bits, and longer headers. */
static void test_newer_minor(void)
{
	struct fixture_bytes bytes = fixture_trace(1, CHUNKS, EVENTS);
	struct fixture_bytes parts[2] = { { calloc(1, 255 + 9), 200 + 9 },
					  part(&bytes, FILE_FRAME, bytes.len) };
	struct fixture_result result;
	uint8_t *frame = parts[0].data;

	memcpy(frame, bytes.data, FILE_FRAME - 4);
	frame[5] = 200;
	frame[6] = (uint8_t)(200 << 3 | 1);
	frame[7] = 200 >> 5;
	frame[9 + 8] = 200;
	frame[9 + 12] = 7;
	frame[9 + 20] = 0xff;
	memset(frame + 9 + 124, 0xee, 200 - 124 - 4);
	header_seal(frame);
	result = read_parts(parts, 2);
	CHECK_INT(result.events, TOTAL);
	CHECK_INT(result.n_problems, 0);
	CHECK_INT(result.trace.header.minor, 7);
	CHECK_INT(result.trace.header.compat, 0xff);
	free(frame);
	free(bytes.data);
}

static void test_reserved_of_the_file_header(void)
{
	static const size_t reserved[] = { 14, 15, 60, 63, 112, 123 };
	struct fixture_bytes bytes = fixture_trace(1, CHUNKS, EVENTS);

	for (size_t i = 0; i < sizeof(reserved) / sizeof(reserved[0]); i++) {
		struct fixture_result result;

		bytes.data[9 + reserved[i]] = 1;
		header_seal(bytes.data);
		result = fixture_read(bytes.data, bytes.len);
		bytes.data[9 + reserved[i]] = 0;
		CHECK_INT(result.problem.code, NST_PROBLEM_BAD_HEADER);
		CHECK_INT(result.events, TOTAL);
		CHECK(!result.trace.has_header);
	}
	free(bytes.data);
}

/* ---- Kinds from the future --------------------------------------------- */

static struct fixture_result read_with_type(uint16_t type)
{
	struct fixture_bytes bytes = fixture_trace(1, CHUNKS, EVENTS);
	uint8_t *frame = bytes.data + chunk_at(&bytes, CHUNKS); /* END, which has no payload */
	struct fixture_result result;

	frame[9 + 6] = (uint8_t)type;
	frame[9 + 7] = (uint8_t)(type >> 8);
	header_seal(frame);
	result = fixture_read(bytes.data, bytes.len);
	free(bytes.data);
	return result;
}

static void test_unknown_chunks(void)
{
	struct fixture_result result = read_with_type(0x0123);

	CHECK_INT(result.problem.code, NST_PROBLEM_UNKNOWN);
	CHECK_INT(result.events, TOTAL);
	result = read_with_type(0x8123);
	CHECK_INT(result.problem.code, NST_PROBLEM_UNKNOWN_CRITICAL);
	CHECK(result.damaged);
	CHECK_INT(result.events, TOTAL);
}

/* More unknown kinds than are listed must not hide a critical one behind them. */
static void test_critical_behind_many_unknown(void)
{
	enum {
		N = 70
	};
	struct fixture_bytes bytes = fixture_trace(1, 1, EVENTS), many;
	uint8_t *end = bytes.data + chunk_at(&bytes, 1);
	size_t at = (size_t)(end - bytes.data);
	struct fixture_result result;

	many.len = at + N * CHUNK_FRAME;
	many.data = malloc(many.len);
	memcpy(many.data, bytes.data, at);
	for (uint32_t i = 0; i < N; i++, at += CHUNK_FRAME) {
		uint32_t type = i == N - 1 ? 8 : i == N - 2 ? 0x8123 : 1000 + i;

		put32(end + 9 + 24, 1 + i);
		end[9 + 6] = (uint8_t)type;
		end[9 + 7] = (uint8_t)(type >> 8);
		header_seal(end);
		memcpy(many.data + at, end, CHUNK_FRAME);
	}
	result = fixture_read(many.data, many.len);
	CHECK_INT(result.events, EVENTS);
	CHECK(result.trace.has_end);
	CHECK_INT(result.n_problems, 64);
	CHECK(result.damaged);
	free(many.data);
	free(bytes.data);
}

/* Chunk 1 again, with a section added to its columns or dictionaries. */
static struct fixture_bytes with_section(const struct fixture_bytes *bytes, const uint8_t *section,
					 size_t len)
{
	size_t a = chunk_at(bytes, 1), b = chunk_at(bytes, 2);
	const uint8_t *frame = bytes->data + a;
	size_t dict = get32(frame + 9 + 40), raw_len = get32(frame + 9 + 56);
	uint8_t raw[20000], packed[20000], head[CHUNK_FRAME];
	struct fixture_bytes parts[5] = { part(bytes, 0, a),
					  { head, sizeof(head) },
					  part(bytes, a + CHUNK_FRAME, a + CHUNK_FRAME + dict),
					  { packed, 0 },
					  part(bytes, b, bytes->len) };

	CHECK_INT(ZSTD_decompress(raw, sizeof(raw), frame + CHUNK_FRAME + dict,
				  get32(frame + 9 + 52)),
		  raw_len);
	memcpy(raw + raw_len, section, len);
	raw_len += len;
	parts[3].len = ZSTD_compress(packed, sizeof(packed), raw, raw_len, 1);
	memcpy(head, frame, sizeof(head));
	put32(head + 9 + 52, (uint32_t)parts[3].len);
	put32(head + 9 + 56, (uint32_t)raw_len);
	put32(head + 9 + 60, nst_crc32c(packed, parts[3].len));
	header_seal(head);
	return bytes_join(parts, 5);
}

static struct fixture_result read_with_section(uint16_t id, uint8_t encoding, uint8_t width,
					       uint32_t count, uint32_t len)
{
	struct fixture_bytes bytes = fixture_trace(1, CHUNKS, EVENTS), changed;
	uint8_t section[64] = { (uint8_t)id, (uint8_t)(id >> 8), encoding, width };
	struct fixture_result result;

	put32(section + 4, count);
	put32(section + 8, len);
	changed = with_section(&bytes, section, 16 + 8);
	result = fixture_read(changed.data, changed.len);
	free(bytes.data);
	free(changed.data);
	return result;
}

static void test_sections(void)
{
	struct fixture_result result = read_with_section(0x04f0, 0xee, 3, 99, 8);

	CHECK_INT(result.problem.code, NST_PROBLEM_UNKNOWN); /* an unknown column */
	CHECK_INT(result.events, TOTAL);
	CHECK_INT(result.wrong, 0);
	CHECK(!result.damaged);
	result = read_with_section(0x7701, 0, 1, 8, 8); /* an unknown table */
	CHECK_INT(result.problem.code, NST_PROBLEM_UNKNOWN);
	CHECK_INT(result.events, TOTAL);
	result = read_with_section(0x04f0, 0, 1, 8, 9); /* past the end */
	CHECK_INT(result.problem.code, NST_PROBLEM_BAD_SECTION);
	CHECK_INT(result.events, TOTAL - EVENTS);
	result = read_with_section(0x04f0, 0, 1, 8, 7); /* bytes left over */
	CHECK_INT(result.problem.code, NST_PROBLEM_BAD_SECTION);
	result = read_with_section(0x0404, 1, 8, EVENTS, 8); /* twice */
	CHECK_INT(result.problem.code, NST_PROBLEM_BAD_SECTION);
	CHECK_INT(result.trace.damaged_chunks, 1);
	CHECK_INT(result.trace.missing_events, EVENTS);
}

/*
 * Two lanes that only a column of a later version tells apart: that column is
 * passed over, so the rows that are left are no damage.
 */
static void test_rows_that_an_unknown_column_tells_apart(void)
{
	static const uint8_t dictionaries[] = {
		/* FLOW ethertype: CONST 0x0800 */
		4, 2, 1, 2, 1, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0x00, 0x08,
		/* LANE flow: CONST 0, two rows */
		2, 3, 1, 1, 2, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0,
		/* LANE column 11: PLAIN 0 and 1 */
		11, 3, 0, 1, 2, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 1
	};
	static const uint8_t columns[] = { 2, 4, 2, 1, 2, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0 };
	struct nst_chunk chunk = { .first_ns = 5, .last_ns = 5, .n_events = 2 };
	struct nst_bytes frame = { columns, sizeof(columns) };
	struct nst_problem problem = { 0 };

	CHECK_INT(nst_decode_events_chunk(&chunk,
					  (struct nst_bytes){ dictionaries, sizeof(dictionaries) },
					  frame, &problem),
		  0);
	CHECK_INT(nst_decode_events_chunk(
			  &chunk, (struct nst_bytes){ dictionaries, sizeof(dictionaries) - 18 },
			  frame, &problem),
		  -EBADMSG);
	CHECK_INT(problem.code, NST_PROBLEM_BAD_VALUE);
}

/* ---- Inputs that are no trace ------------------------------------------ */

static void check_not_a_trace(const void *data, size_t len, const char *word)
{
	struct fixture_result result = fixture_read(data, len);

	CHECK_INT(result.r, -ENOMSG);
	CHECK(strstr(result.problem.text, word));
	CHECK_INT(result.n_problems, 1);
}

static void test_not_a_trace(void)
{
	static uint8_t noise[20 << 20];
	struct fixture_bytes bytes = fixture_trace(1, CHUNKS, EVENTS);
	uint8_t packed[40000], plain[40000];
	size_t len;

	check_not_a_trace("\x1f\x8b\x08", 3, "gzip");
	check_not_a_trace("\xfd\x37zXZ\0...", 9, "xz");
	check_not_a_trace("\xd4\xc3\xb2\xa1....", 8, "pcap");
	check_not_a_trace("\x0a\x0d\x0d\x0a....", 8, "pcapng");
	check_not_a_trace("hello, world\n", 13, "no header");
	for (size_t i = 0; i < sizeof(noise); i++)
		noise[i] = (uint8_t)(i * 2654435761u >> 11);
	check_not_a_trace(noise, sizeof(noise), "no header");

	len = ZSTD_compress(packed, sizeof(packed), "something else", 14, 3);
	check_not_a_trace(packed, len, "zstd");
	len = ZSTD_compress(packed, sizeof(packed), bytes.data, bytes.len, 3);
	check_not_a_trace(packed, len, "compressed again");
	CHECK_INT(fixture_read(packed, len).problem.code, NST_PROBLEM_RECOMPRESSED);
	len = ZSTD_decompress(plain, sizeof(plain), bytes.data,
			      bytes.len - (8 + 32 + (CHUNKS + 1) * 40));
	CHECK(!ZSTD_isError(len));
	check_not_a_trace(plain, len, "decompressed");
	len = ZSTD_compress(packed, sizeof(packed), plain, len, 3);
	check_not_a_trace(packed, len, "compressed again");
	free(bytes.data);
}

/* Headers that are refused, and nothing else: the reason must be told. */
static void test_no_header_that_can_be_right(void)
{
	struct fixture_bytes bytes = fixture_trace(1, 1, EVENTS);
	struct fixture_result result;

	bytes.data[9 + 56] = 3;
	header_seal(bytes.data);
	check_not_a_trace(bytes.data, FILE_FRAME, "the clock is neither");
	result = fixture_read(bytes.data, FILE_FRAME + 20);
	CHECK_INT(result.r, -ENOMSG);
	CHECK(strstr(result.problem.text, "the clock is neither"));
	check_not_a_trace("\x5e\x2a\x4d\x18\0\0\0", 8, "no header");
	free(bytes.data);
}

static void test_a_directory(void)
{
	int fd = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	CHECK_INT(fixture_read_fd(fd).r, -EISDIR);
	close(fd);
}

/* ---- Bombs ------------------------------------------------------------- */

static double cpu_seconds(void)
{
	struct timespec time;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
	return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

/* Headers only, each of which claims all the others as its payload. */
static void test_overlapping_claims(void)
{
	enum {
		N = 60000
	};
	struct fixture_bytes bytes = fixture_trace(1, 1, EVENTS), bomb;
	uint8_t *frame = bytes.data + FILE_FRAME;
	double begin = cpu_seconds();
	struct fixture_result result;

	bomb = (struct fixture_bytes){ malloc((size_t)N * CHUNK_FRAME), (size_t)N * CHUNK_FRAME };
	for (uint32_t i = 0; i < N; i++) {
		put32(frame + 9 + 24, i);
		put32(frame + 9 + 72, i * EVENTS);
		put32(frame + 9 + 40, 4 << 20);
		put32(frame + 9 + 52, 4 << 20);
		header_seal(frame);
		memcpy(bomb.data + (size_t)i * CHUNK_FRAME, frame, CHUNK_FRAME);
	}
	result = fixture_read(bomb.data, bomb.len);
	CHECK_INT(result.r, -EBADMSG);
	CHECK(FIXTURE_HAS_CODE(result, NST_PROBLEM_TOO_MUCH_DAMAGE) || result.n_problems > 64);
	CHECK(cpu_seconds() - begin < 5);
	free(bomb.data);
	free(bytes.data);
}

/* Small frames, each of which could be skipped if only its end could be seen. */
static void test_overlapping_skippable_frames(void)
{
	enum {
		LEN = 14 << 20,
		STEP = FILE_FRAME + 8
	};
	struct fixture_bytes bytes = fixture_trace(1, 1, EVENTS), bomb = { calloc(1, LEN), LEN };
	double begin = cpu_seconds();
	struct fixture_result result;

	for (size_t at = 0; at + STEP <= LEN; at += STEP) {
		memcpy(bomb.data + at, bytes.data, FILE_FRAME);
		put32(bomb.data + at + FILE_FRAME, 0x184d2a50);
		put32(bomb.data + at + FILE_FRAME + 4, (8 << 20) - 88);
	}
	result = fixture_read(bomb.data, bomb.len);
	CHECK_INT(result.r, 0);
	CHECK(result.damaged);
	CHECK(cpu_seconds() - begin < 5);
	free(bomb.data);
	free(bytes.data);
}

/* As many traces as are allowed, again and again. */
static void test_many_traces(void)
{
	enum {
		N = 16384,
		TIMES = 8
	};
	struct fixture_bytes bytes = fixture_trace(1, 1, EVENTS), bomb;
	double begin = cpu_seconds();
	struct fixture_result result;

	bomb.len = (size_t)N * TIMES * FILE_FRAME;
	bomb.data = malloc(bomb.len);
	for (uint32_t i = 0; i < N * TIMES; i++) {
		put32(bytes.data + 9 + 24, i % N);
		header_seal(bytes.data);
		memcpy(bomb.data + (size_t)i * FILE_FRAME, bytes.data, FILE_FRAME);
	}
	result = fixture_read(bomb.data, bomb.len);
	CHECK_INT(result.r, 0);
	CHECK_INT(result.n_traces, N);
	CHECK(cpu_seconds() - begin < 3);

	put32(bytes.data + 9 + 24, N);
	header_seal(bytes.data);
	memcpy(bomb.data + bomb.len - FILE_FRAME, bytes.data, FILE_FRAME);
	CHECK_INT(fixture_read(bomb.data, bomb.len).r, -EBADMSG);
	free(bomb.data);
	free(bytes.data);
}

static void test_empty_chunks(void)
{
	enum {
		N = 20000
	};
	struct fixture_bytes bytes = fixture_trace(1, 1, EVENTS), bomb;
	uint8_t *frame = bytes.data + FILE_FRAME;
	double begin = cpu_seconds();
	struct fixture_result result;

	bomb = (struct fixture_bytes){ malloc((size_t)N * CHUNK_FRAME), (size_t)N * CHUNK_FRAME };
	put32(frame + 9 + 64, 0);
	for (uint32_t i = 0; i < N; i++) {
		put32(frame + 9 + 24, i);
		header_seal(frame);
		memcpy(bomb.data + (size_t)i * CHUNK_FRAME, frame, CHUNK_FRAME);
	}
	result = fixture_read(bomb.data, bomb.len);
	CHECK_INT(result.problem.code, NST_PROBLEM_BAD_VALUE);
	CHECK_INT(result.chunks, 0);
	CHECK(result.damaged);
	CHECK(cpu_seconds() - begin < 5);
	free(bomb.data);
	free(bytes.data);
}

int main(void)
{
	RUN(test_lying_chunk_headers);
	RUN(test_count_that_is_not_the_sections);
	RUN(test_unknown_incompat_bit);
	RUN(test_newer_minor);
	RUN(test_reserved_of_the_file_header);
	RUN(test_unknown_chunks);
	RUN(test_critical_behind_many_unknown);
	RUN(test_sections);
	RUN(test_rows_that_an_unknown_column_tells_apart);
	RUN(test_not_a_trace);
	RUN(test_no_header_that_can_be_right);
	RUN(test_a_directory);
	RUN(test_overlapping_claims);
	RUN(test_overlapping_skippable_frames);
	RUN(test_many_traces);
	RUN(test_empty_chunks);
	return test_result();
}
