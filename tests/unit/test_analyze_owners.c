/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Whose a flow is at a time: every kind of row, and what FORMAT.md says word by word. */
#include "tests/unit/test.h"

#include "analyze/owners.h"

#include <stdlib.h>

#define NEVER UINT64_MAX

static struct nst_owner row(uint64_t flow, uint8_t what, uint64_t from_ns, uint64_t to_ns,
			    uint32_t pid, uint8_t source)
{
	return (struct nst_owner){
		.flow_id = flow,
		.what = what,
		.from_ns = from_ns,
		.to_ns = to_ns == NEVER ? 0 : to_ns,
		.has = to_ns == NEVER ? 0 : NST_OWNER_HAS_TO,
		.pid = pid,
		.start_ns = pid * 100,
		.owner_source = source,
		.comm = { "name", 4 },
	};
}

static struct owners *owners_of(const struct nst_owner *rows, size_t n)
{
	struct owners *owners = NULL;

	CHECK_INT(owners_new(&owners), 0);
	CHECK_INT(owners_add(owners, rows, n), 0);
	CHECK_INT(owners_close(owners), 0);
	return owners;
}

/* The pids of the answer, "-" for as recorded: "1" or "1+2+3". */
static const char *answer(const struct owned *owned, enum owner_view view, bool has_owner,
			  uint64_t time_ns)
{
	static char texts[4][64 * OWNER_CONSUMERS_MAX];
	static unsigned int next;
	struct owner_at at;
	char *text = texts[next++ % 4];
	int len = 0;

	owners_at(owned, view, has_owner, time_ns, &at);
	CHECK(at.until_ns > time_ns);
	if (!at.owner)
		return "-";
	len = snprintf(text, 64, "%u", at.owner->pid);
	for (size_t i = 0; i < at.n_consumers; i++)
		len += snprintf(text + len, 64, "+%u", at.consumers[i]->pid);
	return text;
}

#define ANSWER(view, has_owner, time_ns, want) \
	CHECK_STR(answer(owned, OWNER_##view, has_owner, time_ns), want)

/* Not known at first, then 1, handed over to 2 at 20 although 1 used it last at 10. */
static void a_socket_that_is_handed_over(void)
{
	const struct nst_owner rows[] = {
		row(7, NST_OWNER_HELD, 20, NEVER, 2, NST_OWNER_SOCKET),
		row(7, NST_OWNER_CONSUMED, 10, NEVER, 2, NST_OWNER_SOCKET),
		row(7, NST_OWNER_CONSUMED, 0, NEVER, 1, NST_OWNER_SOCKET),
	};
	struct owners *owners = owners_of(rows, 3);
	const struct owned *owned = owners_find(owners, 7);

	CHECK(!owners_find(owners, 6) && !owners_find(owners, 8));
	ANSWER(CONSUMED, false, 0, "1");
	ANSWER(CONSUMED, true, 9, "1");
	ANSWER(CONSUMED, true, 10, "2");
	ANSWER(CONSUMED, true, 1000, "2");
	ANSWER(HELD, false, 5, "1");
	ANSWER(HELD, true, 15, "-");
	ANSWER(HELD, false, 15, "1");
	ANSWER(HELD, true, 20, "2");
	ANSWER(RECORDED, false, 5, "-");
	ANSWER(RECORDED, true, 30, "-");
	owners_free(owners);
}

static void what_no_row_covers(void)
{
	const struct nst_owner rows[] = {
		row(1, NST_OWNER_CONSUMED, 10, 20, 1, NST_OWNER_SEEDED),
		row(1, NST_OWNER_CONSUMED, 30, NEVER, 2, NST_OWNER_FLOW),
		row(2, NST_OWNER_HELD, 10, 20, 3, NST_OWNER_SOCKET),
		row(2, 9, 0, NEVER, 4, NST_OWNER_SOCKET), /* of a later version */
	};
	struct owners *owners = owners_of(rows, 4);
	const struct owned *owned = owners_find(owners, 1);

	CHECK_INT(owners_count(owners), 3);
	ANSWER(CONSUMED, true, 9, "-");
	ANSWER(CONSUMED, false, 9, "1");
	ANSWER(CONSUMED, true, 20, "-");
	ANSWER(CONSUMED, false, 20, "1");
	ANSWER(CONSUMED, true, 30, "2");
	owned = owners_find(owners, 2);
	ANSWER(CONSUMED, false, 15, "-");
	ANSWER(HELD, true, 15, "3");
	ANSWER(HELD, true, 5, "-");
	ANSWER(HELD, false, 5, "3");
	owners_free(owners);
}

static void consumers_that_share(void)
{
	const struct nst_owner rows[] = {
		row(1, NST_OWNER_CONSUMED, 0, NEVER, 9, NST_OWNER_FLOW),
		row(1, NST_OWNER_CONSUMED, 10, NEVER, 3, NST_OWNER_SHARED),
		row(1, NST_OWNER_CONSUMED, 10, 40, 1, NST_OWNER_SHARED),
		row(1, NST_OWNER_CONSUMED, 20, 30, 2, NST_OWNER_SHARED),
		row(1, NST_OWNER_CONSUMED, 20, NEVER, 3, NST_OWNER_SHARED), /* a second socket */
		row(2, NST_OWNER_CONSUMED, 10, 20, 5, NST_OWNER_SHARED),
		row(2, NST_OWNER_CONSUMED, 10, 30, 4, NST_OWNER_SHARED),
	};
	struct owners *owners = owners_of(rows, 7);
	const struct owned *owned = owners_find(owners, 1);

	ANSWER(CONSUMED, true, 5, "9");
	ANSWER(CONSUMED, true, 10, "3+1"); /* the first of those who share it is its owner */
	ANSWER(HELD, true, 10, "3+1");
	ANSWER(CONSUMED, false, 25, "3+1+2");
	ANSWER(CONSUMED, false, 30, "3+1");
	ANSWER(CONSUMED, false, 40, "3");
	ANSWER(RECORDED, false, 10, "-");
	owned = owners_find(owners, 2);
	ANSWER(CONSUMED, false, 1, "5+4");
	ANSWER(CONSUMED, true, 1, "-");
	ANSWER(CONSUMED, false, 50, "5+4");
	owners_free(owners);
}

static void who_may_be_charged_otherwise(void)
{
	/* by source: on receive, on send */
	static const bool may[][2] = {
		[NST_OWNER_UNKNOWN] = { true, true },  [NST_OWNER_SOCKET] = { false, false },
		[NST_OWNER_FLOW] = { true, false },    [NST_OWNER_LISTENER] = { true, true },
		[NST_OWNER_SHARED] = { true, false },  [NST_OWNER_SEEDED] = { true, false },
		[NST_OWNER_KERNEL] = { false, false }, [NST_OWNER_FORWARDED] = { false, false },
		[NST_OWNER_CURRENT] = { true, true },  [NST_OWNER_SOURCES] = { true, true },
	};

	for (uint8_t source = 0; source <= NST_OWNER_SOURCES; source++)
		for (uint8_t is_send = 0; is_send < 2; is_send++) {
			struct nst_lane lane = { .owner_source = source, .is_send = is_send };

			CHECK_INT(owners_may_rebind(&lane), may[source][is_send]);
		}
}

/* ---- a model that does it the slow way ---- */

static bool covers(const struct nst_owner *owner, uint64_t time_ns)
{
	return owner->from_ns <= time_ns &&
	       (!(owner->has & NST_OWNER_HAS_TO) || time_ns < owner->to_ns);
}

static bool is_of(const struct nst_owner *owner, uint64_t flow, uint8_t what)
{
	return owner->flow_id == flow && owner->what == what &&
	       (what == NST_OWNER_HELD || owner->owner_source != NST_OWNER_SHARED);
}

static bool shares(const struct nst_owner *owner, uint64_t flow, uint64_t time_ns)
{
	return owner->flow_id == flow && owner->what == NST_OWNER_CONSUMED &&
	       owner->owner_source == NST_OWNER_SHARED && covers(owner, time_ns);
}

/* The one that has shared it for longest, of several the first in the file; the others by pid. */
static const char *model_shared(const struct nst_owner *rows, size_t n, uint64_t flow,
				uint64_t time_ns)
{
	static char text[256];
	const struct nst_owner *first = NULL;
	size_t len;

	for (size_t i = 0; i < n; i++)
		if (shares(&rows[i], flow, time_ns) && (!first || rows[i].from_ns < first->from_ns))
			first = &rows[i];
	if (!first)
		return NULL;
	len = (size_t)snprintf(text, sizeof(text), "%u", first->pid);
	for (uint32_t pid = 0; pid < 10; pid++) {
		bool found = false;

		for (size_t i = 0; i < n; i++)
			found |= rows[i].pid == pid && shares(&rows[i], flow, time_ns);
		if (found && pid != first->pid)
			len += (size_t)snprintf(text + len, sizeof(text) - len, "+%u", pid);
	}
	return text;
}

/* The row of a kind that began last; of several the last in the file. */
static const struct nst_owner *model_last(const struct nst_owner *rows, size_t n, uint64_t flow,
					  uint8_t what, uint64_t time_ns)
{
	const struct nst_owner *last = NULL;

	for (size_t i = 0; i < n; i++)
		if (is_of(&rows[i], flow, what) && rows[i].from_ns <= time_ns &&
		    (!last || rows[i].from_ns >= last->from_ns))
			last = &rows[i];
	return last && covers(last, time_ns) ? last : NULL;
}

/* Rows that hold for a while and for ever, for few processes: they collide often. */
static void rows_at_random(void)
{
	struct nst_owner rows[24];
	unsigned int seed = 1;

	for (int round = 0; round < 400; round++) {
		size_t n = 1 + (size_t)rand_r(&seed) % 24;
		struct owners *owners;

		for (size_t i = 0; i < n; i++) {
			uint64_t from = (uint64_t)rand_r(&seed) % 20;

			rows[i] =
				row(1 + (uint64_t)rand_r(&seed) % 2, (uint8_t)(rand_r(&seed) % 2),
				    from, rand_r(&seed) % 2 ? NEVER : (uint64_t)rand_r(&seed) % 25,
				    (uint32_t)rand_r(&seed) % 10,
				    rand_r(&seed) % 2 ? NST_OWNER_SHARED : NST_OWNER_FLOW);
		}
		owners = owners_of(rows, n);
		for (uint64_t flow = 1; flow <= 2; flow++)
			for (uint64_t at = 0; at < 27; at++) {
				const struct owned *owned = owners_find(owners, flow);
				const struct nst_owner *consumed =
					model_last(rows, n, flow, NST_OWNER_CONSUMED, at);
				const struct nst_owner *held =
					model_last(rows, n, flow, NST_OWNER_HELD, at);
				const char *shared = model_shared(rows, n, flow, at);
				char text[16];

				if (!owned)
					continue;
				snprintf(text, sizeof(text), "%u", consumed ? consumed->pid : 0);
				ANSWER(CONSUMED, true, at, shared ? shared : consumed ? text : "-");
				snprintf(text, sizeof(text), "%u", held ? held->pid : 0);
				ANSWER(HELD, true, at, shared ? shared : held ? text : "-");
			}
		owners_free(owners);
	}
}

/* An answer stands until the time that came with it. */
static void answers_last(void)
{
	struct nst_owner rows[64];
	unsigned int seed = 2;
	struct owners *owners;
	const struct owned *owned;
	struct owner_at at;

	for (size_t i = 0; i < 64; i++)
		rows[i] = row(1, (uint8_t)(rand_r(&seed) % 2), (uint64_t)rand_r(&seed) % 1000,
			      rand_r(&seed) % 2 ? NEVER : (uint64_t)rand_r(&seed) % 1000,
			      (uint32_t)rand_r(&seed) % 10, (uint8_t)(rand_r(&seed) % 8));
	owners = owners_of(rows, 64);
	owned = owners_find(owners, 1);
	for (uint64_t time = 0, until = 0; time < 1100; time++) {
		static char last[256];

		if (time < until)
			ANSWER(CONSUMED, false, time, last);
		snprintf(last, sizeof(last), "%s", answer(owned, OWNER_CONSUMED, false, time));
		owners_at(owned, OWNER_CONSUMED, false, time, &at);
		until = at.until_ns;
	}
	owners_free(owners);
}

/* Half a million rows of one flow, all at once: done in a moment or not at all. */
static void hostile_rows(void)
{
	const size_t n = 500000;
	struct nst_owner *rows = calloc(n, sizeof(*rows));
	struct owners *owners;
	const struct owned *owned;

	for (size_t i = 0; i < n; i++)
		rows[i] = row(1, NST_OWNER_CONSUMED, n - i, i % 2 ? NEVER : 2 * n - i,
			      (uint32_t)i + 1, i % 3 ? NST_OWNER_SHARED : NST_OWNER_SOCKET);
	owners = owners_of(rows, n);
	owned = owners_find(owners, 1);
	for (size_t i = 0; i < n; i++) {
		struct owner_at at;

		owners_at(owned, OWNER_CONSUMED, true, i, &at);
		CHECK(at.n_consumers < OWNER_CONSUMERS_MAX);
	}
	owners_free(owners);
	free(rows);
}

int main(void)
{
	RUN(a_socket_that_is_handed_over);
	RUN(what_no_row_covers);
	RUN(consumers_that_share);
	RUN(who_may_be_charged_otherwise);
	RUN(rows_at_random);
	RUN(answers_last);
	RUN(hostile_rows);
	return test_result();
}
