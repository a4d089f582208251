/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "analyze/owners.h"

#include "analyze/intern.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const char *const view_names[] = {
	[OWNER_CONSUMED] = "consumed",
	[OWNER_HELD] = "held",
	[OWNER_RECORDED] = "recorded",
};
#define N_VIEWS (sizeof(view_names) / sizeof(view_names[0]))

enum list { /* the order of a flow's rows */
	CONSUMED,
	HELD,
	SHARED,
	LISTS,
};

struct row {
	struct nst_owner owner;
	enum list list;
	size_t sequence;     /* its place in the file */
	uint64_t end_ns;     /* where it ceases to hold */
	uint64_t max_end_ns; /* the last end of the part of the list of which it is the middle */
};

struct owned {
	uint64_t flow_id;
	const struct row *rows; /* all lists, one behind the other */
	size_t begin[LISTS + 1];
	const uint64_t *borders; /* where some row begins or ends, sorted */
	size_t n_borders;
};

struct owners {
	struct row *rows;
	size_t n_rows, n_rows_allocated;
	struct owned *flows; /* sorted by id */
	size_t n_flows;
	uint64_t *borders;
	struct intern comms, ids; /* ids: of the flows, with their numbers */
	/* by the lowest bits of an id: some flow has them; most ids that are asked for have no rows */
	uint8_t *any;
	size_t any_mask;
};

const char *owner_view_name(enum owner_view view)
{
	return view_names[view];
}

int owner_view_parse(const char *name, enum owner_view *ret_view)
{
	for (size_t i = 0; i < N_VIEWS; i++) {
		if (strcmp(name, view_names[i]))
			continue;
		*ret_view = (enum owner_view)i;
		return 0;
	}
	return -EINVAL;
}

int owners_new(struct owners **ret_owners)
{
	struct owners *owners = calloc(1, sizeof(*owners));

	if (!owners)
		return -ENOMEM;
	*ret_owners = owners;
	return 0;
}

void owners_free(struct owners *owners)
{
	if (!owners)
		return;
	free(owners->rows);
	free(owners->flows);
	free(owners->borders);
	free(owners->any);
	intern_free(&owners->comms);
	intern_free(&owners->ids);
	free(owners);
}

/* A copy of the name that lasts; the same for the same name. */
static int keep_comm(struct owners *owners, struct nst_bytes *comm)
{
	uint32_t index;
	bool is_new;
	int err;

	if (comm->len_bytes > NST_COMM_MAX)
		comm->len_bytes = NST_COMM_MAX;
	if (!comm->len_bytes)
		return 0;
	err = intern_get(&owners->comms, comm->data, comm->len_bytes, &index, &is_new);
	if (!err)
		comm->data = intern_key(&owners->comms, index);
	return err;
}

int owners_add(struct owners *owners, const struct nst_owner *rows, size_t n)
{
	int err = array_reserve(&owners->rows, &owners->n_rows_allocated, owners->n_rows + n,
				sizeof(*owners->rows));

	for (size_t i = 0; i < n && !err; i++) {
		struct row *row = &owners->rows[owners->n_rows];

		if (rows[i].what != NST_OWNER_HELD && rows[i].what != NST_OWNER_CONSUMED)
			continue; /* a later version's */
		*row = (struct row){ .owner = rows[i], .sequence = owners->n_rows };
		if (row->owner.owner_source >= NST_OWNER_SOURCES)
			row->owner.owner_source = NST_OWNER_UNKNOWN;
		row->list = row->owner.what == NST_OWNER_HELD		  ? HELD
			    : row->owner.owner_source == NST_OWNER_SHARED ? SHARED
									  : CONSUMED;
		err = keep_comm(owners, &row->owner.comm);
		owners->n_rows += !err;
	}
	return err;
}

int owners_merge(struct owners *into, const struct owners *from)
{
	int err = 0;

	for (size_t i = 0; i < from->n_rows && !err; i++)
		err = owners_add(into, &from->rows[i].owner, 1);
	return err;
}

static int compare_rows(const void *a, const void *b)
{
	const struct row *x = a, *y = b;

	if (x->owner.flow_id != y->owner.flow_id)
		return x->owner.flow_id < y->owner.flow_id ? -1 : 1;
	if (x->list != y->list)
		return x->list < y->list ? -1 : 1;
	if (x->owner.from_ns != y->owner.from_ns)
		return x->owner.from_ns < y->owner.from_ns ? -1 : 1;
	return (x->sequence > y->sequence) - (x->sequence < y->sequence);
}

static int compare_times(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* A row ends with its own to, and one that is not shared where the next begins. */
static void set_end(struct row *row, const struct row *next)
{
	row->end_ns = row->owner.has & NST_OWNER_HAS_TO ? row->owner.to_ns : UINT64_MAX;
	if (row->list != SHARED && next && next->owner.from_ns < row->end_ns)
		row->end_ns = next->owner.from_ns;
}

/* The rows [begin, end) as a tree: the middle of a part is its root. */
static uint64_t build_tree(struct row *rows, size_t begin, size_t end)
{
	size_t middle = begin + (end - begin) / 2;
	uint64_t left, right, max;

	if (begin == end)
		return 0;
	left = build_tree(rows, begin, middle);
	right = build_tree(rows, middle + 1, end);
	max = left > right ? left : right;
	if (rows[middle].end_ns > max)
		max = rows[middle].end_ns;
	rows[middle].max_end_ns = max;
	return max;
}

/* A flow's n rows; borders has room for two of each. */
static void close_flow(struct owned *owned, struct row *rows, size_t n, uint64_t *borders)
{
	*owned = (struct owned){ .flow_id = rows->owner.flow_id, .rows = rows, .borders = borders };
	for (size_t i = 0; i < n; i++) {
		bool has_next = i + 1 < n && rows[i + 1].list == rows[i].list;

		set_end(&rows[i], has_next ? &rows[i + 1] : NULL);
		for (int list = (int)rows[i].list + 1; list <= LISTS; list++)
			owned->begin[list] = i + 1;
		borders[owned->n_borders++] = rows[i].owner.from_ns;
		borders[owned->n_borders++] = rows[i].end_ns;
	}
	build_tree(rows, owned->begin[SHARED], n);
	qsort(borders, owned->n_borders, sizeof(*borders), compare_times);
}

int owners_close(struct owners *owners)
{
	struct row *rows = owners->rows;
	size_t n = owners->n_rows, n_flows = 0, first = 0;

	if (!n)
		return 0;
	qsort(rows, n, sizeof(*rows), compare_rows);
	for (size_t i = 0; i < n; i++)
		n_flows += i + 1 == n || rows[i + 1].owner.flow_id != rows[i].owner.flow_id;
	owners->flows = calloc(n_flows, sizeof(*owners->flows));
	owners->borders = calloc(n, 2 * sizeof(*owners->borders));
	while (owners->any_mask < 8 * n_flows)
		owners->any_mask = 2 * owners->any_mask + 1;
	owners->any = calloc(owners->any_mask + 1, 1);
	if (!owners->flows || !owners->borders || !owners->any)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		uint32_t number;
		bool is_new;

		if (i + 1 < n && rows[i + 1].owner.flow_id == rows[i].owner.flow_id)
			continue;
		if (intern_get(&owners->ids, &rows[i].owner.flow_id, sizeof(uint64_t), &number,
			       &is_new))
			return -ENOMEM;
		owners->any[rows[i].owner.flow_id & owners->any_mask] = 1;
		close_flow(&owners->flows[owners->n_flows++], &rows[first], i + 1 - first,
			   &owners->borders[2 * first]);
		first = i + 1;
	}
	return 0;
}

size_t owners_count(const struct owners *owners)
{
	return owners->n_rows;
}

const struct owned *owners_find(const struct owners *owners, uint64_t flow_id)
{
	uint32_t number;

	if (!owners->n_flows || !owners->any[flow_id & owners->any_mask])
		return NULL;
	return intern_find(&owners->ids, &flow_id, sizeof(flow_id), &number)
		       ? &owners->flows[number]
		       : NULL;
}

size_t owners_flow_number(const struct owners *owners, const struct owned *owned)
{
	return (size_t)(owned - owners->flows);
}

size_t owners_flow_count(const struct owners *owners)
{
	return owners->n_flows;
}

/* ---- look-up ---- */

static const struct row *list_row(const struct owned *owned, enum list list, size_t i)
{
	return &owned->rows[owned->begin[list] + i];
}

static size_t list_len(const struct owned *owned, enum list list)
{
	return owned->begin[list + 1] - owned->begin[list];
}

/* The row of a list that is not shared which holds at a time, or NULL. */
static const struct nst_owner *find_holding(const struct owned *owned, enum list list,
					    uint64_t time_ns)
{
	size_t from = 0, to = list_len(owned, list);
	const struct row *row;

	while (from < to) {
		size_t middle = from + (to - from) / 2;

		if (list_row(owned, list, middle)->owner.from_ns <= time_ns)
			from = middle + 1;
		else
			to = middle;
	}
	if (!from)
		return NULL;
	row = list_row(owned, list, from - 1);
	return row->end_ns > time_ns ? &row->owner : NULL;
}

uint64_t owners_until(const struct owned *owned, uint64_t time_ns)
{
	size_t from = 0, to = owned->n_borders;

	while (from < to) {
		size_t middle = from + (to - from) / 2;

		if (owned->borders[middle] <= time_ns)
			from = middle + 1;
		else
			to = middle;
	}
	return from < owned->n_borders ? owned->borders[from] : UINT64_MAX;
}

struct found {
	const struct nst_owner *owners[OWNER_CONSUMERS_MAX];
	size_t n;
};

/* The rows [begin, end), a part of the tree, that hold at a time. */
static void find_shared(const struct row *rows, size_t begin, size_t end, uint64_t time_ns,
			struct found *found)
{
	size_t middle = begin + (end - begin) / 2;

	if (begin == end || rows[middle].max_end_ns <= time_ns)
		return;
	find_shared(rows, begin, middle, time_ns, found);
	if (rows[middle].owner.from_ns > time_ns || found->n == OWNER_CONSUMERS_MAX)
		return;
	if (rows[middle].end_ns > time_ns)
		found->owners[found->n++] = &rows[middle].owner;
	if (found->n < OWNER_CONSUMERS_MAX)
		find_shared(rows, middle + 1, end, time_ns, found);
}

static int compare_processes(const void *a, const void *b)
{
	const struct nst_owner *x = *(const struct nst_owner *const *)a;
	const struct nst_owner *y = *(const struct nst_owner *const *)b;

	if (x->pid != y->pid)
		return x->pid < y->pid ? -1 : 1;
	return (x->start_ns > y->start_ns) - (x->start_ns < y->start_ns);
}

/*
 * True if the flow is shared at that time: each process once. The owner is the one that has
 * shared it for longest: a number of a process says nothing, and is another in an anonymised
 * trace.
 */
static bool share(const struct owned *owned, uint64_t time_ns, struct owner_at *at)
{
	struct found found;

	found.n = 0; /* and not all of it zeros: this is asked for every lane */
	find_shared(owned->rows, owned->begin[SHARED], owned->begin[LISTS], time_ns, &found);
	if (!found.n)
		return false;
	at->owner = found.owners[0];
	qsort(found.owners, found.n, sizeof(found.owners[0]), compare_processes);
	for (size_t i = 0; i < found.n; i++)
		if ((!i || compare_processes(&found.owners[i - 1], &found.owners[i])) &&
		    compare_processes(&at->owner, &found.owners[i]))
			at->consumers[at->n_consumers++] = found.owners[i];
	return true;
}

/* Whom to charge with what nobody is known for: the first who is. */
static void take_first(const struct owned *owned, enum owner_view view, struct owner_at *at)
{
	const struct row *first = list_len(owned, CONSUMED) ? list_row(owned, CONSUMED, 0) : NULL;
	const struct row *shared = list_len(owned, SHARED) ? list_row(owned, SHARED, 0) : NULL;

	if (shared && (!first || shared->owner.from_ns <= first->owner.from_ns)) {
		if (!share(owned, shared->owner.from_ns, at))
			at->owner = &shared->owner;
	} else if (first) {
		at->owner = &first->owner;
	} else if (view == OWNER_HELD) {
		at->owner = &list_row(owned, HELD, 0)->owner;
	}
}

void owners_at(const struct owned *owned, enum owner_view view, bool has_owner, uint64_t time_ns,
	       struct owner_at *ret_at)
{
	ret_at->owner = NULL;
	ret_at->n_consumers = 0;
	ret_at->until_ns = UINT64_MAX;
	if (view == OWNER_RECORDED)
		return;
	ret_at->until_ns = owners_until(owned, time_ns);
	if (share(owned, time_ns, ret_at))
		return;
	ret_at->owner = find_holding(owned, view == OWNER_HELD ? HELD : CONSUMED, time_ns);
	if (!ret_at->owner && !has_owner)
		take_first(owned, view, ret_at);
}

bool owner_is_process(const struct nst_owner *owner)
{
	return owner->pid || (owner->owner_source != NST_OWNER_KERNEL &&
			      owner->owner_source != NST_OWNER_FORWARDED);
}

bool owners_may_rebind(const struct nst_lane *lane)
{
	switch (lane->owner_source) {
	case NST_OWNER_SOCKET:
	case NST_OWNER_KERNEL:
	case NST_OWNER_FORWARDED:
		return false;
	case NST_OWNER_FLOW:
	case NST_OWNER_SHARED:
	case NST_OWNER_SEEDED:
		return !lane->is_send;
	default:
		return true;
	}
}
