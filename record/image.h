/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What a process runs: an executable with arguments. It comes with an exec, and
 * all that were forked since share it.
 */
#ifndef NETSNOOP_RECORD_IMAGE_H
#define NETSNOOP_RECORD_IMAGE_H

#include "record/build_id.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct nst_bytes;

struct image {
	unsigned int references;
	uint32_t exe_device; /* the kernel's: major << 20 | minor */
	uint32_t exe_filesystem;
	uint64_t exe_inode;
	char *exe, *args; /* NULL: not known */
	uint32_t exe_len, args_len;
	bool is_cut;   /* there are more arguments than these */
	bool is_asked; /* /proc has been asked for what was missing */
	bool is_read;  /* and the executable for its build id */
	uint8_t build_id_len;
	uint8_t build_id[BUILD_ID_MAX_BYTES];
};

/* With one reference. NULL: no memory. */
struct image *image_new(void);

/* Copies; data NULL: not known. 0 or -ENOMEM. */
int image_set_exe(struct image *image, const struct nst_bytes *exe);
int image_set_args(struct image *image, const struct nst_bytes *args);

struct image *image_share(struct image *image);
void image_release(struct image *image);

#endif
