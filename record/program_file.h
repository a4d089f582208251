/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef NETSNOOP_RECORD_PROGRAM_FILE_H
#define NETSNOOP_RECORD_PROGRAM_FILE_H

#include <stdbool.h>

/* Is there a file that execvp(3) would try to run by that name? */
bool program_file_exists(const char *name);

#endif
