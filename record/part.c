// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "record/part.h"

#include "record/flight.h"
#include "record/options.h"
#include "record/outlet.h"
#include "record/rotation.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* A nst_sink's function. Room is made before it is used: there are never too many bytes. */
static int take(void *context, const struct iovec *parts, int n_parts,
		const struct nst_chunk *chunk)
{
	struct part *part = context;
	const struct nst_sink *to = outlet_sink(part->outlet);
	uint64_t bytes = part->bytes;
	int err;

	for (int i = 0; i < n_parts; i++)
		bytes += parts[i].iov_len;
	err = rotation_make_room(part->rotation, bytes);
	if (!err)
		err = to->write(to->context, parts, n_parts, chunk);
	if (!err)
		part->bytes = bytes;
	return err;
}

int part_open(struct output *output, const struct nst_header *header,
	      const struct settings *settings, struct rotation *rotation, struct part **ret_part)
{
	struct part *part = calloc(1, sizeof(*part));
	int err;

	if (!part)
		return -ENOMEM;
	part->rotation = rotation;
	part->sink = (struct nst_sink){ .context = part, .write = take };
	part->output.fd = -1;
	memcpy(part->uuid, header->uuid, sizeof(part->uuid));
	err = outlet_open(output->fd, settings->sync_ns, &part->outlet);
	if (!err)
		err = nst_writer_open_sink(&part->sink, header, settings->level, &part->writer);
	if (err) {
		part_close(part, false);
		return err;
	}
	part->output = *output;
	*output = (struct output){ .fd = -1 };
	*ret_part = part;
	return 0;
}

int part_open_flight(struct flight *flight, const struct nst_header *header, int level,
		     struct part **ret_part)
{
	struct part *part = calloc(1, sizeof(*part));
	int err;

	if (!part)
		return -ENOMEM;
	part->output.fd = -1;
	memcpy(part->uuid, header->uuid, sizeof(part->uuid));
	err = nst_writer_open_sink(flight_sink(flight), header, level, &part->writer);
	if (err) {
		free(part);
		return err;
	}
	*ret_part = part;
	return 0;
}

int part_is_written(const struct part *part)
{
	return outlet_finish(part->outlet, 0, -1);
}

int part_close(struct part *part, bool is_failed)
{
	struct outlet_written written = { 0 };
	int err = 0;

	if (!part)
		return 0;
	nst_writer_close(part->writer);
	if (part->outlet) {
		outlet_stop(part->outlet);
		outlet_written(part->outlet, &written);
	}
	outlet_close(part->outlet);
	if (part->output.fd >= 0) {
		if (is_failed && !written.events)
			output_discard(&part->output);
		err = output_close(&part->output);
	}
	free(part);
	return err;
}
