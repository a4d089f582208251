/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What a trace tells about the machine and the recording, once, at its start. */
#ifndef NETSNOOP_RECORD_ENVIRONMENT_H
#define NETSNOOP_RECORD_ENVIRONMENT_H

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

/*
 * Write the settings, interfaces and namespaces of now. What cannot be found
 * out is left out. 0, -ENOMEM, or what the writer gives.
 */
int environment_write(struct nst_writer *writer, const struct settings *settings,
		      const struct kernel *kernel, struct devices *devices);

#endif
