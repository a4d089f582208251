/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * anonymize and share: what they make of any trace passes its own check, has as many events, or no
 * more of a part, and is the same each time by the same key. The last byte of an input tells the
 * options, the one before it the part.
 */
#include "tests/fuzz/fuzz.h"

#include "analyze/anonymize.h"
#include "analyze/selection.h"
#include "analyze/verify.h"
#include "tests/fuzz/made.h"
#include "tests/fuzz/opened.h"

#include <errno.h>

static struct input input_of(int fd)
{
	MUST(lseek(fd, 0, SEEK_SET) == 0);
	return (struct input){ .name = "input", .fd = fd, .spool_fd = -1, .can_seek = true };
}

static uint64_t events_in(int fd)
{
	struct input input = input_of(fd);
	struct verified verified = { 0 };
	int err = verify(&input, &verified);
	const struct nst_trace *traces;
	uint64_t events = 0;
	size_t n = 0;

	MUST(!err || err == -E2BIG);
	traces = err ? NULL : nst_reader_traces(verified.reader, &n);
	for (size_t i = 0; i < n; i++)
		events += traces[i].events;
	verified_free(&verified);
	return events;
}

static bool is_refusal(const struct anonymized *made, int err)
{
	return err == -EUCLEAN || err == -ESTALE || err == -E2BIG || err == -ENODATA ||
	       (err == -EEXIST && made->anonymizer.has_collision) || made->is_said;
}

enum part_bits {
	PART_COMM = 1 << 0,
	PART_PID = 1 << 1,
	PART_PORT = 1 << 2,
	PART_HOST = 1 << 3,
	PART_FROM = 1 << 4,
	PART_TO = 1 << 5,
	PART_TIMES_AT = 6, /* which of four */
};

static struct selection part_of(uint8_t bits)
{
	static const int64_t times_ns[] = { 1000, 1000000, 100000000, 10000000000 };
	const int64_t time_ns = times_ns[bits >> PART_TIMES_AT];
	struct selection part = { 0 };

	MUST(!(bits & PART_COMM) || !selection_add_comm(&part, "comm"));
	MUST(!(bits & PART_PID) || !selection_add_pid(&part, "10"));
	MUST(!(bits & PART_PORT) || !selection_add_port(&part, "0-1023"));
	MUST(!(bits & PART_HOST) || !selection_add_host(&part, "0.0.0.0/1"));
	if (bits & PART_FROM)
		part.window.from = (struct moment){ MOMENT_SINCE_START, time_ns };
	if (bits & PART_TO)
		part.window.to = (struct moment){ MOMENT_SINCE_START, 3 * time_ns };
	return part;
}

/* False: there is nothing of it, or it is refused. */
static bool find_part(struct selection *part, const struct input *input)
{
	int err = selection_is_given(part) ? selection_find(part, input) : 0;

	MUST(!err || err == -EUCLEAN || err == -ESTALE || err == -ENODATA || part->is_said);
	return !err && (!selection_is_given(part) || selection_has_span(part));
}

/* A descriptor of what was made, or -1. */
static int anonymize_once(int fd, const struct anonymize_options *options, uint8_t part_bits,
			  uint64_t grain_ns)
{
	static const struct anonymize_key key = { { 1, 2, 3 } };
	struct selection part = part_of(part_bits);
	struct input input = input_of(fd);
	struct anonymized *made;
	int out, err;
	bool is_output = false;

	if (!find_part(&part, &input)) {
		selection_free(&part);
		return -1;
	}
	made = calloc(1, sizeof(*made));
	out = fuzz_file("", 0);
	MUST(made && !anonymizer_init(&made->anonymizer, &key, true, options));
	made->grain_ns = grain_ns;
	made->selection = selection_is_given(&part) ? &part : NULL;
	err = anonymize(made, &input, out, &is_output);
	MUST(!err || is_refusal(made, err));
	if (err) {
		close(out);
		out = -1;
	} else {
		MUST(!anonymize_check(made, out));
		err = anonymize_search(made, out, NULL);
		MUST(!err || (err == -EBADMSG && made->fault[0]));
	}
	anonymizer_free(&made->anonymizer);
	free(made);
	selection_free(&part);
	return out;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct nst_bytes trace = fuzz_trace(data, size);
	struct anonymize_options options = { 0 };
	uint64_t grain_ns;
	uint8_t part;
	int fd, once, again;

	if (size < 2 || size > FUZZ_INPUT_MAX)
		return 0;
	options.keep_addresses = data[size - 1] & 1;
	options.keep_names = data[size - 1] & 2;
	options.keep_private = data[size - 1] & 4;
	options.shift_time = data[size - 1] & 8;
	grain_ns = data[size - 1] & 16 ? 1000000 : 0;
	part = data[size - 2];
	fd = fuzz_file(trace.data, trace.len_bytes);
	once = anonymize_once(fd, &options, part, grain_ns);
	if (once >= 0) {
		if (part)
			MUST(events_in(once) <= events_in(fd));
		else
			fuzz_check_made(once, events_in(fd), MADE_AS_IT_WAS);
		again = anonymize_once(fd, &options, part, grain_ns);
		fuzz_check_equal(once, again);
		close(once);
		close(again);
	}
	close(fd);
	return 0;
}
