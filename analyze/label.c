/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "analyze/label.h"

#include <errno.h>
#include <string.h>

struct label_key {
	uint64_t number;
	uint32_t boot, kind, netns;
};

int dims_text(struct dimensions *dims, const char *text, uint32_t *ret_text)
{
	bool is_new;

	if (!text) {
		*ret_text = NO_TEXT;
		return 0;
	}
	return intern_get(&dims->texts, text, strlen(text) + 1, ret_text, &is_new);
}

const char *dims_text_of(const struct dimensions *dims, uint32_t text)
{
	return text == NO_TEXT ? NULL : intern_key(&dims->texts, text);
}

static void label_key(uint32_t boot, enum label_kind kind, uint32_t netns, uint64_t number,
		      struct label_key *key)
{
	memset(key, 0, sizeof(*key));
	key->boot = boot;
	key->kind = kind;
	key->netns = netns;
	key->number = number;
}

int label_set(struct dimensions *dims, uint32_t boot, enum label_kind kind, uint32_t netns,
	      uint64_t number, const char *name)
{
	struct label_key key;
	uint32_t label, text;
	bool is_new;
	int err = dims_text(dims, name, &text);

	label_key(boot, kind, netns, number, &key);
	if (!err)
		err = intern_get(&dims->labels, &key, sizeof(key), &label, &is_new);
	if (!err)
		err = array_reserve(&dims->label_texts, &dims->n_label_texts, (size_t)label + 1,
				    sizeof(*dims->label_texts));
	if (!err)
		dims->label_texts[label] = text;
	return err;
}

uint32_t label_text(const struct dimensions *dims, uint32_t boot, enum label_kind kind,
		    uint32_t netns, uint64_t number)
{
	struct label_key key;
	uint32_t label;

	label_key(boot, kind, netns, number, &key);
	if (!intern_find(&dims->labels, &key, sizeof(key), &label))
		return NO_TEXT;
	return dims->label_texts[label];
}
