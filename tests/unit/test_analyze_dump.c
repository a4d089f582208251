/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* dump: every event, once, in order of time, under the names that SQL has. */
#include "tests/unit/trace_maker.h"

#include "analyze/say.h"

/* So many events were printed, each later than the one before. */
static void check_order(int n)
{
	const char *line;
	uint64_t last = 0;
	char text[64];

	CHECK_INT(maker_rows(), n);
	for (line = strchr(maker_out, '\n'); line && line[1]; line = strchr(line + 1, '\n')) {
		uint64_t time = strtoull(maker_field(line + 1, 1, text, sizeof(text)), NULL, 10);

		CHECK(time > last);
		last = time;
	}
}

static void overlapping_chunks_are_merged(void)
{
	const char *path = maker_path("overlap.zst");
	struct maker maker = maker_begin(path, 1, 1);
	const uint64_t at[] = { 10, 40, 50, 20, 30, 60, 55, 70, 65 };

	for (size_t i = 0; i < 9; i++) {
		struct net_event event = maker_event(at[i], true);

		maker_add(&maker, &event);
		if (i % 3 == 2)
			nst_writer_flush(maker.writer);
	}
	maker_end(&maker, S);
	CHECK_INT(maker_run(&command_dump, "--format", "csv", path, NULL), STATUS_DONE);
	check_order(9);
}

/* The writer of a pipe holds it open without writing for longer than dump waits. */
static void a_pause_does_not_break_the_order(void)
{
	const char *path = maker_path("paused.zst"), *fifo = maker_path("fifo");
	struct maker maker = maker_begin(path, 1, 1);
	const uint64_t at[] = { 10, 40, 50, 20, 30 };
	char command[512];

	for (size_t i = 0; i < 5; i++) {
		struct net_event event = maker_event(at[i], true);

		maker_add(&maker, &event);
		if (i == 2)
			nst_writer_flush(maker.writer);
	}
	maker_end(&maker, 0);
	snprintf(command, sizeof(command), "mkfifo %s && { cat %s; sleep 0.5; } >%s &", fifo, path,
		 fifo);
	CHECK_INT(system(command), 0);
	while (access(fifo, R_OK))
		usleep(1000);
	CHECK_INT(maker_run(&command_dump, "--format", "csv", fifo, NULL), STATUS_DAMAGED);
	check_order(5);
}

static void every_field_is_told(void)
{
	const char *path = maker_path("fields.zst");
	struct maker maker = maker_begin(path, 2, 1);
	struct net_event event = maker_event(S / 2, true);

	event.has |= NST_HAS_TID | NST_HAS_CGROUP | NST_HAS_VLAN;
	event.tid = 12;
	event.cgroup_id = 99;
	event.vlan_id = 5;
	event.tcp_flags = 0x12;
	event.segments = 2;
	event.flags = NST_FLAG_LOCAL_ADDR | NST_FLAG_TUNNELLED;
	maker_add(&maker, &event);
	maker_end(&maker, S);
	CHECK_INT(maker_run(&command_dump, "--format", "json", path, NULL), STATUS_DONE);
	CHECK_STR(maker_out,
		  "{\"time\":\"2026-01-02T03:04:05.500000000Z\",\"timestamp\":1000500000000,"
		  "\"is_send\":true,\"pid\":10,\"start_ns\":500000000000,\"tid\":12,"
		  "\"comm\":\"web\",\"owner_source\":\"socket\",\"saddr\":\"192.0.2.1\","
		  "\"daddr\":\"198.51.100.2\",\"sport\":40000,\"dport\":443,\"protocol\":\"TCP\","
		  "\"ethertype\":2048,\"family\":4,\"bytes\":1000,\"segments\":2,"
		  "\"header_bytes\":52,\"payload_bytes\":948,\"link_header_bytes\":14,"
		  "\"wire_bytes\":1080,\"tcp_flags\":18,\"interface\":\"eth0\",\"ifindex\":2,"
		  "\"netns\":7,\"cgroup_id\":99,\"flow_id\":1,\"vlan_id\":5,"
		  "\"is_fragment\":false,\"is_bad_header\":false,\"is_tunnelled\":true,"
		  "\"is_local_addr\":true,\"is_loopback\":false,\"counts_elsewhere\":false,"
		  "\"consumers\":null}\n");
	CHECK_INT(maker_run(&command_dump, "--utc", path, NULL), STATUS_DONE);
	CHECK_STR(maker_out, "2026-01-02 03:04:05.500000000 eth0 send web[10] 192.0.2.1:40000 > "
			     "198.51.100.2:443 TCP [S.] length 1000\n");
}

static void names_are_those_of_net_event(void)
{
	const char *path = maker_path("fields.zst");
	char header[1024];
	size_t len;

	CHECK_INT(maker_run(&command_dump, "--format", "csv", path, NULL), STATUS_DONE);
	len = strcspn(maker_out, "\r");
	memcpy(header, maker_out, len);
	strcpy(header + len, ",trace_id"); /* a trace knows no other than itself */
	CHECK_INT(maker_run(&command_sql, "--format", "csv", path, "SELECT * FROM net_event", NULL),
		  STATUS_DONE);
	maker_out[strcspn(maker_out, "\r")] = '\0';
	CHECK_STR(maker_out, header);
}

static void unknown_is_null(void)
{
	const char *path = maker_path("null.zst");
	struct maker maker = maker_begin(path, 3, 1);
	struct net_event event = { .timestamp = START, .bytes = 28, .ethertype = 0x0806 };

	maker_add(&maker, &event);
	maker_end(&maker, S);
	CHECK_INT(maker_run(&command_dump, "--format", "json", path, NULL), STATUS_DONE);
	CHECK(strstr(maker_out, "\"pid\":null,\"start_ns\":null,\"tid\":null,\"comm\":null,"
				"\"owner_source\":\"unknown\",\"saddr\":null,\"daddr\":null,"
				"\"sport\":null,\"dport\":null,\"protocol\":\"ARP\""));
	CHECK(strstr(maker_out, "\"bytes\":28,\"segments\":null,\"header_bytes\":null,"
				"\"payload_bytes\":null,\"link_header_bytes\":null,"
				"\"wire_bytes\":null,\"tcp_flags\":null,\"interface\":null"));
	CHECK_INT(maker_run(&command_dump, "--utc", path, NULL), STATUS_DONE);
	CHECK_STR(maker_out, "2026-01-02 03:04:05.000000000 ? recv (unknown) ARP length 28\n");
}

static void windows_and_two_traces_in_one_file(void)
{
	const char *path = maker_path("two.zst"), *second = maker_path("second.zst");
	char command[300];

	for (uint8_t n = 0; n < 2; n++) {
		struct maker maker = maker_begin(n ? second : path, (uint8_t)(10 + n), 1);

		for (uint64_t i = 0; i < 4; i++) {
			struct net_event event = maker_event(i * S + n, true);

			maker_add(&maker, &event);
		}
		maker_end(&maker, 4 * S);
	}
	snprintf(command, sizeof(command), "cat '%s' >> '%s'", second, path);
	CHECK_INT(system(command), 0);
	CHECK_INT(maker_run(&command_dump, "--format", "csv", path, NULL), STATUS_DONE);
	CHECK_INT(maker_rows(), 8);
	CHECK_INT(maker_run(&command_dump, "--format", "csv", "--from", "+1", "--to", "+3", path,
			    NULL),
		  STATUS_DONE);
	CHECK_INT(maker_rows(), 4);
	CHECK_INT(maker_run(&command_dump, "--format", "csv", "--from", "-1", path, NULL),
		  STATUS_DONE);
	CHECK_INT(maker_rows(), 2);
}

int main(void)
{
	RUN(overlapping_chunks_are_merged);
	RUN(a_pause_does_not_break_the_order);
	RUN(every_field_is_told);
	RUN(names_are_those_of_net_event);
	RUN(unknown_is_null);
	RUN(windows_and_two_traces_in_one_file);
	maker_clean();
	return test_result();
}
