/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "analyze/reconcile.h"

#include "analyze/database.h"
#include "analyze/meter.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define NO_DEVICE UINT32_MAX
#define SAID_MAX (UINT64_C(1) << 60) /* bytes that no device carries */

enum charge { /* to whom the bytes of a device are charged */
	ATTRIBUTED,
	OF_KERNEL,
	OF_FORWARDED,
	OF_UNKNOWN,
	CHARGES,
};

struct device_key {
	uint32_t trace, netns, ifindex;
};

struct metered { /* a device */
	struct nst_interface_counter first, last;
	size_t n_readings;
	bool went_back;
	struct meter_sums sums[2][CHARGES]; /* by is_send */
};

/* Of a lane: what its device's readings leave out. */
struct unread {
	uint32_t device; /* 1 more than its number; NO_DEVICE: none; 0: not looked for yet */
	struct meter_sums sums;
};

struct all_read { /* the time that lies between the readings of all devices of a trace */
	uint64_t from_ns, to_ns;
	bool any;
};

void reconcile_free(struct reconcile *reconcile)
{
	intern_free(&reconcile->keys);
	free(reconcile->devices);
	free(reconcile->unread);
	free(reconcile->all_read);
	*reconcile = (struct reconcile){ 0 };
}

void reconcile_open(struct reconcile *reconcile)
{
	reconcile->is_closed = false;
	reconcile->first = reconcile->keys.n;
}

int reconcile_close(struct reconcile *reconcile)
{
	int err = 0;

	reconcile->is_closed = true;
	for (uint32_t i = reconcile->first; i < reconcile->keys.n && !err; i++) {
		const struct device_key *key = intern_key(&reconcile->keys, i);
		const struct metered *device = &reconcile->devices[i];
		struct all_read *all;

		if (device->n_readings < 2)
			continue;
		err = array_reserve(&reconcile->all_read, &reconcile->n_all_read_allocated,
				    (size_t)key->trace + 1, sizeof(*reconcile->all_read));
		if (err)
			break;
		all = &reconcile->all_read[key->trace];
		if (!all->any || device->first.time_ns > all->from_ns)
			all->from_ns = device->first.time_ns;
		if (!all->any || device->last.time_ns < all->to_ns)
			all->to_ns = device->last.time_ns;
		all->any = true;
	}
	return err;
}

static int get_device(struct reconcile *reconcile, uint32_t trace, uint32_t netns, uint32_t ifindex,
		      struct metered **ret_device)
{
	const struct device_key key = { trace, netns, ifindex };
	uint32_t number;
	bool is_new;
	int err = intern_get(&reconcile->keys, &key, sizeof(key), &number, &is_new);

	if (!err)
		err = array_reserve(&reconcile->devices, &reconcile->n_devices_allocated,
				    (size_t)number + 1, sizeof(*reconcile->devices));
	if (!err)
		*ret_device = &reconcile->devices[number];
	return err;
}

static int add_reading(struct reconcile *reconcile, uint32_t trace,
		       const struct nst_interface_counter *row)
{
	struct metered *device;
	int err = get_device(reconcile, trace, row->netns, row->ifindex, &device);

	if (err)
		return err;
	if (!device->n_readings || row->time_ns < device->first.time_ns)
		device->first = *row;
	if (device->n_readings && row->time_ns >= device->last.time_ns &&
	    (row->send_bytes < device->last.send_bytes ||
	     row->recv_bytes < device->last.recv_bytes))
		device->went_back = true;
	if (!device->n_readings || row->time_ns >= device->last.time_ns)
		device->last = *row;
	device->n_readings++;
	return 0;
}

int reconcile_take(struct reconcile *reconcile, uint32_t trace, struct nst_reader *reader)
{
	const struct nst_interface_counter *readings;
	const void *rows = NULL;
	size_t n = 0;
	int err;

	/* a trace that is still growing: its events were measured by what was there */
	if (reconcile->is_closed)
		return 0;
	err = nst_reader_rows(reader, NST_TABLE_INTERFACE_COUNTER, &rows, &n);
	readings = rows;
	for (size_t i = 0; i < n && !err; i++)
		err = add_reading(reconcile, trace, &readings[i]);
	return err == -EBADMSG || err == -EINVAL ? 0 : err;
}

/* The device of a lane; NULL: there are no readings of it. */
static struct metered *find_device(struct reconcile *reconcile, const struct lane_key *lane,
				   const struct flow_key *flow)
{
	const struct device_key key = { lane->trace, flow->netns, lane->ifindex };
	uint32_t number;

	if (!(lane->has & NST_HAS_IFINDEX) || !(flow->has & NST_HAS_NETNS) ||
	    !intern_find(&reconcile->keys, &key, sizeof(key), &number))
		return NULL;
	return &reconcile->devices[number];
}

static int get_unread(struct reconcile *reconcile, const struct dimensions *dims, uint32_t lane,
		      struct unread **ret_unread, struct metered **ret_device)
{
	const struct lane_key *key = dims_lane(dims, lane);
	struct unread *unread;
	int err = array_reserve(&reconcile->unread, &reconcile->n_unread_allocated,
				(size_t)lane + 1, sizeof(*reconcile->unread));

	if (err)
		return err;
	unread = &reconcile->unread[lane];
	if (!unread->device) {
		struct metered *device =
			find_device(reconcile, key, intern_key(&dims->flows, key->flow));

		unread->device = device ? (uint32_t)(device - reconcile->devices) + 1 : NO_DEVICE;
	}
	*ret_unread = unread;
	*ret_device = unread->device == NO_DEVICE ? NULL : &reconcile->devices[unread->device - 1];
	return 0;
}

int reconcile_events(struct reconcile *reconcile, const struct dimensions *dims, uint32_t trace,
		     const struct nst_events *events, size_t from, size_t to, const uint32_t *lanes)
{
	const struct all_read *all =
		trace < reconcile->n_all_read_allocated ? &reconcile->all_read[trace] : NULL;
	int err = 0;

	/* the usual case costs nothing: no device's reading cuts the chunk */
	if (from == to || !all || !all->any ||
	    (events->first_ns >= all->from_ns && events->last_ns <= all->to_ns))
		return 0;
	for (size_t i = from; i < to && !err; i++) {
		uint32_t lane = lanes[events->lane[i]];
		struct metered *device;
		struct unread *unread;

		err = get_unread(reconcile, dims, lane, &unread, &device);
		if (!err && device &&
		    (events->timestamp[i] < device->first.time_ns ||
		     events->timestamp[i] > device->last.time_ns))
			meter_add_event(&unread->sums, dims_lane(dims, lane), events, i);
	}
	return err;
}

/* Is most of a row before the first reading or behind the last? */
static bool is_beyond(const struct metered *device, const struct nst_total *total)
{
	uint64_t middle_ns = total->from_ns + (total->to_ns - total->from_ns) / 2;

	return middle_ns < device->first.time_ns || middle_ns > device->last.time_ns;
}

int reconcile_total(struct reconcile *reconcile, const struct dimensions *dims, uint32_t lane,
		    const struct nst_total *total)
{
	struct metered *device;
	struct unread *unread;
	int err = get_unread(reconcile, dims, lane, &unread, &device);

	if (!err && device && is_beyond(device, total))
		meter_add_total(&unread->sums, total);
	return err;
}

static enum charge charge_of(const struct lane_key *lane)
{
	switch (lane->process) {
	case NOBODY:
		return OF_UNKNOWN;
	case KERNEL:
		return OF_KERNEL;
	case FORWARDED:
		return OF_FORWARDED;
	default:
		return ATTRIBUTED;
	}
}

/* Sums of all lanes, by device; those without readings get a device too. */
static int sum_devices(struct reconcile *reconcile, const struct dimensions *dims,
		       const struct rollup *rollup, const struct reconcile_trace *states)
{
	int err = 0;

	for (uint32_t i = 0; i < rollup->usage_keys.n && !err; i++) {
		uint32_t lane = rollup_usage_key(rollup, i)->id;
		const struct lane_key *key = dims_lane(dims, lane);
		const struct flow_key *flow = intern_key(&dims->flows, key->flow);
		struct metered *device;
		struct unread *unread;

		if (!(key->has & NST_HAS_IFINDEX) || !(flow->has & NST_HAS_NETNS))
			continue;
		err = get_device(reconcile, key->trace, flow->netns, key->ifindex, &device);
		if (err)
			break;
		meter_add_usage(&device->sums[key->is_send][charge_of(key)], key,
				&rollup->usage[i]);
		if (states[key->trace].reason || lane >= reconcile->n_unread_allocated ||
		    device->n_readings < 2)
			continue;
		/* once, though a lane has sums in several periods */
		unread = &reconcile->unread[lane];
		meter_subtract(&device->sums[key->is_send][charge_of(key)], &unread->sums);
		unread->sums = (struct meter_sums){ 0 };
	}
	return err;
}

struct verdict {
	const char *reason; /* why it was not compared; NULL: it was */
	enum meter_unit unit;
	int64_t said;
	int64_t charged[CHARGES], total;
};

static uint64_t said_of(const struct metered *device, bool is_send)
{
	return is_send ? device->last.send_bytes - device->first.send_bytes
		       : device->last.recv_bytes - device->first.recv_bytes;
}

/* What keeps one direction of a device from being compared. */
static const char *reason_of(const struct metered *device, bool is_send,
			     const struct reconcile_trace *state, const struct meter *meter)
{
	if (state->reason)
		return state->reason;
	if (!device->n_readings)
		return "its counters were not read";
	if (device->n_readings < 2)
		return "its counters were read once only";
	if (device->went_back)
		return "its counters went back";
	if (said_of(device, is_send) > SAID_MAX)
		return "its counters are impossible";
	if (state->is_cut && state->last_ns <= device->last.time_ns)
		return "the trace is cut before its last reading was reached";
	return meter->reason;
}

static void judge(const struct metered *device, bool is_send, const struct reconcile_trace *state,
		  const struct meter *meter, struct verdict *verdict)
{
	struct meter_sums all = { 0 };

	*verdict = (struct verdict){ .reason = reason_of(device, is_send, state, meter) };
	verdict->said = verdict->reason ? 0 : (int64_t)said_of(device, is_send);
	for (int i = 0; i < CHARGES; i++)
		meter_merge(&all, &device->sums[is_send][i]);
	verdict->unit = verdict->reason ? meter_whole(meter)
					: meter_nearest(meter, &all, (uint64_t)verdict->said);
	for (int i = 0; i < CHARGES; i++) {
		verdict->charged[i] =
			(int64_t)meter_bytes(&device->sums[is_send][i], verdict->unit);
		verdict->total += verdict->charged[i];
	}
}

static int store_direction(sqlite3_stmt *statement, int64_t trace_id, const struct device_key *key,
			   const struct metered *device, bool is_send,
			   const struct reconcile_trace *state, const struct meter_device *of)
{
	struct meter meter = meter_of(of, is_send);
	struct verdict verdict;
	int is_compared;

	judge(device, is_send, state, &meter, &verdict);
	is_compared = !verdict.reason;
	if (!verdict.said && !verdict.total &&
	    (is_compared || !device->n_readings || !said_of(device, is_send)))
		return 0;
	return db_insert(statement, "iiissi??s?iiii??is", trace_id, (int64_t)key->netns,
			 (int64_t)key->ifindex, of->name, of->kind, (int64_t)is_send, is_compared,
			 (int64_t)device->first.time_ns, is_compared, (int64_t)device->last.time_ns,
			 meter_unit_name(verdict.unit), is_compared, verdict.said,
			 verdict.charged[ATTRIBUTED], verdict.charged[OF_KERNEL],
			 verdict.charged[OF_FORWARDED], verdict.charged[OF_UNKNOWN], is_compared,
			 (int64_t)0, is_compared, verdict.said - verdict.total,
			 (int64_t)is_compared, verdict.reason);
}

int reconcile_store(struct reconcile *reconcile, sqlite3 *db, const struct dimensions *dims,
		    const struct rollup *rollup, const struct reconcile_trace *states)
{
	sqlite3_stmt *statement = NULL, *lookup = NULL;
	int err = sum_devices(reconcile, dims, rollup, states);

	if (!err)
		err = meter_prepare(db, &lookup);
	if (!err)
		err = db_prepare(db,
				 "INSERT INTO reconciliation VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, "
				 "?, ?, ?, ?, ?, ?, ?, ?)",
				 &statement);
	for (uint32_t i = 0; i < reconcile->keys.n && !err; i++) {
		const struct device_key *key = intern_key(&reconcile->keys, i);
		struct meter_device device;

		err = meter_look_up(lookup, TRACE_ID(dims, key->trace), key->netns, key->ifindex,
				    &device);
		for (int is_send = 1; is_send >= 0 && !err; is_send--)
			err = store_direction(statement, TRACE_ID(dims, key->trace), key,
					      &reconcile->devices[i], is_send, &states[key->trace],
					      &device);
		sqlite3_reset(lookup);
	}
	sqlite3_finalize(statement);
	sqlite3_finalize(lookup);
	return err;
}
