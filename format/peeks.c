/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "peeks.h"

#include "layout.h"

#include <errno.h>
#include <stdlib.h>

#define PEEKS_MAX 16384 /* 5 MB; what is behind them is read again */

struct peek {
	uint64_t offset;
	uint8_t bytes[NST_RAW_FRAME_MAX];
};

struct nst_peeks {
	struct peek *list;
	size_t n, cap;
	size_t next; /* to be asked for */
};

int nst_peeks_new(struct nst_peeks **ret_peeks)
{
	struct nst_peeks *peeks = calloc(1, sizeof(*peeks));

	if (!peeks)
		return -ENOMEM;
	*ret_peeks = peeks;
	return 0;
}

void nst_peeks_free(struct nst_peeks *peeks)
{
	if (!peeks)
		return;
	free(peeks->list);
	free(peeks);
}

void nst_peeks_rewind(struct nst_peeks *peeks)
{
	peeks->next = 0;
}

/* Without memory for it, it is read again. */
void nst_peeks_add(struct nst_peeks *peeks, uint64_t offset, const uint8_t *at, size_t len)
{
	if (len != NST_RAW_FRAME_MAX || peeks->n == PEEKS_MAX ||
	    (peeks->n && offset <= peeks->list[peeks->n - 1].offset))
		return;
	if (peeks->n == peeks->cap) {
		size_t cap = peeks->cap ? 2 * peeks->cap : 64;
		struct peek *list = realloc(peeks->list, cap * sizeof(*list));

		if (!list)
			return;
		peeks->list = list;
		peeks->cap = cap;
	}
	peeks->list[peeks->n].offset = offset;
	memcpy(peeks->list[peeks->n++].bytes, at, len);
}

bool nst_peeks_get(struct nst_peeks *peeks, uint64_t offset, uint8_t *room, size_t len)
{
	while (peeks->next < peeks->n && peeks->list[peeks->next].offset < offset)
		peeks->next++;
	if (peeks->next == peeks->n || peeks->list[peeks->next].offset != offset ||
	    len != NST_RAW_FRAME_MAX)
		return false;
	memcpy(room, peeks->list[peeks->next].bytes, len);
	return true;
}
