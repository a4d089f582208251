/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * damage_many COUNT [FIRST]: damage one trace in COUNT ways (numbered from FIRST on; a
 * number always does the same), and hold `verify` and `recover` to what was done. What
 * the trace holds is known from making it, where its chunks lie from FORMAT.md, and
 * which of them are still whole from comparing bytes: nothing of that comes from the
 * reader. Both commands run in this process, so that it can be the sanitizers' one.
 */
#include "damage_many.h"

#include "analyze/command.h"
#include "format/crc32c.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <zstd.h>

#define GARBAGE_BYTES 4096
#define REPORT_EACH 50

static struct whole whole;
static int in_fd, out_fd, good_fd; /* in memory: the damaged trace, what was printed, recovered */
static FILE *complaints;	   /* the real standard error */
static char printed[1 << 20];

/* ---- Chance, which can be repeated ------------------------------------- */

static uint64_t chance_state;

static uint64_t chance(uint64_t below)
{
	uint64_t x = chance_state += 0x9e3779b97f4a7c15u;

	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
	x = (x ^ x >> 27) * 0x94d049bb133111ebu;
	return (x ^ x >> 31) % below;
}

/* ---- Damaging ---------------------------------------------------------- */

struct damaged {
	uint8_t *data;
	size_t len;
	size_t at[MAX_CHUNKS][2];  /* where copies of each chunk are, or NOWHERE */
	bool is_known[MAX_CHUNKS]; /* its header is another one, and whole all the same */
	bool may_be_silent;	   /* nothing is lost by it */
	const char *how;
};
#define NOWHERE SIZE_MAX

static void begin(struct damaged *damaged)
{
	*damaged = (struct damaged){ .data = malloc(2 * whole.len + 65536), .len = whole.len };
	memcpy(damaged->data, whole.data, whole.len);
	for (size_t i = 0; i < whole.n_chunks; i++) {
		damaged->at[i][0] = whole.chunks[i].offset;
		damaged->at[i][1] = NOWHERE;
	}
}

static void flip_bits(struct damaged *damaged)
{
	for (uint64_t n = 1 + chance(4); n > 0; n--)
		damaged->data[chance(damaged->len)] ^= (uint8_t)(1 << chance(8));
}

static void cut(struct damaged *damaged)
{
	damaged->len = chance(damaged->len);
}

static void put_garbage(uint8_t *at, size_t len)
{
	bool zeros = chance(3) == 0; /* what a file has where nothing was written */

	for (size_t i = 0; i < len; i++)
		at[i] = zeros ? 0 : (uint8_t)chance(256);
}

static void overwrite(struct damaged *damaged)
{
	size_t at = chance(damaged->len), room = damaged->len - at;

	put_garbage(damaged->data + at, room < GARBAGE_BYTES ? room : GARBAGE_BYTES);
}

static void move_behind(struct damaged *damaged, size_t from, size_t by)
{
	for (size_t i = 0; i < whole.n_chunks; i++)
		for (int copy = 0; copy < 2; copy++)
			if (damaged->at[i][copy] != NOWHERE && damaged->at[i][copy] >= from)
				damaged->at[i][copy] += by;
}

static void insert(struct damaged *damaged, size_t at, const uint8_t *data, size_t len)
{
	memmove(damaged->data + at + len, damaged->data + at, damaged->len - at);
	damaged->len += len;
	move_behind(damaged, at, len);
	if (data)
		memcpy(damaged->data + at, data, len);
	else
		put_garbage(damaged->data + at, len);
}

static void insert_garbage(struct damaged *damaged)
{
	size_t at =
		chance(2) ? chance(damaged->len + 1) : whole.chunks[chance(whole.n_chunks)].offset;

	insert(damaged, at, NULL, 1 + chance(GARBAGE_BYTES));
}

static void repeat(struct damaged *damaged)
{
	size_t i = chance(whole.n_chunks), before = chance(whole.n_chunks);
	size_t at = whole.chunks[before].offset;

	insert(damaged, at, whole.data + whole.chunks[i].offset, whole.chunks[i].len);
	damaged->at[i][1] = at;
}

static void drop(struct damaged *damaged)
{
	size_t i = chance(whole.n_chunks), at = whole.chunks[i].offset, len = whole.chunks[i].len;

	memmove(damaged->data + at, damaged->data + at + len, damaged->len - at - len);
	damaged->len -= len;
	damaged->at[i][0] = NOWHERE;
	for (size_t k = i + 1; k < whole.n_chunks; k++)
		damaged->at[k][0] -= len;
}

static void swap(struct damaged *damaged)
{
	size_t a = chance(whole.n_chunks), b = chance(whole.n_chunks);
	const struct chunk_place *first = &whole.chunks[a < b ? a : b];
	const struct chunk_place *last = &whole.chunks[a < b ? b : a];
	uint8_t *to = damaged->data + first->offset;
	size_t between = last->offset - first->offset - first->len;

	if (a == b)
		return;
	memcpy(to, whole.data + last->offset, last->len);
	memcpy(to + last->len, whole.data + first->offset + first->len, between);
	memcpy(to + last->len + between, whole.data + first->offset, first->len);
	for (size_t i = (size_t)(first - whole.chunks) + 1; whole.chunks + i < last; i++)
		damaged->at[i][0] += last->len - first->len;
	damaged->at[last - whole.chunks][0] = first->offset;
	damaged->at[first - whole.chunks][0] = first->offset + last->len + between;
}

static void put32(uint8_t *at, uint32_t value)
{
	for (int i = 0; i < 4; i++)
		at[i] = (uint8_t)(value >> 8 * i);
}

/* Some bits of a frame mean nothing: what zstd makes of it without them is the same. */
static bool is_same(const uint8_t *a, const uint8_t *b, size_t len)
{
	static uint8_t in_a[1 << 20], in_b[1 << 20];
	size_t n = ZSTD_decompress(in_a, sizeof(in_a), a, len);

	return !ZSTD_isError(n) && ZSTD_decompress(in_b, sizeof(in_b), b, len) == n &&
	       !memcmp(in_a, in_b, n);
}

/* A bit of the columns, with both checksums above it made right again. */
static void lie(struct damaged *damaged)
{
	size_t i = chance(whole.n_chunks - 1); /* END has none */
	uint8_t *content = damaged->data + whole.chunks[i].offset + 9;
	size_t len = content[52] | (size_t)content[53] << 8 | (size_t)content[54] << 16;
	size_t offset = whole.chunks[i].offset + whole.chunks[i].len - len;
	uint8_t *columns = damaged->data + offset;

	do
		columns[chance(len)] ^= (uint8_t)(1 << chance(8));
	while (is_same(columns, whole.data + offset, len));
	put32(content + 60, nst_crc32c(columns, len));
	put32(content + 220, nst_crc32c(content, 220));
	damaged->is_known[i] = true;
}

static const struct {
	const char *name;
	void (*apply)(struct damaged *damaged);
	bool in_place; /* may come on top of another */
	bool harmless; /* nothing is lost by it */
} ways[] = {
	{ "bits flipped", flip_bits, true, false },
	{ "cut", cut, true, false },
	{ "garbage over it", overwrite, true, false },
	{ "garbage in it", insert_garbage, false, false },
	{ "a chunk repeated", repeat, false, true },
	{ "a chunk gone", drop, false, false },
	{ "two chunks swapped", swap, false, true },
	{ "a bit under good checksums", lie, true, false },
};
#define N_WAYS (sizeof(ways) / sizeof(ways[0]))

/* One way, or one that moves chunks and another on top of it. */
static void damage(struct damaged *damaged, uint64_t number)
{
	size_t first = number % N_WAYS, second = chance(3);

	chance_state = number * 0x2545f4914f6cdd1du;
	begin(damaged);
	ways[first].apply(damaged);
	damaged->how = ways[first].name;
	damaged->may_be_silent = ways[first].harmless;
	if (!ways[first].in_place && chance(3) == 0 && damaged->len)
		ways[second].apply(damaged);
}

/* ---- What has to come out of it ---------------------------------------- */

struct truth {
	bool survives[MAX_CHUNKS];
	size_t n_survive;
	uint64_t events, missing_events;
	bool has_end, all_survive;
	bool may_be_whole;
};

static bool stands(const struct damaged *damaged, size_t at, const uint8_t *data, size_t len)
{
	return at != NOWHERE && at + len <= damaged->len && !memcmp(damaged->data + at, data, len);
}

/*
 * Damage that nobody can see: there is none, the index is gone, or it is a skippable frame
 * of another kind now.
 */
static bool is_silent(const struct damaged *damaged)
{
	size_t index = whole.index_offset;

	if (damaged->len < index || memcmp(damaged->data, whole.data, index))
		return false;
	return damaged->len == index ||
	       (damaged->len == whole.len && (!memcmp(damaged->data, whole.data, whole.len) ||
					      ((damaged->data[index] ^ whole.data[index]) & 0x0f)));
}

/* Chunks behind the last one of which anything is known are not known to be missing. */
static struct truth find_truth(const struct damaged *damaged)
{
	struct truth truth = { .all_survive = true };
	size_t n_known = 0;

	for (size_t i = 0; i < whole.n_chunks; i++) {
		const struct chunk_place *chunk = &whole.chunks[i];
		const uint8_t *data = whole.data + chunk->offset;

		for (int copy = 0; copy < 2; copy++) {
			truth.survives[i] |=
				stands(damaged, damaged->at[i][copy], data, chunk->len);
			if (stands(damaged, damaged->at[i][copy], data, CHUNK_HEADER_FRAME))
				n_known = i + 1;
		}
		if (damaged->is_known[i] &&
		    !stands(damaged, damaged->at[i][0], data, CHUNK_HEADER_FRAME))
			n_known = i + 1;
		truth.n_survive += truth.survives[i];
		truth.all_survive &= truth.survives[i];
		truth.events += truth.survives[i] ? chunk->n_events : 0;
	}
	for (size_t i = 0; i < n_known; i++)
		truth.missing_events += truth.survives[i] ? 0 : whole.chunks[i].n_events;
	truth.has_end = truth.survives[whole.n_chunks - 1];
	truth.may_be_whole = truth.all_survive && (damaged->may_be_silent || is_silent(damaged));
	return truth;
}

/* ---- The commands ------------------------------------------------------ */

static void fill(int fd, const void *data, size_t len)
{
	if (ftruncate(fd, 0) || pwrite(fd, data, len, 0) != (ssize_t)len)
		abort();
}

/* Run a command on a file in memory, with its output to another: its status. */
static int run(const struct command *command, int from, int to, const char *a, const char *b)
{
	char name[32];
	char *argv[] = { (char *)command->name, name, (char *)a, (char *)b, NULL };
	int saved = dup(STDOUT_FILENO), status;

	snprintf(name, sizeof(name), "/proc/self/fd/%d", from);
	if (saved < 0 || ftruncate(to, 0) || lseek(to, 0, SEEK_SET) || dup2(to, STDOUT_FILENO) < 0)
		abort();
	status = command->run(command, 4, argv);
	fflush(stdout);
	dup2(saved, STDOUT_FILENO);
	close(saved);
	return status;
}

static void read_printed(void)
{
	ssize_t n = pread(out_fd, printed, sizeof(printed) - 1, 0);

	printed[n > 0 ? n : 0] = '\0';
}

/* A number or word that verify has printed of the (first) trace. */
static uint64_t told_number(const char *name)
{
	char key[64];
	const char *at;

	snprintf(key, sizeof(key), "\"%s\":", name);
	at = strstr(printed, "\"uuid\"");
	at = at ? strstr(at, key) : NULL;
	return at ? strtoull(at + strlen(key), NULL, 10) : UINT64_MAX;
}

static bool tells(const char *text)
{
	return strstr(printed, text) != NULL;
}

static int failures;

#define MUST(condition, ...)                                                                 \
	do {                                                                                 \
		if (!(condition)) {                                                          \
			failures++;                                                          \
			fprintf(complaints, "damage_many: number %llu (%s): not so: %s\n  ", \
				(unsigned long long)number, how, #condition);                \
			fprintf(complaints, __VA_ARGS__);                                    \
			fputc('\n', complaints);                                             \
		}                                                                            \
	} while (0)

static void check_verify(uint64_t number, const struct damaged *damaged, const struct truth *truth)
{
	const char *how = damaged->how;
	int status = run(&command_verify, in_fd, out_fd, "-f", "json");
	uint64_t first_header = stands(damaged, 0, whole.data, FILE_HEADER_FRAME);

	read_printed();
	if (!truth->n_survive && status == 1) {
		MUST(!first_header || tells("\"state\":\"refused\""), "%s", printed);
		return;
	}
	MUST(status == 3 || (status == 0 && truth->may_be_whole), "status %d", status);
	MUST(told_number("events") == truth->events, "%llu events told, %llu are there",
	     (unsigned long long)told_number("events"), (unsigned long long)truth->events);
	MUST(told_number("missing_events") == truth->missing_events,
	     "%llu missing events told, %llu are missing",
	     (unsigned long long)told_number("missing_events"),
	     (unsigned long long)truth->missing_events);
	MUST(tells("\"has_end\":true") == truth->has_end, "END");
	MUST(!tells("\"state\":\"differs\""), "%s", printed);
	if (truth->all_survive && status == 0)
		MUST(tells("\"sum\":{\"state\":\"equal\"") &&
			     tells("\"counters\":{\"state\":\"equal\""),
		     "%s", printed);
}

/* Chunks that recover adds: settings, losses, a comment and an END of its own. */
static size_t chunks_added(const struct truth *truth)
{
	return 3 + (truth->missing_events > 0) - truth->has_end;
}

static void check_recover(uint64_t number, const struct damaged *damaged, const struct truth *truth)
{
	const char *how = damaged->how;
	int status = run(&command_recover, in_fd, good_fd, "-o", "-");
	struct held held;

	MUST(status == (truth->n_survive ? 0 : 1), "recover: status %d", status);
	if (status)
		return;
	status = run(&command_verify, good_fd, out_fd, "-f", "json");
	read_printed();
	MUST(status == 0, "what was recovered: verify: status %d: %s", status, printed);
	MUST(told_number("missing_events") == 0, "%s", printed);
	held = whole_compare(&whole, good_fd, truth->survives);
	MUST(held.events == truth->events, "%llu events recovered, %llu were whole",
	     (unsigned long long)held.events, (unsigned long long)truth->events);
	MUST(held.wrong == 0, "%llu events that are others", (unsigned long long)held.wrong);
	MUST(held.damaged_lost == truth->missing_events,
	     "%llu counted as damaged, %llu are missing", (unsigned long long)held.damaged_lost,
	     (unsigned long long)truth->missing_events);
	MUST(held.chunks == truth->n_survive + chunks_added(truth), "%llu chunks, %zu survive",
	     (unsigned long long)held.chunks, truth->n_survive);
	if (number % REPORT_EACH)
		return;
	status = run(&command_report, good_fd, out_fd, "-f", "json");
	read_printed();
	MUST(status == 0, "report: status %d", status);
	MUST(!truth->missing_events || tells("\"damaged\":"), "report: %s", printed);
}

static void try_one(uint64_t number)
{
	struct damaged damaged;
	struct truth truth;
	int before = failures;

	damage(&damaged, number);
	truth = find_truth(&damaged);
	fill(in_fd, damaged.data, damaged.len);
	check_verify(number, &damaged, &truth);
	check_recover(number, &damaged, &truth);
	if (failures > before && before == 0) {
		int fd = open("damaged.zst", O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0600);

		if (fd < 0 || write(fd, damaged.data, damaged.len) != (ssize_t)damaged.len)
			fputs("damaged.zst could not be written\n", complaints);
		close(fd);
	}
	free(damaged.data);
}

int main(int argc, char **argv)
{
	uint64_t count = argc > 1 ? strtoull(argv[1], NULL, 10) : 0;
	uint64_t first = argc > 2 ? strtoull(argv[2], NULL, 10) : 0;
	int null = open("/dev/null", O_WRONLY | O_CLOEXEC);

	if (!count) {
		fputs("usage: damage_many COUNT [FIRST]\n", stderr);
		return 2;
	}
	in_fd = memfd_create("damaged", MFD_CLOEXEC);
	out_fd = memfd_create("printed", MFD_CLOEXEC);
	good_fd = memfd_create("good", MFD_CLOEXEC);
	complaints = fdopen(dup(STDERR_FILENO), "w");
	if (in_fd < 0 || out_fd < 0 || good_fd < 0 || null < 0 || !complaints || whole_make(&whole))
		return 2;
	if (!argv[1][0] || dup2(null, STDERR_FILENO) < 0)
		return 2;
	for (uint64_t i = 0; i < count && failures < 20; i++)
		try_one(first + i);
	printf("%llu damaged copies of a trace of %zu chunks and %llu events: %d failures\n",
	       (unsigned long long)count, whole.n_chunks, (unsigned long long)whole.n_events,
	       failures);
	whole_free(&whole);
	fclose(complaints);
	return failures ? 1 : 0;
}
