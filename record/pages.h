/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Large arrays of which memory is used only as far as they are. */
#ifndef NETSNOOP_RECORD_PAGES_H
#define NETSNOOP_RECORD_PAGES_H

#include <stddef.h>
#include <sys/mman.h>

/* n values of value_bytes, all zero; NULL: there is no room. */
static inline void *pages_get(size_t n, size_t value_bytes)
{
	void *pages = mmap(NULL, n * value_bytes, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	return pages == MAP_FAILED ? NULL : pages;
}

/* The same as it was given; NULL is fine. */
static inline void pages_put(void *pages, size_t n, size_t value_bytes)
{
	if (pages)
		munmap(pages, n * value_bytes);
}

#endif
