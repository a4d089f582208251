/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* recover makes a whole trace of a broken one, and leaves files alone otherwise. */
#include "tests/unit/trace_maker.h"

#include "analyze/say.h"
#include "analyze/verify.h"

#include <errno.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

#define CHUNKS 5 /* of events, between the environment and the sums */
#define EVENTS 20
#define ALL (CHUNKS * EVENTS)
#define SUMS (1 + CHUNKS) /* which chunk they are */

#define SAYS(text) CHECK(strstr(maker_out, text) || (fputs(maker_out, stderr), 0))
#define COMPLAINS(text) CHECK(strstr(maker_err, text) || (fputs(maker_err, stderr), 0))

static const char *make(const char *name, uint8_t number)
{
	const struct nst_total sum = {
		.start_ns = 500 * S,
		.events = ALL,
		.packets = ALL,
		.bytes = 1000 * ALL,
		.payload_bytes = 948 * ALL,
		.wire_bytes = 1014 * ALL,
		.has = 0x1e,
		.pid = 10,
		.netns = 7,
		.ifindex = 2,
		.ethertype = 0x0800,
		.protocol = 6,
		.is_send = 1,
		.owner_source = NST_OWNER_SOCKET,
		.link_header_bytes = 14,
	};
	const struct nst_counter counter = { ALL, NST_ALL_CPUS, { "events", 6 } };
	const struct nst_rows tables[] = { { NST_TABLE_SUM, &sum, 1 },
					   { NST_TABLE_COUNTER, &counter, 1 } };
	const char *path = maker_path(name);
	struct maker maker = maker_begin(path, number, 1);

	for (uint64_t i = 0; i < ALL; i++) {
		struct net_event event = maker_event(i * S / 100, true);

		maker_add(&maker, &event);
		if (i % EVENTS == EVENTS - 1)
			nst_writer_flush(maker.writer);
	}
	CHECK_INT(nst_writer_rows(maker.writer, NST_CHUNK_TOTALS, tables, 2), 0);
	maker_end(&maker, 2 * S);
	return path;
}

/* Offset of chunk i, by the lengths in the headers before it. */
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

static void flip(const char *path, long at)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);
	uint8_t byte = 0;

	CHECK_INT(pread(fd, &byte, 1, at), 1);
	byte ^= 0x40;
	CHECK_INT(pwrite(fd, &byte, 1, at), 1);
	close(fd);
}

static int recover_to(const char *broken, const char *good)
{
	unlink(good);
	return maker_run(&command_recover, "-o", good, broken, NULL);
}

/* verify on what was recovered: 0, and the check of the sum as told. */
static void check_good(const char *good, const char *sum)
{
	CHECK_INT(maker_run(&command_verify, "--utc", good, NULL), STATUS_DONE);
	SAYS(sum);
}

static void test_events_damaged(void)
{
	const char *broken = make("broken.zst", 1), *good = maker_path("good.zst");
	struct stat status = { 0 };

	flip(broken, chunk_offset(broken, 2) + 300);
	CHECK_INT(recover_to(broken, good), STATUS_DONE);
	COMPLAINS("good.zst: recovered 80 events in 6 chunks");
	COMPLAINS("good.zst: missing: 20 events in 1 chunks, 0.210 s");
	CHECK_INT(stat(good, &status), 0);
	CHECK_INT(status.st_mode & 07777, 0600);
	/* only events are missing: their number still has to be that of the SUM */
	check_good(
		good,
		"sum         equal: 100 events, with 20 of which nothing tells more than their number");
	SAYS("counters    equal: 100 events");
	SAYS("lost        20 damaged (events)");
	CHECK_INT(maker_run(&command_report, "-f", "json", good, NULL), STATUS_DONE);
	SAYS("\"lost\":{\"damaged\":20}");
	SAYS("\"complete\":true");
	SAYS("\"events\":80");
}

static void test_metadata_damaged(void)
{
	const char *broken = make("broken.zst", 2), *good = maker_path("good.zst");

	flip(broken, chunk_offset(broken, SUMS) + 240);
	CHECK_INT(recover_to(broken, good), STATUS_DONE);
	COMPLAINS("recovered 100 events in 6 chunks");
	COMPLAINS("missing: 0 events in 1 chunks");
	check_good(good, "sum         not checked: the trace has no SUM");
	flip(broken, chunk_offset(broken, 0) + 240); /* the environment; the sums stay away */
	CHECK_INT(recover_to(broken, good), STATUS_DONE);
	check_good(good, "counters    not checked");
}

static void test_cut(void)
{
	const char *broken = make("broken.zst", 3), *good = maker_path("good.zst");
	const char *again = maker_path("again.zst");

	CHECK_INT(truncate(broken, chunk_offset(broken, 4) + 100), 0);
	CHECK_INT(recover_to(broken, good), STATUS_DONE);
	COMPLAINS("recovered 60 events in 4 chunks");
	COMPLAINS("nothing is missing in front of the cut");
	COMPLAINS("the recording was cut");
	check_good(good, "end         2026-01-02 03:04:05.590 UTC");
	/* what was recovered once, and is damaged again */
	flip(good, chunk_offset(good, 3) + 300);
	CHECK_INT(recover_to(good, again), STATUS_DONE);
	check_good(again, "lost        20 damaged (events)");
	flip(again, chunk_offset(again, 3) + 300);
	CHECK_INT(recover_to(again, good), STATUS_DONE);
	check_good(good, "lost        40 damaged (events)");
	/* and with it what told of the first time: settings, then events, then that */
	flip(good, chunk_offset(good, 1 + 1 + 1 + 1 + 1) + 240);
	CHECK_INT(recover_to(good, again), STATUS_DONE);
	check_good(again, "lost        40 damaged (events)");
}

static void test_header_lost(void)
{
	const char *broken = make("broken.zst", 4), *good = maker_path("good.zst");

	flip(broken, 50);
	CHECK_INT(maker_run(&command_verify, broken, NULL), STATUS_DAMAGED);
	SAYS("broken.zst: damaged");
	CHECK_INT(recover_to(broken, good), STATUS_DONE);
	check_good(good, "100 in them, 0 missing");
	CHECK_INT(maker_run(&command_report, "-f", "json", good, NULL), STATUS_DONE);
	SAYS("\"start\":\"2026-01-02T03:04:05.000000000Z\"");
}

static void test_several_traces(void)
{
	const char *broken = make("a.zst", 5), *other = make("b.zst", 6);
	const char *both = maker_path("both.zst"), *good = maker_path("good.zst");
	char command[512];

	flip(broken, chunk_offset(broken, 1) + 300);
	CHECK_INT(truncate(other, chunk_offset(other, 3)), 0);
	snprintf(command, sizeof(command), "cat %s %s >%s", broken, other, both);
	CHECK_INT(system(command), 0);
	CHECK_INT(recover_to(both, good), STATUS_DONE);
	COMPLAINS("recovered 120 events in 9 chunks");
	CHECK_INT(maker_run(&command_verify, "-f", "json", good, NULL), STATUS_DONE);
	SAYS("\"events\":80,");
	SAYS("\"events\":40,");
}

/* In turn, which no writer does: every run of chunks is of one trace and read for itself. */
static void test_traces_in_turn(void)
{
	const char *a = make("a.zst", 5), *b = make("b.zst", 6);
	const char *both = maker_path("both.zst"), *good = maker_path("good.zst");
	struct input input;
	struct verified verified;
	char command[512];

	snprintf(command, sizeof(command),
		 "(head -c %ld %s; head -c %ld %s; tail -c +%ld %s; tail -c +%ld %s) >%s",
		 chunk_offset(a, 3), a, chunk_offset(b, 4), b, chunk_offset(a, 3) + 1, a,
		 chunk_offset(b, 4) + 1, b, both);
	CHECK_INT(system(command), 0);
	CHECK_INT(input_open(both, &input), 0);
	CHECK_INT(verify(&input, &verified), 0);
	CHECK_INT(verified.runs.n, 4);
	for (size_t i = 0; i < verified.n_traces; i++)
		CHECK_INT(verified.traces[i].n_gaps, 0);
	verified_free(&verified);
	input_close(&input);
	CHECK_INT(recover_to(both, good), STATUS_DONE);
	COMPLAINS("recovered 200 events in 14 chunks");
	COMPLAINS("nothing is missing");
	CHECK_INT(maker_run(&command_verify, good, NULL), STATUS_DONE);
}

/* ---- Where it goes ----------------------------------------------------- */

static void test_nothing_is_overwritten(void)
{
	const char *broken = make("broken.zst", 7), *good = maker_path("good.zst");
	char command[256];

	CHECK_INT(recover_to(broken, good), STATUS_DONE);
	COMPLAINS("nothing is missing");
	CHECK_INT(maker_run(&command_recover, "-o", good, broken, NULL), STATUS_FAILED);
	COMPLAINS("good.zst exists; --force overwrites it");
	CHECK_INT(maker_run(&command_recover, "--force", "-o", good, broken, NULL), STATUS_DONE);
	CHECK_INT(maker_run(&command_recover, "--force", "-o", broken, broken, NULL), STATUS_DONE);
	CHECK_INT(maker_run(&command_verify, broken, NULL), STATUS_DONE);
	CHECK_INT(maker_run(&command_recover, "--force", "-o", "/dev/null", broken, NULL),
		  STATUS_FAILED);
	COMPLAINS("/dev/null: not a file");
	CHECK_INT(maker_run(&command_recover, "-o", "/nowhere/good.zst", broken, NULL),
		  STATUS_FAILED);
	COMPLAINS("/nowhere/good.zst: No such file");
	CHECK_INT(maker_run(&command_recover, broken, NULL), STATUS_USAGE);
	CHECK_INT(maker_run(&command_recover, "-o", good, NULL), STATUS_USAGE);
	snprintf(command, sizeof(command), "test \"$(ls %s | grep -c 'zst\\.')\" = 0",
		 maker_directory);
	CHECK_INT(system(command), 0); /* nothing is left beside */
}

static void test_nothing_usable(void)
{
	const char *broken = make("broken.zst", 8), *good = maker_path("good.zst");

	CHECK_INT(recover_to("/dev/null", good), STATUS_FAILED);
	COMPLAINS("is empty");
	CHECK_INT(truncate(broken, 137), 0);
	CHECK_INT(maker_run(&command_verify, broken, NULL), STATUS_DAMAGED);
	CHECK_INT(recover_to(broken, good), STATUS_FAILED);
	COMPLAINS("nothing to recover");
	CHECK_INT(access(good, F_OK), -1);
}

/* The disk is full: what was there stays, and nothing is left beside it. */
static void test_no_space(void)
{
	const char *broken = make("broken.zst", 9), *good = maker_path("good.zst");
	struct rlimit limit, small;
	struct stat status;

	CHECK_INT(recover_to(broken, good), STATUS_DONE);
	CHECK_INT(getrlimit(RLIMIT_FSIZE, &limit), 0);
	small = (struct rlimit){ 1000, limit.rlim_max };
	CHECK_INT(setrlimit(RLIMIT_FSIZE, &small), 0);
	CHECK_INT(maker_run(&command_recover, "--force", "-o", good, broken, NULL), STATUS_FAILED);
	CHECK_INT(setrlimit(RLIMIT_FSIZE, &limit), 0);
	COMPLAINS("good.zst: File too large");
	CHECK_INT(stat(good, &status), 0);
	CHECK(status.st_size > 1000);
	CHECK_INT(maker_run(&command_verify, good, NULL), STATUS_DONE);
}

/* Whoever names the output ends with the command, whatever the numbers of its pipes. */
static void test_many_descriptors(void)
{
	const char *broken = make("broken.zst", 9), *good = maker_path("good.zst");
	int fds[300];

	for (size_t i = 0; i < 300; i++)
		fds[i] = open("/dev/null", O_RDONLY | O_CLOEXEC);
	CHECK_INT(recover_to(broken, good), STATUS_DONE);
	for (size_t i = 0; i < 300; i++)
		close(fds[i]);
	CHECK_INT(maker_run(&command_verify, good, NULL), STATUS_DONE);
}

static void test_through_pipes(void)
{
	const char *broken = make("broken.zst", 10);
	int saved = dup(STDIN_FILENO), fd;
	char command[256];
	FILE *pipe_in;

	snprintf(command, sizeof(command), "cat %s", broken);
	pipe_in = popen(command, "r");
	dup2(fileno(pipe_in), STDIN_FILENO);
	CHECK_INT(maker_run(&command_recover, "-o", "-", "-", NULL), STATUS_DONE);
	dup2(saved, STDIN_FILENO);
	pclose(pipe_in);
	CHECK_INT(rename(maker_path("out"), maker_path("piped.zst")), 0);
	CHECK_INT(maker_run(&command_verify, maker_path("piped.zst"), NULL), STATUS_DONE);
	SAYS("100 in them");
	/* a file behind something else, at the place where the descriptor stands */
	snprintf(command, sizeof(command), "(echo something; cat %s) >%s", broken,
		 maker_path("behind.zst"));
	CHECK_INT(system(command), 0);
	fd = open(maker_path("behind.zst"), O_RDONLY | O_CLOEXEC);
	CHECK_INT(lseek(fd, 10, SEEK_SET), 10);
	dup2(fd, STDIN_FILENO);
	CHECK_INT(recover_to("-", maker_path("good.zst")), STATUS_DONE);
	dup2(saved, STDIN_FILENO);
	close(fd);
	close(saved);
	COMPLAINS("nothing is missing");
}

int main(void)
{
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
	RUN(test_events_damaged);
	RUN(test_metadata_damaged);
	RUN(test_cut);
	RUN(test_header_lost);
	RUN(test_several_traces);
	RUN(test_traces_in_turn);
	RUN(test_nothing_is_overwritten);
	RUN(test_nothing_usable);
	RUN(test_no_space);
	RUN(test_many_descriptors);
	RUN(test_through_pipes);
	maker_clean();
	return test_result();
}
