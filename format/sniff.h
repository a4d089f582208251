/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What an input looks like that does not begin as a trace does. Internal. */
#ifndef NETSNOOP_FORMAT_SNIFF_H
#define NETSNOOP_FORMAT_SNIFF_H

#include "trace.h"

/*
 * Look at the first len bytes of an input. Fills code and text of
 * *ret_problem: RECOMPRESSED when that is certain, else NOT_A_TRACE with the
 * best guess, to be told when no trace is found behind.
 */
void nst_sniff(const void *data, size_t len, struct nst_problem *ret_problem);

#endif
