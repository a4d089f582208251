/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What became of what: each value that was met, by the kind of thing that it names, with
 * the one that stands for it; and what therefore may stand in the output.
 */
#ifndef NETSNOOP_ANALYZE_ANONYMIZE_IMAGE_H
#define NETSNOOP_ANALYZE_ANONYMIZE_IMAGE_H

#include "analyze/intern.h"
#include "format/trace.h"

enum image_kind {
	IMAGE_ADDRESS,
	IMAGE_PORT,
	IMAGE_PID,
	IMAGE_UID,
	IMAGE_NAMESPACE,
	IMAGE_IFINDEX,
	IMAGE_VLAN,
	IMAGE_CGROUP_ID,
	IMAGE_FLOW_ID,
	IMAGE_UUID,
	IMAGE_BUILD_ID,
	IMAGE_MAC,
	IMAGE_HEX,     /* ids of containers and pods */
	IMAGE_PROGRAM, /* names; each has a word of its own */
	IMAGE_DIRECTORY,
	IMAGE_ARGUMENT,
	IMAGE_USER,
	IMAGE_UNIT,
	IMAGE_CONTAINER,
	IMAGE_CGROUP, /* a component of a path */
	IMAGE_HOST,
	IMAGE_INTERFACE,
	IMAGE_NETNS,
	IMAGE_DEVICE_KIND,
	IMAGE_COUNTER,
	IMAGE_EXE, /* made of those above */
	IMAGE_ARGUMENTS,
	IMAGE_CGROUP_PATH,
	IMAGE_SETTING_KEY, /* several may become one */
	IMAGE_SETTING,
	IMAGE_WRITER,
	IMAGE_KINDS,
};

/* As --map writes it. */
const char *image_kind_name(enum image_kind kind);

struct image_pair {
	uint32_t image;
	uint32_t len_bytes;
};

struct image_map { /* zeros are an empty one */
	struct intern originals, images;
	struct image_pair *pairs; /* by original */
	uint32_t *lens;		  /* by image */
	size_t n_pairs, n_lens;
	uint8_t *key; /* room to make one */
	size_t key_bytes;
};

/* True, and what stands for it, if it was met before. */
bool image_find(struct image_map *map, enum image_kind kind, struct nst_bytes original,
		struct nst_bytes *ret_image);

/*
 * Note what stands for something that was not met before; *ret_image lives as long as the
 * map. -EEXIST: it stands for something else already, -ENOMEM.
 */
int image_add(struct image_map *map, enum image_kind kind, struct nst_bytes original,
	      struct nst_bytes image, struct nst_bytes *ret_image);

/* May it stand in the output? */
bool image_is(struct image_map *map, enum image_kind kind, struct nst_bytes image);

/* Pair i of map->originals.n. */
void image_pair_get(const struct image_map *map, uint32_t i, enum image_kind *ret_kind,
		    struct nst_bytes *ret_original, struct nst_bytes *ret_image);

void image_map_free(struct image_map *map);

#endif
