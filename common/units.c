// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "common/units.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define NS_PER_S UINT64_C(1000000000)

/* The digits at *text; the rest of the text is left in *text. */
static int take_digits(const char **text, uint64_t *ret_number)
{
	uint64_t number = 0;

	if (!isdigit((unsigned char)**text))
		return -EINVAL;
	for (; isdigit((unsigned char)**text); (*text)++) {
		if (__builtin_mul_overflow(number, 10, &number) ||
		    __builtin_add_overflow(number, (uint64_t)(**text - '0'), &number))
			return -ERANGE;
	}
	*ret_number = number;
	return 0;
}

static int check_range(uint64_t number, uint64_t min, uint64_t max, uint64_t *ret_number)
{
	if (number < min || number > max)
		return -ERANGE;
	*ret_number = number;
	return 0;
}

int parse_number(const char *text, uint64_t min, uint64_t max, uint64_t *ret_number)
{
	uint64_t number;
	int err = take_digits(&text, &number);

	if (err)
		return err;
	if (*text)
		return -EINVAL;
	return check_range(number, min, max, ret_number);
}

int parse_size(const char *text, uint64_t min, uint64_t max, uint64_t *ret_bytes)
{
	static const char prefixes[] = "kmgt";
	uint64_t number;
	const char *prefix;
	int err = take_digits(&text, &number);

	if (err)
		return err;
	prefix = *text ? strchr(prefixes, tolower((unsigned char)*text)) : NULL;
	if (prefix) {
		if (__builtin_mul_overflow(number, 1ull << 10 * (prefix - prefixes + 1), &number))
			return -ERANGE;
		text++;
	}
	if (*text && strcasecmp(text, "b") && (!prefix || strcasecmp(text, "ib")))
		return -EINVAL;
	return check_range(number, min, max, ret_bytes);
}

/* What follows the decimal point, as billionths. */
static int take_fraction(const char **text, uint64_t *ret_billionths)
{
	uint64_t number = 0, scale = NS_PER_S / 10;

	if (!isdigit((unsigned char)**text))
		return -EINVAL;
	for (; isdigit((unsigned char)**text); (*text)++, scale /= 10)
		number += (uint64_t)(**text - '0') * scale;
	*ret_billionths = number;
	return 0;
}

static int unit_ns(const char *unit, uint64_t *ret_ns)
{
	static const struct {
		const char *name;
		uint64_t ns;
	} units[] = {
		{ "", NS_PER_S },
		{ "s", NS_PER_S },
		{ "ms", 1000000 },
		{ "us", 1000 },
		{ "ns", 1 },
		{ "m", 60 * NS_PER_S },
		{ "min", 60 * NS_PER_S },
		{ "h", 3600 * NS_PER_S },
		{ "d", 86400 * NS_PER_S },
	};

	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (strcmp(unit, units[i].name))
			continue;
		*ret_ns = units[i].ns;
		return 0;
	}
	return -EINVAL;
}

int parse_duration(const char *text, uint64_t min_ns, uint64_t max_ns, uint64_t *ret_ns)
{
	uint64_t whole, unit, billionths = 0, ns;
	int err = take_digits(&text, &whole);

	if (!err && *text == '.') {
		text++;
		err = take_fraction(&text, &billionths);
	}
	if (!err)
		err = unit_ns(text, &unit);
	if (err)
		return err;
	/* A fraction of a day in billionths still fits 128 bits, not 64. */
	if (__builtin_mul_overflow(whole, unit, &ns) ||
	    __builtin_add_overflow(ns, (uint64_t)((unsigned __int128)billionths * unit / NS_PER_S),
				   &ns))
		return -ERANGE;
	return check_range(ns, min_ns, max_ns, ret_ns);
}

static char *format_scaled(uint64_t number, const char *unit, char text[UNITS_MAX])
{
	static const char *const prefixes[] = { "", "k", "M", "G", "T", "P", "E" };
	double scaled = (double)number;
	size_t i = 0;

	/* 999.95 would print as 1000.0 */
	for (; scaled >= 999.95 && i < 6; i++)
		scaled /= 1000;
	if (i == 0)
		snprintf(text, UNITS_MAX, "%" PRIu64 " %s", number, unit);
	else
		snprintf(text, UNITS_MAX, "%.*f %s%s", scaled < 99.95 ? 2 - (scaled >= 9.995) : 1,
			 scaled, prefixes[i], unit);
	return text;
}

char *format_bytes(uint64_t bytes, char text[UNITS_MAX])
{
	return format_scaled(bytes, "B", text);
}

char *format_rate(uint64_t bits_per_second, char text[UNITS_MAX])
{
	return format_scaled(bits_per_second, "bit/s", text);
}

char *format_duration(uint64_t ns, char text[UNITS_MAX])
{
	uint64_t seconds = ns / NS_PER_S;

	if (ns && ns < 1000)
		snprintf(text, UNITS_MAX, "%" PRIu64 " ns", ns);
	else if (ns && ns < 1000000)
		snprintf(text, UNITS_MAX, "%" PRIu64 " us", ns / 1000);
	else if (seconds < 60)
		snprintf(text, UNITS_MAX, "%" PRIu64 ".%03" PRIu64 " s", seconds,
			 ns % NS_PER_S / 1000000);
	else if (seconds < 3600)
		snprintf(text, UNITS_MAX, "%" PRIu64 "m %" PRIu64 "s", seconds / 60, seconds % 60);
	else
		snprintf(text, UNITS_MAX, "%" PRIu64 "h %" PRIu64 "m %" PRIu64 "s", seconds / 3600,
			 seconds / 60 % 60, seconds % 60);
	return text;
}
