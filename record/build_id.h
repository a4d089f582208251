/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The GNU build id of executables, which may be anybody's files. */
#ifndef NETSNOOP_RECORD_BUILD_ID_H
#define NETSNOOP_RECORD_BUILD_ID_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#define BUILD_ID_MAX_BYTES 64 /* SHA-1 has 20; a longer one is left out */

struct build_id {
	uint8_t len_bytes; /* 0: none */
	uint8_t data[BUILD_ID_MAX_BYTES];
};

struct build_ids; /* those read before */

int build_ids_open(struct build_ids **ret_ids); /* 0 or -ENOMEM */
void build_ids_close(struct build_ids *ids);	/* NULL is fine */

/*
 * The build id of the file behind a descriptor, to be read or O_PATH, with its status; an
 * empty one where it is no regular file, no ELF file, or has none. Little is
 * read of it, and nothing that it says is believed before it is checked.
 */
struct build_id build_ids_find(struct build_ids *ids, int file_fd, const struct stat *status);

/*
 * Look for it in the notes of a segment, aligned to 4 or 8 bytes. False, with
 * ret_id untouched, where it is not there or they are broken.
 */
bool build_id_in_notes(const void *notes, size_t bytes, size_t align, struct build_id *ret_id);

/*
 * May files be opened on a file system with this magic number? Not where an
 * answer can be kept waiting: FUSE, and those of a network.
 */
bool build_id_may_read(uint32_t filesystem);

#endif
