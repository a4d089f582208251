// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The programs once more, for kernels with casts: see bpf/cast.h. */
#define WITH_CASTS
#include "bpf/netsnoop.bpf.c"
