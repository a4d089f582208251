/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "analyze/rollup.h"

#define TRACE_SHIFT 36 /* seconds since a recording's start: 2000 years */

static void add_at(struct peak *peak, int slot, bool is_send, uint64_t bytes)
{
	uint64_t *sum = &peak->bytes[slot][is_send];

	*sum += bytes;
	if (*sum > peak->highest[is_send])
		peak->highest[is_send] = *sum;
}

static void add_second(struct peak *peak, int64_t second, bool is_send, uint64_t bytes)
{
	if (second > peak->second[0]) {
		peak->second[1] = peak->second[0];
		peak->bytes[1][0] = peak->bytes[0][0];
		peak->bytes[1][1] = peak->bytes[0][1];
		peak->second[0] = second;
		peak->bytes[0][0] = peak->bytes[0][1] = 0;
	} else if (second < peak->second[0] && second > peak->second[1]) {
		peak->second[1] = second;
		peak->bytes[1][0] = peak->bytes[1][1] = 0;
	}
	if (second == peak->second[0])
		add_at(peak, 0, is_send, bytes);
	else if (second == peak->second[1])
		add_at(peak, 1, is_send, bytes);
	else if (bytes > peak->highest[is_send])
		peak->highest[is_send] = bytes;
}

void peak_add(struct peak *peak, uint32_t trace, uint64_t second, bool is_send, uint64_t bytes)
{
	/* 1 more: an empty slot holds 0, which is then before every second */
	add_second(peak, ((int64_t)trace << TRACE_SHIFT) + (int64_t)second + 1, is_send, bytes);
}

void peak_merge(struct peak *into, const struct peak *from)
{
	for (int slot = 1; slot >= 0; slot--) {
		if (!from->second[slot])
			continue;
		add_second(into, from->second[slot], false, from->bytes[slot][false]);
		add_second(into, from->second[slot], true, from->bytes[slot][true]);
	}
	for (int is_send = 0; is_send < 2; is_send++)
		if (from->highest[is_send] > into->highest[is_send])
			into->highest[is_send] = from->highest[is_send];
}
