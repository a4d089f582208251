/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Names of the files of one recording: x-000001.zst, x-000002.zst ... of x.zst. */
#ifndef NETSNOOP_RECORD_PART_NAME_H
#define NETSNOOP_RECORD_PART_NAME_H

#include <stdbool.h>
#include <stdint.h>

/* The caller's to free. NULL: no memory. */
char *part_name(const char *output, uint64_t number);

/* Is this the name, without its directory, of some file of that recording? */
bool part_name_matches(const char *output, const char *name);

#endif
