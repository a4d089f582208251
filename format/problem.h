/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Describing what is wrong with an input. Internal. */
#ifndef NETSNOOP_FORMAT_PROBLEM_H
#define NETSNOOP_FORMAT_PROBLEM_H

#include "trace.h"

/* Fill code and text, leave the place alone; returns -EBADMSG for the caller to return. */
__attribute__((format(printf, 3, 4))) int
nst_problem_set(struct nst_problem *problem, enum nst_problem_code code, const char *format, ...);

#endif
