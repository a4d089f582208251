/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "analyze/rollup.h"

#include <string.h>

#define TRACE_SHIFT 36 /* seconds since a recording's start: 2000 years */

static void add_at(struct peak *peak, int slot, bool is_send, uint64_t bytes)
{
	uint64_t *sum = &peak->at[slot].bytes[is_send];

	*sum += bytes;
	if (*sum > peak->highest[is_send])
		peak->highest[is_send] = *sum;
}

/* Where a second has its slot; the oldest of them goes for a newer one. -1: it is too old. */
static int slot_of(struct peak *peak, int64_t second)
{
	int slot = 0;

	while (slot < PEAK_SECONDS && peak->at[slot].second > second)
		slot++;
	if (slot == PEAK_SECONDS)
		return -1;
	if (peak->at[slot].second == second)
		return slot;
	for (int i = PEAK_SECONDS - 1; i > slot; i--)
		peak->at[i] = peak->at[i - 1];
	memset(&peak->at[slot], 0, sizeof(peak->at[slot]));
	peak->at[slot].second = second;
	return slot;
}

static void add_second(struct peak *peak, int64_t second, bool is_send, uint64_t bytes)
{
	int slot = slot_of(peak, second);

	if (slot >= 0)
		add_at(peak, slot, is_send, bytes);
	else if (bytes > peak->highest[is_send])
		peak->highest[is_send] = bytes;
}

void peak_add(struct peak *peak, uint32_t trace, uint64_t second, bool is_send, uint64_t bytes)
{
	/* 1 more: an empty slot holds 0, which is then before every second */
	int64_t number = ((int64_t)trace << TRACE_SHIFT) + (int64_t)second + 1;

	if (peak->at[0].second == number)
		add_at(peak, 0, is_send, bytes);
	else
		add_second(peak, number, is_send, bytes);
}

void peak_merge(struct peak *into, const struct peak *from)
{
	for (int slot = PEAK_SECONDS - 1; slot >= 0; slot--) {
		if (!from->at[slot].second)
			continue;
		add_second(into, from->at[slot].second, false, from->at[slot].bytes[false]);
		add_second(into, from->at[slot].second, true, from->at[slot].bytes[true]);
	}
	for (int is_send = 0; is_send < 2; is_send++)
		if (from->highest[is_send] > into->highest[is_send])
			into->highest[is_send] = from->highest[is_send];
}
