/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What a reader saw behind chunks that it hopped over, for the next one: see trace.h. Internal. */
#ifndef NETSNOOP_FORMAT_PEEKS_H
#define NETSNOOP_FORMAT_PEEKS_H

#include "trace.h"

/* The next reader begins. */
void nst_peeks_rewind(struct nst_peeks *peeks);

/* Keep what stands at an offset, if there is room and it is behind all others. */
void nst_peeks_add(struct nst_peeks *peeks, uint64_t offset, const uint8_t *at, size_t len);

/* The len bytes at an offset, asked for in rising order. False: they were not kept. */
bool nst_peeks_get(struct nst_peeks *peeks, uint64_t offset, uint8_t *room, size_t len);

#endif
