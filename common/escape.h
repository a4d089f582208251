/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Bytes from a trace or a kernel are not text until they went through here:
 * a control character, a bidirectional override or an invalid byte of UTF-8
 * becomes \xNN, and a backslash is doubled, so that what is printed is inert
 * and can be told apart from what was escaped.
 */
#ifndef NETSNOOP_COMMON_ESCAPE_H
#define NETSNOOP_COMMON_ESCAPE_H

#include <stddef.h>
#include <stdint.h>

/*
 * The code point at data and its length in bytes; 0 where the bytes are not
 * UTF-8 as RFC 3629 has it, or none are left.
 */
size_t utf8_decode(const void *data, size_t len, uint32_t *ret_code);

/* Room for the longest result of len bytes, with its NUL. */
#define ESCAPED_MAX(len) (4 * (len) + 1)

/*
 * Write the escaped form of data[len] with a NUL into text, which has room for
 * ESCAPED_MAX(len) bytes. Returns the length of the result without the NUL.
 */
size_t escape_bytes(const void *data, size_t len, char *text);

/*
 * Length in bytes of the valid, printable UTF-8 character at data, or 0 where
 * the first byte has to be escaped.
 */
size_t printable_character(const void *data, size_t len);

#endif
