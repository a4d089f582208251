// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "record/devices.h"

#include "format/trace.h"
#include "record/clock.h"
#include "record/look.h"
#include "record/watcher.h"

#include <errno.h>
#include <stdlib.h>

#define REFRESH_NS (NS_PER_S / 10) /* at most this often, when something is known to be new */
#define REFRESH_COST 20		   /* and at most this part of the time: anybody can make it so */
#define REREAD_NS NS_PER_S	   /* at most this often, if nothing is */
#define REREAD_COST 200		   /* and at most this part of the time */
#define DEVICES_MAX 65536	   /* of a larger machine, some are written again */

/* How a device or a namespace stands in the trace. */
struct written {
	uint64_t hash;
};

int devices_open(struct devices *devices, struct watcher *watcher)
{
	*devices = (struct devices){ .watcher = watcher };
	return idmap_open(&devices->written, sizeof(struct written), DEVICES_MAX);
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

/* Rows that have something new. */
struct news {
	struct nst_interface *interfaces;
	struct nst_netns *namespaces;
	size_t n_interfaces, n_namespaces;
};

/* Is it in the trace like this, is it new, or has it changed? */
enum standing {
	OLD,
	NEW,
	CHANGED
};
static enum standing standing_of(const struct devices *devices, uint64_t key, uint64_t hash)
{
	const struct written *written = idmap_find(&devices->written, key);

	return !written ? NEW : written->hash != hash ? CHANGED : OLD;
}

static void note(struct devices *devices, uint64_t key, uint64_t hash)
{
	struct written *written = idmap_find(&devices->written, key);

	if (!written && devices->written.n == devices->written.max)
		idmap_remove(&devices->written, idmap_oldest(&devices->written));
	if (!written)
		written = idmap_add(&devices->written, key);
	written->hash = hash;
}

static uint64_t hash_of_namespace(const struct nst_netns *row)
{
	return hash_bytes(HASH_START, row->name.data, row->name.len_bytes);
}

static int find_news(const struct devices *devices, const struct namespaces *namespaces,
		     uint64_t at_ns, struct news *ret_news)
{
	const struct interfaces *interfaces = &namespaces->interfaces;
	struct news news = { calloc(interfaces->n + 1, sizeof(*news.interfaces)),
			     calloc(namespaces->n + 1, sizeof(*news.namespaces)), 0, 0 };

	*ret_news = news;
	if (!news.interfaces || !news.namespaces)
		return -ENOMEM;
	for (size_t i = 0; i < interfaces->n; i++) {
		struct nst_interface row = interfaces->rows[i];
		enum standing standing = standing_of(devices, key_of(row.netns, row.ifindex),
						     hash_of_interface(&row));

		if (standing == CHANGED)
			row.time_ns = at_ns;
		if (standing != OLD)
			news.interfaces[news.n_interfaces++] = row;
	}
	for (size_t i = 0; i < namespaces->n; i++) {
		const struct nst_netns *row = &namespaces->rows[i];

		if (standing_of(devices, key_of(row->netns, 0), hash_of_namespace(row)) != OLD)
			news.namespaces[news.n_namespaces++] = *row;
	}
	*ret_news = news;
	return 0;
}

static void note_all(struct devices *devices, const struct news *news)
{
	for (size_t i = 0; i < news->n_interfaces; i++) {
		const struct nst_interface *row = &news->interfaces[i];

		note(devices, key_of(row->netns, row->ifindex), hash_of_interface(row));
	}
	for (size_t i = 0; i < news->n_namespaces; i++) {
		const struct nst_netns *row = &news->namespaces[i];

		note(devices, key_of(row->netns, 0), hash_of_namespace(row));
	}
}

static int write_rows(struct nst_writer *writer, const struct news *news,
		      const struct nst_setting *settings, size_t n_settings)
{
	const struct nst_rows tables[] = {
		{ NST_TABLE_SETTING, settings, n_settings },
		{ NST_TABLE_INTERFACE, news->interfaces, news->n_interfaces },
		{ NST_TABLE_NETNS, news->namespaces, news->n_namespaces },
	};

	if (!n_settings && !news->n_interfaces && !news->n_namespaces)
		return 0;
	return nst_writer_rows(writer, NST_CHUNK_ENVIRONMENT, tables,
			       sizeof(tables) / sizeof(tables[0]));
}

/* look may be NULL. */
static int write_look(struct devices *devices, struct nst_writer *writer, const struct look *look,
		      const struct nst_setting *settings, size_t n_settings)
{
	static const struct look nothing;
	const struct look *seen = look ?: &nothing;
	struct news news;
	int err = find_news(devices, &seen->namespaces, now_ns(), &news);

	if (!err)
		err = write_rows(writer, &news, settings, n_settings);
	if (!err) {
		note_all(devices, &news);
		devices->taken = seen->id;
		devices->cost_ns = seen->cost_ns;
	}
	free(news.interfaces);
	free(news.namespaces);
	return err;
}

/* Whoever met an unknown device by now will be answered. */
static void ask(struct devices *devices, uint64_t at_ns)
{
	devices->asked = watcher_ask(devices->watcher);
	devices->asked_ns = at_ns;
	devices->is_due = false;
}

int devices_write(struct devices *devices, struct nst_writer *writer,
		  const struct nst_setting *settings, size_t n_settings)
{
	const struct look *look = watcher_newest(devices->watcher);

	if (!look) {
		ask(devices, now_ns());
		look = watcher_answer(devices->watcher, devices->asked);
	}
	return write_look(devices, writer, look, settings, n_settings);
}

int devices_describe(const struct devices *devices, struct nst_writer *writer,
		     const struct nst_setting *settings, size_t n_settings)
{
	const struct look *look = watcher_newest(devices->watcher);
	struct news all = { 0 };

	if (look) {
		all.interfaces = look->namespaces.interfaces.rows;
		all.n_interfaces = look->namespaces.interfaces.n;
		all.namespaces = look->namespaces.rows;
		all.n_namespaces = look->namespaces.n;
	}
	return write_rows(writer, &all, settings, n_settings);
}

static void ask_if_due(struct devices *devices, uint64_t at_ns)
{
	uint64_t wait_ns, least_ns;

	devices->is_due |= watcher_hears(devices->watcher);
	wait_ns = (devices->is_due ? REFRESH_COST : REREAD_COST) * devices->cost_ns;
	least_ns = devices->is_due ? REFRESH_NS : REREAD_NS;
	if (wait_ns < least_ns)
		wait_ns = least_ns;
	if (devices->taken >= devices->asked && at_ns >= devices->asked_ns + wait_ns)
		ask(devices, at_ns);
}

int devices_refresh(struct devices *devices, struct nst_writer *writer, uint64_t at_ns)
{
	const struct look *look;
	int err = 0;

	if (at_ns == UINT64_MAX)
		look = watcher_answer(devices->watcher, UINT64_MAX);
	else
		look = watcher_newest(devices->watcher);
	if (look && look->id != devices->taken)
		err = write_look(devices, writer, look, NULL, 0);
	if (at_ns != UINT64_MAX)
		ask_if_due(devices, at_ns);
	return err == -EAGAIN ? 0 : err;
}

void devices_close(struct devices *devices)
{
	idmap_close(&devices->written);
	keyset_free(&devices->met);
}
