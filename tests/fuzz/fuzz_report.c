/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Whole commands: report (threads, roll-up and SQLite included), dump, info and a query of the
 * virtual tables. Any input has one of the exit statuses and the same output each time. Its last
 * byte tells the options.
 */
#include "tests/fuzz/fuzz.h"

#include "analyze/command.h"
#include "analyze/limits.h"
#include "analyze/say.h"
#include "tests/fuzz/opened.h"

#include <string.h>

#define OUTPUT_MAX (64 << 20)

/* The defaults hold, but it is the engine that minds the time. */
void __wrap_limits_set(const struct limits *limits);

void __wrap_limits_set(const struct limits *limits)
{
	(void)limits;
}

static int out = -1; /* that is standard output */

#define WORDS_MAX 9

/* Words of one command line, but for its first and for the input's name; NULL: no more. */
typedef const char *words_of[WORDS_MAX];

static int run(const struct command *command, const words_of words, const char *path,
	       const char *query, uint64_t *ret_hash)
{
	char *argv[WORDS_MAX + 4] = { (char *)command->name };
	int argc = 1;
	uint64_t hash = 14695981039346656037u;
	static char bytes[65536];
	off_t at = 0;
	ssize_t n;
	int status;

	MUST(!ftruncate(out, 0) && lseek(out, 0, SEEK_SET) == 0);
	for (size_t i = 0; i < WORDS_MAX && words[i]; i++)
		argv[argc++] = (char *)words[i];
	argv[argc++] = (char *)path;
	if (query)
		argv[argc++] = (char *)query;
	status = command->run(command, argc, argv);
	MUST(status == STATUS_DONE || status == STATUS_FAILED || status == STATUS_DAMAGED);
	for (; (n = pread(out, bytes, sizeof(bytes), at)) > 0; at += n)
		for (ssize_t i = 0; i < n; i++)
			hash = (hash ^ (uint8_t)bytes[i]) * 1099511628211u;
	MUST(at <= OUTPUT_MAX);
	*ret_hash = hash;
	return status;
}

static void run_twice(const struct command *command, const words_of words, const char *path,
		      const char *query)
{
	uint64_t once = 0, again = 0;
	int status = run(command, words, path, query, &once);

	MUST(run(command, words, path, query, &again) == status && once == again);
}

static const words_of reports[] = {
	{ "--format", "json" },
	{ "--format", "json", "--from", "+0.001", "--to", "+1" },
	{ "--format", "json", "--from", "-10", "--to", "-0.001" },
	{ "--by", "protocol", "--format", "csv", "--interval", "1s", "--limit", "2" },
	{ "--by", "flow", "--wide", "--utc", "--owner", "held", "--to", "-1" },
	{ "--by", "container", "--format", "csv", "--owner", "recorded" },
	{ "--by", "interface", "--from", "2026-01-02T03:04:05Z", "--interval", "10s", "--bytes" },
	{ "--by", "port", "--sort", "recv_bytes", "--limit", "3" },
};

static const words_of dumps[] = {
	{ "--format", "json" },
	{ "--format", "csv", "--from", "+0.001", "--to", "-1" },
	{ "--utc", "--owner", "held" },
	{ "--utc", "--from", "-10", "--owner", "recorded" },
};

static const words_of in_utc = { "--utc" };
static const words_of as_json = { "--format", "json" };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct nst_bytes trace = fuzz_trace(data, size);
	uint8_t options;
	char path[64];
	int fd;

	if (out < 0) {
		out = fuzz_file("", 0);
		MUST(dup2(out, STDOUT_FILENO) == STDOUT_FILENO);
	}
	if (size > FUZZ_INPUT_MAX)
		return 0;
	fd = fuzz_file(trace.data, trace.len_bytes);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	options = size ? data[size - 1] : 0;
	run_twice(&command_report, reports[options % 8], path, NULL);
	run_twice(&command_dump, dumps[options / 8 % 4], path, NULL);
	if (options & 0x80)
		run_twice(&command_info, in_utc, path, NULL);
	run_twice(&command_sql, as_json, path,
		  "SELECT count(*), total(bytes), max(timestamp) FROM net_event UNION ALL "
		  "SELECT count(*), total(bytes), max(to_ns) FROM net_total");
	close(fd);
	return 0;
}
