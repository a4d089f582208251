/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "analyze/anonymize_image.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const char *const names[IMAGE_KINDS] = {
	[IMAGE_ADDRESS] = "address",
	[IMAGE_PORT] = "port",
	[IMAGE_PID] = "pid",
	[IMAGE_UID] = "uid",
	[IMAGE_NAMESPACE] = "namespace",
	[IMAGE_IFINDEX] = "ifindex",
	[IMAGE_VLAN] = "vlan",
	[IMAGE_CGROUP_ID] = "cgroup_id",
	[IMAGE_FLOW_ID] = "flow_id",
	[IMAGE_UUID] = "uuid",
	[IMAGE_BUILD_ID] = "build_id",
	[IMAGE_MAC] = "mac",
	[IMAGE_HEX] = "id",
	[IMAGE_PROGRAM] = "program",
	[IMAGE_DIRECTORY] = "directory",
	[IMAGE_ARGUMENT] = "argument",
	[IMAGE_USER] = "user",
	[IMAGE_UNIT] = "unit",
	[IMAGE_CONTAINER] = "container",
	[IMAGE_CGROUP] = "cgroup",
	[IMAGE_HOST] = "host",
	[IMAGE_INTERFACE] = "interface",
	[IMAGE_NETNS] = "netns",
	[IMAGE_DEVICE_KIND] = "kind",
	[IMAGE_COUNTER] = "counter",
	[IMAGE_EXE] = "exe",
	[IMAGE_ARGUMENTS] = "args",
	[IMAGE_CGROUP_PATH] = "cgroup_path",
	[IMAGE_SETTING_KEY] = "setting_key",
	[IMAGE_SETTING] = "setting",
	[IMAGE_WRITER] = "writer",
};

const char *image_kind_name(enum image_kind kind)
{
	return names[kind];
}

/* Those that are made of others, or checked by a shape, need not tell all originals apart. */
static bool is_injective(enum image_kind kind)
{
	return kind < IMAGE_SETTING_KEY;
}

static int make_key(struct image_map *map, enum image_kind kind, struct nst_bytes value)
{
	int err = array_reserve(&map->key, &map->key_bytes, (size_t)value.len_bytes + 1, 1);

	if (err)
		return err;
	map->key[0] = (uint8_t)kind;
	if (value.len_bytes)
		memcpy(map->key + 1, value.data, value.len_bytes);
	return 0;
}

static struct nst_bytes bytes_at(const struct intern *intern, uint32_t i, uint32_t len_bytes)
{
	return (struct nst_bytes){ (const uint8_t *)intern_key(intern, i) + 1, len_bytes };
}

bool image_find(struct image_map *map, enum image_kind kind, struct nst_bytes original,
		struct nst_bytes *ret_image)
{
	uint32_t i;

	if (make_key(map, kind, original) ||
	    !intern_find(&map->originals, map->key, (size_t)original.len_bytes + 1, &i))
		return false;
	*ret_image = bytes_at(&map->images, map->pairs[i].image, map->lens[map->pairs[i].image]);
	return true;
}

int image_add(struct image_map *map, enum image_kind kind, struct nst_bytes original,
	      struct nst_bytes image, struct nst_bytes *ret_image)
{
	uint32_t i, of;
	bool is_new;
	int err = make_key(map, kind, image);

	if (!err)
		err = intern_get(&map->images, map->key, (size_t)image.len_bytes + 1, &i, &is_new);
	if (!err && !is_new && is_injective(kind))
		return -EEXIST;
	if (!err)
		err = array_reserve(&map->lens, &map->n_lens, (size_t)i + 1, sizeof(*map->lens));
	if (err)
		return err;
	map->lens[i] = image.len_bytes;
	err = make_key(map, kind, original);
	if (!err)
		err = array_reserve(&map->pairs, &map->n_pairs, (size_t)map->originals.n + 1,
				    sizeof(*map->pairs));
	if (!err)
		err = intern_get(&map->originals, map->key, (size_t)original.len_bytes + 1, &of,
				 &is_new);
	if (err)
		return err;
	map->pairs[of] = (struct image_pair){ i, original.len_bytes };
	*ret_image = bytes_at(&map->images, i, image.len_bytes);
	return 0;
}

bool image_is(struct image_map *map, enum image_kind kind, struct nst_bytes image)
{
	uint32_t i;

	return !make_key(map, kind, image) &&
	       intern_find(&map->images, map->key, (size_t)image.len_bytes + 1, &i);
}

void image_pair_get(const struct image_map *map, uint32_t i, enum image_kind *ret_kind,
		    struct nst_bytes *ret_original, struct nst_bytes *ret_image)
{
	const struct image_pair *pair = &map->pairs[i];

	*ret_kind = (enum image_kind) * (const uint8_t *)intern_key(&map->originals, i);
	*ret_original = bytes_at(&map->originals, i, pair->len_bytes);
	*ret_image = bytes_at(&map->images, pair->image, map->lens[pair->image]);
}

void image_map_free(struct image_map *map)
{
	intern_free(&map->originals);
	intern_free(&map->images);
	free(map->pairs);
	free(map->lens);
	free(map->key);
	*map = (struct image_map){ 0 };
}
