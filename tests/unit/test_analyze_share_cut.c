/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Rows of times in the span and of others: what stays of them tells of the span alone. */
#include "tests/unit/share_span.h"

/* One that was renamed, and one that was put on another one behind the span. */
static void devices_as_they_were_in_the_span(void)
{
	static const struct nst_interface rows[] = {
		{ .netns = 7, .ifindex = 6, .mtu_bytes = 1, .name = TEXT("device.first") },
		{ .time_ns = START + 6 * S,
		  .netns = 7,
		  .ifindex = 6,
		  .mtu_bytes = 3,
		  .name = TEXT("device.before") },
		{ .time_ns = START + 5 * S,
		  .netns = 7,
		  .ifindex = 6,
		  .mtu_bytes = 2,
		  .has = NST_INTERFACE_HAS_MASTER,
		  .master = 4,
		  .name = TEXT("device.second") },
		{ .time_ns = START + 15 * S,
		  .netns = 7,
		  .ifindex = 6,
		  .mtu_bytes = 4,
		  .has = NST_INTERFACE_HAS_MASTER,
		  .master = 3,
		  .name = TEXT("device.within") },
		{ .time_ns = START + 20 * S,
		  .netns = 7,
		  .ifindex = 6,
		  .mtu_bytes = 5,
		  .has = NST_INTERFACE_HAS_MASTER,
		  .master = 5,
		  .name = TEXT("device.after") },
		{ .netns = 7, .ifindex = 3, .name = TEXT("bridge.start") },
		{ .netns = 7, .ifindex = 4, .name = TEXT("bridge.before") },
		{ .netns = 7, .ifindex = 5, .name = TEXT("bridge.after") },
	};
	static const char mtus[] = "SELECT group_concat(mtu_bytes, ' ') FROM (SELECT mtu_bytes "
				   "FROM interface WHERE mtu_bytes > 0 ORDER BY time_ns)";
	const char *path = maker_path("renamed.zst"), *part;
	struct maker maker = maker_begin(path, 1, 2);

	add_events(&maker, (const uint64_t[]){ 5, 15 }, 2);
	maker_table(&maker, NST_CHUNK_ENVIRONMENT, NST_TABLE_INTERFACE, rows,
		    sizeof(rows) / sizeof(rows[0]));
	maker_end(&maker, 30 * S);
	part = share(path, "+10", "+20");
	CHECK(occurs(part, "device.before"));
	CHECK(occurs(part, "device.within"));
	CHECK(occurs(part, "bridge.start"));
	CHECK(!occurs(part, "device.first"));
	CHECK(!occurs(part, "device.second"));
	CHECK(!occurs(part, "device.after"));
	CHECK(!occurs(part, "bridge.before"));
	CHECK(!occurs(part, "bridge.after"));
	CHECK_STR(asked(part, mtus), "3 4");
	/* what begins with the span holds in all of it */
	CHECK_STR(asked(share(path, "+6", "+20"), mtus), "3 4");
	CHECK_STR(asked(share(path, "+3", "+20"), mtus), "1 2 3 4");
	CHECK_STR(asked(share(path, "+0", "+40"), mtus), "1 2 3 4 5");
}

/* ---- Owners ------------------------------------------------------------ */

#define OWNER(seconds, which, name)                                                      \
	{                                                                                \
		.flow_id = 1, .pid = 20, .start_ns = 600 * S,                            \
		.from_ns = seconds ? START + seconds * S : 0, .what = NST_OWNER_##which, \
		.owner_source = NST_OWNER_FLOW, .comm = TEXT(name)                       \
	}

static uint64_t owner_time(const char *path, const char *comm, bool is_end)
{
	int fd = open(path, O_RDONLY);
	const struct nst_chunk *chunk;
	struct nst_reader *reader;
	uint64_t time_ns = 1; /* not there */

	CHECK_INT(nst_reader_open(fd, &reader), 0);
	while (nst_reader_next(reader, &chunk) > 0) {
		const struct nst_owner *owner;
		const void *rows = NULL;
		size_t n = 0;

		if (chunk->type != NST_CHUNK_OWNERS ||
		    nst_reader_rows(reader, NST_TABLE_OWNER, &rows, &n))
			continue;
		owner = rows;
		for (size_t i = 0; i < n; i++)
			if (owner[i].comm.len_bytes == strlen(comm) &&
			    !memcmp(owner[i].comm.data, comm, strlen(comm)))
				time_ns = !is_end			    ? owner[i].from_ns
					  : owner[i].has & NST_OWNER_HAS_TO ? owner[i].to_ns
									    : 0;
	}
	nst_reader_close(reader);
	close(fd);
	return time_ns;
}

/* Of who ceases to have a flow: until when is told only if it is in the span. */
static void ends_of_owners(void)
{
	struct nst_owner rows[] = {
		OWNER(2, HELD, "gone.before"),	  OWNER(3, CONSUMED, "ends.within"),
		OWNER(14, CONSUMED, "ends.with"), OWNER(16, CONSUMED, "ends.after"),
		OWNER(4, HELD, "overruled"),	  OWNER(4, HELD, "gone.as.well"),
	};
	static const uint64_t to_seconds[] = { 9, 12, 20, 25, 25, 8 };
	const char *path = maker_path("ends.zst"), *part;
	struct maker maker = maker_begin(path, 1, 2);

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		rows[i].has |= NST_OWNER_HAS_TO;
		rows[i].to_ns = START + to_seconds[i] * S;
	}
	add_events(&maker, (const uint64_t[]){ 5, 11, 18 }, 3);
	maker_table(&maker, NST_CHUNK_OWNERS, NST_TABLE_OWNER, rows,
		    sizeof(rows) / sizeof(rows[0]));
	maker_end(&maker, 30 * S);
	part = share(path, "+10", "+20");
	CHECK(!occurs(part, "gone.before"));
	CHECK(!occurs(part, "gone.as.well"));
	CHECK(!occurs(part, "overruled"));
	CHECK_INT(owner_time(part, "ends.within", true), START + 12 * S);
	CHECK_INT(owner_time(part, "ends.with", true), 0);
	CHECK_INT(owner_time(part, "ends.after", true), 0);
	CHECK_INT(owner_time(part, "ends.after", false), START + 16 * S);
	CHECK_INT(owner_time(share(path, "+10", "+40"), "ends.after", true), START + 25 * S);
}

/* Whom packets of nobody known are charged to is told; not when that became so behind the span. */
static void a_first_owner_who_comes_later(void)
{
	struct nst_owner row = OWNER(25, CONSUMED, "comes.later");
	const char *path = maker_path("later.zst"), *part;
	struct maker maker = maker_begin(path, 1, 2);
	struct net_event event = maker_event(15 * S, false);

	row.has = NST_OWNER_HAS_TO;
	row.to_ns = START + 26 * S;
	event.has &= ~(uint32_t)NST_HAS_OWNER;
	event.owner_source = NST_OWNER_UNKNOWN;
	maker_add(&maker, &event);
	maker_table(&maker, NST_CHUNK_OWNERS, NST_TABLE_OWNER, &row, 1);
	maker_end(&maker, 30 * S);
	part = share(path, "+10", "+20");
	CHECK_INT(owner_time(part, "comes.later", false), START + 20 * S);
	CHECK_INT(owner_time(part, "comes.later", true), 0);
	CHECK_STR(asked(part, "SELECT comm FROM net_event"), "comes.later");
}

/* ---- Processes --------------------------------------------------------- */

#define PROCESS(seconds, kind, bits, ...)                                       \
	{                                                                       \
		.pid = 10, .start_ns = 500 * S, .time_ns = START + seconds * S, \
		.what = NST_PROCESS_##kind, .has = bits, __VA_ARGS__            \
	}

/* What was overruled is not told by a row either that is there for what else it says. */
static void facts_of_the_span(void)
{
	static const struct nst_process_event rows[] = {
		PROCESS(0, SNAPSHOT,
			NST_PROCESS_HAS_COMM | NST_PROCESS_HAS_EXE | NST_PROCESS_HAS_UID |
				NST_PROCESS_HAS_ARGS | NST_PROCESS_HAS_CGROUP,
			.uid = 1000, .cgroup_id = 70, .comm = TEXT("comm.first"),
			.exe = TEXT("/bin/exe.first"), .args = TEXT("args.first\0")),
		PROCESS(4, EXEC, NST_PROCESS_HAS_EXE, .exe = TEXT("/bin/exe.before")),
		PROCESS(6, RENAME, NST_PROCESS_HAS_COMM | NST_PROCESS_HAS_CGROUP, .cgroup_id = 71,
			.comm = TEXT("comm.before")),
	};
	static const struct nst_cgroup cgroups[] = { { 70, TEXT("/cgroup.first") },
						     { 71, TEXT("/cgroup.before") } };
	const char *path = maker_path("facts.zst"), *part;
	struct maker maker = maker_begin(path, 1, 2);

	maker_table(&maker, NST_CHUNK_ENVIRONMENT, NST_TABLE_CGROUP, cgroups, 2);
	maker_table(&maker, NST_CHUNK_PROCESSES, NST_TABLE_PROCESS_EVENT, rows, 3);
	add_events(&maker, (const uint64_t[]){ 5, 15 }, 2);
	maker_end(&maker, 30 * S);
	part = share(path, "+10", "+20");
	CHECK_STR(asked(part, "SELECT count(*) FROM process_event"), "3");
	CHECK_STR(asked(part, "SELECT count(*) FROM process WHERE uid IS NOT NULL"), "1");
	CHECK(occurs(part, "exe.before"));
	CHECK(occurs(part, "comm.before"));
	CHECK(occurs(part, "cgroup.before"));
	CHECK(!occurs(part, "comm.first"));
	CHECK(!occurs(part, "exe.first"));
	CHECK(!occurs(part, "args.first"));
	CHECK(!occurs(part, "cgroup.first"));
}

/* ---- Losses ------------------------------------------------------------ */

/* How far a loss went is told for the span alone, and how many chunks of all were missing not. */
static void losses_are_cut(void)
{
	static const struct nst_loss_interval losses[] = {
		{ START + 8 * S, START + 12 * S, 5, 0, NST_ALL_CPUS, NST_LOST_DAMAGE },
		{ START + 19 * S, START + 26 * S, 7, 0, NST_ALL_CPUS, NST_LOST_DAMAGE },
	};
	static const struct nst_setting settings[] = {
		{ TEXT("recovered_missing"), TEXT("31337") },
		{ TEXT("recovered_metadata"), TEXT("complete") },
	};
	static const char times[] = "SELECT group_concat(from_ns || ' ' || to_ns || ' ' || events, "
				    "' ') FROM loss_interval";
	const uint64_t lost[NST_LOSS_SLOTS] = { [NST_LOST_DAMAGE] = 12 };
	const char *path = maker_path("cut.zst"), *part;
	struct maker maker = maker_begin(path, 1, 2);

	add_events(&maker, (const uint64_t[]){ 5, 15 }, 2);
	nst_writer_set_lost(maker.writer, lost);
	maker_table(&maker, NST_CHUNK_TOTALS, NST_TABLE_LOSS, losses, 2);
	maker_table(&maker, NST_CHUNK_ENVIRONMENT, NST_TABLE_SETTING, settings, 2);
	maker_end(&maker, 30 * S);
	part = share(path, "+10", "+20");
	CHECK_STR(asked(part, times),
		  "1010000000000 1012000000000 5 1019000000000 1020000000000 7");
	CHECK(strstr(asked(part, "SELECT group_concat(key) FROM environment"), "_metadata"));
	CHECK(!occurs(part, "31337"));
}

int main(void)
{
	RUN(devices_as_they_were_in_the_span);
	RUN(ends_of_owners);
	RUN(a_first_owner_who_comes_later);
	RUN(facts_of_the_span);
	RUN(losses_are_cut);
	maker_clean();
	return test_result();
}
