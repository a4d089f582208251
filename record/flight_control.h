/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A recording with --flight: what it keeps, when that is written out, and to where. */
#ifndef NETSNOOP_RECORD_FLIGHT_CONTROL_H
#define NETSNOOP_RECORD_FLIGHT_CONTROL_H

#include "record/flight.h"

struct flight_control;
struct kernel;
struct recording;
struct settings;
struct status;

/*
 * signal_mask is what commands of triggers shall have. To be called once privileges are
 * given up: where files can be created is looked at as who creates them. Every failure
 * has been told to the user.
 */
int flight_control_open(const struct settings *settings, const void *signal_mask, uint64_t start_ns,
			struct flight_control **ret_control);

/* Where the recording goes. */
struct flight *flight_control_flight(const struct flight_control *control);

/* Have it written out soon. why stands in what the user is told. */
void flight_control_want(struct flight_control *control, const char *why);

/* Behind recording_tick(), at at_ns. 0, or what kernel_throughput() gives. */
int flight_control_tick(struct flight_control *control, const struct recording *recording,
			struct kernel *kernel, uint64_t at_ns);

/*
 * Wait for a file that is being written, without which nothing is held any more: until it
 * is done or cancel_fd is readable.
 */
void flight_control_wait(struct flight_control *control, int cancel_fd);

/*
 * Behind that, the recording has ended, which is the last mark: write out what is kept, until it is done or
 * cancel_fd is readable. 0, or -EIO if this or an earlier file could not be written.
 */
int flight_control_finish(struct flight_control *control, const struct recording *recording,
			  int cancel_fd);

/* What a recording to memory is called, and what it keeps. */
const char *flight_control_name(const struct flight_control *control);
void flight_control_status(const struct flight_control *control, struct status *status);

/* NULL is fine. */
void flight_control_close(struct flight_control *control);

#endif
