// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "record/devices.h"

#include "format/trace.h"
#include "record/clock.h"
#include "record/link_watch.h"
#include "record/namespaces.h"

#include <unistd.h>

#define REFRESH_NS (NS_PER_S / 10) /* at most this often, when something is known to be new */
#define REFRESH_COST 20		   /* and at most this part of the time: anybody can make it so */
#define REREAD_NS NS_PER_S	   /* at most this often, if nothing is */
#define REREAD_COST 200		   /* and at most this part of the time */
#define DEVICES_MAX 65536	   /* of a larger machine, some are written again */

/* How a device or a namespace stands in the trace. */
struct written {
	uint64_t hash;
};

int devices_open(struct devices *devices)
{
	int err;

	*devices = (struct devices){ .watch_fd = -1 };
	err = idmap_open(&devices->written, sizeof(struct written), DEVICES_MAX);
	if (!err)
		devices->watch_fd = link_watch_open();
	return err;
}

/* A namespace has the key of its device 0, which there never is. */
static uint64_t key_of(uint32_t netns, uint32_t ifindex)
{
	return (uint64_t)netns << 32 | ifindex;
}

int devices_meet(struct devices *devices, uint32_t netns, uint32_t ifindex)
{
	uint64_t key = key_of(netns, ifindex);

	if (key == devices->last || !key)
		return 0;
	devices->last = key;
	if (idmap_find(&devices->written, key) || keyset_has(&devices->met, key))
		return 0;
	devices->is_due = true;
	if (devices->met.n_keys == DEVICES_MAX) /* some are asked for once more */
		keyset_free(&devices->met);
	return keyset_add(&devices->met, key);
}

/* FNV-1a */
static uint64_t hash_bytes(uint64_t hash, const void *data, size_t bytes)
{
	for (const uint8_t *byte = data; bytes; byte++, bytes--)
		hash = (hash ^ *byte) * UINT64_C(0x100000001b3);
	return hash;
}

#define HASH_START UINT64_C(0xcbf29ce484222325)

static uint64_t hash_of_interface(const struct nst_interface *row)
{
	const uint32_t numbers[] = { row->has,	      row->type,    row->flags,
				     row->mtu_bytes,  row->master,  row->link,
				     row->link_netns, row->vlan_id, row->name.len_bytes };
	uint64_t hash = hash_bytes(HASH_START, numbers, sizeof(numbers));

	hash = hash_bytes(hash, row->name.data, row->name.len_bytes);
	hash = hash_bytes(hash, row->kind.data, row->kind.len_bytes);
	return hash_bytes(hash, row->mac.data, row->mac.len_bytes);
}

enum news {
	OLD,
	NEW,
	CHANGED
};

/* Is it in the trace like this? From now on it is. */
static enum news note(struct devices *devices, uint64_t key, uint64_t hash)
{
	struct written *written = idmap_find(&devices->written, key);
	enum news news = !written ? NEW : written->hash != hash ? CHANGED : OLD;

	if (!written && devices->written.n == devices->written.max)
		idmap_remove(&devices->written, idmap_oldest(&devices->written));
	if (!written)
		written = idmap_add(&devices->written, key);
	written->hash = hash;
	return news;
}

/* Move the rows that have something new to the front of their arrays, and count them. */
static void keep_new(struct devices *devices, struct namespaces *namespaces, uint64_t at_ns,
		     size_t *ret_interfaces, size_t *ret_namespaces)
{
	struct interfaces *interfaces = &namespaces->interfaces;
	size_t n_interfaces = 0, n_namespaces = 0;

	for (size_t i = 0; i < interfaces->n; i++) {
		struct nst_interface row = interfaces->rows[i];
		enum news news =
			note(devices, key_of(row.netns, row.ifindex), hash_of_interface(&row));

		if (news == CHANGED)
			row.time_ns = at_ns;
		if (news != OLD)
			interfaces->rows[n_interfaces++] = row;
	}
	for (size_t i = 0; i < namespaces->n; i++) {
		const struct nst_netns row = namespaces->rows[i];
		uint64_t hash = hash_bytes(HASH_START, row.name.data, row.name.len_bytes);

		if (note(devices, key_of(row.netns, 0), hash) != OLD)
			namespaces->rows[n_namespaces++] = row;
	}
	*ret_interfaces = n_interfaces;
	*ret_namespaces = n_namespaces;
}

int devices_write(struct devices *devices, struct nst_writer *writer,
		  const struct nst_setting *settings, size_t n_settings)
{
	struct namespaces namespaces;
	uint64_t began_ns = clock_ns(CLOCK_THREAD_CPUTIME_ID), at_ns = now_ns();
	size_t n_interfaces, n_namespaces;
	int err = namespaces_read(&namespaces);

	if (err)
		return err;
	keep_new(devices, &namespaces, at_ns, &n_interfaces, &n_namespaces);
	if (n_interfaces || n_namespaces || n_settings) {
		const struct nst_rows tables[] = {
			{ NST_TABLE_SETTING, settings, n_settings },
			{ NST_TABLE_INTERFACE, namespaces.interfaces.rows, n_interfaces },
			{ NST_TABLE_NETNS, namespaces.rows, n_namespaces },
		};

		err = nst_writer_rows(writer, NST_CHUNK_ENVIRONMENT, tables,
				      sizeof(tables) / sizeof(tables[0]));
	}
	devices->read_ns = now_ns();
	devices->cost_ns = clock_ns(CLOCK_THREAD_CPUTIME_ID) - began_ns;
	devices->is_due = false;
	namespaces_free(&namespaces);
	return err;
}

int devices_refresh(struct devices *devices, struct nst_writer *writer, uint64_t at_ns)
{
	uint64_t wait_ns, least_ns;

	if (devices->watch_fd >= 0)
		devices->is_due |= link_watch_changed(devices->watch_fd);
	wait_ns = (devices->is_due ? REFRESH_COST : REREAD_COST) * devices->cost_ns;
	least_ns = devices->is_due ? REFRESH_NS : REREAD_NS;
	if (wait_ns < least_ns)
		wait_ns = least_ns;
	if (at_ns < devices->read_ns + wait_ns)
		return 0;
	return devices_write(devices, writer, NULL, 0);
}

void devices_close(struct devices *devices)
{
	idmap_close(&devices->written);
	keyset_free(&devices->met);
	if (devices->watch_fd >= 0)
		close(devices->watch_fd);
}
