/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "analyze/output.h"

#include "analyze/say.h"

#include <errno.h>
#include <string.h>

static const struct {
	const char *name;
	enum column_kind kind;
	int weight;
	bool adds_up;
} columns[] = {
	{ "time", COLUMN_TIME, 100, false },
	{ "send_bytes", COLUMN_BYTES, 95, true },
	{ "recv_bytes", COLUMN_BYTES, 95, true },
	{ "send_bps", COLUMN_RATE, 90, true },
	{ "recv_bps", COLUMN_RATE, 90, true },
	{ "send_peak_bps", COLUMN_RATE, 80, false },
	{ "recv_peak_bps", COLUMN_RATE, 80, false },
	{ "send_packets", COLUMN_PLAIN, 70, true },
	{ "recv_packets", COLUMN_PLAIN, 70, true },
	{ "start", COLUMN_TIME, 30, false },
	{ "end", COLUMN_TIME, 100, false },
	{ "has_end", COLUMN_BOOL, 100, false },
	{ "first", COLUMN_TIME, 40, false },
	{ "last", COLUMN_TIME, 40, false },
	{ "netns", COLUMN_PLAIN, 35, false },
	{ "send_payload_bytes", COLUMN_BYTES, 60, true },
	{ "recv_payload_bytes", COLUMN_BYTES, 60, true },
	{ "send_wire_bytes", COLUMN_BYTES, 50, true },
	{ "recv_wire_bytes", COLUMN_BYTES, 50, true },
	{ "complete", COLUMN_BOOL, 100, false },
	{ "is_send", COLUMN_BOOL, 100, false },
	{ "reconciled", COLUMN_BOOL, 100, false },
	{ "exit", COLUMN_TIME, 91, false },
	{ "exe", COLUMN_PLAIN, 93, false },
	{ "args", COLUMN_PLAIN, 94, false },
	{ "user", COLUMN_PLAIN, 92, false },
	{ "container", COLUMN_PLAIN, 92, false },
	{ "unit", COLUMN_PLAIN, 92, false },
	{ "cgroup", COLUMN_PLAIN, 91, false },
	{ "parent_pid", COLUMN_PLAIN, 91, false },
	{ "exit_code", COLUMN_PLAIN, 91, false },
	{ "exit_signal", COLUMN_PLAIN, 91, false },
	{ "build_id", COLUMN_PLAIN, 65, false },
};
#define N_COLUMNS (sizeof(columns) / sizeof(columns[0]))

static size_t find(const char *name)
{
	size_t i = 0;

	while (i < N_COLUMNS && (columns[i].name[0] != *name || strcmp(columns[i].name, name)))
		i++;
	return i;
}

static bool is_source(const char *name)
{
	return !strncmp(name, SOURCE_PREFIX, strlen(SOURCE_PREFIX));
}

enum column_kind column_kind(const char *name)
{
	size_t i = find(name);

	if (is_source(name))
		return COLUMN_SOURCE;
	return i < N_COLUMNS ? columns[i].kind : COLUMN_PLAIN;
}

int column_weight(const char *name)
{
	size_t i = find(name);

	if (is_source(name) || !strcmp(name, "sources"))
		return 45;
	return i < N_COLUMNS ? columns[i].weight : 100;
}

const char *column_title(const char *name)
{
	bool is_port = !strcmp(name, "local_port") || !strcmp(name, "remote_port");

	return is_port ? "port" : name;
}

bool column_is_text(const char *name)
{
	static const char *const texts[] = {
		"comm", "protocol", "local_addr", "remote_addr", "program", "exe",
		"args", "build_id", "user",	  "parent_comm", "cgroup",  "container",
		"pod",	"unit",	    "interface",  "netns_name",
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (!strcmp(texts[i], name))
			return true;
	return false;
}

bool column_adds_up(const char *name)
{
	size_t i = find(name);

	return is_source(name) || (i < N_COLUMNS && columns[i].adds_up);
}

int format_parse(const char *text, const char *first, enum format *ret_format)
{
	if (!strcmp(text, first))
		*ret_format = FORMAT_TABLE;
	else if (!strcmp(text, "json"))
		*ret_format = FORMAT_JSON;
	else if (!strcmp(text, "csv"))
		*ret_format = FORMAT_CSV;
	else {
		say("--format %s: not a format: %s, json or csv", text, first);
		return -EINVAL;
	}
	return 0;
}
