/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Hostile files, each under its name in the current directory. */
#ifndef NETSNOOP_TESTS_MAKE_BAD_H
#define NETSNOOP_TESTS_MAKE_BAD_H

#include <stddef.h>
#include <stdint.h>

/* Write a file and end the program if that fails. */
void bad_write(const char *name, const void *data, size_t len);

void bad_must(int is_so, const char *what);

/* ---- bad_edits.c: a trace, changed in one place, with good checksums */
void bad_edits(const uint8_t *trace, size_t len);

/* ---- bad_bombs.c: small files that claim or unpack to much */
void bad_bombs(const uint8_t *trace, size_t len);

/* ---- bad_dictionaries.c: chunks of few events with all the rows that a dictionary can have */
void bad_dictionaries(const uint8_t *trace);

#endif
