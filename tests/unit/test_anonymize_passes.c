/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What is anonymised as it should be passes the check, however much it looks like the original. */
#include "analyze/anonymizer.h"
#include "tests/unit/trace_maker.h"

#include <sys/stat.h>

static const struct anonymize_key key = { { 1 } };

static const char *key_file(void)
{
	const char *path = maker_path("key");
	FILE *file = fopen(path, "w");

	if (!file || chmod(path, 0600) || fprintf(file, "netsnoop-key 1 01%062d\n", 0) < 0 ||
	    fclose(file))
		abort();
	return path;
}

static void passes(const char *path, const char *option, const char *value)
{
	int status = maker_run(&command_share, "--force", "--key", key_file(), "-o",
			       maker_path("public.zst"), path, option, value, NULL);

	CHECK_INT(status, 0);
	if (status)
		fprintf(stderr, "  %s", maker_err);
}

static struct net_event event6(uint64_t after_ns, const char *local, const char *remote)
{
	struct net_event event = maker_event(after_ns, true);

	event.ethertype = 0x86dd;
	inet_pton(AF_INET6, local, event.saddr);
	inet_pton(AF_INET6, remote, event.daddr);
	return event;
}

/* The same flow twice, 20 seconds apart, in chunks of their own. */
static const char *twice(const char *local, const char *remote)
{
	const char *path = maker_path("twice.zst");
	struct maker maker = maker_begin(path, 1, 2);

	for (uint64_t i = 0; i < 2; i++) {
		struct net_event event = event6(i * 20 * S, local, remote);

		maker_add(&maker, &event);
		if (nst_writer_flush(maker.writer))
			abort();
	}
	maker_end(&maker, 30 * S);
	return path;
}

/* Of what is left out, some is there too, because it stays by rule. */
static void what_stays_may_be_dropped(void)
{
	passes(twice("fe80::1", "ff02::fb"), "--to", "+10");
	passes(twice("2001:db8::7", "2001:db8:5::9"), "--to", "+10");
	passes(twice("2001:db8::7", "2001:db8:5::9"), "--keep-addresses", NULL);
	CHECK_INT(maker_run(&command_share, "--force", "--keep-addresses", "--to", "+10", "-o",
			    maker_path("public.zst"), twice("2001:db8::7", "2001:db8:5::9"), NULL),
		  0);
}

/* Of two addresses of a network one stands for the other. */
static void an_image_may_be_an_original(void)
{
	const char *path = maker_path("neighbours.zst");
	struct maker maker = maker_begin(path, 1, 2);
	struct net_event event = event6(0, "fe80::1", "ff02::1:ff12:3456");
	struct address_map map;
	uint8_t other[16];

	address_map_init(&map, &key, false, false);
	address_map(&map, event.daddr, 16, other);
	maker_add(&maker, &event);
	event.timestamp++;
	event.flow_id++;
	memcpy(event.daddr, other, 16);
	maker_add(&maker, &event);
	maker_end(&maker, 30 * S);
	passes(path, NULL, NULL);
}

/* An address and a name of few and small numbers, which are in columns of such numbers too. */
static void small_numbers_are_anywhere(void)
{
	static const uint8_t mac[] = { 2, 1, 3, 2, 1, 1 };
	struct nst_interface interface = {
		.netns = 7, .ifindex = 3, .name = { "eth1", 4 }, .mac = { mac, 6 }
	};
	const char *path = maker_path("small.zst");
	struct maker maker = maker_begin(path, 1, 2);
	uint32_t random = 1;

	maker_table(&maker, NST_CHUNK_ENVIRONMENT, NST_TABLE_INTERFACE, &interface, 1);
	for (unsigned int i = 0; i < 20000; i++) {
		struct net_event event = maker_event(i, true);

		if (!i)
			maker_name(&event, 11, "\3\2\1\3\2\1");
		random = random * 1664525 + 1013904223;
		event.flow_id = i + 1;
		event.sport = (uint16_t)(40000 + i);
		event.owner_source = (uint8_t)(NST_OWNER_SOCKET + (random >> 24) % 3);
		maker_add(&maker, &event);
	}
	maker_end(&maker, 30 * S);
	passes(path, NULL, NULL);
}

/* Names stand behind each other in a column, and one may be named like two that do. */
static void names_in_a_row_are_no_name(void)
{
	static const char *const names[] = { "ssh",   "iperf3", "sshiperf3",
					     "alpha", "beta",	"c-2proc-3" };
	const char *path = maker_path("rows.zst");
	struct maker maker = maker_begin(path, 1, 2);

	for (unsigned int i = 0; i < 6; i++) {
		struct net_event event = maker_event(i, true);

		maker_name(&event, 10 + i, names[i]);
		event.flow_id = i + 1;
		event.sport = (uint16_t)(40000 + i);
		maker_add(&maker, &event);
	}
	maker_end(&maker, 30 * S);
	CHECK_INT(maker_run(&command_share, "--force", "-o", maker_path("public.zst"), path, NULL),
		  0);
	passes(path, NULL, NULL);
}

int main(void)
{
	RUN(what_stays_may_be_dropped);
	RUN(an_image_may_be_an_original);
	RUN(small_numbers_are_anywhere);
	RUN(names_in_a_row_are_no_name);
	maker_clean();
	return test_result();
}
