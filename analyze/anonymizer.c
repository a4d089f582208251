/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Numbers are permuted among those of their class, so that two never become one, a small
 * one stays small, and what has a meaning of its own (init, root, lo, "none") stays. Names
 * are counted as they come, unless the key is from a file: other traces are to get the same
 * names by it, and so they have digits that come from the key and the name.
 */
#include "analyze/anonymizer.h"

#include "analyze/anonymize_words.h"
#include "analyze/port.h"
#include "analyze/text.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WANTED_BYTES 6 /* shorter ones may be anywhere by chance */
#define WANTED_BYTES_MOST 128
#define WANTED_HEADER 2 /* whether it is text, and its length */
#define NAME_DIGITS 10	/* of 5 bits */
#define NAME_MAX_BYTES 64
#define STRING_BYTES_MOST 65536 /* FORMAT.md, "Sections" */
#define MAC_DIGITS 12
#define SECONDS_A_DAY 86400u
#define NS UINT64_C(1000000000)

static const struct {
	enum image_kind kind;
	uint64_t first, last;
} classes[] = {
	{ IMAGE_PORT, PORT_EPHEMERAL, UINT16_MAX },
	{ IMAGE_PID, 3, 1 << 22 },
	{ IMAGE_PID, (1 << 22) + 1, UINT32_MAX },
	{ IMAGE_UID, 1000, 65533 },
	{ IMAGE_UID, 65536, UINT32_MAX - 1 },
	{ IMAGE_NAMESPACE, 1, 0xefffffff },
	{ IMAGE_NAMESPACE, 0xf0000000, UINT32_MAX },
	{ IMAGE_IFINDEX, 2, UINT16_MAX },
	{ IMAGE_IFINDEX, UINT16_MAX + 1, UINT32_MAX },
	{ IMAGE_VLAN, 1, 4094 },
	{ IMAGE_VLAN, 4096, UINT16_MAX },
	{ IMAGE_CGROUP_ID, 2, UINT32_MAX },
	{ IMAGE_CGROUP_ID, UINT64_C(1) << 32, INT64_MAX },
	{ IMAGE_CGROUP_ID, UINT64_C(1) << 63, UINT64_MAX },
	{ IMAGE_FLOW_ID, 1, UINT32_MAX },
	{ IMAGE_FLOW_ID, UINT64_C(1) << 32, INT64_MAX },
	{ IMAGE_FLOW_ID, UINT64_C(1) << 63, UINT64_MAX },
};

/* What stands in front of a name's number, and which names stay. */
static const struct {
	const char *word;
	enum word_list known;
	bool has_known;
	bool is_name; /* --keep-names keeps it */
} name_kinds[IMAGE_KINDS] = {
	[IMAGE_PROGRAM] = { "proc", WORDS_PROGRAMS, true, true },
	[IMAGE_DIRECTORY] = { "dir", WORDS_DIRECTORIES, true, true },
	[IMAGE_ARGUMENT] = { "arg", 0, false, false },
	[IMAGE_USER] = { "user", WORDS_USERS, true, true },
	[IMAGE_UNIT] = { "unit", WORDS_PROGRAMS, true, true },
	[IMAGE_CONTAINER] = { "container", 0, false, true },
	[IMAGE_CGROUP] = { "cgroup", WORDS_CGROUPS, true, true },
	[IMAGE_HOST] = { "host", 0, false, true },
	[IMAGE_INTERFACE] = { "if", WORDS_INTERFACES, true, true },
	[IMAGE_NETNS] = { "ns", 0, false, true },
	[IMAGE_DEVICE_KIND] = { "kind", WORDS_DEVICE_KINDS, true, false },
	[IMAGE_COUNTER] = { "counter", WORDS_COUNTERS, true, false },
};

/* ---- Beginning and end ------------------------------------------------- */

const char *anonymizer_purpose(const char *use, enum image_kind kind, char purpose[PURPOSE_MAX])
{
	snprintf(purpose, PURPOSE_MAX, "%s of %s", use, image_kind_name(kind));
	return purpose;
}

static uint64_t derive_number(const struct anonymize_key *key, const char *purpose)
{
	uint8_t bytes[8];
	uint64_t number = 0;

	anonymize_key_derive(key, purpose, NULL, 0, bytes, sizeof(bytes));
	for (size_t i = 0; i < sizeof(bytes); i++)
		number = number << 8 | bytes[i];
	return number;
}

/*
 * Forward, since there is not always room before: by a day at least, up to a year of the clock,
 * and eight of days.
 * Of the clock whole tenths of a second, so that times that were made coarse stay so.
 */
static void choose_shifts(struct anonymizer *anonymizer)
{
	const struct anonymize_key *key = &anonymizer->key;

	if (!anonymizer->options.shift_time)
		return;
	anonymizer->clock_shift_ns =
		(NS / 10) *
		(SECONDS_A_DAY * 10 + derive_number(key, "clock") % (365 * SECONDS_A_DAY * 10));
	anonymizer->realtime_shift_ns =
		SECONDS_A_DAY * NS +
		derive_number(key, "time of day") % (8 * 365 * (SECONDS_A_DAY * NS));
}

static int keep_name(struct anonymizer *anonymizer, enum image_kind kind, struct nst_bytes name)
{
	struct nst_bytes image;

	return image_find(&anonymizer->images, kind, name, &image)
		       ? 0
		       : image_add(&anonymizer->images, kind, name, name, &image);
}

/* A process is called by as much of it as the kernel has room for. */
static int add_known(struct anonymizer *anonymizer)
{
	int err = 0;

	for (const char *name = anonymizer->options.known; name && *name && !err;
	     name += strlen(name) + 1) {
		struct nst_bytes bytes = bytes_of(name);

		err = keep_name(anonymizer, IMAGE_PROGRAM, bytes)
			      ?: keep_name(anonymizer, IMAGE_UNIT, bytes);
		if (!err && bytes.len_bytes > COMM_LEN)
			err = keep_name(anonymizer, IMAGE_PROGRAM, bytes_part(bytes, 0, COMM_LEN));
	}
	return err;
}

int anonymizer_init(struct anonymizer *anonymizer, const struct anonymize_key *key, bool is_named,
		    const struct anonymize_options *options)
{
	uint8_t derived[PERMUTE_KEY_BYTES];
	char purpose[PURPOSE_MAX];

	*anonymizer = (struct anonymizer){ .options = *options, .key = *key, .is_named = is_named };
	address_map_init(&anonymizer->addresses, key, options->keep_addresses,
			 options->keep_private);
	for (size_t i = 0; i < IMAGE_KINDS; i++) {
		anonymize_key_derive(key,
				     anonymizer_purpose("permutation", (enum image_kind)i, purpose),
				     NULL, 0, derived, sizeof(derived));
		permutation_init(&anonymizer->numbers[i], derived);
	}
	explicit_bzero(derived, sizeof(derived));
	choose_shifts(anonymizer);
	return add_known(anonymizer);
}

void anonymizer_free(struct anonymizer *anonymizer)
{
	image_map_free(&anonymizer->images);
	intern_free(&anonymizer->wanted);
	intern_free(&anonymizer->clocks);
	free(anonymizer->text);
	explicit_bzero(anonymizer, sizeof(*anonymizer));
}

/* ---- What stands for what ---------------------------------------------- */

/* Of one or two different bytes: columns of numbers look like that, too. */
static bool is_plain(struct nst_bytes text)
{
	const uint8_t *at = text.data;
	uint8_t second = at[0];

	for (uint32_t i = 1; i < text.len_bytes; i++) {
		if (at[i] == at[0] || at[i] == second)
			continue;
		if (second != at[0])
			return false;
		second = at[i];
	}
	return true;
}

static int want(struct anonymizer *anonymizer, struct nst_bytes bytes, bool as_text)
{
	uint8_t key[WANTED_HEADER + WANTED_BYTES_MOST] = { as_text };
	uint32_t len = bytes.len_bytes < WANTED_BYTES_MOST ? bytes.len_bytes : WANTED_BYTES_MOST;
	uint32_t index;
	bool is_new;

	if (bytes.len_bytes < WANTED_BYTES || is_plain(bytes))
		return 0;
	key[1] = (uint8_t)len;
	memcpy(key + WANTED_HEADER, bytes.data, len);
	return intern_get(&anonymizer->wanted, key, WANTED_HEADER + len, &index, &is_new);
}

struct nst_bytes anonymizer_wanted(const struct anonymizer *anonymizer, uint32_t i,
				   bool *ret_is_text)
{
	const uint8_t *key = intern_key(&anonymizer->wanted, i);

	*ret_is_text = key[0];
	return (struct nst_bytes){ key + WANTED_HEADER, key[1] };
}

/* Of bytes as they are in columns of numbers it is none, even if somebody was called that. */
static bool is_text(struct nst_bytes bytes)
{
	const uint8_t *at = bytes.data;

	for (uint32_t i = 0; i < bytes.len_bytes; i++)
		if (at[i] < ' ')
			return false;
	return true;
}

/* Where a string may have been put together. */
static bool is_separator(uint8_t byte)
{
	return byte <= ' ' || strchr("/:.@_-+~()*=\"',;&|<>", byte);
}

/* A part of it may have been left as well. */
static int want_pieces(struct anonymizer *anonymizer, struct nst_bytes text)
{
	const uint8_t *at = text.data;
	uint32_t begin = 0;
	int err;

	if (text.len_bytes < WANTED_BYTES) /* nor is any piece of it long enough */
		return 0;
	err = want(anonymizer, text, is_text(text));
	for (uint32_t i = 0; i <= text.len_bytes && !err; i++) {
		if (i < text.len_bytes && !is_separator(at[i]))
			continue;
		err = want(anonymizer, bytes_part(text, begin, i), true);
		begin = i + 1;
	}
	return err;
}

static int want_address(struct anonymizer *anonymizer, struct nst_bytes address)
{
	char text[TEXT_ADDRESS_MAX];

	return want(anonymizer, address, false)
		       ?: want(anonymizer,
			       bytes_of(text_address(address.data, address.len_bytes, text)), true);
}

int anonymizer_want(struct anonymizer *anonymizer, enum image_kind kind, struct nst_bytes value)
{
	if (kind == IMAGE_ADDRESS)
		return want_address(anonymizer, value);
	return kind <= IMAGE_MAC ? want(anonymizer, value, false) : want_pieces(anonymizer, value);
}

int anonymizer_add(struct anonymizer *anonymizer, enum image_kind kind, struct nst_bytes original,
		   struct nst_bytes image, struct nst_bytes *ret_image)
{
	int err = image_add(&anonymizer->images, kind, original, image, ret_image);

	anonymizer->has_collision |= err == -EEXIST;
	return err;
}

int anonymizer_add_string(struct anonymizer *anonymizer, enum image_kind kind,
			  struct nst_bytes original, struct nst_bytes image,
			  struct nst_bytes *ret_image)
{
	int err = anonymizer_add(anonymizer, kind, original, image, ret_image);

	return err || bytes_equal(original, image) ? err
						   : anonymizer_want(anonymizer, kind, original);
}

void text_begin(struct anonymizer *anonymizer)
{
	anonymizer->text_len = 0;
	anonymizer->text_is_full = false;
}

int text_add_last(struct anonymizer *anonymizer, const void *data, size_t len)
{
	int err = array_reserve(&anonymizer->text, &anonymizer->text_bytes,
				anonymizer->text_len + len, 1);

	if (err || !len)
		return err;
	memcpy(anonymizer->text + anonymizer->text_len, data, len);
	anonymizer->text_len += len;
	return 0;
}

/* What was a letter may have become a word: a string that cannot hold them all ends before one. */
int text_add(struct anonymizer *anonymizer, const void *data, size_t len)
{
	anonymizer->text_is_full |=
		anonymizer->text_len + len > STRING_BYTES_MOST - 2 * NAME_MAX_BYTES;
	return anonymizer->text_is_full ? 0 : text_add_last(anonymizer, data, len);
}

int text_done(struct anonymizer *anonymizer, enum image_kind kind, struct nst_bytes original,
	      struct nst_bytes *ret_image)
{
	const struct nst_bytes image = { anonymizer->text, (uint32_t)anonymizer->text_len };

	return anonymizer_add_string(anonymizer, kind, original, image, ret_image);
}

/* ---- Numbers ----------------------------------------------------------- */

static uint64_t permuted(const struct anonymizer *anonymizer, enum image_kind kind, uint64_t number)
{
	for (size_t i = 0; i < sizeof(classes) / sizeof(classes[0]); i++)
		if (classes[i].kind == kind && number >= classes[i].first &&
		    number <= classes[i].last)
			return permute(&anonymizer->numbers[kind], number, classes[i].first,
				       classes[i].last);
	return number;
}

int anonymize_number(struct anonymizer *anonymizer, enum image_kind kind, uint64_t number,
		     uint64_t *ret_number)
{
	const struct nst_bytes original = { &number, sizeof(number) };
	struct nst_bytes image;
	uint64_t other;
	int err = 0;

	if (!image_find(&anonymizer->images, kind, original, &image)) {
		other = permuted(anonymizer, kind, number);
		err = anonymizer_add(anonymizer, kind, original,
				     (struct nst_bytes){ &other, sizeof(other) }, &image);
	}
	if (!err)
		memcpy(ret_number, image.data, sizeof(*ret_number));
	return err;
}

uint64_t anonymize_time(const struct anonymizer *anonymizer, uint64_t time_ns)
{
	return time_ns ? time_ns + anonymizer->clock_shift_ns : 0;
}

uint64_t anonymize_realtime(const struct anonymizer *anonymizer, uint64_t realtime_ns)
{
	return realtime_ns ? realtime_ns + anonymizer->realtime_shift_ns : 0;
}

int anonymizer_note_clocks(struct anonymizer *anonymizer, struct clock_reading reading)
{
	uint32_t index;
	bool is_new;

	return intern_get(&anonymizer->clocks, &reading, sizeof(reading), &index, &is_new);
}

/* ---- Names ------------------------------------------------------------- */

static void keyed_name(const struct anonymizer *anonymizer, enum image_kind kind,
		       struct nst_bytes name, char to[NAME_MAX_BYTES])
{
	static const char digits[] = "0123456789abcdefghjkmnpqrstvwxyz";
	uint8_t bytes[NAME_DIGITS];
	char purpose[PURPOSE_MAX];
	size_t n = (size_t)snprintf(to, NAME_MAX_BYTES, "%s-", name_kinds[kind].word);

	anonymize_key_derive(&anonymizer->key, anonymizer_purpose("name", kind, purpose), name.data,
			     name.len_bytes, bytes, sizeof(bytes));
	for (size_t i = 0; i < NAME_DIGITS; i++)
		to[n++] = digits[bytes[i] & 31];
	to[n] = '\0';
}

/* The next number that no name has which stays, nor this one by itself. */
static void counted_name(struct anonymizer *anonymizer, enum image_kind kind, struct nst_bytes name,
			 char to[NAME_MAX_BYTES])
{
	do
		snprintf(to, NAME_MAX_BYTES, "%s-%u", name_kinds[kind].word,
			 ++anonymizer->counts[kind]);
	while (image_is(&anonymizer->images, kind, bytes_of(to)) ||
	       bytes_equal(bytes_of(to), name));
}

/*
 * As in enx001122aabbcc, udev's name of a device that it knows by nothing else, and in what is
 * called by it: ifup@enx001122aabbcc, and wpa-enx00112233, where there was no room for all.
 */
static bool has_mac(struct nst_bytes name)
{
	const char *text = name.data;
	uint32_t digits = 0;

	for (uint32_t i = 0; i < name.len_bytes; i++) {
		digits = isxdigit((unsigned char)text[i]) ? digits + 1 : 0;
		if (digits >= MAC_DIGITS)
			return true;
	}
	return digits >= MAC_DIGITS / 2 && digits < name.len_bytes &&
	       text[name.len_bytes - digits - 1] == 'x';
}

int anonymize_name(struct anonymizer *anonymizer, enum image_kind kind, struct nst_bytes name,
		   struct nst_bytes *ret_name)
{
	char text[NAME_MAX_BYTES];
	struct nst_bytes image = name;

	if (image_find(&anonymizer->images, kind, name, ret_name))
		return 0;
	if (!name.len_bytes ||
	    (name_kinds[kind].has_known && word_is(name_kinds[kind].known, name)))
		return anonymizer_add(anonymizer, kind, name, image, ret_name);
	/* one that was given to another cannot stay */
	if (name_kinds[kind].is_name && anonymizer->options.keep_names && !has_mac(name) &&
	    !image_is(&anonymizer->images, kind, name))
		return anonymizer_add(anonymizer, kind, name, image, ret_name);
	if (anonymizer->is_named)
		keyed_name(anonymizer, kind, name, text);
	else
		counted_name(anonymizer, kind, name, text);
	return anonymizer_add_string(anonymizer, kind, name, bytes_of(text), ret_name);
}
