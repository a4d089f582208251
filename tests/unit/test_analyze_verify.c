/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* verify finds every sum that does not add up, and says what is missing. */
#include "tests/unit/trace_maker.h"

#include "analyze/say.h"

#include <signal.h>

#define EVENTS 100 /* of 1000 bytes: pid 10 sends the even ones, pid 11 receives the others */
#define LOST 7	   /* events that pid 10 sent and the ring had no room for */
#define NAME(text)                     \
	{                              \
		text, sizeof(text) - 1 \
	}

/* What is to be wrong or otherwise in the trace. */
struct changes {
	int64_t sum_bytes, sum_events;	   /* more than there were, in pid 10's row */
	int64_t total_wire, loss, counter; /* likewise, in TOTAL, LOSS and COUNTER */
	int64_t throughput;
	bool falling;	      /* losses of the headers become less */
	bool ownerless;	      /* the SUM had no room for pid 11 */
	bool no_owner_totals; /* the flow table was full: what was lost has no owner, nor in SUM */
	bool no_interface;    /* nor an interface */
	bool flow_table_full; /* the counter says so */
	uint64_t recorder;    /* events that were lost behind the kernel's count */
	bool part, no_sum, no_loss, cut;
};

static struct nst_total row_of(uint32_t pid, bool is_send, uint64_t n)
{
	return (struct nst_total){
		.start_ns = 500 * S,
		.events = n,
		.packets = n,
		.bytes = n * 1000,
		.payload_bytes = n * 948,
		.wire_bytes = n * 1014,
		.has = NST_TOTAL_HAS_OWNER | NST_TOTAL_HAS_IFINDEX | NST_TOTAL_HAS_NETNS |
		       NST_TOTAL_HAS_PROTOCOL,
		.pid = pid,
		.netns = 7,
		.ifindex = 2,
		.ethertype = 0x0800,
		.protocol = 6,
		.is_send = is_send,
		.owner_source = NST_OWNER_SOCKET,
		.link_header_bytes = 14,
	};
}

static void write_events(struct maker *maker)
{
	for (uint64_t i = 0; i < EVENTS; i++) {
		struct net_event event = maker_event(i * S / 100, i % 2 == 0);

		if (i % 2)
			maker_name(&event, 11, "other");
		maker_add(maker, &event);
		if (i % 20 == 19)
			nst_writer_flush(maker->writer);
	}
}

static void write_totals(struct maker *maker, const struct changes *changes)
{
	uint64_t lost[NST_LOSS_SLOTS] = { LOST, changes->recorder };
	struct nst_total total = row_of(10, true, LOST);
	struct nst_loss_interval losses[] = {
		{ START, START + S, LOST + (uint64_t)changes->loss, 1000 * LOST, 0, 0 },
		{ START, START + S, changes->recorder, 0, NST_ALL_CPUS, NST_LOST_RECORDER },
	};
	struct nst_rows tables[] = { { NST_TABLE_TOTAL, &total, 1 },
				     { NST_TABLE_LOSS, losses, changes->no_loss ? 0 : 2 } };

	total.wire_bytes += (uint64_t)changes->total_wire;
	if (changes->no_owner_totals)
		total.has &= ~(uint32_t)NST_TOTAL_HAS_OWNER;
	if (changes->no_interface)
		total.has &= ~(uint32_t)(NST_TOTAL_HAS_IFINDEX | NST_TOTAL_HAS_NETNS);
	nst_writer_set_lost(maker->writer, lost);
	CHECK_INT(nst_writer_rows(maker->writer, NST_CHUNK_TOTALS, tables, 2), 0);
	if (changes->falling) {
		lost[0]--;
		nst_writer_set_lost(maker->writer, lost);
	}
}

static void write_sums(struct maker *maker, const struct changes *changes)
{
	struct nst_total sums[] = {
		row_of(10, true,
		       EVENTS / 2 + LOST + changes->recorder + (uint64_t)changes->sum_events),
		row_of(11, false, EVENTS / 2),
		row_of(10, true, 1),
	};
	struct nst_throughput throughput[] = {
		{ 1000 * (EVENTS / 2 + LOST + changes->recorder) + (uint64_t)changes->throughput,
		  10, 1, NAME("web") },
		{ 1000 * (EVENTS / 2), 11, 0, NAME("other") },
	};
	struct nst_counter counters[] = {
		{ EVENTS + LOST + changes->recorder + (uint64_t)changes->counter, NST_ALL_CPUS,
		  NAME("events") },
		{ changes->flow_table_full, NST_ALL_CPUS, NAME("flow_table_full") },
		{ 12345, 0, NAME("something") },
	};
	struct nst_rows tables[] = { { NST_TABLE_SUM, sums, 2 },
				     { NST_TABLE_THROUGHPUT, throughput, 2 },
				     { NST_TABLE_COUNTER, counters, 3 } };

	sums[0].bytes += (uint64_t)changes->sum_bytes;
	if (changes->ownerless)
		sums[1].has &= ~(uint32_t)NST_TOTAL_HAS_OWNER;
	if (changes->no_owner_totals) { /* an event whose totals had no room */
		sums[0] = row_of(10, true, EVENTS / 2 + LOST - 1);
		sums[2].has &= ~(uint32_t)NST_TOTAL_HAS_OWNER;
		if (changes->no_interface)
			sums[2].has &= ~(uint32_t)(NST_TOTAL_HAS_IFINDEX | NST_TOTAL_HAS_NETNS);
		tables[0].n_rows = 3;
	}
	if (changes->no_sum)
		tables[0].n_rows = 0;
	CHECK_INT(nst_writer_rows(maker->writer, NST_CHUNK_TOTALS, tables, 3), 0);
}

static const char *make(struct changes changes)
{
	static uint8_t number = 1;
	const char *path = maker_path("verify.zst");
	struct maker maker = maker_begin(path, number++, 1);
	const struct nst_setting part = { NAME("part"), NAME("2") };
	const struct nst_rows table = { NST_TABLE_SETTING, &part, 1 };

	if (changes.part)
		CHECK_INT(nst_writer_rows(maker.writer, NST_CHUNK_ENVIRONMENT, &table, 1), 0);
	write_events(&maker);
	write_totals(&maker, &changes);
	write_sums(&maker, &changes);
	maker_end(&maker, changes.cut ? 0 : 2 * S);
	return path;
}

static int run(struct changes changes)
{
	return maker_run(&command_verify, "--utc", make(changes), NULL);
}

#define SAYS(text) CHECK(strstr(maker_out, text) || (fputs(maker_out, stderr), 0))

static void test_whole(void)
{
	CHECK_INT(run((struct changes){ 0 }), STATUS_DONE);
	SAYS("verify.zst: whole");
	SAYS("100 in them, 0 missing");
	SAYS("sum         equal: events and TOTAL are SUM, by process and interface: 2 keys");
	SAYS("throughput  equal: 57000 bytes sent and 50000 received");
	SAYS("counters    equal: 107 events");
	SAYS("losses      equal: the headers and LOSS agree");
	CHECK_STR(maker_err, "");
}

/* Each of them alone is damage, and it is said which sum it is, of what and by how much. */
static void test_sums_that_differ(void)
{
	CHECK_INT(run((struct changes){ .sum_bytes = 1 }), STATUS_DAMAGED);
	SAYS("verify.zst: damaged");
	SAYS("sum         DIFFERS: bytes (sent, pid 10, interface 2, namespace 7, protocol 6, "
	     "EtherType 0x0800, owner socket): 57000 in events and TOTAL, but 57001 in SUM");
	CHECK(strstr(maker_err, "57001"));
	CHECK_INT(run((struct changes){ .sum_events = -1 }), STATUS_DAMAGED);
	SAYS("sum         DIFFERS: events");
	CHECK_INT(run((struct changes){ .total_wire = -3 }), STATUS_DAMAGED);
	SAYS("sum         DIFFERS: wire_bytes");
	CHECK_INT(run((struct changes){ .throughput = 5 }), STATUS_DAMAGED);
	SAYS("throughput  DIFFERS: bytes that pid 10 sent: 57000 in events and TOTAL, but 57005");
	CHECK_INT(run((struct changes){ .counter = 1 }), STATUS_DAMAGED);
	SAYS("counters    DIFFERS: events: 107 recorded, lost and summed, but 108");
	CHECK_INT(run((struct changes){ .loss = 1 }), STATUS_DAMAGED);
	SAYS("losses      DIFFERS: ring_full: 8 in LOSS, but 7 in the last header");
	CHECK_INT(run((struct changes){ .no_loss = true }), STATUS_DAMAGED);
	SAYS("losses      DIFFERS: ring_full: 0 in LOSS");
	CHECK_INT(run((struct changes){ .falling = true }), STATUS_DAMAGED);
	SAYS("becomes less");
}

/* What the kernel had no room to tell apart is compared by what it did tell. */
static void test_coarser_sums(void)
{
	CHECK_INT(run((struct changes){ .ownerless = true }), STATUS_DONE);
	SAYS("sum         equal: events and TOTAL are SUM, by process and interface");
	CHECK_INT(run((struct changes){ .no_owner_totals = true }), STATUS_DAMAGED);
	CHECK_INT(run((struct changes){ .no_owner_totals = true, .flow_table_full = true }),
		  STATUS_DONE);
	SAYS("by interface (a table of flows was full): 2 keys");
	CHECK_INT(run((struct changes){
			  .no_owner_totals = true, .flow_table_full = true, .sum_bytes = 1 }),
		  STATUS_DONE); /* the row that sum_bytes is about is another one */
	CHECK_INT(run((struct changes){
			  .no_owner_totals = true, .no_interface = true, .flow_table_full = true }),
		  STATUS_DONE);
	SAYS("by direction");
	CHECK_INT(run((struct changes){ .flow_table_full = true, .sum_bytes = 1 }), STATUS_DAMAGED);
}

static void test_loss_behind_the_kernel(void)
{
	CHECK_INT(run((struct changes){ .recorder = 3 }), STATUS_DONE);
	SAYS("sum         equal: 110 events, with 3 of which nothing tells more than their number");
	SAYS("throughput  not checked: events were lost");
	CHECK_INT(run((struct changes){ .recorder = 3, .sum_events = 1 }), STATUS_DAMAGED);
	SAYS("110 in events, TOTAL and counted losses, but 111 in SUM");
	/* as many as TOTAL tells of, up to all of them */
	CHECK_INT(run((struct changes){ .recorder = 3, .sum_events = -3 }), STATUS_DONE);
	CHECK_INT(run((struct changes){ .recorder = 3, .sum_events = -4 }), STATUS_DAMAGED);
}

static void test_what_is_not_claimed(void)
{
	CHECK_INT(run((struct changes){ .part = true, .throughput = 50 }), STATUS_DONE);
	SAYS("throughput  not checked: it is of all parts");
	CHECK_INT(run((struct changes){ .part = true, .counter = 50 }), STATUS_DAMAGED);
	CHECK_INT(run((struct changes){ .no_sum = true, .total_wire = 9, .throughput = 9 }),
		  STATUS_DONE);
	SAYS("sum         not checked: the trace has no SUM");
	CHECK_INT(run((struct changes){ .cut = true, .sum_bytes = 9 }), STATUS_DAMAGED);
	SAYS("verify.zst: cut");
	SAYS("sum         not checked: chunks are missing");
	SAYS("the last sign of life is of 2026-01-02 03:04:05.990");
}

/* ---- Inputs ------------------------------------------------------------ */

static void copy_without(const char *from, const char *to, long begin, long end)
{
	static char data[1 << 20];
	FILE *in = fopen(from, "r"), *out = fopen(to, "w");
	size_t n = fread(data, 1, sizeof(data), in);

	end = end < 0 ? (long)n : end;
	fwrite(data, 1, (size_t)begin, out);
	fwrite(data + end, 1, n - (size_t)end, out);
	fclose(in);
	fclose(out);
}

/* Chunk i of a trace, by the lengths in its headers: offset and length. */
static long chunk_offset(const char *path, int i)
{
	FILE *in = fopen(path, "r");
	uint8_t header[233];
	long at = 137;

	while (i-- > 0 && !fseek(in, at, SEEK_SET) && fread(header, 233, 1, in) == 1)
		at += 233 + (header[49] | header[50] << 8) + (header[61] | header[62] << 8);
	fclose(in);
	return at;
}

static void test_gaps(void)
{
	const char *path = make((struct changes){ 0 }), *broken = maker_path("gap.zst");

	copy_without(path, broken, chunk_offset(path, 2), chunk_offset(path, 4));
	CHECK_INT(maker_run(&command_verify, "--utc", broken, NULL), STATUS_DAMAGED);
	SAYS("gap.zst: damaged");
	SAYS("60 in them, 40 missing in 0.410 s");
	SAYS("missing     chunks 2 to 3, 40 events in 0.410 s from 2026-01-02 03:04:05.190 UTC on");
	CHECK_INT(maker_run(&command_verify, "-f", "json", broken, NULL), STATUS_DAMAGED);
	SAYS("\"gaps\":[{\"first_chunk\":2,\"last_chunk\":3,\"events\":40,"
	     "\"from\":\"2026-01-02T03:04:05.190000000Z\","
	     "\"to\":\"2026-01-02T03:04:05.600000000Z\"}]");
	SAYS("\"missing_events\":40,\"missing_ns\":410000000,");
}

static void test_several_inputs(void)
{
	const char *whole = make((struct changes){ 0 }), *cut = maker_path("cut.zst");

	copy_without(whole, cut, chunk_offset(whole, 4), -1);
	CHECK_INT(maker_run(&command_verify, whole, cut, NULL), STATUS_DAMAGED);
	SAYS("verify.zst: whole");
	SAYS("cut.zst: cut");
	CHECK_INT(maker_run(&command_verify, "/dev/null", cut, whole, NULL), STATUS_FAILED);
	SAYS("/dev/null: refused");
	CHECK_INT(maker_run(&command_verify, cut, "/nowhere", NULL), STATUS_FAILED);
	CHECK(strstr(maker_err, "/nowhere: No such file"));
	CHECK_INT(maker_run(&command_verify, "-f", "json", "/dev/null", cut, NULL), STATUS_FAILED);
	SAYS("{\"files\":[{\"file\":\"/dev/null\",\"state\":\"refused\"");
	CHECK_INT(maker_run(&command_verify, NULL), STATUS_USAGE);
	CHECK_INT(maker_run(&command_verify, "-f", "csv", whole, NULL), STATUS_USAGE);
}

static void test_two_traces_in_one(void)
{
	char command[512];
	const char *first = maker_path("first.zst"), *both = maker_path("both.zst");

	CHECK_INT(rename(make((struct changes){ 0 }), first), 0);
	snprintf(command, sizeof(command), "cat %s %s >%s", first,
		 make((struct changes){ .sum_bytes = 2 }), both);
	CHECK_INT(system(command), 0);
	CHECK_INT(maker_run(&command_verify, "-f", "json", both, NULL), STATUS_DAMAGED);
	SAYS("\"state\":\"whole\",\"has_end\":true");
	SAYS("\"found\":57000,\"counted\":57002");
}

static void test_through_a_pipe(void)
{
	const char *path = make((struct changes){ 0 });
	int saved = dup(STDIN_FILENO);
	FILE *pipe_in;
	char command[256];

	snprintf(command, sizeof(command), "cat %s", path);
	pipe_in = popen(command, "r");
	dup2(fileno(pipe_in), STDIN_FILENO);
	CHECK_INT(maker_run(&command_verify, "-", NULL), STATUS_DONE);
	SAYS("-: whole");
	dup2(saved, STDIN_FILENO);
	pclose(pipe_in);
	close(saved);
}

int main(void)
{
	signal(SIGPIPE, SIG_IGN);
	RUN(test_whole);
	RUN(test_sums_that_differ);
	RUN(test_coarser_sums);
	RUN(test_loss_behind_the_kernel);
	RUN(test_what_is_not_claimed);
	RUN(test_gaps);
	RUN(test_several_inputs);
	RUN(test_two_traces_in_one);
	RUN(test_through_a_pipe);
	maker_clean();
	return test_result();
}
