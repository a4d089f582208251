/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The sums of a trace against each other; what each of them means stands in FORMAT.md. */
#include "analyze/verify_facts.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const check_names[N_CHECKS] = { "lost", "sum", "throughput", "counters" };

/* What the checks go by. */
struct checking {
	const struct facts *facts;
	const struct nst_trace *trace;
	bool has_all_chunks;
	bool complete; /* and so has what it was made from, but for events */
	bool was_full; /* something was counted without its flow or owner */
};

static void find(struct finding *finding, int state, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static void find(struct finding *finding, int state, const char *format, ...)
{
	va_list arguments;

	finding->state = state;
	va_start(arguments, format);
	vsnprintf(finding->text, sizeof(finding->text), format, arguments);
	va_end(arguments);
}

/* ---- Losses ------------------------------------------------------------ */

static bool loss_is_told(const struct checking *checking, int cause)
{
	if (cause == NST_LOST_DAMAGE)
		return checking->has_all_chunks;
	return checking->complete && checking->facts->sums.sum_rows &&
	       (cause == NST_LOST_RING_FULL || cause == NST_LOST_RECORDER);
}

static void check_lost(const struct checking *checking, bool lost_rises, struct finding *finding)
{
	const uint64_t *lost = checking->trace->lost;
	int n = 0;

	if (!lost_rises) {
		find(finding, FINDING_DIFFERS,
		     "what the chunks' headers count as lost becomes less from one to the next");
		return;
	}
	for (int i = 0; i < NST_LOSS_SLOTS; i++) {
		if (!loss_is_told(checking, i))
			continue;
		n += lost[i] != 0;
		if (checking->facts->loss_rows[i] == lost[i])
			continue;
		finding->found = checking->facts->loss_rows[i];
		finding->counted = lost[i];
		find(finding, FINDING_DIFFERS,
		     "%s: %" PRIu64 " in LOSS, but %" PRIu64 " in the last header",
		     nst_loss_name((unsigned int)i) ?: "an unknown cause", finding->found,
		     finding->counted);
		return;
	}
	find(finding, FINDING_EQUAL, n ? "the headers and LOSS agree" : "the headers agree");
}

/* ---- SUM --------------------------------------------------------------- */

static void describe_key(const struct sum_key *key, char *text, size_t room)
{
	const char *source = nst_owner_source_name(key->owner_source);
	int n = snprintf(text, room, "%s", key->is_send ? "sent" : "received");

	if (key->has & NST_TOTAL_HAS_OWNER)
		n += snprintf(text + n, room - (size_t)n, ", pid %u", key->pid);
	if (key->has & NST_TOTAL_HAS_IFINDEX)
		n += snprintf(text + n, room - (size_t)n, ", interface %u", key->ifindex);
	if (key->has & NST_TOTAL_HAS_NETNS)
		n += snprintf(text + n, room - (size_t)n, ", namespace %u", key->netns);
	if (key->has & NST_TOTAL_HAS_PROTOCOL)
		n += snprintf(text + n, room - (size_t)n, ", protocol %u", key->protocol);
	snprintf(text + n, room - (size_t)n, ", EtherType 0x%04x, owner %s", key->ethertype,
		 source ?: "?");
}

static void differs_in(const struct sums_difference *difference, struct finding *finding)
{
	const char *column = sum_column_names[difference->column];
	char key[160], more[48] = "";

	describe_key(&difference->key, key, sizeof(key));
	finding->found = difference->pair.told[difference->column];
	finding->counted = difference->pair.kernel[difference->column];
	if (difference->n_differ > 1)
		snprintf(more, sizeof(more), "; %zu of %zu keys differ", difference->n_differ,
			 difference->n_keys);
	find(finding, FINDING_DIFFERS,
	     "%s (%s): %" PRIu64 " in events and TOTAL, but %" PRIu64 " in SUM%s", column, key,
	     finding->found, finding->counted, more);
}

/*
 * Events whose bytes nobody kept: their number is all that can be compared. Of those that
 * the recorder lost TOTAL may tell.
 */
static void check_sum_of_events(const struct checking *checking, struct finding *finding)
{
	const uint64_t *lost = checking->trace->lost;
	struct sum_pair all = sums_all(&checking->facts->sums);
	uint64_t least = all.told[SUM_EVENTS] + lost[NST_LOST_DAMAGE];
	uint64_t most = least + lost[NST_LOST_RECORDER];

	finding->counted = all.kernel[SUM_EVENTS];
	finding->found = finding->counted < least ? least : most;
	if (finding->counted >= least && finding->counted <= most)
		find(finding, FINDING_EQUAL,
		     "%" PRIu64 " events, with %" PRIu64
		     " of which nothing tells more than their number",
		     finding->counted, finding->counted - all.told[SUM_EVENTS]);
	else
		find(finding, FINDING_DIFFERS,
		     "events: %" PRIu64 " in events, TOTAL and counted losses, but %" PRIu64
		     " in SUM",
		     finding->found, finding->counted);
}

static int check_sum_at(const struct checking *checking, enum sums_level level, bool *ret_equal,
			struct finding *finding)
{
	static const char *const levels[] = {
		[SUMS_BY_OWNER] = "by process and interface",
		[SUMS_BY_INTERFACE] = "by interface (a table of flows was full)",
		[SUMS_BY_DIRECTION] = "by direction (a table of flows was full)",
	};
	struct sums_difference difference;
	int err = sums_compare(&checking->facts->sums, level, &difference);

	if (err)
		return err;
	*ret_equal = !difference.n_differ;
	if (*ret_equal)
		find(finding, FINDING_EQUAL, "events and TOTAL are SUM, %s: %zu keys",
		     levels[level], difference.n_keys);
	else
		differs_in(&difference, finding);
	return 0;
}

static int check_sum(const struct checking *checking, struct finding *finding)
{
	const uint64_t *lost = checking->trace->lost;
	int last = checking->was_full ? SUMS_BY_DIRECTION : SUMS_BY_OWNER;
	bool equal = false;
	int err = 0;

	if (!checking->facts->sums.sum_rows || !checking->complete) {
		find(finding, FINDING_NOT_CHECKED, "%s",
		     checking->facts->sums.sum_rows ? "chunks are missing"
						    : "the trace has no SUM");
		return 0;
	}
	for (int level = SUMS_BY_OWNER; level <= last && !err && !equal; level++)
		err = check_sum_at(checking, level, &equal, finding);
	if (!err && !equal && (lost[NST_LOST_DAMAGE] || lost[NST_LOST_RECORDER]))
		check_sum_of_events(checking, finding);
	return err;
}

/* ---- THROUGHPUT -------------------------------------------------------- */

static const char bytes_are_lost[] = "events were lost, and nothing tells their bytes";

static const char *throughput_obstacle(const struct checking *checking)
{
	const uint64_t *lost = checking->trace->lost;
	const struct facts *facts = checking->facts;

	if (!facts->throughput_keys.n)
		return "the trace has no THROUGHPUT";
	if (!checking->complete)
		return "chunks are missing";
	if (facts->is_part)
		return "it is of all parts of the recording";
	if (lost[NST_LOST_DAMAGE] || (lost[NST_LOST_RING_FULL] && !facts->sums.sum_rows))
		return bytes_are_lost;
	if (facts->throughput_full)
		return "the kernel's table of processes was full";
	return NULL;
}

/* Bytes by process and direction, of both sides; told ones first become keys. */
static int throughput_told(const struct facts *facts, struct intern *keys, uint64_t **told,
			   size_t *n_told)
{
	for (uint32_t i = 0; i < facts->sums.keys.n; i++) {
		const struct sum_key *key = intern_key(&facts->sums.keys, i);
		const uint32_t process[2] = { key->pid, key->is_send };
		uint32_t index;
		bool is_new;

		if (intern_get(keys, process, sizeof(process), &index, &is_new) ||
		    array_reserve(told, n_told, (size_t)index + 1, sizeof(**told)))
			return -ENOMEM;
		(*told)[index] += facts->sums.pairs[i].told[SUM_BYTES];
	}
	return 0;
}

/* The first process of a that has other bytes in b; those that b lacks have none. */
static bool throughput_differs(const struct intern *a, const uint64_t *in_a, const struct intern *b,
			       const uint64_t *in_b, uint64_t by_direction[2],
			       uint32_t ret_process[2], uint64_t ret_bytes[2])
{
	bool differs = false;

	for (uint32_t i = 0; i < a->n; i++) {
		const uint32_t *process = intern_key(a, i);
		uint32_t index;
		uint64_t other =
			intern_find(b, process, 2 * sizeof(*process), &index) ? in_b[index] : 0;

		by_direction[process[1]] += in_a[i];
		if (differs || in_a[i] == other)
			continue;
		differs = true;
		memcpy(ret_process, process, 2 * sizeof(*process));
		ret_bytes[0] = in_a[i];
		ret_bytes[1] = other;
	}
	return differs;
}

static int check_throughput(const struct checking *checking, struct finding *finding)
{
	const struct facts *facts = checking->facts;
	const char *obstacle = throughput_obstacle(checking);
	uint64_t *told = NULL, told_by[2] = { 0 }, kernel_by[2] = { 0 }, bytes[2] = { 0 };
	uint32_t process[2] = { 0 };
	struct intern keys = { 0 };
	size_t n_told = 0;
	bool differs;
	int err = 0;

	if (obstacle) {
		find(finding, FINDING_NOT_CHECKED, "%s", obstacle);
		return 0;
	}
	err = throughput_told(facts, &keys, &told, &n_told);
	if (err)
		goto out;
	differs = throughput_differs(&facts->throughput_keys, facts->throughput, &keys, told,
				     kernel_by, process, bytes);
	if (throughput_differs(&keys, told, &facts->throughput_keys, facts->throughput, told_by,
			       process, bytes)) {
		differs = true;
	} else if (differs) {
		uint64_t swap = bytes[0];

		bytes[0] = bytes[1];
		bytes[1] = swap;
	}
	if (checking->was_full) /* then some are of no process */
		differs = told_by[0] != kernel_by[0] || told_by[1] != kernel_by[1];
	if (differs && checking->trace->lost[NST_LOST_RECORDER]) {
		find(finding, FINDING_NOT_CHECKED, "%s", bytes_are_lost);
		goto out;
	}
	finding->found = checking->was_full ? told_by[0] + told_by[1] : bytes[0];
	finding->counted = checking->was_full ? kernel_by[0] + kernel_by[1] : bytes[1];
	if (!differs)
		find(finding, FINDING_EQUAL,
		     "%" PRIu64 " bytes sent and %" PRIu64 " received, by process", told_by[1],
		     told_by[0]);
	else
		find(finding, FINDING_DIFFERS,
		     "bytes that pid %u %s: %" PRIu64 " in events and TOTAL, but %" PRIu64
		     " in THROUGHPUT",
		     process[0], process[1] ? "sent" : "received", finding->found,
		     finding->counted);
out:
	intern_free(&keys);
	free(told);
	return err;
}

/* ---- COUNTER ----------------------------------------------------------- */

static void check_counters(const struct checking *checking, struct finding *finding)
{
	const struct nst_trace *trace = checking->trace;
	const struct facts *facts = checking->facts;

	if (!facts->has_events_counter) {
		find(finding, FINDING_NOT_CHECKED, "the trace has no counter of events");
		return;
	}
	if (!checking->complete) {
		find(finding, FINDING_NOT_CHECKED, "chunks are missing");
		return;
	}
	finding->found = trace->events + trace->lost[NST_LOST_RING_FULL] +
			 trace->lost[NST_LOST_RECORDER] + trace->lost[NST_LOST_DAMAGE] +
			 facts->summed_counter;
	finding->counted = facts->events_counter;
	if (finding->found == finding->counted)
		find(finding, FINDING_EQUAL, "%" PRIu64 " events passed the filters",
		     finding->counted);
	else
		find(finding, FINDING_DIFFERS,
		     "events: %" PRIu64 " recorded, lost and summed, but %" PRIu64
		     " passed the filters",
		     finding->found, finding->counted);
}

int facts_check(const struct facts *facts, const struct nst_trace *trace, bool complete,
		bool lost_rises, struct finding findings[N_CHECKS])
{
	const struct checking checking = {
		.facts = facts,
		.trace = trace,
		.has_all_chunks = complete,
		.complete = complete && !facts->lacks_metadata,
		.was_full = facts->merged || trace->lost[NST_LOST_FLOW_TABLE],
	};
	int err;

	memset(findings, 0, N_CHECKS * sizeof(*findings));
	check_lost(&checking, lost_rises, &findings[CHECK_LOST]);
	err = check_sum(&checking, &findings[CHECK_SUM]);
	if (!err)
		err = check_throughput(&checking, &findings[CHECK_THROUGHPUT]);
	check_counters(&checking, &findings[CHECK_COUNTERS]);
	return err;
}
