/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The key of an anonymisation: where it is from, and what is derived from it. */
#ifndef NETSNOOP_ANALYZE_ANONYMIZE_KEY_H
#define NETSNOOP_ANALYZE_ANONYMIZE_KEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ANONYMIZE_KEY_BYTES 32

struct anonymize_key {
	uint8_t bytes[ANONYMIZE_KEY_BYTES];
};

/* One of its own, for this run. 0 or -errno, said. */
int anonymize_key_random(struct anonymize_key *ret_key);

/* That of a file; if that is not there, a new one for it. 0 or -errno, said. */
int anonymize_key_file(const char *path, struct anonymize_key *ret_key, bool *ret_is_new);

/* As such a file has it. 0 or -errno. */
int anonymize_key_write(const struct anonymize_key *key, int fd);

/* len_bytes (at most 32) for one purpose, and for what stands in data, if anything. */
void anonymize_key_derive(const struct anonymize_key *key, const char *purpose, const void *data,
			  size_t data_bytes, uint8_t *to, size_t len_bytes);

void anonymize_key_forget(struct anonymize_key *key);

#endif
