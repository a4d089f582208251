/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Reports by several threads: what they say is what was put in, and to the letter what
 * one thread says, of whole traces and of damaged ones.
 */
#include "tests/unit/trace_maker.h"

#include <sched.h>

extern const struct command command_report;

#define CHUNKS 150
#define EVENTS_OF_CHUNK 40
#define PROCESSES 3
#define FLOWS 7

static uint64_t sent_bytes[PROCESSES], flow_bytes[FLOWS];

static struct net_event event_of(uint64_t i)
{
	struct net_event event = maker_event(i * 7 * S / 1000, i % 3 != 0);

	event.bytes = 100 + (uint32_t)(i * 37 % 1400);
	event.flow_id = 1 + i % FLOWS;
	event.sport = event.is_send ? (uint16_t)(40000 + i % FLOWS) : 443;
	event.dport = event.is_send ? 443 : (uint16_t)(40000 + i % FLOWS);
	event.start_ns = (500 + i % PROCESSES) * S;
	event.owner_source = event.is_send ? NST_OWNER_SOCKET : NST_OWNER_FLOW;
	maker_name(&event, 10 + (uint32_t)(i % PROCESSES), "web");
	return event;
}

/* Many small chunks, with processes, owners and totals between them. */
static void make_trace(const char *path, uint8_t number)
{
	struct maker maker = maker_begin(path, number, 1);

	for (uint64_t i = 0; i < CHUNKS * EVENTS_OF_CHUNK; i++) {
		struct net_event event = event_of(i);

		maker_add(&maker, &event);
		if ((i + 1) % EVENTS_OF_CHUNK == 0)
			nst_writer_flush(maker.writer);
		if (i % 500 == 499) {
			struct nst_total total =
				maker_total(i * 7 * S / 1000, i * 7 * S / 1000 + S, true, 5);

			maker_totals(&maker, &total, 1);
		}
		if (i % 300 == 299) {
			/* received by the first process from here on */
			struct nst_owner owner = { .flow_id = 1 + i % FLOWS,
						   .from_ns = event.timestamp,
						   .start_ns = 500 * S,
						   .pid = 10,
						   .what = NST_OWNER_CONSUMED,
						   .owner_source = NST_OWNER_SOCKET,
						   .comm = { "web", 3 } };

			maker_table(&maker, NST_CHUNK_OWNERS, NST_TABLE_OWNER, &owner, 1);
		}
	}
	maker_end(&maker, CHUNKS * EVENTS_OF_CHUNK * 7 * S / 1000 + S);
}

static void sum_up(void)
{
	for (uint64_t i = 0; i < CHUNKS * EVENTS_OF_CHUNK; i++) {
		struct net_event event = event_of(i);

		if (event.is_send)
			sent_bytes[i % PROCESSES] += event.bytes;
		flow_bytes[i % FLOWS] += event.bytes;
	}
}

/* ---- One thread beside several ------------------------------------------ */

struct said {
	int status;
	char *out, *err;
};

static struct said run_on(const cpu_set_t *cpus, const char *by, const char *interval,
			  const char *path)
{
	struct said said;

	CHECK_INT(sched_setaffinity(0, sizeof(*cpus), cpus), 0);
	said.status =
		interval ? maker_run(&command_report, "--by", by, "--format", "csv", "--interval",
				     interval, path, NULL)
			 : maker_run(&command_report, "--by", by, "--format", "csv", path, NULL);
	said.out = strdup(maker_out);
	said.err = strdup(maker_err);
	return said;
}

/* What all CPUs say stays in maker_out. */
static void check_same(const char *by, const char *interval, const char *path)
{
	cpu_set_t all, one;
	struct said by_one, by_all;

	CHECK_INT(sched_getaffinity(0, sizeof(all), &all), 0);
	CPU_ZERO(&one);
	for (int cpu = 0; cpu < CPU_SETSIZE && !CPU_COUNT(&one); cpu++)
		if (CPU_ISSET(cpu, &all))
			CPU_SET(cpu, &one);
	by_one = run_on(&one, by, interval, path);
	by_all = run_on(&all, by, interval, path);
	CHECK_INT(by_all.status, by_one.status);
	CHECK_STR(by_all.out, by_one.out);
	CHECK_STR(by_all.err, by_one.err);
	free(by_one.out);
	free(by_one.err);
	free(by_all.out);
	free(by_all.err);
}

static void test_whole(void)
{
	const char *path = maker_path("whole.zst");
	char text[32];

	make_trace(path, 1);
	check_same("process", NULL, path);
	CHECK_INT(maker_rows(), PROCESSES);
	for (int i = 0; i < PROCESSES; i++) {
		/* the totals are all the first one's */
		uint64_t totals = i ? 0 : CHUNKS * EVENTS_OF_CHUNK / 500 * 5000;
		char pid[8];

		snprintf(pid, sizeof(pid), "%d", 10 + i);
		snprintf(text, sizeof(text), "%" PRIu64, sent_bytes[i] + totals);
		CHECK_STR(maker_value("pid", pid, "send_bytes"), text);
	}
	check_same("flow", NULL, path);
	check_same("process", "100ms", path);
	check_same("flow", "3ms", path);
	check_same("remote", "1s", path);
}

/* ---- Damage --------------------------------------------------------------- */

struct file {
	uint8_t *data;
	size_t len;
};

static struct file slurp(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct file file = { NULL, (size_t)lseek(fd, 0, SEEK_END) };

	file.data = malloc(file.len);
	CHECK_INT(pread(fd, file.data, file.len, 0), (ssize_t)file.len);
	close(fd);
	return file;
}

static void spill(const char *path, const struct file *parts, size_t n)
{
	int fd = open(path, O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0600);

	for (size_t i = 0; i < n; i++)
		CHECK_INT(write(fd, parts[i].data, parts[i].len), (ssize_t)parts[i].len);
	close(fd);
}

static void test_damaged(void)
{
	const char *path = maker_path("damaged.zst");
	struct file whole;

	make_trace(path, 2);
	whole = slurp(path);
	for (size_t i = 0; i < 24; i++) {
		size_t at = whole.len / 25 * (i + 1), again = at / 3;
		const struct file parts[] = { { whole.data, at },
					      { whole.data + again, at - again },
					      { whole.data + at, whole.len - at } };
		uint8_t was = whole.data[at];

		/* a flipped byte, in a third of them with a part of the trace twice */
		whole.data[at] ^= 0x10;
		if (i % 3)
			spill(path, &whole, 1);
		else
			spill(path, parts, 3);
		whole.data[at] = was;
		check_same(i % 2 ? "flow" : "process", NULL, path);
		CHECK(maker_rows() >= PROCESSES);
	}
	/* cut */
	for (size_t i = 1; i < 6; i++) {
		const struct file part = { whole.data, whole.len / 6 * i };

		spill(path, &part, 1);
		check_same("process", "1s", path);
	}
	free(whole.data);
}

/* Two traces in one file, and the same beside another. */
static void test_several(void)
{
	const char *first = maker_path("first.zst"), *second = maker_path("second.zst");
	const char *both = maker_path("both.zst");
	struct file parts[2];
	int64_t bytes = 0;

	make_trace(first, 3);
	make_trace(second, 4);
	parts[0] = slurp(first);
	parts[1] = slurp(second);
	spill(both, parts, 2);
	check_same("flow", NULL, both);
	for (int i = 0; i < FLOWS; i++)
		bytes += (int64_t)flow_bytes[i] * 2;
	bytes += 2 * (CHUNKS * EVENTS_OF_CHUNK / 500 * 5000);
	CHECK_INT(maker_sum("send_bytes") + maker_sum("recv_bytes"), bytes);
	free(parts[0].data);
	free(parts[1].data);
}

int main(void)
{
	sum_up();
	RUN(test_whole);
	RUN(test_damaged);
	RUN(test_several);
	maker_clean();
	return test_result();
}
