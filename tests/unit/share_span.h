/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A trace, a span of it that is shared, and what is in that. */
#ifndef NETSNOOP_TESTS_SHARE_SPAN_H
#define NETSNOOP_TESTS_SHARE_SPAN_H

#include "tests/unit/trace_maker.h"

#define TEXT(text)                     \
	{                              \
		text, sizeof(text) - 1 \
	}

static int occurs(const char *path, const char *text)
{
	char command[400];

	snprintf(command, sizeof(command), "zstd -q -dc '%s' | grep -qaF '%s'", path, text);
	return system(command) == 0;
}

/* A path's trace from its file, in which events of flow 1 are received at these seconds. */
static void add_events(struct maker *maker, const uint64_t *seconds, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct net_event event = maker_event(seconds[i] * S, false);

		event.owner_source = NST_OWNER_FLOW;
		event.ifindex = 6;
		maker_add(maker, &event);
	}
	if (nst_writer_flush(maker->writer))
		abort();
}

static const char *share(const char *trace, const char *from, const char *to)
{
	const char *path = maker_path("part.zst");

	CHECK_INT(maker_run(&command_share, "--force", "--keep-names", "--from", from, "--to", to,
			    "-o", path, trace, NULL),
		  0);
	return path;
}

static const char *asked(const char *trace, const char *sql)
{
	static char texts[4][256];
	static unsigned int next;
	char *text = texts[next++ % 4], *at;

	CHECK_INT(maker_run(&command_sql, "--format", "csv", trace, sql, NULL), 0);
	at = strchr(maker_out, '\n');
	snprintf(text, sizeof(texts[0]), "%s", at ? at + 1 : "");
	text[strcspn(text, "\r\n")] = '\0';
	return text;
}

#endif
