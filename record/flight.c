// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "record/flight.h"

#include "record/clock.h"
#include "record/flight_marks.h"
#include "record/flight_pool.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* What is written out ends before the moment at which it was asked for, by less than this. */
#define MARGIN_NS (3 * NS_PER_S)
#define ROOM_FACTOR 4
#define MARK_PART 16		     /* of the memory, at most between two marks */
#define MARK_APART_NS (NS_PER_S / 8) /* but not sooner than that */
#define METADATA_PART 4		     /* of the memory, for what outlives events: one in so many */

/* A chunk, at the head of its chain; its frames follow. */
struct kept {
	uint32_t next; /* chain of the next younger one of its list; 0: none */
	uint32_t n_blocks;
	uint64_t time_ns; /* it tells nothing that is later */
	struct nst_chunk chunk;
};

_Static_assert(sizeof(struct kept) <= FLIGHT_POOL_PIECE, "a head is in one piece");

struct list { /* of chains, the oldest first */
	uint32_t first, last;
	uint32_t n_blocks;
};

struct flight {
	struct flight_pool pool;
	struct nst_sink sink;
	struct list recent;   /* chunks of events and totals */
	struct list metadata; /* what outlives them */
	uint32_t metadata_max;
	uint32_t largest; /* blocks of the largest chunk so far */
	uint64_t window_ns, at_ns;
	uint64_t since_ns; /* of recent, the chunks from here on are there */
	uint64_t events, lost;
	uint64_t lost_before[NST_LOSS_SLOTS]; /* as the last chunk of events that went had it */
	struct flight_marks marks;
	uint32_t unmarked_blocks;	     /* of chunks since the last mark */
	uint64_t wanted_ns;		     /* a mark, no sooner; 0: none is */
	bool has_marks;			     /* what is held begins at one */
	uint64_t first_sequence;	     /* of what is held */
	uint64_t next_sequence;		     /* of the chunk to come */
	uint64_t held_from, held_to;	     /* sequences [from, to) stay */
	uint32_t next_recent, next_metadata; /* while something is held: not passed yet */
	struct nst_chunk chunk;		     /* the one that flight_next() gave */
	char *frames;
	size_t frames_room;
	bool was_cut_by_room;
};

static struct kept *kept_of(const struct flight *flight, uint32_t chain)
{
	return flight_pool_piece(&flight->pool, chain);
}

static bool is_held(const struct flight *flight, const struct kept *kept)
{
	return kept->chunk.sequence >= flight->held_from && kept->chunk.sequence < flight->held_to;
}

static void append(struct flight *flight, struct list *list, uint32_t chain)
{
	if (list->last)
		kept_of(flight, list->last)->next = chain;
	else
		list->first = chain;
	list->last = chain;
	list->n_blocks += kept_of(flight, chain)->n_blocks;
}

/* Let the oldest chunk of a list go. False: there is none, or it is held. */
static bool drop_oldest(struct flight *flight, struct list *list)
{
	const struct kept *kept;
	uint32_t chain = list->first;

	if (!chain)
		return false;
	kept = kept_of(flight, chain);
	if (is_held(flight, kept))
		return false;
	if (list == &flight->recent) {
		flight_marks_forget(&flight->marks, kept->chunk.sequence + 1);
		if (kept->time_ns >= flight->since_ns)
			flight->since_ns = kept->time_ns + 1;
		flight->events -= kept->chunk.n_events;
		memcpy(flight->lost_before, kept->chunk.lost, sizeof(flight->lost_before));
	}
	list->n_blocks -= kept->n_blocks;
	list->first = kept->next;
	if (!list->first)
		list->last = 0;
	flight_pool_drop(&flight->pool, chain);
	return true;
}

/* 0, -EAGAIN, or -ENOSPC if no room will ever do. */
static int make_room(struct flight *flight, bool is_metadata, uint32_t n_blocks)
{
	uint32_t max =
		is_metadata ? flight->metadata_max : flight->pool.n_all - 1 - flight->metadata_max;

	if (n_blocks > max)
		return -ENOSPC;
	while (is_metadata && flight->metadata.n_blocks + n_blocks > max)
		if (!drop_oldest(flight, &flight->metadata))
			return -EAGAIN;
	while (flight->pool.n_free < n_blocks) {
		if (!drop_oldest(flight, &flight->recent))
			return -EAGAIN;
		flight->was_cut_by_room |= flight->since_ns + flight->window_ns > flight->at_ns;
	}
	return 0;
}

/*
 * Counters of interfaces are read each minute: those of the window would be of another
 * time than its events. What the end of a trace needs is written when one ends.
 */
static bool is_wanted(const struct nst_chunk *chunk)
{
	return chunk && chunk->type != NST_CHUNK_END && chunk->type != NST_CHUNK_INTERFACE_COUNTERS;
}

/* The sink's write(). */
static int keep(void *context, const struct iovec *parts, int n_parts,
		const struct nst_chunk *chunk)
{
	struct flight *flight = context;
	struct kept kept = { .time_ns = flight->at_ns };
	struct iovec all[3] = { { &kept, sizeof(kept) } };
	int n_frames, err;
	bool is_metadata;

	if (!is_wanted(chunk))
		return 0;
	is_metadata = chunk->type != NST_CHUNK_EVENTS && chunk->type != NST_CHUNK_TOTALS;
	n_frames = !!chunk->dictionaries_bytes + !!chunk->columns_bytes;
	memcpy(all + 1, parts + n_parts - n_frames, (size_t)n_frames * sizeof(*parts));
	kept.chunk = *chunk;
	if (chunk->type == NST_CHUNK_EVENTS)
		kept.time_ns = chunk->last_ns;
	kept.n_blocks =
		flight_pool_need(sizeof(kept) + chunk->dictionaries_bytes + chunk->columns_bytes);
	err = make_room(flight, is_metadata, kept.n_blocks);
	if (err == -ENOSPC)
		flight->lost += chunk->n_events;
	else if (kept.n_blocks > flight->largest)
		flight->largest = kept.n_blocks;
	if (err)
		return err == -ENOSPC ? 0 : err;
	flight->events += chunk->n_events;
	flight->next_sequence = chunk->sequence + 1;
	flight->unmarked_blocks += kept.n_blocks;
	append(flight, is_metadata ? &flight->metadata : &flight->recent,
	       flight_pool_put(&flight->pool, all, 1 + n_frames));
	return 0;
}

static uint64_t realtime_of(uint64_t time_ns)
{
	return clock_ns(CLOCK_REALTIME) - (now_ns() - time_ns);
}

int flight_open(size_t max_bytes, uint64_t window_ns, uint64_t start_ns, struct flight **ret_flight)
{
	struct flight *flight;
	int err;

	if (max_bytes <= sizeof(*flight))
		return -EINVAL;
	flight = calloc(1, sizeof(*flight));
	if (!flight)
		return -ENOMEM;
	err = flight_pool_open(&flight->pool, max_bytes - sizeof(*flight));
	if (err) {
		free(flight);
		return err;
	}
	flight->sink = (struct nst_sink){ .context = flight, .write = keep };
	flight->metadata_max = flight->pool.n_all / METADATA_PART;
	flight->window_ns = window_ns;
	flight->since_ns = flight->at_ns = start_ns;
	flight_marks_open(&flight->marks, window_ns);
	flight_marks_add(&flight->marks, &(struct flight_mark){
						 .time_ns = start_ns,
						 .realtime_ns = realtime_of(start_ns),
					 });
	*ret_flight = flight;
	return 0;
}

const struct nst_sink *flight_sink(const struct flight *flight)
{
	return &flight->sink;
}

/* Those that come next are hardly much larger than those that came before. */
bool flight_has_room(struct flight *flight)
{
	uint32_t wanted = ROOM_FACTOR * flight->largest, most = flight->pool.n_all / 2;

	return flight->held_from == flight->held_to ||
	       !make_room(flight, false, wanted < most ? wanted : most);
}

/* What was there before the window goes, up to the mark at which one of now would begin. */
void flight_tick(struct flight *flight, uint64_t at_ns)
{
	const struct flight_mark *first;

	flight->at_ns = at_ns;
	if (!flight->window_ns || at_ns < flight->window_ns + MARGIN_NS)
		return;
	first = flight_marks_find(&flight->marks, at_ns - flight->window_ns - MARGIN_NS);
	if (!first)
		return;
	flight_marks_forget(&flight->marks, first->sequence);
	first = &flight->marks.all[0];
	while (flight->recent.first &&
	       kept_of(flight, flight->recent.first)->chunk.sequence < first->sequence)
		if (!drop_oldest(flight, &flight->recent))
			break;
}

void flight_mark(struct flight *flight, uint64_t time_ns, const uint64_t lost[NST_LOSS_SLOTS],
		 enum nst_detail detail)
{
	struct flight_mark mark = {
		.sequence = flight->next_sequence,
		.time_ns = time_ns,
		.realtime_ns = realtime_of(time_ns),
		.has_detail = true,
		.detail = (uint8_t)detail,
	};

	memcpy(mark.lost, lost, sizeof(mark.lost));
	flight_marks_add(&flight->marks, &mark);
	flight->unmarked_blocks = 0;
	if (time_ns >= flight->wanted_ns)
		flight->wanted_ns = 0;
}

void flight_want_mark(struct flight *flight, uint64_t at_ns)
{
	flight->wanted_ns = at_ns;
}

bool flight_is_marked(const struct flight *flight)
{
	return !flight->wanted_ns;
}

bool flight_wants_mark(const struct flight *flight, uint64_t at_ns)
{
	const struct flight_mark *last = flight_marks_last(&flight->marks);
	uint64_t apart_ns = flight->marks.apart_ns;

	if (flight->unmarked_blocks > flight->pool.n_all / MARK_PART)
		apart_ns = MARK_APART_NS;
	return flight->wanted_ns || !last || at_ns >= last->time_ns + apart_ns;
}

/* Where a trace of now would begin; NULL: too much came since the last mark but one. */
static const struct flight_mark *first_mark(const struct flight *flight, uint64_t end_ns)
{
	uint64_t window_ns = flight->window_ns;

	return flight_marks_find(&flight->marks,
				 window_ns && end_ns > window_ns ? end_ns - window_ns : 0);
}

void flight_stats(const struct flight *flight, struct flight_stats *ret_stats)
{
	const struct flight_pool *pool = &flight->pool;
	const struct flight_mark *first = first_mark(flight, flight->at_ns);

	*ret_stats = (struct flight_stats){
		.events = flight->events,
		.bytes = (uint64_t)(pool->n_all - 1 - pool->n_free) * (pool->bytes / pool->n_all),
		.since_ns = first ? first->time_ns : flight->since_ns,
		.lost = flight->lost,
		.was_cut_by_room = flight->was_cut_by_room,
	};
}

/* Without a mark: from the first event on, and without the totals of an unknown time. */
static uint64_t since_ns(const struct flight *flight)
{
	uint64_t since_ns = flight->since_ns;

	for (uint32_t chain = flight->recent.first; chain; chain = kept_of(flight, chain)->next) {
		const struct nst_chunk *chunk = &kept_of(flight, chain)->chunk;

		if (chunk->type == NST_CHUNK_EVENTS && chunk->first_ns < since_ns)
			since_ns = chunk->first_ns;
	}
	return since_ns;
}

static bool is_before(const struct flight *flight, uint32_t chain, uint64_t sequence)
{
	const struct nst_chunk *chunk = &kept_of(flight, chain)->chunk;

	return flight->has_marks ? chunk->sequence < sequence : chunk->type == NST_CHUNK_TOTALS;
}

/* Go to the next one of the recent chunks that is to be written. */
static void skip_unwanted(struct flight *flight)
{
	while (flight->next_recent &&
	       is_before(flight, flight->next_recent, flight->first_sequence))
		flight->next_recent = kept_of(flight, flight->next_recent)->next;
}

void flight_hold(struct flight *flight, struct flight_window *ret_window)
{
	const struct flight_mark *end = flight_marks_last(&flight->marks);
	const struct flight_mark *first = first_mark(flight, end->time_ns);

	flight->has_marks = first != end;
	*ret_window = (struct flight_window){
		.end_ns = end->time_ns,
		.end_realtime_ns = end->realtime_ns,
		.since_ns = flight->has_marks ? first->time_ns : since_ns(flight),
		.has_detail = first->has_detail,
		.detail = first->detail,
	};
	ret_window->since_realtime_ns =
		flight->has_marks ? first->realtime_ns : realtime_of(ret_window->since_ns);
	memcpy(ret_window->lost, flight->has_marks ? first->lost : flight->lost_before,
	       sizeof(ret_window->lost));
	memcpy(ret_window->end_lost, end->lost, sizeof(ret_window->end_lost));
	flight->first_sequence = flight->has_marks ? first->sequence : 0;
	flight->held_from = 0;
	flight->held_to = end->sequence;
	flight->next_metadata = flight->metadata.first;
	flight->next_recent = flight->recent.first;
	skip_unwanted(flight);
}

/* Of the two lists' next chunks, the older one that is held; 0: none. */
static uint32_t *next_held(struct flight *flight)
{
	uint32_t *lists[] = { &flight->next_recent, &flight->next_metadata }, *next = NULL;
	uint64_t sequence = flight->held_to;

	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		if (!*lists[i] || kept_of(flight, *lists[i])->chunk.sequence >= sequence)
			continue;
		next = lists[i];
		sequence = kept_of(flight, *next)->chunk.sequence;
	}
	return next;
}

static int gather(struct flight *flight, uint32_t chain, size_t bytes)
{
	if (flight->frames_room < bytes) {
		free(flight->frames); /* nothing in it is needed any more */
		flight->frames = malloc(bytes);
		flight->frames_room = flight->frames ? bytes : 0;
	}
	if (bytes && !flight->frames)
		return -ENOMEM;
	flight_pool_get(&flight->pool, chain, sizeof(struct kept), flight->frames, bytes);
	return 0;
}

int flight_next(struct flight *flight, const struct nst_chunk **ret_chunk,
		struct nst_bytes *ret_dictionaries, struct nst_bytes *ret_columns)
{
	const uint32_t *next = next_held(flight);
	const struct nst_chunk *chunk;
	int err;

	if (!next)
		return 0;
	chunk = &kept_of(flight, *next)->chunk;
	err = gather(flight, *next, (size_t)chunk->dictionaries_bytes + chunk->columns_bytes);
	if (err)
		return err;
	flight->chunk = *chunk;
	*ret_chunk = &flight->chunk;
	*ret_dictionaries = (struct nst_bytes){ flight->frames, chunk->dictionaries_bytes };
	*ret_columns = (struct nst_bytes){ flight->frames + chunk->dictionaries_bytes,
					   chunk->columns_bytes };
	return 1;
}

void flight_pass(struct flight *flight)
{
	uint32_t *next = next_held(flight);

	if (!next)
		return;
	flight->held_from = kept_of(flight, *next)->chunk.sequence + 1;
	*next = kept_of(flight, *next)->next;
	if (next == &flight->next_recent)
		skip_unwanted(flight);
	if (*next && !is_held(flight, kept_of(flight, *next)))
		*next = 0; /* it came later, and can go before anybody asks */
}

void flight_release(struct flight *flight)
{
	flight->held_from = flight->held_to = 0;
	flight->next_recent = flight->next_metadata = 0;
	free(flight->frames);
	flight->frames = NULL;
	flight->frames_room = 0;
}

void flight_close(struct flight *flight)
{
	if (!flight)
		return;
	flight_pool_close(&flight->pool);
	free(flight->frames);
	free(flight);
}
