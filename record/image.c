// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "record/image.h"

#include "format/trace.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct image *image_new(void)
{
	struct image *image = calloc(1, sizeof(*image));

	if (image)
		image->references = 1;
	return image;
}

static int set(char **to, uint32_t *len, const struct nst_bytes *from)
{
	char *copy;

	if (!from->data)
		return 0;
	copy = malloc(from->len_bytes + 1);
	if (!copy)
		return -ENOMEM;
	memcpy(copy, from->data, from->len_bytes);
	copy[from->len_bytes] = '\0';
	free(*to);
	*to = copy;
	*len = from->len_bytes;
	return 0;
}

int image_set_exe(struct image *image, const struct nst_bytes *exe)
{
	return set(&image->exe, &image->exe_len, exe);
}

int image_set_args(struct image *image, const struct nst_bytes *args)
{
	return set(&image->args, &image->args_len, args);
}

struct image *image_share(struct image *image)
{
	image->references++;
	return image;
}

void image_release(struct image *image)
{
	if (!image || --image->references)
		return;
	free(image->exe);
	free(image->args);
	free(image);
}
