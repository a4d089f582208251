// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "record/limits.h"

#include "record/clock.h"

#define FIRST_END_BYTES 16384 /* until it is known: counters and sums */
#define INDEX_ENTRY_BYTES 40
#define INDEX_BYTES_MAX (4 << 20) /* a larger one is left out */
#define MEASURE_NS (NS_PER_S / 4)
#define SHORTEST_NS (NS_PER_S / 20) /* over less than that a rate says nothing */
#define LONGEST_WAIT_NS NS_PER_S    /* a longer one was a disk that stalled */

void limits_open(struct limits *limits, uint64_t bytes, uint64_t ns, uint64_t wait_ns)
{
	*limits = (struct limits){
		.bytes = bytes,
		.ns = ns,
		.wait_ns = wait_ns,
		.least_wait_ns = wait_ns,
		.end_bytes = FIRST_END_BYTES,
	};
}

void limits_begin(struct limits *limits, uint64_t start_ns, uint64_t bytes)
{
	limits->start_ns = limits->since_ns = start_ns;
	limits->since_bytes = bytes;
}

/* In floating point: neither factor has a bound that would keep the product in 64 bits. */
static uint64_t scale(uint64_t value, uint64_t by, uint64_t of)
{
	return (uint64_t)((double)value * (double)by / (double)of);
}

/* The higher of what is known and what is seen: a calm moment is no promise. */
static uint64_t rate_of(struct limits *limits, uint64_t at_ns, uint64_t bytes)
{
	uint64_t past_ns = at_ns > limits->since_ns ? at_ns - limits->since_ns : 0;
	uint64_t grown = bytes > limits->since_bytes ? bytes - limits->since_bytes : 0;
	uint64_t now = past_ns < SHORTEST_NS ? 0 : scale(grown, NS_PER_S, past_ns);

	if (past_ns >= MEASURE_NS) {
		limits->since_ns = at_ns;
		limits->since_bytes = bytes;
		limits->rate = now > limits->rate / 4 * 3 ? now : limits->rate / 4 * 3;
	}
	return now > limits->rate ? now : limits->rate;
}

bool limits_reached(struct limits *limits, uint64_t at_ns, uint64_t bytes)
{
	uint64_t rate = rate_of(limits, at_ns, bytes);

	if (limits->ns && at_ns >= limits->start_ns + limits->ns)
		return true;
	if (!limits->bytes)
		return false;
	return bytes + scale(rate, limits->wait_ns, NS_PER_S) + limits->end_bytes >= limits->bytes;
}

void limits_ended(struct limits *limits, uint64_t waited_ns, uint64_t end_bytes)
{
	uint64_t less_ns = limits->wait_ns / 4 * 3, less_bytes = limits->end_bytes / 4 * 3;

	if (less_ns < limits->least_wait_ns)
		less_ns = limits->least_wait_ns;
	if (waited_ns > LONGEST_WAIT_NS)
		waited_ns = LONGEST_WAIT_NS;
	limits->wait_ns = waited_ns > less_ns ? waited_ns : less_ns;
	end_bytes += end_bytes / 4;
	limits->end_bytes = end_bytes > less_bytes ? end_bytes : less_bytes;
}

uint64_t limits_index_bytes(uint64_t n_chunks)
{
	return n_chunks <= INDEX_BYTES_MAX / INDEX_ENTRY_BYTES ? n_chunks * INDEX_ENTRY_BYTES : 0;
}
