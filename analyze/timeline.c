/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "analyze/timeline.h"

#include "analyze/intern.h"
#include "common/units.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

int timeline_add(struct timeline *timeline, uint64_t clock_ns, uint64_t realtime_ns)
{
	if (!realtime_ns || realtime_ns > INT64_MAX || clock_ns > INT64_MAX)
		return 0;
	if (timeline->n && clock_ns <= timeline->samples[timeline->n - 1].clock_ns)
		return 0;
	if (array_reserve(&timeline->samples, &timeline->n_allocated, timeline->n + 1,
			  sizeof(*timeline->samples)))
		return -ENOMEM;
	timeline->samples[timeline->n++] = (struct clock_sample){ clock_ns, realtime_ns };
	return 0;
}

static int64_t offset_ns(const struct clock_sample *sample)
{
	return (int64_t)sample->realtime_ns - (int64_t)sample->clock_ns;
}

int64_t timeline_realtime(const struct timeline *timeline, uint64_t clock_ns)
{
	size_t low = 0, high = timeline->n;
	int64_t clock = clock_ns > INT64_MAX ? INT64_MAX : (int64_t)clock_ns;

	if (!timeline->n)
		return clock;
	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;

		if (timeline->samples[middle].clock_ns <= clock_ns)
			low = middle;
		else
			high = middle;
	}
	return time_add(clock, offset_ns(&timeline->samples[low]));
}

uint64_t timeline_clock(const struct timeline *timeline, int64_t realtime_ns, size_t *hint)
{
	int64_t clock = realtime_ns;

	for (size_t i = *hint; i < timeline->n; i++) {
		const struct clock_sample *sample = &timeline->samples[i];

		*hint = i;
		clock = time_add(realtime_ns, -offset_ns(sample));
		/* a clock that stepped forward passes over realtime_ns */
		if (i && clock < (int64_t)sample->clock_ns)
			clock = (int64_t)sample->clock_ns;
		if (i + 1 < timeline->n && clock < (int64_t)sample[1].clock_ns)
			break;
	}
	return clock < 0 ? 0 : clock == INT64_MAX ? UINT64_MAX : (uint64_t)clock;
}

void timeline_free(struct timeline *timeline)
{
	free(timeline->samples);
	*timeline = (struct timeline){ 0 };
}

static void split(int64_t realtime_ns, time_t *ret_seconds, long *ret_ns)
{
	int64_t seconds = realtime_ns / NS_PER_S, ns = realtime_ns % NS_PER_S;

	if (ns < 0) {
		ns += NS_PER_S;
		seconds--;
	}
	*ret_seconds = (time_t)seconds;
	*ret_ns = (long)ns;
}

/* So many digits of a number and what follows them. Returns the end. */
static char *put_number(char *to, long number, int digits, char behind)
{
	for (int i = digits; i-- > 0; number /= 10)
		to[i] = (char)('0' + number % 10);
	to[digits] = behind;
	return to + digits + 1;
}

/* Several times as fast as strftime(); all years of int64_t nanoseconds have four digits. */
char *time_format_rfc3339(int64_t realtime_ns, char text[TIME_TEXT_MAX])
{
	char *to = text;
	time_t seconds;
	struct tm tm;
	long ns;

	split(realtime_ns, &seconds, &ns);
	gmtime_r(&seconds, &tm);
	to = put_number(to, tm.tm_year + 1900, 4, '-');
	to = put_number(to, tm.tm_mon + 1, 2, '-');
	to = put_number(to, tm.tm_mday, 2, 'T');
	to = put_number(to, tm.tm_hour, 2, ':');
	to = put_number(to, tm.tm_min, 2, ':');
	to = put_number(to, tm.tm_sec, 2, '.');
	to = put_number(to, ns, 9, 'Z');
	*to = '\0';
	return text;
}

char *time_format(int64_t realtime_ns, bool utc, int digits, char text[TIME_TEXT_MAX])
{
	time_t seconds;
	struct tm tm;
	long ns;
	size_t n;

	split(realtime_ns, &seconds, &ns);
	if (utc)
		gmtime_r(&seconds, &tm);
	else
		localtime_r(&seconds, &tm);
	n = strftime(text, TIME_TEXT_MAX, "%Y-%m-%d %H:%M:%S", &tm);
	if (!digits)
		return text;
	for (int i = digits; i < 9; i++)
		ns /= 10;
	snprintf(text + n, TIME_TEXT_MAX - n, ".%0*ld", digits, ns);
	return text;
}

/* So many digits at *text as a number from min to max. */
static int take_number(const char **text, int digits, int min, int max, int *ret_number)
{
	int number = 0;

	for (int i = 0; i < digits; i++, (*text)++) {
		if (!isdigit((unsigned char)**text))
			return -EINVAL;
		number = number * 10 + (**text - '0');
	}
	if (number < min || number > max)
		return -EINVAL;
	*ret_number = number;
	return 0;
}

static int take_character(const char **text, const char *allowed)
{
	if (!**text || !strchr(allowed, **text))
		return -EINVAL;
	(*text)++;
	return 0;
}

static int take_fraction(const char **text, int64_t *ret_ns)
{
	int64_t ns = 0, scale = NS_PER_S / 10;

	*ret_ns = 0;
	if (**text != '.')
		return 0;
	(*text)++;
	if (!isdigit((unsigned char)**text))
		return -EINVAL;
	for (; isdigit((unsigned char)**text); (*text)++, scale /= 10)
		ns += (**text - '0') * scale;
	*ret_ns = ns;
	return 0;
}

/* Z, +HH:MM or nothing; nothing means local time. */
static int take_offset(const char **text, bool *ret_is_local, int *ret_offset_s)
{
	int hours, minutes, sign = **text == '-' ? -1 : 1;

	*ret_is_local = !**text;
	*ret_offset_s = 0;
	if (!**text)
		return 0;
	if (!take_character(text, "Zz"))
		return 0;
	if (take_character(text, "+-") || take_number(text, 2, 0, 23, &hours) ||
	    take_character(text, ":") || take_number(text, 2, 0, 59, &minutes))
		return -EINVAL;
	*ret_offset_s = sign * (hours * 3600 + minutes * 60);
	return 0;
}

static int parse_rfc3339(const char *text, bool utc, int64_t *ret_ns)
{
	struct tm tm = { .tm_isdst = -1 };
	int64_t fraction_ns, ns;
	bool is_local;
	int offset_s, day;
	time_t seconds;

	if (take_number(&text, 4, 1970, 9999, &tm.tm_year) || take_character(&text, "-") ||
	    take_number(&text, 2, 1, 12, &tm.tm_mon) || take_character(&text, "-") ||
	    take_number(&text, 2, 1, 31, &tm.tm_mday) || take_character(&text, "Tt ") ||
	    take_number(&text, 2, 0, 23, &tm.tm_hour) || take_character(&text, ":") ||
	    take_number(&text, 2, 0, 59, &tm.tm_min) || take_character(&text, ":") ||
	    take_number(&text, 2, 0, 60, &tm.tm_sec) || take_fraction(&text, &fraction_ns) ||
	    take_offset(&text, &is_local, &offset_s) || *text)
		return -EINVAL;
	tm.tm_year -= 1900;
	tm.tm_mon--;
	day = tm.tm_mday;
	seconds = is_local && !utc ? mktime(&tm) : timegm(&tm);
	if (seconds == (time_t)-1 || tm.tm_mday != day)
		return -EINVAL;
	if (__builtin_mul_overflow((int64_t)seconds - offset_s, NS_PER_S, &ns) ||
	    __builtin_add_overflow(ns, fraction_ns, &ns))
		return -EINVAL;
	*ret_ns = ns;
	return 0;
}

int time_parse(const char *text, bool utc, struct moment *ret_moment)
{
	struct moment moment = { MOMENT_REALTIME, 0 };
	uint64_t ns;

	if (*text == '+' || *text == '-') {
		if (parse_duration(text + 1, 0, INT64_MAX / 2, &ns))
			return -EINVAL;
		moment.kind = *text == '+' ? MOMENT_SINCE_START : MOMENT_BEFORE_END;
		moment.ns = (int64_t)ns;
	} else if (parse_rfc3339(text, utc, &moment.ns)) {
		return -EINVAL;
	}
	*ret_moment = moment;
	return 0;
}
