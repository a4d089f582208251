// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "record/flight_marks.h"

#include "record/clock.h"

#include <string.h>

void flight_marks_open(struct flight_marks *marks, uint64_t window_ns)
{
	marks->n = 0;
	marks->apart_ns = window_ns / (FLIGHT_MARKS_MAX / 2);
	if (marks->apart_ns < NS_PER_S)
		marks->apart_ns = NS_PER_S;
}

/* Every other one goes, but neither the first nor the last. */
static void thin_out(struct flight_marks *marks)
{
	size_t n = 0;

	for (size_t i = 0; i < marks->n; i++)
		if (i % 2 == 0 || i == marks->n - 1)
			marks->all[n++] = marks->all[i];
	marks->n = n;
	marks->apart_ns *= 2;
}

void flight_marks_add(struct flight_marks *marks, const struct flight_mark *mark)
{
	if (marks->n == FLIGHT_MARKS_MAX)
		thin_out(marks);
	marks->all[marks->n++] = *mark;
}

void flight_marks_forget(struct flight_marks *marks, uint64_t sequence)
{
	size_t gone = 0;

	while (gone < marks->n && marks->all[gone].sequence < sequence)
		gone++;
	marks->n -= gone;
	memmove(marks->all, marks->all + gone, marks->n * sizeof(marks->all[0]));
}

const struct flight_mark *flight_marks_find(const struct flight_marks *marks, uint64_t time_ns)
{
	const struct flight_mark *found = marks->n ? &marks->all[0] : NULL;

	for (size_t i = 0; i < marks->n && marks->all[i].time_ns <= time_ns; i++)
		found = &marks->all[i];
	return found;
}

const struct flight_mark *flight_marks_last(const struct flight_marks *marks)
{
	return marks->n ? &marks->all[marks->n - 1] : NULL;
}
