/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Numbers with units: read from the command line, written for people. */
#ifndef NETSNOOP_COMMON_UNITS_H
#define NETSNOOP_COMMON_UNITS_H

#include <stddef.h>
#include <stdint.h>

/*
 * Each takes the whole of text and nothing else: no blanks, no sign, no rest.
 * 0, or -EINVAL (not such a number), or -ERANGE (outside min..max).
 */
int parse_number(const char *text, uint64_t min, uint64_t max, uint64_t *ret_number);
/* "4096", "64k", "8M", "1G": bytes, powers of 1024; a B or iB may follow. */
int parse_size(const char *text, uint64_t min, uint64_t max, uint64_t *ret_bytes);
/* "2", "0.5", "100ms", "5m", "1h", "1d": nanoseconds; plain numbers are seconds. */
int parse_duration(const char *text, uint64_t min_ns, uint64_t max_ns, uint64_t *ret_ns);

/* What the longest of these texts needs, with its NUL. */
#define UNITS_MAX 32

/* "1.5 GB", powers of 1000, at most four digits. Returns text. */
char *format_bytes(uint64_t bytes, char text[UNITS_MAX]);
/* "12.3 Mbit/s" */
char *format_rate(uint64_t bits_per_second, char text[UNITS_MAX]);
/* "10 us", "1.234 s", "2m 5s", "1h 2m 3s" */
char *format_duration(uint64_t ns, char text[UNITS_MAX]);

#endif
