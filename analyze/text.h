/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Bytes of a trace as text: what stands in the database, in JSON and in CSV. */
#ifndef NETSNOOP_ANALYZE_TEXT_H
#define NETSNOOP_ANALYZE_TEXT_H

#include "format/trace.h"

#include <stddef.h>
#include <stdint.h>

/* Room for the longest text of len bytes, with its NUL. */
#define TEXT_MAX(len) (4 * (len) + 1)
#define TEXT_ADDRESS_MAX 46
#define TEXT_UUID_MAX 37
/* A link layer address as AA:BB:..., up to 32 bytes of it. */
#define TEXT_MAC_MAX (3 * 32)

/*
 * Write data[len] with a NUL into text, which has room for TEXT_MAX(len):
 * valid UTF-8 as it is, every other byte and NUL as \xNN. Returns the length.
 */
size_t text_from_bytes(const void *data, size_t len, char *text);

/* The same with room of its own, which the caller frees; NULL: out of memory. */
char *text_of_bytes(struct nst_bytes bytes);

/* Two digits a byte; the caller frees it. NULL: out of memory. */
char *text_hex(struct nst_bytes bytes);

/* An address of 4 or 16 bytes, or "" for any other length. Returns text. */
char *text_address(const void *address, size_t len, char text[TEXT_ADDRESS_MAX]);

char *text_uuid(const uint8_t uuid[16], char text[TEXT_UUID_MAX]);

char *text_mac(const void *mac, size_t len, char text[TEXT_MAC_MAX]);

#endif
