/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * spec_reader FILE: print everything a trace holds. Written from
 * format/FORMAT.md alone and sharing nothing with the library, so that the
 * text, the writer and this reader keep each other honest. It believes what
 * it reads, within bounds: it is for the files of tests/golden.
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#define CAP (4u << 20)

struct section {
	const uint8_t *data;
	uint32_t count, length;
	uint8_t encoding, width;
};

struct column {
	const char *name;
	int null_bit; /* of has; -1: never null */
	bool is_bytes;
};

struct table {
	unsigned int number;
	const char *name;
	struct column columns[24];
};

#define INT(name)               \
	{                       \
		name, -1, false \
	}
#define NULLABLE(name, bit)      \
	{                        \
		name, bit, false \
	}
#define BYTES(name)            \
	{                      \
		name, -1, true \
	}
#define NULLABLE_BYTES(name, bit) \
	{                         \
		name, bit, true   \
	}

/* clang-format off */
#define FLOW_COLUMNS INT("has"), NULLABLE("id", 11), NULLABLE("netns", 9), INT("ethertype"), \
	NULLABLE("protocol", 0), NULLABLE_BYTES("local_addr", 1), NULLABLE("local_port", 2), \
	NULLABLE_BYTES("remote_addr", 1), NULLABLE("remote_port", 2)
#define TOTAL_COLUMNS INT("has"), INT("from_ns"), INT("to_ns"), NULLABLE("flow_id", 0), \
	NULLABLE("start_ns", 1), INT("events"), INT("packets"), INT("bytes"), \
	INT("payload_bytes"), INT("wire_bytes"), NULLABLE("pid", 1), NULLABLE("netns", 3), \
	NULLABLE("ifindex", 2), INT("ethertype"), NULLABLE("protocol", 4), INT("is_send"), \
	INT("owner_source"), INT("link_header_bytes"), INT("flags"), INT("cgroup_id"), \
	BYTES("comm")

static const struct table tables[] = {
	{ 1, "PROCESS", { INT("pid"), INT("start_ns"), BYTES("comm") } },
	{ 2, "FLOW", { FLOW_COLUMNS } },
	{ 3, "LANE", { INT("has"), INT("flow"), NULLABLE("process", 3), INT("owner_source"),
		INT("is_send"), NULLABLE("ifindex", 10), NULLABLE("link_header_bytes", 12),
		NULLABLE("cgroup_id", 5), INT("flags"), NULLABLE("vlan_id", 6) } },
	{ 4, "EVENT", { INT("has"), INT("timestamp"), INT("lane"), INT("bytes"),
		NULLABLE("header_bytes", 7), NULLABLE("segments", 13), NULLABLE("tcp_flags", 8),
		NULLABLE("tid", 4), INT("flags") } },
	{ 16, "SETTING", { BYTES("key"), BYTES("value") } },
	{ 17, "INTERFACE", { INT("has"), INT("time_ns"), INT("netns"), INT("ifindex"), INT("type"),
		INT("flags"), INT("mtu_bytes"), NULLABLE("master", 0), NULLABLE("link", 1),
		NULLABLE("link_netns", 2), NULLABLE("vlan_id", 3), BYTES("name"), BYTES("kind"),
		BYTES("mac") } },
	{ 18, "NETNS", { INT("netns"), BYTES("name") } },
	{ 19, "CGROUP", { INT("id"), BYTES("path") } },
	{ 20, "PROCESS_EVENT", { INT("has"), INT("time_ns"), INT("start_ns"),
		NULLABLE("parent_start_ns", 0), NULLABLE("cgroup_id", 2), INT("pid"),
		NULLABLE("parent_pid", 0), NULLABLE("uid", 1), NULLABLE("gid", 1), NULLABLE("netns", 3),
		NULLABLE("mntns", 9), NULLABLE("pidns", 10), NULLABLE("exit_code", 4), INT("what"),
		NULLABLE_BYTES("comm", 5), NULLABLE_BYTES("exe", 6), NULLABLE_BYTES("args", 7),
		NULLABLE_BYTES("build_id", 8) } },
	{ 21, "OWNER", { INT("has"), INT("flow_id"), INT("from_ns"), NULLABLE("to_ns", 0),
		INT("start_ns"), NULLABLE("cgroup_id", 2), INT("pid"), NULLABLE("tid", 1), INT("what"),
		INT("owner_source"), BYTES("comm") } },
	{ 22, "TOTAL", { TOTAL_COLUMNS } },
	{ 23, "THROUGHPUT", { INT("bytes"), INT("pid"), INT("is_send"), BYTES("name") } },
	{ 24, "COUNTER", { INT("value"), INT("cpu"), BYTES("name") } },
	{ 25, "LOSS", { INT("from_ns"), INT("to_ns"), INT("events"), INT("bytes"), INT("cpu"),
		INT("cause") } },
	{ 26, "INTERFACE_COUNTER", { INT("time_ns"), INT("recv_bytes"), INT("recv_packets"),
		INT("recv_dropped"), INT("send_bytes"), INT("send_packets"), INT("send_dropped"),
		INT("netns"), INT("ifindex") } },
	{ 27, "COMMENT", { INT("time_ns"), BYTES("text") } },
	{ 28, "TUPLE", { FLOW_COLUMNS } },
	{ 29, "SUM", { TOTAL_COLUMNS } },
	{ 30, "DETAIL", { INT("time_ns"), INT("detail") } },
};
/* clang-format on */

static _Noreturn void die(const char *what)
{
	fprintf(stderr, "spec_reader: %s\n", what);
	exit(1);
}

static uint64_t get(const uint8_t *at, unsigned int width)
{
	uint64_t value = 0;

	for (unsigned int k = 0; k < width; k++)
		value |= (uint64_t)at[k] << 8 * k;
	return value;
}

/* ---- One chunk --------------------------------------------------------- */

static uint8_t frames[2][CAP]; /* dictionaries and columns, decompressed */
static struct section sections[65536];
static uint64_t first_ns;

static void split(const uint8_t *at, size_t length)
{
	while (length >= 16) {
		struct section *section = &sections[get(at, 2)];

		section->encoding = at[2];
		section->width = at[3];
		section->count = (uint32_t)get(at + 4, 4);
		section->length = (uint32_t)get(at + 8, 4);
		section->data = at + 16;
		if (get(at + 12, 4) || section->length > length - 16)
			die("a section does not fit");
		at += 16 + section->length;
		length -= 16 + section->length;
	}
	if (length)
		die("bytes behind the sections");
}

static uint64_t stored(const struct section *section, size_t i, size_t n)
{
	uint64_t value = 0;

	if (section->length != n * section->width)
		die("a section of the wrong length");
	if (!(section->encoding & 0x10))
		return get(section->data + i * section->width, section->width);
	for (unsigned int k = 0; k < section->width; k++)
		value |= (uint64_t)section->data[k * n + i] << 8 * k;
	return value;
}

/* The low bits of value i of FLOAT, which begin behind those of the values before it. */
static uint64_t floating(const struct section *section, size_t i)
{
	const uint8_t *bytes = section->data + 1, *low = bytes + section->count;
	unsigned int m = section->data[0], c = bytes[i];
	uint64_t bit = 0, value, r;

	if (section->length < 1 + section->count || m > 3)
		die("a section of FLOAT that cannot be");
	for (size_t k = 0; k < i; k++)
		bit += bytes[k] < 2 << m ? 0 : (bytes[k] >> m) - 1;
	if (c < 2u << m)
		return c;
	r = (c >> m) - 1;
	value = ((UINT64_C(1) << m) + (c & ((1u << m) - 1))) << r;
	for (uint64_t k = 0; k < r; k++, bit++)
		value |= (uint64_t)(low[bit / 8] >> bit % 8 & 1) << k;
	return value;
}

static uint64_t coded(const struct section *section, size_t i)
{
	size_t n = section->data[0], width = section->width, literals = 0;
	const uint8_t *values = section->data + 1, *codes = values + n * width;

	if (codes[i] < n)
		return get(values + codes[i] * width, (unsigned int)width);
	if (codes[i] != 255)
		die("a code that stands for nothing");
	for (size_t k = 0; k < i; k++)
		literals += codes[k] == 255;
	return get(codes + section->count + literals * width, (unsigned int)width);
}

static uint64_t integer(unsigned int table, unsigned int column, size_t i);

/* The first row of LANE with the flow whose run event i of the columns is in. */
static uint64_t first_lane(size_t i)
{
	uint64_t flow = 0, lane = 0;

	for (size_t end = integer(5, 1, 0); i >= end; end += integer(5, 1, ++flow))
		;
	while (integer(3, 2, lane) != flow)
		lane++;
	return lane;
}

static uint64_t lane_row(size_t i)
{
	return integer(4, 3, i) + (sections[5 << 8 | 1].data ? first_lane(i) : 0);
}

static uint64_t zigzag(uint64_t value)
{
	return value & 1 ? ~(value >> 1) : value >> 1;
}

/* From run to run by their first events, and in that of event i up to it. */
static uint64_t run_time(size_t i)
{
	const struct section *section = &sections[4 << 8 | 2];
	uint64_t time = first_ns;
	size_t begin = 0, end = 0;

	for (uint64_t flow = 0; i >= end; flow++) {
		begin = end;
		end += integer(5, 1, flow);
		if (end > begin)
			time += zigzag(floating(section, begin));
	}
	for (size_t k = begin + 1; k <= i; k++)
		time += floating(section, k);
	return time;
}

static uint64_t integer(unsigned int table, unsigned int column, size_t i)
{
	const struct section *section = &sections[table << 8 | column];
	uint64_t sum = table == 4 ? first_ns : 0, delta;

	if (!section->data)
		return 0;
	switch (section->encoding & 0x0f) {
	case 0:
		return stored(section, i, section->count);
	case 1:
		return stored(section, 0, 1);
	case 5:
		return run_time(i);
	case 6:
		return coded(section, i);
	case 2:
		for (size_t k = 0; k <= i; k++) {
			delta = stored(section, k, section->count);
			sum += zigzag(delta);
		}
		return sum;
	case 3:
		return stored(section, lane_row(i), sections[3 << 8 | 2].count);
	}
	die("an integer of an unknown encoding");
}

static uint64_t length_of(const struct section *section, size_t i)
{
	return get(section->data + i * section->width, section->width);
}

/* Byte k of string i. */
static uint8_t byte_of(const struct section *section, size_t i, uint64_t k)
{
	const uint8_t *at = section->data + (size_t)section->count * section->width;

	if (section->encoding == 4) {
		for (size_t before = 0; before < i; before++)
			at += length_of(section, before);
		return at[k];
	}
	for (uint64_t plane = 0; plane <= k; plane++)
		for (size_t row = 0; row < section->count && (plane < k || row < i); row++)
			at += plane < length_of(section, row);
	return *at;
}

static void print_bytes(unsigned int table, unsigned int column, size_t i)
{
	const struct section *section = &sections[table << 8 | column];

	putchar('"');
	for (uint64_t k = 0; section->data && k < length_of(section, i); k++) {
		uint8_t byte = byte_of(section, i, k);

		printf(byte < ' ' || byte > '~' || byte == '"' || byte == '\\' ? "\\x%02x" : "%c",
		       byte);
	}
	putchar('"');
}

/* Row i of the columns, which is row number of the table. */
static void print_row(const struct table *table, size_t number, size_t i)
{
	bool has_has = !strcmp(table->columns[0].name, "has");
	uint64_t has = has_has ? integer(table->number, 1, i) : 0;

	printf("%s %zu:", table->name, number);
	for (unsigned int c = 0; table->columns[c].name; c++) {
		const struct column *column = &table->columns[c];

		printf(" %s=", column->name);
		if (column->null_bit >= 0 && !(has >> column->null_bit & 1))
			printf("null");
		else if (column->is_bytes)
			print_bytes(table->number, c + 1, i);
		else
			printf("%" PRIu64, table->number == 4 && c == 2
						   ? lane_row(i)
						   : integer(table->number, c + 1, i));
	}
	putchar('\n');
}

static uint64_t time_of[65536]; /* as events stand */

static int compare_times(const void *a, const void *b)
{
	size_t i = *(const size_t *)a, k = *(const size_t *)b;

	if (time_of[i] != time_of[k])
		return time_of[i] < time_of[k] ? -1 : 1;
	return i < k ? -1 : i > k;
}

/* The order in which rows are told. */
static size_t *order_of(unsigned int table, size_t n)
{
	static size_t order[65536];

	for (size_t i = 0; i < n; i++)
		order[i] = i;
	for (size_t i = 0; i < n && table == 4; i++)
		time_of[i] = integer(4, 2, i);
	if (table == 4)
		qsort(order, n, sizeof(order[0]), compare_times);
	return order;
}

static void print_tables(void)
{
	for (size_t t = 0; t < sizeof(tables) / sizeof(tables[0]); t++) {
		const struct section *first = &sections[tables[t].number << 8 | 1];
		size_t n = first->data ? first->count : 0, *order = order_of(tables[t].number, n);

		for (size_t i = 0; i < n; i++)
			print_row(&tables[t], i, order[i]);
	}
}

static void unpack(const uint8_t *at, uint32_t length, uint32_t raw_length, uint8_t *to)
{
	if (length && (raw_length > CAP || ZSTD_decompress(to, CAP, at, length) != raw_length))
		die("a payload frame of the wrong size");
	if (length)
		split(to, raw_length);
}

/* ---- Headers ----------------------------------------------------------- */

static void print_hex(const char *name, const uint8_t *at, size_t length)
{
	printf(" %s=", name);
	while (length--)
		printf("%02x", *at++);
}

static void print_file_header(const uint8_t *at)
{
	printf("FILE length=%" PRIu64 " major=%" PRIu64 " minor=%" PRIu64 " incompat=%" PRIu64
	       " compat=%" PRIu64,
	       get(at + 8, 2), get(at + 10, 2), get(at + 12, 2), get(at + 16, 4), get(at + 20, 4));
	print_hex("uuid", at + 24, 16);
	print_hex("boot_id", at + 40, 16);
	printf(" clock=%" PRIu64 " writer=%.32s start_ns=%" PRIu64 " start_realtime_ns=%" PRIu64
	       "\n",
	       get(at + 56, 4), at + 64, get(at + 96, 8), get(at + 104, 8));
}

/* Print a chunk whose header's content is at; the bytes of its payload. */
static size_t print_chunk(const uint8_t *at, const uint8_t *payload, size_t left)
{
	uint64_t dict = get(at + 40, 4), columns = get(at + 52, 4);

	printf("CHUNK type=0x%04" PRIx64 " sequence=%" PRIu64 " clock=%d count=%" PRIu64
	       " ordinal=%" PRIu64 " first=%" PRIu64 " last=%" PRIu64 " sample=%" PRIu64 ",%" PRIu64
	       " lost=",
	       get(at + 6, 2), get(at + 24, 8), at[36], get(at + 64, 4), get(at + 72, 8),
	       get(at + 80, 8), get(at + 88, 8), get(at + 96, 8), get(at + 104, 8));
	for (int i = 0; i < 12; i++)
		printf("%s%" PRIu64, i ? "," : "", get(at + 112 + 8 * i, 8));
	putchar('\n');
	if (dict + columns > left)
		die("a payload past the end");
	memset(sections, 0, sizeof(sections));
	first_ns = get(at + 80, 8);
	unpack(payload, (uint32_t)dict, (uint32_t)get(at + 44, 4), frames[0]);
	unpack(payload + dict, (uint32_t)columns, (uint32_t)get(at + 56, 4), frames[1]);
	print_tables();
	return dict + columns;
}

static void print_index(const uint8_t *at, const uint8_t *file, size_t length)
{
	const uint8_t *trailer = at + length - 32;

	if (length < 32 || memcmp(trailer + 28, "NSIX", 4) || get(trailer + 20, 4) != length ||
	    get(trailer + 16, 4) * 40 + 32 != length)
		die("the index does not add up");
	for (uint64_t i = 0; i < get(trailer + 16, 4); i++, at += 40) {
		const uint8_t *chunk = file + get(at, 8) + 9;

		if (memcmp(chunk, "NSCH", 4) || get(chunk + 24, 8) != get(at + 24, 8))
			die("an entry of the index points elsewhere");
		printf("INDEX first=%" PRIu64 " last=%" PRIu64 " sequence=%" PRIu64
		       " count=%" PRIu64 " type=0x%04" PRIx64 "\n",
		       get(at + 8, 8), get(at + 16, 8), get(at + 24, 8), get(at + 32, 4),
		       get(at + 36, 2));
	}
}

static void print_trace(const uint8_t *file, size_t length)
{
	size_t at = 0;

	while (length - at >= 8) {
		const uint8_t *frame = file + at, *content = frame + 9;

		if (get(frame, 4) == 0x184d2a5e) {
			print_index(frame + 8, file, get(frame + 4, 4));
			at += 8 + get(frame + 4, 4);
			continue;
		}
		if (get(frame, 4) != 0xfd2fb528 || frame[4] != 0x20 || length - at < 9u + frame[5])
			die("no frame where one should begin");
		at += 9 + frame[5];
		if (!memcmp(content, "NETSNOOP", 8))
			print_file_header(content);
		else if (!memcmp(content, "NSCH", 4))
			at += print_chunk(content, file + at, length - at);
		else
			die("a header without its magic");
	}
	if (at != length)
		die("bytes behind the last frame");
}

int main(int argc, char **argv)
{
	static uint8_t file[CAP];
	FILE *in = argc == 2 ? fopen(argv[1], "rb") : NULL;
	size_t length;

	if (!in)
		die("usage: spec_reader FILE");
	length = fread(file, 1, sizeof(file), in);
	if (ferror(in) || length == sizeof(file))
		die("the file cannot be read, or is too large");
	fclose(in);
	print_trace(file, length);
	return fflush(stdout) ? 1 : 0;
}
