// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "record/devices.h"

#include "format/trace.h"
#include "record/clock.h"
#include "record/namespaces.h"

#include <errno.h>

#define REFRESH_NS (NS_PER_S / 10)

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
	if (keyset_has(&devices->written, key) || keyset_has(&devices->met, key))
		return 0;
	devices->is_due = true;
	return keyset_add(&devices->met, key);
}

/* 1: not in the trace until now; 0: it is; or -ENOMEM. */
static int note(struct devices *devices, uint32_t netns, uint32_t ifindex)
{
	uint64_t key = key_of(netns, ifindex);

	if (keyset_has(&devices->written, key))
		return 0;
	return keyset_add(&devices->written, key) ?: 1;
}

/* Move the rows that are new to the front of their arrays, and count them. 0 or -ENOMEM. */
static int keep_new(struct devices *devices, struct namespaces *namespaces, size_t *ret_interfaces,
		    size_t *ret_namespaces)
{
	struct interfaces *interfaces = &namespaces->interfaces;
	size_t n_interfaces = 0, n_namespaces = 0;
	int is_new;

	for (size_t i = 0; i < interfaces->n; i++) {
		const struct nst_interface row = interfaces->rows[i];

		is_new = note(devices, row.netns, row.ifindex);
		if (is_new < 0)
			return is_new;
		if (is_new)
			interfaces->rows[n_interfaces++] = row;
	}
	for (size_t i = 0; i < namespaces->n; i++) {
		const struct nst_netns row = namespaces->rows[i];

		is_new = note(devices, row.netns, 0);
		if (is_new < 0)
			return is_new;
		if (is_new)
			namespaces->rows[n_namespaces++] = row;
	}
	*ret_interfaces = n_interfaces;
	*ret_namespaces = n_namespaces;
	return 0;
}

int devices_write(struct devices *devices, struct nst_writer *writer,
		  const struct nst_setting *settings, size_t n_settings)
{
	struct namespaces namespaces;
	size_t n_interfaces, n_namespaces;
	int err = namespaces_read(&namespaces);

	if (err)
		return err;
	err = keep_new(devices, &namespaces, &n_interfaces, &n_namespaces);
	if (!err && (n_interfaces || n_namespaces || n_settings)) {
		const struct nst_rows tables[] = {
			{ NST_TABLE_SETTING, settings, n_settings },
			{ NST_TABLE_INTERFACE, namespaces.interfaces.rows, n_interfaces },
			{ NST_TABLE_NETNS, namespaces.rows, n_namespaces },
		};

		err = nst_writer_rows(writer, NST_CHUNK_ENVIRONMENT, tables,
				      sizeof(tables) / sizeof(tables[0]));
	}
	devices->read_ns = now_ns();
	devices->is_due = false;
	namespaces_free(&namespaces);
	return err;
}

int devices_refresh(struct devices *devices, struct nst_writer *writer, uint64_t at_ns)
{
	if (!devices->is_due || at_ns < devices->read_ns + REFRESH_NS)
		return 0;
	return devices_write(devices, writer, NULL, 0);
}

void devices_free(struct devices *devices)
{
	keyset_free(&devices->written);
	keyset_free(&devices->met);
}
