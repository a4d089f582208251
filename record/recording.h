/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* From the kernel's rings and maps to the trace. */
#ifndef NETSNOOP_RECORD_RECORDING_H
#define NETSNOOP_RECORD_RECORDING_H

#include "record/status.h"

#include <stdbool.h>
#include <stdint.h>

struct flight;
struct kernel;
struct nst_header;
struct nst_writer;
struct output;
struct recording;
struct rotation;
struct settings;
struct watcher;

/*
 * Begin the trace with its header and the environment. The output is the first file of
 * the rotation, and the recording's from now on, unless its descriptor is still
 * there after a failure. With flight that is where it goes, and output is not used.
 * 0, -ENOMEM, or what writing gives.
 */
int recording_open(struct kernel *kernel, const struct settings *settings,
		   const struct nst_header *header, struct rotation *rotation,
		   struct output *output, struct flight *flight, struct watcher *watcher,
		   struct recording **ret_recording);

/*
 * Write what a file needs to stand alone: settings, devices, and of processes and
 * owners what is known now and was told already. Nothing changes in the recording.
 * 0, -ENOMEM, or what the writer gives.
 */
int recording_describe(const struct recording *recording, struct nst_writer *writer);

/*
 * Take what the rings hold, but for the last millisecond, and write what is
 * due. 1 once as much is recorded as was asked for, or as there is room for; 0, or
 * what reading the maps or writing gives.
 */
int recording_tick(struct recording *recording);

/* Why it could not go on in another file, which has been told; 0: it could. */
int recording_failure(const struct recording *recording);

/* Right after kernel_detach(), at end_ns: nothing happens any more. */
void recording_stop(struct recording *recording, uint64_t end_ns);

/*
 * Behind that: take and write all that is left, and end the trace. A flight must not be held.
 * Where nobody takes it: -ETIME after two seconds of that, and -ECANCELED once the
 * descriptor of recording_cancel_by() is readable.
 */
int recording_finish(struct recording *recording, uint64_t end_ns);
void recording_cancel_by(struct recording *recording, int fd);

/*
 * After kernel_detach(), where err was the end of it: write what can still be written.
 * What is not in the file then is lost.
 */
void recording_abandon(struct recording *recording, int err);

/* All but duration_ns, which is left alone. */
void recording_status(const struct recording *recording, struct status *status);

/* How many events stand in the files. */
uint64_t recording_written(const struct recording *recording);

/* The file that is being written, or that could not be. */
const char *recording_name(const struct recording *recording);

/*
 * Writes nothing. is_failed: a last file without events is deleted. 0, or what closing a
 * file gives, which has been told. NULL is fine.
 */
int recording_close(struct recording *recording, bool is_failed);

#endif
