/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A unit test is one C file with a main() that calls RUN() for each of its
 * functions and returns test_result(). Every check that fails says where and
 * what it saw; the run goes on, so that one failure does not hide the next.
 */
#ifndef NETSNOOP_TESTS_TEST_H
#define NETSNOOP_TESTS_TEST_H

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static int test_failures, test_checks;
static const char *test_name = "";

#define RUN(function)                  \
	do {                           \
		test_name = #function; \
		function();            \
	} while (0)

#define CHECK(condition)                                                                          \
	do {                                                                                      \
		test_checks++;                                                                    \
		if (!(condition)) {                                                               \
			test_failures++;                                                          \
			fprintf(stderr, "%s:%d: %s: not so: %s\n", __FILE__, __LINE__, test_name, \
				#condition);                                                      \
		}                                                                                 \
	} while (0)

#define CHECK_INT(got, want)                                                                  \
	do {                                                                                  \
		int64_t got_ = (int64_t)(got), want_ = (int64_t)(want);                       \
		test_checks++;                                                                \
		if (got_ != want_) {                                                          \
			test_failures++;                                                      \
			fprintf(stderr,                                                       \
				"%s:%d: %s: %s is %" PRId64 ", should be %s = %" PRId64 "\n", \
				__FILE__, __LINE__, test_name, #got, got_, #want, want_);     \
		}                                                                             \
	} while (0)

#define CHECK_STR(got, want)                                                                     \
	do {                                                                                     \
		const char *got_ = (got), *want_ = (want);                                       \
		test_checks++;                                                                   \
		if (!got_ || strcmp(got_, want_)) {                                              \
			test_failures++;                                                         \
			fprintf(stderr, "%s:%d: %s: %s is \"%s\", should be \"%s\"\n", __FILE__, \
				__LINE__, test_name, #got, got_ ? got_ : "(null)", want_);       \
		}                                                                                \
	} while (0)

static inline int test_result(void)
{
	if (test_failures)
		fprintf(stderr, "%d of %d checks failed\n", test_failures, test_checks);
	return test_failures ? 1 : 0;
}

#endif
