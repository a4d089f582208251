// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Names of the files of a recording, when one has to be ended, and which of them stay. */
#include "format/trace.h"
#include "record/clock.h"
#include "record/limits.h"
#include "record/options.h"
#include "record/output.h"
#include "record/part_name.h"
#include "record/rotation.h"

#include "tests/unit/test.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static char directory[64];

static void check_name(const char *output, uint64_t number, const char *want)
{
	char *name = part_name(output, number);

	CHECK_STR(name, want);
	free(name);
}

static void names_sort(void)
{
	check_name("x.zst", 1, "x-000001.zst");
	check_name("a.b/x.y.zst", 42, "a.b/x.y-000042.zst");
	check_name("a.b/x", 999999, "a.b/x-999999");
	check_name("/tmp/.x", 7, "/tmp/.x-000007");
	check_name("x.zst", 1000000, "x-1000000.zst");
}

static void names_of_one_recording(void)
{
	CHECK(part_name_matches("a/x.zst", "x-000001.zst"));
	CHECK(part_name_matches("x.zst", "x-1000000.zst"));
	CHECK(part_name_matches("x", "x-000001"));
	CHECK(!part_name_matches("x.zst", "x-00001.zst"));
	CHECK(!part_name_matches("x.zst", "x.zst"));
	CHECK(!part_name_matches("x.zst", "x-000001.zst.old"));
	CHECK(!part_name_matches("x.zst", "xy-000001.zst"));
	CHECK(!part_name_matches("x.zst", "x-000001"));
}

/* ---- When --------------------------------------------------------------- */

static void time_is_over(void)
{
	struct limits limits;

	limits_open(&limits, 0, 5 * NS_PER_S, 0);
	limits_begin(&limits, 100 * NS_PER_S, 0);
	CHECK(!limits_reached(&limits, 105 * NS_PER_S - 1, 1u << 30));
	CHECK(limits_reached(&limits, 105 * NS_PER_S, 0));
}

/* A thousand bytes a millisecond, and half a second until a file has ended. */
static void growth_is_foreseen(void)
{
	const uint64_t limit = 10000000, a_second = 1000000;
	struct limits limits;
	uint64_t ms = 0, at_end;

	limits_open(&limits, limit, 0, NS_PER_S / 2);
	limits_begin(&limits, 0, 50000);
	while (!limits_reached(&limits, ms * NS_PER_MS, 50000 + ms * 1000))
		ms += 20;
	at_end = 50000 + ms * 1000 + a_second / 2;
	CHECK(at_end <= limit);
	CHECK(at_end >= limit - a_second / 10);
}

/* What a file begins with is there at once, and says nothing of what is to come. */
static void beginning_is_no_growth(void)
{
	struct limits limits;

	limits_open(&limits, 1000000, 0, NS_PER_S);
	limits_begin(&limits, 0, 400000);
	CHECK(!limits_reached(&limits, 100 * NS_PER_MS, 400000));
	CHECK(!limits_reached(&limits, NS_PER_S, 400100));
}

static void ends_are_learned(void)
{
	struct limits limits;

	limits_open(&limits, 1000000, 0, NS_PER_MS);
	limits_begin(&limits, 0, 900000);
	CHECK(!limits_reached(&limits, NS_PER_S, 900000));
	limits_ended(&limits, NS_PER_S / 2, 200000);
	limits_begin(&limits, NS_PER_S, 0);
	CHECK(!limits_reached(&limits, 100 * NS_PER_S, 740000));
	CHECK(limits_reached(&limits, 200 * NS_PER_S, 760000));
	/* and forgotten when they were an exception */
	for (int i = 0; i < 20; i++)
		limits_ended(&limits, 0, 1000);
	limits_begin(&limits, 200 * NS_PER_S, 900000);
	CHECK(!limits_reached(&limits, 300 * NS_PER_S, 900000));
}

/* A file that could not be ended while the disk took nothing says little of the next ones. */
static void a_stall_is_no_rule(void)
{
	struct limits limits;

	limits_open(&limits, 100000000, 0, NS_PER_S / 4);
	limits_begin(&limits, 0, 0);
	CHECK(!limits_reached(&limits, NS_PER_S, 10000000));
	limits_ended(&limits, 60 * NS_PER_S, 1000);
	limits_begin(&limits, 61 * NS_PER_S, 0);
	CHECK(!limits_reached(&limits, 62 * NS_PER_S, 10000000));
	CHECK(!limits_reached(&limits, 69 * NS_PER_S, 80000000));
	CHECK(limits_reached(&limits, 71 * NS_PER_S, 98000000));
}

/* Small chunks, as on a host where little happens. */
static void the_index_is_foreseen(void)
{
	const struct nst_header header = { .clock = NST_CLOCK_BOOTTIME };
	struct nst_writer_stats before, after;
	struct nst_writer *writer = NULL;
	struct net_event event = { 0 };
	FILE *file = tmpfile();

	CHECK_INT(nst_writer_open(fileno(file), &header, 3, &writer), 0);
	for (; event.timestamp < 3000; event.timestamp++) {
		CHECK_INT(nst_writer_event(writer, &event), 0);
		CHECK_INT(nst_writer_flush(writer), 0);
	}
	nst_writer_stats(writer, &before);
	CHECK_INT(nst_writer_end(writer, 3000), 0);
	nst_writer_stats(writer, &after);
	CHECK(after.file_bytes - before.file_bytes > 100000);
	CHECK(after.file_bytes - before.file_bytes <= limits_index_bytes(before.chunks) + 1000);
	CHECK(after.file_bytes - before.file_bytes >= limits_index_bytes(before.chunks));
	nst_writer_close(writer);
	fclose(file);
}

/* ---- Which stay --------------------------------------------------------- */

static void set_up(void)
{
	snprintf(directory, sizeof(directory), "/tmp/netsnoop-rotation-XXXXXX");
	CHECK(mkdtemp(directory) != NULL);
	CHECK_INT(chdir(directory), 0);
}

static void tear_down(void)
{
	char *name;

	for (uint64_t i = 1; i < 20; i++) {
		name = part_name("x.zst", i);
		unlink(name);
		free(name);
	}
	CHECK_INT(chdir("/"), 0);
	CHECK_INT(rmdir(directory), 0);
}

/* The next file; the one before has had so many bytes. */
static void next(struct rotation *rotation, uint64_t bytes)
{
	struct output output;
	struct stat status;

	CHECK_INT(rotation_next(rotation, &output), 0);
	CHECK_INT(fstat(output.fd, &status), 0);
	CHECK_INT(status.st_mode & 0777, 0600);
	CHECK_INT(output_close(&output), 0);
	if (bytes)
		CHECK_INT(rotation_ended(rotation, bytes), 0);
}

static bool is_there(uint64_t number)
{
	char *name = part_name("x.zst", number);
	bool is = !access(name, F_OK);

	free(name);
	return is;
}

static void keep_counts_the_current_file(void)
{
	const struct settings settings = { .output = "x.zst", .rotate_ns = 1, .keep = 2 };
	struct rotation_summary summary;
	struct rotation *rotation;

	set_up();
	CHECK_INT(rotation_open(&settings, &rotation), 0);
	next(rotation, 0);
	next(rotation, 10);
	CHECK(is_there(1) && is_there(2));
	next(rotation, 20);
	CHECK(!is_there(1) && is_there(2) && is_there(3));
	next(rotation, 30);
	CHECK(!is_there(2) && is_there(3) && is_there(4));
	rotation_summarize(rotation, &summary);
	CHECK_INT(summary.deleted, 2);
	CHECK_INT(summary.deleted_bytes, 30);
	CHECK_STR(summary.first, "x-000003.zst");
	rotation_close(rotation);
	tear_down();
}

static void room_is_made_by_the_oldest(void)
{
	const struct settings settings = { .output = "x.zst", .rotate_ns = 1, .max_bytes = 1000 };
	struct rotation *rotation;

	set_up();
	CHECK_INT(rotation_open(&settings, &rotation), 0);
	CHECK_INT(rotation_part_bytes(rotation), 500);
	next(rotation, 0);
	next(rotation, 300);
	next(rotation, 300);
	CHECK_INT(rotation_make_room(rotation, 400), 0);
	CHECK(is_there(1) && is_there(2) && is_there(3));
	CHECK_INT(unlink("x-000001.zst"), 0); /* somebody was faster */
	CHECK_INT(rotation_make_room(rotation, 401), 0);
	CHECK(is_there(2));
	/* while one ends, the next one is there already */
	next(rotation, 0);
	CHECK_INT(rotation_make_room(rotation, 701), 0);
	CHECK(!is_there(2) && is_there(3) && is_there(4));
	/* never the one that is written itself */
	CHECK_INT(rotation_make_room(rotation, 5000), 0);
	CHECK(is_there(3) && is_there(4));
	rotation_close(rotation);
	tear_down();
}

/* What somebody has put in the place of one of our files is not ours to delete. */
static void a_file_of_others_stays(void)
{
	const struct settings settings = { .output = "x.zst", .rotate_ns = 1, .keep = 1 };
	struct rotation *rotation;
	FILE *other;

	set_up();
	CHECK_INT(rotation_open(&settings, &rotation), 0);
	next(rotation, 0);
	CHECK_INT(rename("x-000001.zst", "kept.zst"), 0);
	other = fopen("x-000001.zst", "w");
	CHECK(other && !fclose(other));
	next(rotation, 10);
	CHECK(is_there(1) && is_there(2));
	next(rotation, 10);
	CHECK(is_there(1) && !is_there(2) && is_there(3));
	rotation_close(rotation);
	CHECK_INT(unlink("kept.zst"), 0);
	tear_down();
}

static void one_file_has_no_number(void)
{
	const struct settings settings = { .output = "x.zst", .max_bytes = 1000 };
	struct rotation *rotation;

	CHECK_INT(rotation_open(&settings, &rotation), 0);
	CHECK(!rotation_is_on(rotation));
	CHECK_INT(rotation_part_bytes(rotation), 1000);
	CHECK_INT(rotation_make_room(rotation, 5000), 0);
	rotation_close(rotation);
}

static void others_are_left_alone(void)
{
	struct settings settings = { .output = "x.zst", .rotate_ns = 1 };
	struct rotation *rotation;
	struct output output;
	FILE *other;

	set_up();
	other = fopen("x-000007.zst", "w");
	CHECK(other && !fclose(other));
	CHECK_INT(rotation_open(&settings, &rotation), 0);
	CHECK(rotation_next(rotation, &output) < 0);
	CHECK(!is_there(1));
	rotation_close(rotation);
	settings.force = true;
	CHECK_INT(rotation_open(&settings, &rotation), 0);
	next(rotation, 0);
	CHECK(is_there(1) && is_there(7));
	rotation_close(rotation);
	tear_down();
}

int main(void)
{
	RUN(names_sort);
	RUN(names_of_one_recording);
	RUN(time_is_over);
	RUN(growth_is_foreseen);
	RUN(beginning_is_no_growth);
	RUN(ends_are_learned);
	RUN(a_stall_is_no_rule);
	RUN(the_index_is_foreseen);
	RUN(keep_counts_the_current_file);
	RUN(room_is_made_by_the_oldest);
	RUN(a_file_of_others_stays);
	RUN(one_file_has_no_number);
	RUN(others_are_left_alone);
	return test_result();
}
