/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef NETSNOOP_ANALYZE_WIDTH_H
#define NETSNOOP_ANALYZE_WIDTH_H

#include <stdint.h>

/* Columns of a terminal that a printable character takes: 1, 2, or 0 on top of the one before. */
unsigned int character_width(uint32_t code);

#endif
