/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Whole commands: report (threads, roll-up and SQLite included), info, dump and a query of the
 * virtual tables. Any input has one of the exit statuses and the same output each time.
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

static int run(const struct command *command, const char *option, const char *value,
	       const char *path, const char *query, uint64_t *ret_hash)
{
	char *argv[] = { (char *)command->name, (char *)option, (char *)value,
			 (char *)path,		(char *)query,	NULL };
	uint64_t hash = 14695981039346656037u;
	static char bytes[65536];
	off_t at = 0;
	ssize_t n;
	int status;

	MUST(!ftruncate(out, 0) && lseek(out, 0, SEEK_SET) == 0);
	status = command->run(command, query ? 5 : 4, argv);
	MUST(status == STATUS_DONE || status == STATUS_FAILED || status == STATUS_DAMAGED);
	for (; (n = pread(out, bytes, sizeof(bytes), at)) > 0; at += n)
		for (ssize_t i = 0; i < n; i++)
			hash = (hash ^ (uint8_t)bytes[i]) * 1099511628211u;
	MUST(at <= OUTPUT_MAX);
	*ret_hash = hash;
	return status;
}

static void run_twice(const struct command *command, const char *option, const char *value,
		      const char *path, const char *query)
{
	uint64_t once = 0, again = 0;
	int status = run(command, option, value, path, query, &once);

	MUST(run(command, option, value, path, query, &again) == status && once == again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct nst_bytes trace = fuzz_trace(data, size);
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
	run_twice(&command_report, "--format", "json", path, NULL);
	run_twice(&command_dump, "--format", "json", path, NULL);
	run_twice(&command_sql, "--format", "json", path,
		  "SELECT count(*), total(bytes), max(timestamp) FROM net_event UNION ALL "
		  "SELECT count(*), total(bytes), max(to_ns) FROM net_total");
	close(fd);
	return 0;
}
