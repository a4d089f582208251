/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What a trace tells about the machine and the recording, once, at its start. */
#ifndef NETSNOOP_RECORD_ENVIRONMENT_H
#define NETSNOOP_RECORD_ENVIRONMENT_H

#include <stdint.h>

struct devices;
struct kernel;
struct nst_header;
struct nst_writer;
struct settings;

/*
 * Fill the header: a new uuid, the boot id, the clocks of now. 0, or -EIO
 * where getrandom(2) has nothing to give.
 */
int environment_header(struct nst_header *ret_header);

struct part_id {	       /* of a file of a recording that has several */
	uint8_t recording[16]; /* uuid of the first one */
	uint64_t number;       /* from 1 */
};

/*
 * Write the settings, interfaces and namespaces of now. What cannot be found
 * out is left out. id NULL: it is the only file. 0, -ENOMEM, or what the writer gives.
 */
int environment_write(struct nst_writer *writer, const struct settings *settings,
		      const struct kernel *kernel, struct devices *devices,
		      const struct part_id *id);

/* The same for a file of its own, with all there is; see devices_describe(). */
int environment_describe(struct nst_writer *writer, const struct settings *settings,
			 const struct kernel *kernel, const struct devices *devices,
			 const struct part_id *id);

#endif
