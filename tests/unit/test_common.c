// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What both command lines share: numbers with units, names, escapes, options. */
#include "common/escape.h"
#include "common/options.h"
#include "common/protocol.h"
#include "common/units.h"
#include "tests/unit/test.h"

#include <errno.h>
#include <stdlib.h>

static void numbers_take_the_whole_text(void)
{
	static const char *const bad[] = { "", "-1", "+1", " 1", "1 ", "12abc", "0x10", "1.5" };
	uint64_t n = 77;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		CHECK_INT(parse_number(bad[i], 0, UINT64_MAX, &n), -EINVAL);
	CHECK_INT(parse_number("18446744073709551616", 0, UINT64_MAX, &n), -ERANGE);
	CHECK_INT(parse_number("0", 1, 65535, &n), -ERANGE);
	CHECK_INT(parse_number("65536", 1, 65535, &n), -ERANGE);
	CHECK_INT(n, 77);
	CHECK_INT(parse_number("18446744073709551615", 0, UINT64_MAX, &n), 0);
	CHECK(n == UINT64_MAX);
}

static void sizes_have_units(void)
{
	static const struct {
		const char *text;
		uint64_t bytes;
	} good[] = { { "4096", 4096 },	  { "64k", 65536 },	 { "8M", 8388608 },
		     { "8MiB", 8388608 }, { "1gb", 1073741824 }, { "7B", 7 } };
	static const char *const bad[] = { "", "M", "1.5M", "8MM", "8x", "iB", "8iB", "-8M" };
	uint64_t n;

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		CHECK_INT(parse_size(good[i].text, 0, UINT64_MAX, &n), 0);
		CHECK_INT(n, good[i].bytes);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		CHECK_INT(parse_size(bad[i], 0, UINT64_MAX, &n), -EINVAL);
	CHECK_INT(parse_size("99999999T", 0, UINT64_MAX, &n), -ERANGE);
}

static void durations_have_units(void)
{
	static const struct {
		const char *text;
		uint64_t ns;
	} good[] = { { "2", 2000000000 },	  { "0.5", 500000000 },
		     { "100ms", 100000000 },	  { "5m", 300000000000 },
		     { "1.5h", 5400000000000 },	  { "1d", 86400000000000 },
		     { "0.25d", 21600000000000 }, { "7ns", 7 } };
	static const char *const bad[] = { "", ".5", "1.", "1x", "1 s", "-1", "1e3" };
	uint64_t n;

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		CHECK_INT(parse_duration(good[i].text, 0, UINT64_MAX, &n), 0);
		CHECK_INT(n, good[i].ns);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		CHECK_INT(parse_duration(bad[i], 0, UINT64_MAX, &n), -EINVAL);
	CHECK_INT(parse_duration("999999999999d", 0, UINT64_MAX, &n), -ERANGE);
}

static void people_read_few_digits(void)
{
	char text[UNITS_MAX];

	CHECK_STR(format_bytes(0, text), "0 B");
	CHECK_STR(format_bytes(999, text), "999 B");
	CHECK_STR(format_bytes(1000, text), "1.00 kB");
	CHECK_STR(format_bytes(999949, text), "999.9 kB");
	CHECK_STR(format_bytes(999950, text), "1.00 MB");
	CHECK_STR(format_bytes(12345678, text), "12.3 MB");
	CHECK_STR(format_bytes(UINT64_MAX, text), "18.4 EB");
	CHECK_STR(format_rate(1500000, text), "1.50 Mbit/s");
	CHECK_STR(format_duration(0, text), "0.000 s");
	CHECK_STR(format_duration(10000, text), "10 us");
	CHECK_STR(format_duration(1234567890, text), "1.234 s");
	CHECK_STR(format_duration(UINT64_C(3723000000000), text), "1h 2m 3s");
}

static void protocols_go_both_ways(void)
{
	static const char *const names[] = { "TCP",  "UDP", "ICMP",   "ICMPv6",
					     "SCTP", "ARP", "ip-253", "eth-0x88cc" };
	static const char *const bad[] = { "", "ip-", "ip-256", "eth-0x", "eth-0x12345", "tcp6" };
	char name[PROTOCOL_NAME_MAX];
	struct protocol protocol;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		CHECK_INT(parse_protocol(names[i], &protocol), 0);
		CHECK_STR(protocol_name(protocol, name), names[i]);
	}
	CHECK_INT(parse_protocol("tcp", &protocol), 0);
	CHECK(protocol.is_ip && protocol.number == 6);
	CHECK_INT(parse_protocol("ETH-0X88CC", &protocol), 0);
	CHECK(!protocol.is_ip && protocol.number == 0x88cc);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		CHECK_INT(parse_protocol(bad[i], &protocol), -EINVAL);
}

static void what_is_printed_is_inert(void)
{
	static const struct {
		const char *bytes, *text;
	} cases[] = {
		{ "nginx", "nginx" },
		{ "a\\b", "a\\\\b" },
		{ "\033[31m", "\\x1b[31m" },
		{ "caf\xc3\xa9", "caf\xc3\xa9" },
		{ "caf\xc3", "caf\\xc3" },	       /* comm cuts characters */
		{ "\xc0\xaf", "\\xc0\\xaf" },	       /* overlong */
		{ "\xed\xa0\x80", "\\xed\\xa0\\x80" }, /* surrogate */
		{ "\xe2\x80\xae"
		  "x",
		  "\\xe2\\x80\\xaex" }, /* right-to-left override */
		{ "\xc2\x9b"
		  "31m",
		  "\\xc2\\x9b31m" }, /* CSI in one character */
	};
	char text[ESCAPED_MAX(32)];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		CHECK_INT(escape_bytes(cases[i].bytes, strlen(cases[i].bytes), text),
			  strlen(cases[i].text));
		CHECK_STR(text, cases[i].text);
	}
	CHECK_INT(escape_bytes("a\0b", 3, text), 6);
	CHECK_STR(text, "a\\x00b");
}

struct settings {
	int verbose;
	const char *output, *stats;
};

static int set_verbose(void *settings, const char *value)
{
	((struct settings *)settings)->verbose += value ? 100 : 1;
	return 0;
}

static int set_output(void *settings, const char *value)
{
	((struct settings *)settings)->output = value;
	return strcmp(value, "bad") ? 0 : -EINVAL;
}

static int set_stats(void *settings, const char *value)
{
	((struct settings *)settings)->stats = value ? value : "default";
	return 0;
}

static const struct option_spec specs[] = {
	{ "output", 'o', "FILE", "where to", set_output },
	{ "verbose", 'v', NULL, "say more", set_verbose },
	{ "stats", 0, "[=SECONDS]", "a table", set_stats },
	{ NULL, 0, NULL, NULL, NULL },
};

static int parse(bool operands_last, char **argv, struct settings *settings, int *ret_first)
{
	int argc = 0;

	while (argv[argc])
		argc++;
	memset(settings, 0, sizeof(*settings));
	return options_parse(specs, operands_last, argc, argv, settings, ret_first);
}

static void one_table_drives_options(void)
{
	struct settings s;
	int first = 0;
	char *all[] = { "x", "-vv", "--output=f", "--stats", "a", "--verbose", "b", NULL };
	char *command[] = { "x", "-o", "f", "--stats=5", "--", "cmd", "-v", NULL };
	char *plain[] = { "x", "cmd", "-v", NULL };
	char *bad[] = { "x", "-o", "bad", NULL };

	CHECK_INT(parse(false, all, &s, &first), 0);
	CHECK_INT(s.verbose, 3);
	CHECK_STR(s.output, "f");
	CHECK_STR(s.stats, "default");
	CHECK_STR(all[first], "a");
	CHECK_INT(parse(true, command, &s, &first), 0);
	CHECK_STR(s.stats, "5");
	CHECK_INT(s.verbose, 0);
	CHECK_STR(command[first], "cmd");
	CHECK_INT(parse(true, plain, &s, &first), 0);
	CHECK_INT(s.verbose, 0);
	CHECK_INT(first, 1);
	CHECK_INT(parse(false, bad, &s, &first), -EINVAL);
}

int main(void)
{
	RUN(numbers_take_the_whole_text);
	RUN(sizes_have_units);
	RUN(durations_have_units);
	RUN(people_read_few_digits);
	RUN(protocols_go_both_ways);
	RUN(what_is_printed_is_inert);
	RUN(one_table_drives_options);
	return test_result();
}
