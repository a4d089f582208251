/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* CRC32C (Castagnoli), as RFC 3720 has it: reflected, inverted at both ends. */
#ifndef NETSNOOP_FORMAT_CRC32C_H
#define NETSNOOP_FORMAT_CRC32C_H

#include <stddef.h>
#include <stdint.h>

/* The checksum of len_bytes bytes, by the fastest way this machine has. */
uint32_t nst_crc32c(const void *data, size_t len_bytes);

/* The same without special instructions; for machines without, and tests. */
uint32_t nst_crc32c_portable(const void *data, size_t len_bytes);

#endif
