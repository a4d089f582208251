/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The check knows the lists of words, the forms of names that are given, and nothing of how
 * a string was mapped: of each it is seen that it can be nothing else.
 */
#include "analyze/anonymize_vocabulary.h"

#include "analyze/anonymize_words.h"
#include "analyze/text.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KEYED_DIGITS 10
#define NUMBER_DIGITS 20
#define UID_DIGITS 10
#define DELETED " (deleted)"
#define USER_KEY "user."

/* What names that are given begin with. */
static const char *const given[IMAGE_KINDS] = {
	[IMAGE_PROGRAM] = "proc",  [IMAGE_DIRECTORY] = "dir",	 [IMAGE_ARGUMENT] = "arg",
	[IMAGE_USER] = "user",	   [IMAGE_UNIT] = "unit",	 [IMAGE_CONTAINER] = "container",
	[IMAGE_CGROUP] = "cgroup", [IMAGE_HOST] = "host",	 [IMAGE_INTERFACE] = "if",
	[IMAGE_NETNS] = "ns",	   [IMAGE_DEVICE_KIND] = "kind", [IMAGE_COUNTER] = "counter",
};

/* Two sorts of strings are put together of pieces: what these may be beside names that were given. */
enum sort {
	OF_CGROUPS,
	OF_SETTINGS, /* and of the name of what wrote the trace */
	SORTS,
};

static const char *const fixed[] = { "conmon", "service", "scope",    "slice",	"socket", "mount",
				     "swap",   "custom",  "netsnoop", "record", "analyze" };
#define N_FIXED (sizeof(fixed) / sizeof(fixed[0]))

static const struct {
	enum sort sort;
	enum word_list list;
} word_sorts[] = {
	{ OF_CGROUPS, WORDS_CGROUPS },	 { OF_CGROUPS, WORDS_RUNTIMES },
	{ OF_SETTINGS, WORDS_MACHINES }, { OF_SETTINGS, WORDS_STATES },
	{ OF_SETTINGS, WORDS_RELEASE },	 { OF_SETTINGS, WORDS_FILTERS },
	{ OF_SETTINGS, WORDS_HOOKS },
};
#define N_WORD_SORTS (sizeof(word_sorts) / sizeof(word_sorts[0]))

struct vocabulary {
	struct anonymized *of;
	struct intern pieces[SORTS];
	enum sort sort; /* of which pieces are learned or looked up */
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

	return intern_get(&vocabulary->pieces[vocabulary->sort], piece.data, piece.len_bytes,
			  &index, &is_new);
}

static bool is_number(struct nst_bytes piece)
{
	const uint8_t *at = piece.data;

	for (uint32_t i = 0; i < piece.len_bytes; i++)
		if (at[i] < '0' || at[i] > '9')
			return false;
	return piece.len_bytes && piece.len_bytes <= NUMBER_DIGITS;
}

/* The number of a user, as it stands for that of another. */
static bool is_uid(struct anonymizer *anonymizer, struct nst_bytes piece)
{
	char text[UID_DIGITS + 1];
	uint64_t uid;

	if (!is_number(piece) || piece.len_bytes > UID_DIGITS)
		return false;
	memcpy(text, piece.data, piece.len_bytes);
	text[piece.len_bytes] = '\0';
	uid = strtoull(text, NULL, 10);
	return image_is(&anonymizer->images, IMAGE_UID, (struct nst_bytes){ &uid, sizeof(uid) });
}

static int know(struct vocabulary *vocabulary, struct nst_bytes piece)
{
	struct intern *pieces = &vocabulary->pieces[vocabulary->sort];
	uint32_t index;
	bool is_known = intern_find(pieces, piece.data, piece.len_bytes, &index);

	/* "pod" and what follows it are one piece */
	if (!is_known && piece.len_bytes > 3 && !memcmp(piece.data, "pod", 3))
		is_known = intern_find(pieces, (const char *)piece.data + 3, piece.len_bytes - 3,
				       &index);
	if (!is_known)
		is_known = vocabulary->sort == OF_SETTINGS
				   ? is_number(piece)
				   : is_uid(&vocabulary->of->anonymizer, piece);
	return is_known ? 0 : -EBADMSG;
}

/* ---- Names ------------------------------------------------------------- */

static bool is_name_kind(enum image_kind kind)
{
	return kind >= IMAGE_PROGRAM && kind <= IMAGE_COUNTER;
}

static bool is_counted(const struct anonymizer *anonymizer, const char *digits, size_t n)
{
	char text[UID_DIGITS + 1];

	if (!n || n > UID_DIGITS || digits[0] == '0' ||
	    !is_number((struct nst_bytes){ digits, (uint32_t)n }))
		return false;
	memcpy(text, digits, n);
	text[n] = '\0';
	/* a name that is called like one that is given may use up two */
	return strtoull(text, NULL, 10) <= 2 * (uint64_t)anonymizer->images.originals.n;
}

/* "proc-7", no more of them than names could use up; by a key from a file "proc-7k2m9q4xab". */
static bool is_given(const struct anonymizer *anonymizer, enum image_kind kind,
		     struct nst_bytes name)
{
	size_t len = strlen(given[kind]);
	const char *at = name.data;

	if (name.len_bytes < len + 2 || memcmp(at, given[kind], len) || at[len] != '-')
		return false;
	at += len + 1;
	len = name.len_bytes - len - 1;
	if (!anonymizer->is_named)
		return is_counted(anonymizer, at, len);
	for (size_t i = 0; i < len; i++)
		if (!memchr("0123456789abcdefghjkmnpqrstvwxyz", at[i], 32))
			return false;
	return len == KEYED_DIGITS;
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
	if (bytes_equal(original, image))
		return is_well_known(anonymizer, image);
	return is_given(anonymizer, kind, image);
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

	for (size_t i = 0; i < N_WORD_SORTS; i++) {
		vocabulary->sort = word_sorts[i].sort;
		for (size_t k = 0; !err && word_get(word_sorts[i].list, k); k++)
			err = each_piece(vocabulary, bytes_of(word_get(word_sorts[i].list, k)),
					 learn);
	}
	for (int sort = 0; sort < SORTS; sort++) {
		vocabulary->sort = (enum sort)sort;
		for (size_t i = 0; !err && i < N_FIXED; i++)
			err = learn(vocabulary, bytes_of(fixed[i]));
	}
	return err;
}

static bool has_sort(enum image_kind kind, enum sort *ret_sort)
{
	switch (kind) {
	case IMAGE_HEX:
	case IMAGE_UNIT:
	case IMAGE_CONTAINER:
	case IMAGE_CGROUP:
		*ret_sort = OF_CGROUPS;
		return true;
	case IMAGE_HOST:
		*ret_sort = OF_SETTINGS;
		return true;
	default:
		return false;
	}
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
		if (has_sort(kind, &vocabulary->sort))
			err = each_piece(vocabulary, image, learn);
	}
	return err;
}

/* A name of a directory, as a program has it, and that of the program. */
static bool is_exe(struct anonymizer *anonymizer, struct nst_bytes path)
{
	const size_t deleted = strlen(DELETED);
	const char *text = path.data, *slash;
	struct nst_bytes directory;

	if (path.len_bytes > deleted && !memcmp(text + path.len_bytes - deleted, DELETED, deleted))
		path.len_bytes -= (uint32_t)deleted;
	slash = path.len_bytes ? memrchr(text, '/', path.len_bytes) : NULL;
	if (!slash)
		return !path.len_bytes || image_is(&anonymizer->images, IMAGE_PROGRAM, path);
	directory = bytes_part(path, 0, (size_t)(slash - text));
	if (!image_is(&anonymizer->images, IMAGE_PROGRAM,
		      bytes_part(path, (size_t)(slash + 1 - text), path.len_bytes)))
		return false;
	return image_is(&anonymizer->images, IMAGE_DIRECTORY, directory) ||
	       (slash > text && *text == '/' &&
		image_is(&anonymizer->images, IMAGE_DIRECTORY,
			 bytes_part(directory, 1, directory.len_bytes)));
}

/* The first tells what was started, or was given like the others. */
static bool are_arguments(struct anonymizer *anonymizer, struct nst_bytes args)
{
	uint32_t at = 0;

	while (at < args.len_bytes) {
		const char *text = (const char *)args.data + at;
		struct nst_bytes argument = { text, (uint32_t)strnlen(text, args.len_bytes - at) };

		if (argument.len_bytes && !is_given(anonymizer, IMAGE_ARGUMENT, argument) &&
		    (at || !is_exe(anonymizer, argument)))
			return false;
		at += argument.len_bytes + 1;
	}
	return true;
}

static bool is_setting_key(struct anonymizer *anonymizer, struct nst_bytes key)
{
	const uint32_t len = strlen(USER_KEY);

	return word_is(WORDS_SETTINGS, key) ||
	       (key.len_bytes > len && !memcmp(key.data, USER_KEY, len) &&
		is_uid(anonymizer, bytes_part(key, len, key.len_bytes)));
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

static bool is_sound(struct vocabulary *vocabulary, enum image_kind kind, struct nst_bytes image)
{
	struct anonymizer *anonymizer = &vocabulary->of->anonymizer;

	switch (kind) {
	case IMAGE_EXE:
		return is_exe(anonymizer, image);
	case IMAGE_ARGUMENTS:
		return are_arguments(anonymizer, image);
	case IMAGE_SETTING_KEY:
		return is_setting_key(anonymizer, image);
	case IMAGE_CGROUP_PATH:
		vocabulary->sort = OF_CGROUPS;
		return !each_piece(vocabulary, image, know);
	case IMAGE_SETTING:
	case IMAGE_WRITER:
		vocabulary->sort = OF_SETTINGS;
		return is_uuid(anonymizer, image) || !each_piece(vocabulary, image, know);
	default:
		return true;
	}
}

static int check_composed(struct vocabulary *vocabulary)
{
	struct anonymizer *anonymizer = &vocabulary->of->anonymizer;

	for (uint32_t i = 0; i < anonymizer->images.originals.n; i++) {
		struct nst_bytes original, image;
		enum image_kind kind;

		image_pair_get(&anonymizer->images, i, &kind, &original, &image);
		if (!is_sound(vocabulary, kind, image))
			return complain(vocabulary, kind);
	}
	return 0;
}

int vocabulary_check(struct anonymized *anonymized)
{
	struct vocabulary vocabulary = { .of = anonymized };
	int err = learn_words(&vocabulary) ?: learn_names(&vocabulary);

	if (!err)
		err = check_composed(&vocabulary);
	for (int sort = 0; sort < SORTS; sort++)
		intern_free(&vocabulary.pieces[sort]);
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

/* Of headers, and of what reports say. */
static const char *const always[] = { "NETSNOOP", "NSCH",      "NSIX",	 DELETED,
				      "kernel",	  "forwarded", "unknown" };

void vocabulary_scan(const struct anonymized *anonymized, struct needles *needles)
{
	const struct image_map *images = &anonymized->anonymizer.images;

	for (int list = 0; list < WORD_LISTS; list++)
		for (size_t i = 0; word_get((enum word_list)list, i); i++)
			scan_one(needles, bytes_of(word_get((enum word_list)list, i)));
	for (size_t i = 0; i < N_FIXED; i++)
		scan_one(needles, bytes_of(fixed[i]));
	for (size_t i = 0; i < sizeof(always) / sizeof(always[0]); i++)
		scan_one(needles, bytes_of(always[i]));
	for (uint32_t i = 0; i < images->originals.n; i++) {
		struct nst_bytes original, image;
		enum image_kind kind;

		image_pair_get(images, i, &kind, &original, &image);
		scan_image(needles, kind, image);
	}
}
