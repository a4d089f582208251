/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * anonymize: what it makes of any trace passes its own check, has as many events, and is the same
 * each time by the same key. The last byte of an input tells the options.
 */
#include "tests/fuzz/fuzz.h"

#include "analyze/anonymize.h"
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

/* A descriptor of what was made, or -1. */
static int anonymize_once(int fd, const struct anonymize_options *options, uint64_t grain_ns)
{
	static const struct anonymize_key key = { { 1, 2, 3 } };
	struct input input = input_of(fd);
	struct anonymized *made = calloc(1, sizeof(*made));
	int out = fuzz_file("", 0), err;
	bool is_output = false;

	MUST(made && !anonymizer_init(&made->anonymizer, &key, true, options));
	made->grain_ns = grain_ns;
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
	return out;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct nst_bytes trace = fuzz_trace(data, size);
	struct anonymize_options options = { 0 };
	uint64_t grain_ns;
	int fd, once, again;

	if (!size || size > FUZZ_INPUT_MAX)
		return 0;
	options.keep_addresses = data[size - 1] & 1;
	options.keep_names = data[size - 1] & 2;
	options.keep_private = data[size - 1] & 4;
	options.shift_time = data[size - 1] & 8;
	grain_ns = data[size - 1] & 16 ? 1000000 : 0;
	fd = fuzz_file(trace.data, trace.len_bytes);
	once = anonymize_once(fd, &options, grain_ns);
	if (once >= 0) {
		fuzz_check_made(once, events_in(fd), MADE_AS_IT_WAS);
		again = anonymize_once(fd, &options, grain_ns);
		fuzz_check_equal(once, again);
		close(once);
		close(again);
	}
	close(fd);
	return 0;
}
