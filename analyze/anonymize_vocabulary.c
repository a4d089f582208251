/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The check knows the lists of words, the forms of names that are given, and nothing of how
 * a string was mapped: each is cut into pieces, and each piece has to be known.
 */
#include "analyze/anonymize_vocabulary.h"

#include "analyze/anonymize_words.h"
#include "analyze/text.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const char *const given[] = { "proc",   "dir",  "arg", "user", "unit", "container",
				     "cgroup", "host", "if",  "ns",   "kind", "counter" };
#define N_GIVEN (sizeof(given) / sizeof(given[0]))

/* Beside the lists: names in headers, and what stands in strings that are put together. */
static const char *const fixed[] = { "NETSNOOP", "NSCH",    "NSIX",	"custom", "deleted",
				     "conmon",	 "service", "scope",	"slice",  "socket",
				     "mount",	 "swap",    "kubepods", "lxc",	  "payload",
				     "monitor",	 "runtime", "user",	"kernel", "forwarded",
				     "unknown" };
#define N_FIXED (sizeof(fixed) / sizeof(fixed[0]))

struct vocabulary {
	struct anonymized *of;
	struct intern pieces;
};

static bool is_separator(uint8_t byte)
{
	return !byte || strchr("/:.@_-+~ ()*", byte);
}

/* Call for each piece of a text until one gives not 0. */
static int each_piece(struct vocabulary *vocabulary, struct nst_bytes text,
		      int (*call)(struct vocabulary *vocabulary, struct nst_bytes piece))
{
	const uint8_t *at = text.data;
	uint32_t begin = 0;
	int r = 0;

	for (uint32_t i = 0; i <= text.len_bytes && !r; i++) {
		if (i < text.len_bytes && !is_separator(at[i]))
			continue;
		if (i > begin)
			r = call(vocabulary, bytes_part(text, begin, i));
		begin = i + 1;
	}
	return r;
}

static int learn(struct vocabulary *vocabulary, struct nst_bytes piece)
{
	uint32_t index;
	bool is_new;

	return intern_get(&vocabulary->pieces, piece.data, piece.len_bytes, &index, &is_new);
}

static bool is_number(struct nst_bytes piece)
{
	const uint8_t *at = piece.data;

	for (uint32_t i = 0; i < piece.len_bytes; i++)
		if (at[i] < '0' || at[i] > '9')
			return false;
	return true;
}

static int know(struct vocabulary *vocabulary, struct nst_bytes piece)
{
	uint32_t index;

	/* "pod" and what follows it are one piece */
	if (piece.len_bytes > 3 && !memcmp(piece.data, "pod", 3) &&
	    intern_find(&vocabulary->pieces, (const char *)piece.data + 3, piece.len_bytes - 3,
			&index))
		return 0;
	return is_number(piece) ||
			       intern_find(&vocabulary->pieces, piece.data, piece.len_bytes, &index)
		       ? 0
		       : -EBADMSG;
}

/* ---- Names ------------------------------------------------------------- */

static bool is_name_kind(enum image_kind kind)
{
	return kind >= IMAGE_PROGRAM && kind <= IMAGE_COUNTER;
}

static bool is_made_of_names(enum image_kind kind)
{
	return kind >= IMAGE_EXE && kind <= IMAGE_WRITER;
}

/* "proc-7", "proc-7k2m9q4xab" */
static bool is_given(struct nst_bytes name)
{
	const char *at = name.data;

	for (size_t i = 0; i < N_GIVEN; i++) {
		size_t len = strlen(given[i]);

		if (name.len_bytes < len + 2 || memcmp(at, given[i], len) || at[len] != '-')
			continue;
		for (len++; len < name.len_bytes; len++)
			if (!memchr("0123456789abcdefghijklmnopqrstuvwxyz", at[len], 36))
				return false;
		return true;
	}
	return false;
}

/* As it is, or as much of it as the kernel has room for. */
static bool is_called(struct nst_bytes name, struct nst_bytes known)
{
	return bytes_equal(name, known) ||
	       (name.len_bytes == COMM_LEN && known.len_bytes > COMM_LEN &&
		bytes_equal(name, bytes_part(known, 0, COMM_LEN)));
}

static bool is_well_known(const struct anonymizer *anonymizer, struct nst_bytes name)
{
	for (const char *known = anonymizer->options.known; known && *known;
	     known += strlen(known) + 1)
		if (is_called(name, bytes_of(known)))
			return true;
	for (int list = 0; list < WORD_LISTS; list++)
		if (word_is((enum word_list)list, name))
			return true;
	return false;
}

static bool is_hex_of(struct nst_bytes original, struct nst_bytes image, bool keeps)
{
	const char *at = image.data;

	if (image.len_bytes != original.len_bytes)
		return false;
	for (uint32_t i = 0; i < image.len_bytes; i++)
		if (!memchr("0123456789abcdef-_", at[i], 18))
			return false;
	return keeps || !bytes_equal(original, image);
}

static bool is_fair(const struct anonymizer *anonymizer, enum image_kind kind,
		    struct nst_bytes original, struct nst_bytes image)
{
	bool keeps = anonymizer->options.keep_names && kind != IMAGE_ARGUMENT;

	if (kind == IMAGE_HEX)
		return is_hex_of(original, image, keeps);
	if (bytes_equal(original, image) && (keeps || !image.len_bytes))
		return true;
	return is_given(image) ||
	       (bytes_equal(original, image) && is_well_known(anonymizer, image));
}

static int complain(struct vocabulary *vocabulary, enum image_kind kind)
{
	snprintf(vocabulary->of->fault, sizeof(vocabulary->of->fault),
		 "%s: something in it is neither well known nor a name given",
		 image_kind_name(kind));
	return -EBADMSG;
}

/* ---- All strings ------------------------------------------------------- */

static int learn_words(struct vocabulary *vocabulary)
{
	int err = 0;

	for (int list = 0; list < WORD_LISTS; list++)
		for (size_t i = 0; !err && word_get((enum word_list)list, i); i++)
			err = each_piece(vocabulary, bytes_of(word_get((enum word_list)list, i)),
					 learn);
	for (size_t i = 0; !err && i < N_FIXED; i++)
		err = learn(vocabulary, bytes_of(fixed[i]));
	return err;
}

static int learn_names(struct vocabulary *vocabulary)
{
	struct anonymizer *anonymizer = &vocabulary->of->anonymizer;
	int err = 0;

	for (uint32_t i = 0; i < anonymizer->images.originals.n && !err; i++) {
		struct nst_bytes original, image;
		enum image_kind kind;

		image_pair_get(&anonymizer->images, i, &kind, &original, &image);
		if (!is_name_kind(kind) && kind != IMAGE_HEX)
			continue;
		if (!is_fair(anonymizer, kind, original, image))
			return complain(vocabulary, kind);
		err = each_piece(vocabulary, image, learn);
	}
	return err;
}

/* A UUID in a setting is one that stands for another. */
static bool is_uuid(struct anonymizer *anonymizer, struct nst_bytes text)
{
	uint8_t uuid[16] = { 0 };
	const char *at = text.data;
	int n = 0;

	if (text.len_bytes != 36)
		return false;
	for (uint32_t i = 0; i < text.len_bytes && n < 32; i++) {
		static const char digits[] = "0123456789abcdef";
		const char *digit = at[i] ? strchr(digits, at[i]) : NULL;

		if (!digit)
			continue;
		uuid[n / 2] = (uint8_t)(uuid[n / 2] << 4 | (digit - digits));
		n++;
	}
	return n == 32 && image_is(&anonymizer->images, IMAGE_UUID, (struct nst_bytes){ uuid, 16 });
}

static int check_composed(struct vocabulary *vocabulary)
{
	struct anonymizer *anonymizer = &vocabulary->of->anonymizer;
	int err = 0;

	for (uint32_t i = 0; i < anonymizer->images.originals.n && !err; i++) {
		struct nst_bytes original, image;
		enum image_kind kind;

		image_pair_get(&anonymizer->images, i, &kind, &original, &image);
		if (!is_made_of_names(kind) || is_uuid(anonymizer, image))
			continue;
		if (each_piece(vocabulary, image, know))
			err = complain(vocabulary, kind);
	}
	return err;
}

int vocabulary_check(struct anonymized *anonymized)
{
	struct vocabulary vocabulary = { .of = anonymized };
	int err = learn_words(&vocabulary) ?: learn_names(&vocabulary);

	if (!err)
		err = check_composed(&vocabulary);
	intern_free(&vocabulary.pieces);
	return err;
}

/* Each by itself. */
static void scan_one(struct needles *needles, struct nst_bytes text)
{
	struct needle_hit hit; /* none, since they are excused */

	needles_begin(needles, true);
	needles_scan(needles, text.data, text.len_bytes, &hit);
	needles_end(needles, &hit);
}

/* What stands for something may be what something else was. */
static void scan_image(struct needles *needles, enum image_kind kind, struct nst_bytes image)
{
	char text[TEXT_ADDRESS_MAX];

	if (kind == IMAGE_ADDRESS)
		scan_one(needles, bytes_of(text_address(image.data, image.len_bytes, text)));
	if (kind == IMAGE_ADDRESS || kind >= IMAGE_UUID)
		scan_one(needles, image);
}

void vocabulary_scan(const struct anonymized *anonymized, struct needles *needles)
{
	const struct image_map *images = &anonymized->anonymizer.images;

	for (int list = 0; list < WORD_LISTS; list++)
		for (size_t i = 0; word_get((enum word_list)list, i); i++)
			scan_one(needles, bytes_of(word_get((enum word_list)list, i)));
	for (size_t i = 0; i < N_FIXED; i++)
		scan_one(needles, bytes_of(fixed[i]));
	for (uint32_t i = 0; i < images->originals.n; i++) {
		struct nst_bytes original, image;
		enum image_kind kind;

		image_pair_get(images, i, &kind, &original, &image);
		scan_image(needles, kind, image);
	}
}
