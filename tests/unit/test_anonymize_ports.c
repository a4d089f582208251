/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Ports: which stay, which are exchanged, and what a report by port says of either. */
#include "analyze/anonymizer.h"
#include "tests/unit/trace_maker.h"

static uint64_t port_of(struct anonymizer *anonymizer, uint64_t port)
{
	uint64_t to = 0;

	CHECK_INT(anonymize_number(anonymizer, IMAGE_PORT, port, &to), 0);
	return to;
}

/*
 * Linux gives clients ports from 32768 on: these are exchanged among themselves. A lower one
 * was chosen for a service, registered or not.
 */
static void ephemeral_ones_are_exchanged(void)
{
	static bool seen[65536];
	const struct anonymize_options options = { 0 };
	const struct anonymize_key key = { { 4, 5, 6 } };
	struct anonymizer anonymizer;
	int moved = 0, twice = 0, low = 0;

	CHECK_INT(anonymizer_init(&anonymizer, &key, false, &options), 0);
	for (uint64_t port = 0; port < 32768; port++)
		moved += port_of(&anonymizer, port) != port;
	CHECK_INT(moved, 0);
	for (uint64_t port = 32768; port < 65536; port++) {
		uint64_t to = port_of(&anonymizer, port);

		moved += to != port;
		low += to < 32768 || to > UINT16_MAX;
		twice += seen[to & UINT16_MAX];
		seen[to & UINT16_MAX] = true;
	}
	CHECK(moved > 32768 - 20);
	CHECK_INT(low, 0);
	CHECK_INT(twice, 0);
	anonymizer_free(&anonymizer);
}

#define CLIENTS 20

/* To a service in the range of clients, which is below some of them and above others. */
static const char *make_trace(void)
{
	const char *path = maker_path("ports.zst");
	struct maker maker = maker_begin(path, 1, 2);

	for (uint16_t i = 0; i < CLIENTS; i++) {
		struct net_event event = maker_event(1000 + i, true);

		event.flow_id = 1 + i;
		event.sport = (uint16_t)(33000 + 1700 * i);
		event.dport = i % 4 ? 50051 : 443;
		event.bytes = 1000 + i;
		maker_add(&maker, &event);
	}
	maker_end(&maker, 2000000);
	return path;
}

static uint32_t mapped_port(const char *map, uint32_t port)
{
	char text[4096], line[32];
	const char *at;

	maker_slurp(map, text, sizeof(text));
	snprintf(line, sizeof(line), "port\t%u\t", port);
	at = strstr(text, line);
	return at ? (uint32_t)atoi(at + strlen(line)) : 0;
}

/* Which of two ports a row is by has to be the same before and after. */
static void reports_by_port_are_the_same(void)
{
	const char *trace = make_trace(), *to = maker_path("public.zst"), *map = maker_path("map");
	char rows[CLIENTS][2][16];

	CHECK_INT(maker_run(&command_anonymize, "--map", map, "-o", to, trace, NULL), 0);
	CHECK_INT(maker_run(&command_report, "--by", "port", "--format", "csv", trace, NULL), 0);
	for (uint32_t i = 0; i < CLIENTS; i++) {
		snprintf(rows[i][0], 16, "%u", i % 4 ? 33000 + 1700 * i : 443);
		snprintf(rows[i][1], 16, "%s", maker_value("port", rows[i][0], "send_bytes"));
		if (i % 4)
			CHECK_INT(atoi(rows[i][1]), 1000 + (int)i);
		snprintf(rows[i][0], 16, "%u", mapped_port(map, (uint32_t)atoi(rows[i][0])));
	}
	CHECK_INT(maker_run(&command_report, "--by", "port", "--format", "csv", to, NULL), 0);
	for (uint32_t i = 0; i < CLIENTS; i++)
		CHECK_STR(maker_value("port", rows[i][0], "send_bytes"), rows[i][1]);
}

int main(void)
{
	RUN(ephemeral_ones_are_exchanged);
	RUN(reports_by_port_are_the_same);
	maker_clean();
	return test_result();
}
