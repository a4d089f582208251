/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * An engine cannot guess checksums, nor change what is compressed. So targets that take whole
 * files also take opened ones: "O", and then of each header its content alone, with what belongs
 * to it behind it as it is decompressed. They become traces with lengths and checksums that are
 * right, and all else as it stands there.
 */
#ifndef NETSNOOP_TESTS_FUZZ_OPENED_H
#define NETSNOOP_TESTS_FUZZ_OPENED_H

#include "format/trace.h"

/* A trace of what is opened, and anything else as it is. Valid until the next one. */
struct nst_bytes fuzz_trace(const uint8_t *data, size_t size);

#endif
