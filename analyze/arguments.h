/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A command line as one would type it. */
#ifndef NETSNOOP_ANALYZE_ARGUMENTS_H
#define NETSNOOP_ANALYZE_ARGUMENTS_H

#include "format/trace.h"

/*
 * Arguments that end with a NUL each, with blanks between them, in quotes
 * where a shell needs them; bytes that are no UTF-8 as \xNN. The caller frees
 * it. NULL: out of memory.
 */
char *arguments_text(struct nst_bytes arguments);

#endif
