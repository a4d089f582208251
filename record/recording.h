/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* From the kernel's rings and maps to the trace. */
#ifndef NETSNOOP_RECORD_RECORDING_H
#define NETSNOOP_RECORD_RECORDING_H

#include "record/status.h"

#include <stdbool.h>
#include <stdint.h>

struct kernel;
struct nst_header;
struct recording;
struct settings;

/*
 * Begin the trace on fd with its header and the environment. 0, -ENOMEM, or
 * what writing gives.
 */
int recording_open(struct kernel *kernel, const struct settings *settings,
		   const struct nst_header *header, int fd, struct recording **ret_recording);

/*
 * Take what the rings hold, but for the last millisecond, and write what is
 * due. 1 once as many events are recorded as were asked for; 0, or what
 * reading the maps or writing gives.
 */
int recording_tick(struct recording *recording);

/* After kernel_detach(), at end_ns: take and write all that is left, and end the trace. */
int recording_finish(struct recording *recording, uint64_t end_ns);

/*
 * After kernel_detach(), where writing failed: what is not in the file is lost.
 */
void recording_abandon(struct recording *recording);

/* All but file and duration_ns, which are left alone. */
void recording_status(const struct recording *recording, struct status *status);

/* How many events stand in the file. */
uint64_t recording_written(const struct recording *recording);

/* Writes nothing. NULL is fine. */
void recording_close(struct recording *recording);

#endif
