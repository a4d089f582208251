// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What the filter options take, and what they refuse. */
#include "record/filters.h"

#include "tests/unit/test.h"

#include <errno.h>
#include <unistd.h>

/* The messages of what is refused are not what is tested here. */
static int add_quietly(struct filters *filters, enum filter_type type, const char *value)
{
	int saved = dup(STDERR_FILENO), err;

	fflush(stderr);
	if (!freopen("/dev/null", "w", stderr))
		return -EIO;
	err = filters_add(filters, type, value);
	fflush(stderr);
	dup2(saved, STDERR_FILENO);
	close(saved);
	return err;
}

static void refused(enum filter_type type, const char *value)
{
	struct filters filters = { 0 };

	if (add_quietly(&filters, type, value) != -EINVAL) {
		fprintf(stderr, "%s %s\n", filter_option(type), value);
		CHECK(!"refused");
	}
	filters_free(&filters);
}

static void pids(void)
{
	struct filters filters = { 0 };

	CHECK_INT(filters_add(&filters, BY_PID, "1,4194304"), 0);
	CHECK_INT(filters_add(&filters, BY_PID, "!7,8,9"), 0);
	CHECK_INT(filters.n, 5);
	CHECK_INT(filters.all[1].pid, 4194304);
	CHECK_INT(filters.all[1].exclude, false);
	CHECK_INT(filters.all[4].pid, 9);
	CHECK_INT(filters_count(&filters, BY_PID, true), 3);
	CHECK_INT(filters_count(&filters, BY_PID, false), 2);
	CHECK_INT(filters_count(&filters, BY_COMM, false), 0);
	CHECK_STR(filters.text, "--pid 1,4194304 --pid !7,8,9");
	filters_free(&filters);
	refused(BY_PID, "");
	refused(BY_PID, "!");
	refused(BY_PID, "0");
	refused(BY_PID, "4194305");
	refused(BY_PID, "1,");
	refused(BY_PID, ",1");
	refused(BY_PID, "12abc");
	refused(BY_PID, "-1");
	refused(BY_PID, " 1");
}

static void names(void)
{
	struct filters filters = { 0 };

	CHECK_INT(filters_add(&filters, BY_COMM, "a,b"), 0); /* not a list */
	CHECK_INT(filters_add(&filters, BY_INTERFACE, "!123456789012345"), 0);
	CHECK_INT(filters.n, 2);
	CHECK_STR(filters.all[0].name, "a,b");
	CHECK_STR(filters.all[1].name, "123456789012345");
	CHECK_INT(filters.all[1].exclude, true);
	filters_free(&filters);
	refused(BY_COMM, "");
	refused(BY_COMM, "1234567890123456");
	refused(BY_INTERFACE, "1234567890123456");
}

static void hosts(void)
{
	static const uint8_t ip4[16] = { 10, 1, 2, 3 };
	static const uint8_t ip6[16] = { 0xfd, [15] = 1 };
	struct filters filters = { 0 };

	CHECK_INT(filters_add(&filters, BY_HOST, "10.1.2.3"), 0);
	CHECK_INT(filters_add(&filters, BY_HOST, "10.1.2.3/0"), 0);
	CHECK_INT(filters_add(&filters, BY_HOST, "!fd00::1/64"), 0);
	CHECK_INT(filters_add(&filters, BY_HOST, "fd00::1"), 0);
	CHECK_INT(filters.all[0].host.family, 4);
	CHECK_INT(filters.all[0].host.prefix_bits, 32);
	CHECK(!memcmp(filters.all[0].host.addr, ip4, 16));
	CHECK_INT(filters.all[1].host.prefix_bits, 0);
	CHECK_INT(filters.all[2].host.family, 6);
	CHECK_INT(filters.all[2].host.prefix_bits, 64);
	CHECK(!memcmp(filters.all[2].host.addr, ip6, 16));
	CHECK_INT(filters.all[3].host.prefix_bits, 128);
	filters_free(&filters);
	CHECK_INT(filters_add(&filters, BY_HOST, "::ffff:10.1.2.3"), 0);
	CHECK_INT(filters_add(&filters, BY_HOST, "::ffff:10.1.2.3/104"), 0);
	CHECK_INT(filters_add(&filters, BY_HOST, "::ffff:0:0/95"), 0);
	CHECK_INT(filters.all[0].host.family, 4);
	CHECK_INT(filters.all[0].host.prefix_bits, 32);
	CHECK(!memcmp(filters.all[0].host.addr, ip4, 16));
	CHECK_INT(filters.all[1].host.prefix_bits, 8);
	CHECK_INT(filters.all[2].host.family, 6);
	filters_free(&filters);
	refused(BY_HOST, "10.1.2.3/33");
	refused(BY_HOST, "10.1.2.3/");
	refused(BY_HOST, "/8");
	refused(BY_HOST, "fd00::1/129");
	refused(BY_HOST, "10.1.2");
	refused(BY_HOST, "example.org");
	refused(BY_HOST, "1111:1111:1111:1111:1111:1111:1111:1111:1111:1111:1111:1111");
}

static void ports(void)
{
	struct filters filters = { 0 };

	CHECK_INT(filters_add(&filters, BY_PORT, "0-65535"), 0);
	CHECK_INT(filters_add(&filters, BY_PORT, "!22"), 0);
	CHECK_INT(filters.all[0].ports.first, 0);
	CHECK_INT(filters.all[0].ports.last, 65535);
	CHECK_INT(filters.all[1].ports.first, 22);
	CHECK_INT(filters.all[1].ports.last, 22);
	filters_free(&filters);
	refused(BY_PORT, "65536");
	refused(BY_PORT, "20-10");
	refused(BY_PORT, "-10");
	refused(BY_PORT, "10-");
	refused(BY_PORT, "10-20-30");
	refused(BY_PORT, "http");
	refused(BY_PORT, "000000000000000000022-23");
}

static void protocols(void)
{
	struct filters filters = { 0 };

	CHECK_INT(filters_add(&filters, BY_PROTO, "tcp"), 0);
	CHECK_INT(filters_add(&filters, BY_PROTO, "!eth-0x88cc"), 0);
	CHECK_INT(filters.all[0].protocol.is_ip, true);
	CHECK_INT(filters.all[0].protocol.number, 6);
	CHECK_INT(filters.all[1].protocol.is_ip, false);
	CHECK_INT(filters.all[1].protocol.number, 0x88cc);
	filters_free(&filters);
	refused(BY_PROTO, "tcpip");
	refused(BY_PROTO, "ip-256");
}

static void users_and_cgroups(void)
{
	struct filters filters = { 0 };

	CHECK(!filters_by_process(&filters));
	CHECK_INT(filters_add(&filters, BY_PORT, "1"), 0);
	CHECK(!filters_by_process(&filters));
	CHECK_INT(filters_add(&filters, BY_USER, "root,4294967294"), 0);
	CHECK_INT(filters_add(&filters, BY_CGROUP, "!/a,b"), 0); /* not a list */
	CHECK(filters_by_process(&filters));
	CHECK_INT(filters.n, 4);
	CHECK_INT(filters.all[1].uid, 0);
	CHECK_INT(filters.all[2].uid, 4294967294);
	CHECK_STR(filters.all[3].cgroup, "/a,b");
	CHECK_INT(filters.all[3].exclude, true);
	filters_free(&filters);
	refused(BY_USER, "");
	refused(BY_USER, "4294967295"); /* nobody can be it */
	refused(BY_USER, "root,");
	refused(BY_USER, "no such user");
	refused(BY_CGROUP, "");
	refused(BY_CGROUP, "!");
}

static void too_many(void)
{
	struct filters filters = { 0 };

	for (int i = 0; i < 1024; i++)
		CHECK_INT(filters_add(&filters, BY_PORT, "1"), 0);
	CHECK_INT(add_quietly(&filters, BY_PORT, "1"), -EINVAL);
	CHECK_INT(filters.n, 1024);
	filters_free(&filters);
}

int main(void)
{
	RUN(pids);
	RUN(names);
	RUN(hosts);
	RUN(ports);
	RUN(protocols);
	RUN(users_and_cgroups);
	RUN(too_many);
	return test_result();
}
