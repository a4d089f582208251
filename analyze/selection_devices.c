/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Whether a packet counts on the device where it was seen goes by what lies on what: so of
 * a device that is told of, those are as well that it is a port of or lies on, there.
 */
#include "analyze/selection_find.h"

#define NEST_MAX 8 /* deeper the kernel lets no device lie on others */

struct selected_link {
	uint64_t device, below;
	size_t trace;
};

static int add_link(struct selection *selection, size_t trace, const struct nst_interface *row,
		    uint32_t below)
{
	int err = array_reserve(&selection->links, &selection->cap_links, selection->n_links + 1,
				sizeof(*selection->links));

	if (!err)
		selection->links[selection->n_links++] =
			(struct selected_link){ keep_device(row->netns, row->ifindex),
						keep_device(row->netns, below), trace };
	return err;
}

int devices_note(struct selection *selection, size_t trace, const struct nst_interface *row)
{
	const uint32_t link = NST_INTERFACE_HAS_LINK | NST_INTERFACE_HAS_LINK_NETNS;
	int err = 0;

	if (row->has & NST_INTERFACE_HAS_MASTER)
		err = add_link(selection, trace, row, row->master);
	if (!err && (row->has & link) == link && row->link_netns == row->netns)
		err = add_link(selection, trace, row, row->link);
	return err;
}

int devices_keep_below(struct selection *selection)
{
	int err = 0;

	for (int round = 0; round < NEST_MAX; round++)
		for (size_t i = 0; i < selection->n_links && !err; i++) {
			const struct selected_link *link = &selection->links[i];

			if (selection_keeps(selection, link->trace, KEEP_DEVICE, link->device, 0))
				err = selection_keep(selection, link->trace, KEEP_DEVICE,
						     link->below, 0);
		}
	return err;
}
