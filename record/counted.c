// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "record/counted.h"

#include "format/trace.h"
#include "record/namespaces.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

struct counted_device {
	struct nst_interface_counter row; /* the last reading */
	bool is_seen, has_gone, is_told;
};

static int compare(const void *a, const void *b)
{
	const struct nst_interface_counter *left = &((const struct counted_device *)a)->row;
	const struct nst_interface_counter *right = &((const struct counted_device *)b)->row;

	if (left->netns != right->netns)
		return left->netns < right->netns ? -1 : 1;
	return left->ifindex < right->ifindex ? -1 : left->ifindex > right->ifindex;
}

int counted_begin(struct counted *counted, const struct namespaces *seen)
{
	const struct interfaces *interfaces = &seen->interfaces;
	struct counted_device *devices = calloc(interfaces->n + 1, sizeof(*devices));

	if (!devices)
		return -ENOMEM;
	for (size_t i = 0; i < interfaces->n; i++)
		devices[i].row = interfaces->counters[i];
	qsort(devices, interfaces->n, sizeof(*devices), compare);
	free(counted->devices);
	*counted = (struct counted){ devices, interfaces->n };
	return 0;
}

static bool has_counted_less(const struct nst_interface_counter *now,
			     const struct nst_interface_counter *before)
{
	return now->recv_bytes < before->recv_bytes || now->recv_packets < before->recv_packets ||
	       now->send_bytes < before->send_bytes || now->send_packets < before->send_packets;
}

/* A namespace that is there but shows not even its loopback device could not be read. */
static bool is_unread(const struct namespaces *seen, uint32_t netns)
{
	for (size_t i = 0; i < seen->interfaces.n; i++)
		if (seen->interfaces.rows[i].netns == netns)
			return false;
	for (size_t i = 0; i < seen->n; i++)
		if (seen->rows[i].netns == netns)
			return true;
	return false;
}

void counted_update(struct counted *counted, const struct namespaces *seen)
{
	for (size_t i = 0; i < counted->n; i++)
		counted->devices[i].is_seen = false;
	for (size_t i = 0; counted->n && i < seen->interfaces.n; i++) {
		const struct counted_device now = { .row = seen->interfaces.counters[i] };
		struct counted_device *device =
			bsearch(&now, counted->devices, counted->n, sizeof(now), compare);

		if (!device || device->has_gone || has_counted_less(&now.row, &device->row))
			continue;
		device->row = now.row;
		device->is_seen = true;
	}
	for (size_t i = 0; i < counted->n; i++) {
		struct counted_device *device = &counted->devices[i];

		if (!device->is_seen && !device->has_gone)
			device->has_gone = !is_unread(seen, device->row.netns);
	}
}

size_t counted_rows(const struct counted *counted, struct nst_interface_counter *rows)
{
	size_t n = 0;

	for (size_t i = 0; i < counted->n; i++)
		if (!counted->devices[i].is_told)
			rows[n++] = counted->devices[i].row;
	return n;
}

void counted_written(struct counted *counted)
{
	for (size_t i = 0; i < counted->n; i++)
		counted->devices[i].is_told = counted->devices[i].has_gone;
}

void counted_free(struct counted *counted)
{
	free(counted->devices);
	*counted = (struct counted){ 0 };
}
