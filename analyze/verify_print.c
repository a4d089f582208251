/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "analyze/output.h"
#include "analyze/say.h"
#include "analyze/text.h"
#include "analyze/verify.h"
#include "common/units.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define GAPS_PRINTED 100

static const char *trace_state(const struct verified_trace *trace)
{
	return trace->whole ? "whole" : trace->cut ? "cut" : "damaged";
}

static const char *input_state(const struct verified *verified)
{
	bool all_cut = verified->n_traces > 0;

	if (verified->status == STATUS_FAILED)
		return "refused";
	if (verified->status == STATUS_DONE)
		return "whole";
	for (size_t i = 0; i < verified->n_traces; i++)
		all_cut = all_cut && (verified->traces[i].cut || verified->traces[i].whole);
	return all_cut && verified->only_cut ? "cut" : "damaged";
}

/* ---- Text -------------------------------------------------------------- */

static void print_label(FILE *out, const char *label)
{
	fprintf(out, "  %-11s ", label);
}

static void print_gap(FILE *out, const struct verified_trace *trace, const struct gap *gap,
		      bool utc)
{
	char from[TIME_TEXT_MAX], duration[UNITS_MAX];
	uint64_t chunks = gap->last_sequence - gap->first_sequence + 1;

	time_format(timeline_realtime(&trace->timeline, gap->from_ns), utc, 3, from);
	print_label(out, "missing");
	fprintf(out, "chunk%s %" PRIu64, chunks > 1 ? "s" : "", gap->first_sequence);
	if (chunks > 1)
		fprintf(out, " to %" PRIu64, gap->last_sequence);
	if (!gap->events)
		fprintf(out, ", no events, after %s%s\n", from, utc ? " UTC" : "");
	else if (gap->to_ns == TIME_UNKNOWN)
		fprintf(out, ", %" PRIu64 " events, from %s%s on\n", gap->events, from,
			utc ? " UTC" : "");
	else
		fprintf(out, ", %" PRIu64 " events in %s from %s%s on\n", gap->events,
			format_duration(gap_ns(gap), duration), from, utc ? " UTC" : "");
}

/* How long the gaps with events are; behind all that is whole, nobody knows. */
static void print_missing_time(FILE *out, const struct verified_trace *trace)
{
	uint64_t ns = gaps_ns(trace->gaps, trace->n_gaps);
	char duration[UNITS_MAX];

	if (ns)
		fprintf(out, " in %s", format_duration(ns, duration));
	if (trace->n_gaps && trace->gaps[trace->n_gaps - 1].events &&
	    trace->gaps[trace->n_gaps - 1].to_ns == TIME_UNKNOWN)
		fprintf(out, "%s the time behind the last whole chunk", ns ? " and" : " in");
	fputc('\n', out);
}

static void print_end(FILE *out, const struct verified_trace *trace,
		      const struct nst_trace *summary, bool utc)
{
	char text[TIME_TEXT_MAX];
	uint64_t end_ns = summary->has_end ? summary->end_ns : trace->life_ns;

	time_format(timeline_realtime(&trace->timeline, end_ns), utc, 3, text);
	print_label(out, "end");
	if (summary->has_end)
		fprintf(out, "%s%s\n", text, utc ? " UTC" : "");
	else
		fprintf(out,
			"missing: the last sign of life is of %s%s; how many events came after "
			"it is not known\n",
			text, utc ? " UTC" : "");
}

static void print_lost(FILE *out, const struct nst_trace *summary)
{
	for (int i = 0; i < NST_LOSS_SLOTS; i++) {
		const char *name = nst_loss_name((unsigned int)i);

		if (!summary->lost[i])
			continue;
		print_label(out, "lost");
		fprintf(out, "%" PRIu64 " %s %s\n", summary->lost[i], name ?: "(unknown)",
			i == NST_LOST_OWNER_RING ? "(owner records)" : "(events)");
	}
}

static void print_trace(FILE *out, const struct verified_trace *trace,
			const struct nst_trace *summary, bool utc)
{
	static const char *const states[] = { "not checked: ", "equal: ", "DIFFERS: " };
	size_t n = trace->n_gaps < GAPS_PRINTED ? trace->n_gaps : GAPS_PRINTED;

	print_label(out, "chunks");
	fprintf(out, "%" PRIu64 " whole, %" PRIu64 " missing, %" PRIu64 " damaged\n",
		summary->chunks, summary->missing_chunks, summary->damaged_chunks);
	print_label(out, "events");
	fprintf(out, "%" PRIu64 " in them, %" PRIu64 " missing", summary->events,
		summary->missing_events);
	print_missing_time(out, trace);
	for (size_t i = 0; i < n; i++)
		print_gap(out, trace, &trace->gaps[i], utc);
	if (trace->n_gaps > n) {
		print_label(out, "missing");
		fprintf(out, "in %zu more places\n", trace->n_gaps - n);
	}
	print_end(out, trace, summary, utc);
	print_lost(out, summary);
	for (int i = 0; i < N_CHECKS; i++) {
		print_label(out, i == CHECK_LOST ? "losses" : check_names[i]);
		fprintf(out, "%s%s\n", states[trace->findings[i].state], trace->findings[i].text);
	}
}

void verified_print_text(FILE *out, const struct verified *verified, bool utc)
{
	size_t n;
	const struct nst_trace *summaries = nst_reader_traces(verified->reader, &n);
	char *name = table_text(verified->input->name, strlen(verified->input->name));
	char uuid[TEXT_UUID_MAX];

	fprintf(out, "%s: %s\n", name ?: "?", input_state(verified));
	for (size_t i = 0; i < verified->n_traces; i++) {
		print_label(out, "trace");
		fprintf(out, "%s: %s\n", text_uuid(summaries[i].header.uuid, uuid),
			trace_state(&verified->traces[i]));
		print_trace(out, &verified->traces[i], &summaries[i], utc);
	}
	free(name);
}

/* ---- JSON -------------------------------------------------------------- */

static void json_string(FILE *out, const char *name, const char *text)
{
	fprintf(out, "\"%s\":", name);
	json_text(out, text, strlen(text));
}

static void json_time(FILE *out, const char *name, const struct verified_trace *trace,
		      uint64_t at_ns)
{
	char text[TIME_TEXT_MAX];

	if (at_ns == TIME_UNKNOWN)
		fprintf(out, "\"%s\":null", name);
	else
		json_string(out, name,
			    time_format_rfc3339(timeline_realtime(&trace->timeline, at_ns), text));
}

static void json_gaps(FILE *out, const struct verified_trace *trace)
{
	fputs("\"gaps\":[", out);
	for (size_t i = 0; i < trace->n_gaps; i++) {
		const struct gap *gap = &trace->gaps[i];

		fprintf(out,
			"%s{\"first_chunk\":%" PRIu64 ",\"last_chunk\":%" PRIu64
			",\"events\":%" PRIu64 ",",
			i ? "," : "", gap->first_sequence, gap->last_sequence, gap->events);
		json_time(out, "from", trace, gap->from_ns);
		fputc(',', out);
		json_time(out, "to", trace, gap->to_ns);
		fputc('}', out);
	}
	fputs("],", out);
}

static void json_lost(FILE *out, const struct nst_trace *summary)
{
	const char *separator = "";

	fputs("\"lost\":{", out);
	for (int i = 0; i < NST_LOSS_SLOTS; i++) {
		const char *name = nst_loss_name((unsigned int)i);

		if (!summary->lost[i])
			continue;
		if (name)
			fprintf(out, "%s\"%s\":%" PRIu64, separator, name, summary->lost[i]);
		else
			fprintf(out, "%s\"%d\":%" PRIu64, separator, i, summary->lost[i]);
		separator = ",";
	}
	fputs("},", out);
}

static void json_checks(FILE *out, const struct verified_trace *trace)
{
	static const char *const states[] = { "not checked", "equal", "differs" };

	fputs("\"checks\":{", out);
	for (int i = 0; i < N_CHECKS; i++) {
		const struct finding *finding = &trace->findings[i];

		fprintf(out, "%s\"%s\":{\"state\":\"%s\",", i ? "," : "", check_names[i],
			states[finding->state]);
		if (finding->state == FINDING_DIFFERS)
			fprintf(out, "\"found\":%" PRIu64 ",\"counted\":%" PRIu64 ",",
				finding->found, finding->counted);
		json_string(out, "text", finding->text);
		fputc('}', out);
	}
	fputc('}', out);
}

static void json_trace(FILE *out, const struct verified_trace *trace,
		       const struct nst_trace *summary)
{
	char uuid[TEXT_UUID_MAX];

	fputc('{', out);
	json_string(out, "uuid", text_uuid(summary->header.uuid, uuid));
	fprintf(out,
		",\"state\":\"%s\",\"has_end\":%s,\"chunks\":%" PRIu64
		",\"missing_chunks\":%" PRIu64 ",\"damaged_chunks\":%" PRIu64 ",\"events\":%" PRIu64
		",\"missing_events\":%" PRIu64 ",\"missing_ns\":%" PRIu64 ",",
		trace_state(trace), summary->has_end ? "true" : "false", summary->chunks,
		summary->missing_chunks, summary->damaged_chunks, summary->events,
		summary->missing_events, gaps_ns(trace->gaps, trace->n_gaps));
	json_time(out, "start", trace, summary->header.start_ns ?: TIME_UNKNOWN);
	fputc(',', out);
	json_time(out, "end", trace, summary->has_end ? summary->end_ns : trace->life_ns);
	fputc(',', out);
	json_gaps(out, trace);
	json_lost(out, summary);
	json_checks(out, trace);
	fputc('}', out);
}

static void json_problems(FILE *out, const struct verified *verified)
{
	uint64_t n_total;
	size_t n;
	const struct nst_problem *problems = nst_reader_problems(verified->reader, &n, &n_total);

	fprintf(out, "\"n_problems\":%" PRIu64 ",\"problems\":[", n_total);
	for (size_t i = 0; i < n; i++) {
		fprintf(out, "%s{\"offset\":%" PRIu64 ",", i ? "," : "", problems[i].offset);
		if (problems[i].has_sequence)
			fprintf(out, "\"chunk\":%" PRIu64 ",", problems[i].sequence);
		else
			fputs("\"chunk\":null,", out);
		fprintf(out, "\"damage\":%s,",
			nst_problem_is_damage(&problems[i]) ? "true" : "false");
		json_string(out, "text", problems[i].text);
		fputc('}', out);
	}
	fputs("],", out);
}

void verified_print_json(FILE *out, const struct verified *verified)
{
	size_t n;
	const struct nst_trace *summaries = nst_reader_traces(verified->reader, &n);

	fputc('{', out);
	json_string(out, "file", verified->input->name);
	fputc(',', out);
	json_string(out, "state", input_state(verified));
	fputc(',', out);
	json_problems(out, verified);
	fputs("\"traces\":[", out);
	for (size_t i = 0; i < verified->n_traces; i++) {
		if (i)
			fputc(',', out);
		json_trace(out, &verified->traces[i], &summaries[i]);
	}
	fputs("]}", out);
}
