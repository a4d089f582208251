/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What this machine lacks, in words. */
#ifndef NETSNOOP_RECORD_PROBE_H
#define NETSNOOP_RECORD_PROBE_H

#include "record/filters.h"

#include <stdbool.h>

/* Is everything there that can be told beforehand? If not, the user has been told. */
bool probe_machine(void);

/*
 * Can processes be told apart by their ids, and are those to be included there?
 * If not, the user has been told.
 */
bool probe_pids(const struct filters *filters);

/* Tell why the programs were not loaded with this errno. */
void explain_load_failure(int err);

#endif
