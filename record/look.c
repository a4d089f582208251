// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "record/look.h"

#include "format/trace.h"
#include "record/clock.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>

enum kind {
	NAMESPACE = 1,
	DEVICE = 2,
	END = 3,
};

struct namespace_record {
	uint32_t netns;
	uint32_t name_bytes;
	char name[NAME_MAX];
};

struct device_record {
	struct nst_interface row; /* its pointers mean nothing */
	struct interface_text text;
	struct nst_interface_counter counters;
};

struct end_record {
	uint64_t id, cost_ns;
	uint64_t n_namespaces, n_devices;
};

struct record {
	uint64_t kind;
	union {
		struct namespace_record namespace;
		struct device_record device;
		struct end_record end;
	};
};

#define RECORDS_A_MESSAGE (LOOK_MESSAGE_BYTES / sizeof(struct record))

/* Records on their way out. */
struct batch {
	int fd;
	size_t n;
	struct record records[RECORDS_A_MESSAGE];
};

static int flush(struct batch *batch)
{
	size_t bytes = batch->n * sizeof(batch->records[0]);
	ssize_t sent;

	batch->n = 0;
	do
		sent = send(batch->fd, batch->records, bytes, MSG_NOSIGNAL);
	while (sent < 0 && errno == EINTR);
	return sent < 0 ? -errno : 0;
}

static int put(struct batch *batch, const struct record *record)
{
	batch->records[batch->n++] = *record;
	return batch->n == RECORDS_A_MESSAGE ? flush(batch) : 0;
}

static int put_namespace(struct batch *batch, const struct nst_netns *row)
{
	struct record record = { .kind = NAMESPACE };

	record.namespace.netns = row->netns;
	if (row->name.len_bytes <= sizeof(record.namespace.name)) {
		record.namespace.name_bytes = row->name.len_bytes;
		memcpy(record.namespace.name, row->name.data, row->name.len_bytes);
	}
	return put(batch, &record);
}

static int put_device(struct batch *batch, const struct interfaces *interfaces, size_t i)
{
	struct record record = { .kind = DEVICE };

	record.device.row = interfaces->rows[i];
	record.device.row.name.data = record.device.row.kind.data = record.device.row.mac.data =
		NULL;
	record.device.text = interfaces->texts[i];
	record.device.counters = interfaces->counters[i];
	return put(batch, &record);
}

int look_send(int fd, const struct look *look)
{
	const struct namespaces *namespaces = &look->namespaces;
	struct record end = { .kind = END };
	struct batch batch = { .fd = fd };
	int err = 0;

	end.end.id = look->id;
	end.end.cost_ns = look->cost_ns;
	end.end.n_namespaces = namespaces->n < LOOK_MAX ? namespaces->n : LOOK_MAX;
	end.end.n_devices =
		namespaces->interfaces.n < LOOK_MAX ? namespaces->interfaces.n : LOOK_MAX;
	for (size_t i = 0; !err && i < end.end.n_namespaces; i++)
		err = put_namespace(&batch, &namespaces->rows[i]);
	for (size_t i = 0; !err && i < end.end.n_devices; i++)
		err = put_device(&batch, &namespaces->interfaces, i);
	if (!err)
		err = put(&batch, &end);
	if (!err && batch.n)
		err = flush(&batch);
	return err;
}

static int take_namespace(struct namespaces *namespaces, const struct namespace_record *record)
{
	char name[NAME_MAX + 1];

	if (record->name_bytes > sizeof(record->name) || namespaces->n == LOOK_MAX)
		return -EBADMSG;
	memcpy(name, record->name, record->name_bytes);
	name[record->name_bytes] = '\0';
	if (strlen(name) != record->name_bytes)
		return -EBADMSG;
	return namespaces_append(namespaces, record->netns, name, -1);
}

static bool is_device(const struct device_record *record, uint64_t since_ns)
{
	const struct nst_interface *row = &record->row;
	const struct nst_interface_counter *counters = &record->counters;
	const uint32_t has = NST_INTERFACE_HAS_MASTER | NST_INTERFACE_HAS_LINK |
			     NST_INTERFACE_HAS_LINK_NETNS | NST_INTERFACE_HAS_VLAN;

	return !row->time_ns && !(row->has & ~has) && row->ifindex &&
	       row->name.len_bytes <= sizeof(record->text.name) &&
	       row->kind.len_bytes <= sizeof(record->text.kind) &&
	       row->mac.len_bytes <= sizeof(record->text.mac) && counters->netns == row->netns &&
	       counters->ifindex == row->ifindex && counters->time_ns >= since_ns &&
	       counters->time_ns <= now_ns();
}

static int take_device(struct interfaces *interfaces, const struct device_record *record,
		       uint64_t since_ns)
{
	int err;

	if (interfaces->n == LOOK_MAX || !is_device(record, since_ns))
		return -EBADMSG;
	err = interfaces_append(interfaces);
	if (err)
		return err;
	interfaces->rows[interfaces->n - 1] = record->row;
	interfaces->texts[interfaces->n - 1] = record->text;
	interfaces->counters[interfaces->n - 1] = record->counters;
	return 0;
}

static int take_end(struct look *look, const struct end_record *record, uint64_t asked)
{
	if (record->id > asked || record->n_namespaces != look->namespaces.n ||
	    record->n_devices != look->namespaces.interfaces.n)
		return -EBADMSG;
	look->id = record->id;
	look->cost_ns = record->cost_ns;
	interfaces_link(&look->namespaces.interfaces);
	return 1;
}

int look_take(struct look *look, const void *message, size_t bytes, uint64_t asked,
	      uint64_t since_ns)
{
	size_t n = bytes / sizeof(struct record);
	struct record record;
	int err = bytes % sizeof(struct record) || !n ? -EBADMSG : 0;

	for (size_t i = 0; !err && i < n; i++) {
		memcpy(&record, (const char *)message + i * sizeof(record), sizeof(record));
		switch (record.kind) {
		case NAMESPACE:
			err = take_namespace(&look->namespaces, &record.namespace);
			break;
		case DEVICE:
			err = take_device(&look->namespaces.interfaces, &record.device, since_ns);
			break;
		case END:
			/* nothing comes behind it */
			err = i + 1 == n ? take_end(look, &record.end, asked) : -EBADMSG;
			break;
		default:
			err = -EBADMSG;
		}
	}
	return err;
}

void look_free(struct look *look)
{
	namespaces_free(&look->namespaces);
	*look = (struct look){ 0 };
}
