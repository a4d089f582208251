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

#define PURPOSE_MAX 48

/* ---- Beginning and end ------------------------------------------------- */

/* What is derived for one use says nothing of what is derived for another one. */
static const char *purpose_of(const char *use, enum image_kind kind, char purpose[PURPOSE_MAX])
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
 * Forward, since there is not always room before: up to a year of the clock, and eight of days.
 * Of the clock whole tenths of a second, so that times that were made coarse stay so.
 */
static void choose_shifts(struct anonymizer *anonymizer)
{
	const struct anonymize_key *key = &anonymizer->key;

	if (!anonymizer->options.shift_time)
		return;
	anonymizer->clock_shift_ns =
		(NS / 10) * (1 + derive_number(key, "clock") % (365 * SECONDS_A_DAY * 10));
	anonymizer->realtime_shift_ns =
		1 + derive_number(key, "time of day") % (8 * 365 * (SECONDS_A_DAY * NS));
}

static int add_known(struct anonymizer *anonymizer)
{
	struct nst_bytes image;
	int err = 0;

	for (const char *name = anonymizer->options.known; name && *name && !err;
	     name += strlen(name) + 1) {
		struct nst_bytes bytes = bytes_of(name);

		if (!image_find(&anonymizer->images, IMAGE_PROGRAM, bytes, &image))
			err = image_add(&anonymizer->images, IMAGE_PROGRAM, bytes, bytes, &image);
		if (!err && !image_find(&anonymizer->images, IMAGE_UNIT, bytes, &image))
			err = image_add(&anonymizer->images, IMAGE_UNIT, bytes, bytes, &image);
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
		anonymize_key_derive(key, purpose_of("permutation", (enum image_kind)i, purpose),
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

/* Of strings: what was changed is to be nowhere any more. */
static int add_string(struct anonymizer *anonymizer, enum image_kind kind,
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
}

int text_add(struct anonymizer *anonymizer, const void *data, size_t len)
{
	int err = array_reserve(&anonymizer->text, &anonymizer->text_bytes,
				anonymizer->text_len + len, 1);

	if (err || !len)
		return err;
	memcpy(anonymizer->text + anonymizer->text_len, data, len);
	anonymizer->text_len += len;
	return 0;
}

int text_done(struct anonymizer *anonymizer, enum image_kind kind, struct nst_bytes original,
	      struct nst_bytes *ret_image)
{
	const struct nst_bytes image = { anonymizer->text, (uint32_t)anonymizer->text_len };

	return add_string(anonymizer, kind, original, image, ret_image);
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

	anonymize_key_derive(&anonymizer->key, purpose_of("name", kind, purpose), name.data,
			     name.len_bytes, bytes, sizeof(bytes));
	for (size_t i = 0; i < NAME_DIGITS; i++)
		to[n++] = digits[bytes[i] & 31];
	to[n] = '\0';
}

/* The next number that no name has which stays. */
static void counted_name(struct anonymizer *anonymizer, enum image_kind kind,
			 char to[NAME_MAX_BYTES])
{
	do
		snprintf(to, NAME_MAX_BYTES, "%s-%u", name_kinds[kind].word,
			 ++anonymizer->counts[kind]);
	while (image_is(&anonymizer->images, kind, bytes_of(to)));
}

/* As in enx001122aabbcc, udev's names of devices that it knows by nothing else. */
static bool has_mac(enum image_kind kind, struct nst_bytes name)
{
	const char *end = (const char *)name.data + name.len_bytes;

	if (kind != IMAGE_INTERFACE || name.len_bytes < 12)
		return false;
	for (const char *at = end - 12; at < end; at++)
		if (!isxdigit((unsigned char)*at))
			return false;
	return true;
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
	if (name_kinds[kind].is_name && anonymizer->options.keep_names && !has_mac(kind, name))
		return anonymizer_add(anonymizer, kind, name, image, ret_name);
	if (anonymizer->is_named)
		keyed_name(anonymizer, kind, name, text);
	else
		counted_name(anonymizer, kind, text);
	return add_string(anonymizer, kind, name, bytes_of(text), ret_name);
}

/* ---- Bytes ------------------------------------------------------------- */

int anonymize_address_bytes(struct anonymizer *anonymizer, struct nst_bytes address,
			    struct nst_bytes *ret_address)
{
	uint8_t to[16];
	struct nst_bytes image = { to, address.len_bytes };

	if (address.len_bytes != 4 && address.len_bytes != 16) {
		*ret_address = (struct nst_bytes){ NULL, 0 };
		return 0;
	}
	if (image_find(&anonymizer->images, IMAGE_ADDRESS, address, ret_address))
		return 0;
	address_map(&anonymizer->addresses, address.data, address.len_bytes, to);
	return add_string(anonymizer, IMAGE_ADDRESS, address, image, ret_address);
}

static void make_uuid(const struct anonymizer *anonymizer, const char *purpose,
		      struct nst_bytes from, uint8_t to[16])
{
	anonymize_key_derive(&anonymizer->key, purpose, from.data, from.len_bytes, to, 16);
	to[6] = (to[6] & 0x0f) | 0x40; /* RFC 4122, random */
	to[8] = (to[8] & 0x3f) | 0x80;
}

int anonymize_uuid(struct anonymizer *anonymizer, const uint8_t uuid[16], uint8_t ret_uuid[16])
{
	static const uint8_t none[16];
	const struct nst_bytes original = { uuid, 16 };
	struct nst_bytes image;
	uint8_t to[16] = { 0 };
	int err = 0;

	if (!image_find(&anonymizer->images, IMAGE_UUID, original, &image)) {
		if (memcmp(uuid, none, sizeof(none)))
			make_uuid(anonymizer, "uuid", original, to);
		err = add_string(anonymizer, IMAGE_UUID, original, (struct nst_bytes){ to, 16 },
				 &image);
	}
	if (!err)
		memcpy(ret_uuid, image.data, 16);
	return err;
}

/* A chunk is known by the trace's UUID and its number: two parts must not share one. */
int anonymize_trace_uuid(struct anonymizer *anonymizer, const uint8_t uuid[16],
			 uint8_t ret_uuid[16])
{
	const char *part = anonymizer->options.part;
	struct nst_bytes original, image;
	uint8_t to[16];
	int err = anonymize_uuid(anonymizer, uuid, ret_uuid); /* that of all of it */

	if (err || !part)
		return err;
	text_begin(anonymizer);
	err = text_add(anonymizer, uuid, 16) ?: text_add(anonymizer, part, strlen(part));
	if (err)
		return err;
	original = (struct nst_bytes){ anonymizer->text, (uint32_t)anonymizer->text_len };
	make_uuid(anonymizer, "uuid of a part", original, to);
	err = anonymizer_add(anonymizer, IMAGE_UUID, original, (struct nst_bytes){ to, 16 },
			     &image);
	if (!err)
		memcpy(ret_uuid, to, 16);
	return err;
}

/* As few bytes as a number has: no two become one. */
static int permute_bytes(struct anonymizer *anonymizer, enum image_kind kind,
			 struct nst_bytes bytes, struct nst_bytes *ret_bytes)
{
	const uint8_t *from = bytes.data;
	uint8_t to[8];
	uint64_t number = 0;

	for (uint32_t i = 0; i < bytes.len_bytes; i++)
		number = number << 8 | from[i];
	number = permute(&anonymizer->numbers[kind], number, 0,
			 UINT64_MAX >> (64 - 8 * bytes.len_bytes));
	for (uint32_t i = bytes.len_bytes; i > 0; i--, number >>= 8)
		to[i - 1] = (uint8_t)number;
	return add_string(anonymizer, kind, bytes, (struct nst_bytes){ to, bytes.len_bytes },
			  ret_bytes);
}

/* As many bytes that look random, of the key and these. */
static int renew_bytes(struct anonymizer *anonymizer, enum image_kind kind, struct nst_bytes bytes,
		       struct nst_bytes *ret_bytes)
{
	int err = 0;

	if (!bytes.len_bytes)
		return anonymizer_add(anonymizer, kind, bytes, bytes, ret_bytes);
	if (bytes.len_bytes <= 8)
		return permute_bytes(anonymizer, kind, bytes, ret_bytes);
	text_begin(anonymizer);
	for (uint32_t at = 0; at < bytes.len_bytes && !err; at += 32) {
		uint8_t block[32];
		char block_name[24], purpose[PURPOSE_MAX];
		uint32_t left = bytes.len_bytes - at;

		snprintf(block_name, sizeof(block_name), "block %u", at / 32);
		anonymize_key_derive(&anonymizer->key, purpose_of(block_name, kind, purpose),
				     bytes.data, bytes.len_bytes, block, sizeof(block));
		err = text_add(anonymizer, block, left < 32 ? left : 32);
	}
	return err ?: text_done(anonymizer, kind, bytes, ret_bytes);
}

int anonymize_build_id(struct anonymizer *anonymizer, struct nst_bytes id, struct nst_bytes *ret_id)
{
	if (image_find(&anonymizer->images, IMAGE_BUILD_ID, id, ret_id))
		return 0;
	return renew_bytes(anonymizer, IMAGE_BUILD_ID, id, ret_id);
}

static bool is_all(struct nst_bytes bytes, uint8_t value)
{
	const uint8_t *at = bytes.data;

	for (uint32_t i = 0; i < bytes.len_bytes; i++)
		if (at[i] != value)
			return false;
	return true;
}

/* The two bits that say whether it is of a group, and whether the maker gave it, stay. */
static int permute_mac(struct anonymizer *anonymizer, struct nst_bytes mac,
		       struct nst_bytes *ret_mac)
{
	const uint64_t most = (UINT64_C(1) << 46) - 1;
	const uint8_t *from = mac.data;
	uint8_t to[6];
	uint64_t number = 0;

	for (int i = 0; i < 6; i++)
		number = number << 8 | from[i];
	/* those bits are the lowest two of the first byte */
	number = (number >> 42 << 40 | (number & ((UINT64_C(1) << 40) - 1))) & most;
	number = permute(&anonymizer->numbers[IMAGE_MAC], number, 0, most);
	for (int i = 5; i > 0; i--, number >>= 8)
		to[i] = (uint8_t)number;
	to[0] = (uint8_t)(number << 2 | (from[0] & 3));
	return add_string(anonymizer, IMAGE_MAC, mac, (struct nst_bytes){ to, 6 }, ret_mac);
}

int anonymize_mac(struct anonymizer *anonymizer, struct nst_bytes mac, struct nst_bytes *ret_mac)
{
	struct nst_bytes image;
	int err;

	if (image_find(&anonymizer->images, IMAGE_MAC, mac, ret_mac))
		return 0;
	if (is_all(mac, 0) || is_all(mac, 0xff))
		return anonymizer_add(anonymizer, IMAGE_MAC, mac, mac, ret_mac);
	if (mac.len_bytes == 6)
		return permute_mac(anonymizer, mac, ret_mac);
	if (mac.len_bytes != 4 && mac.len_bytes != 16)
		return renew_bytes(anonymizer, IMAGE_MAC, mac, ret_mac);
	/* that of a tunnel, which is an address */
	err = anonymize_address_bytes(anonymizer, mac, &image);
	return err ?: add_string(anonymizer, IMAGE_MAC, mac, image, ret_mac);
}

static bool is_digit(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

int anonymize_hex(struct anonymizer *anonymizer, struct nst_bytes hex, struct nst_bytes *ret_hex)
{
	static const char digits[] = "0123456789abcdef";
	char text[96], only[96];
	uint8_t bytes[32];
	uint32_t n = 0;

	if (image_find(&anonymizer->images, IMAGE_HEX, hex, ret_hex))
		return 0;
	if (anonymizer->options.keep_names || hex.len_bytes > sizeof(text))
		return anonymizer_add(anonymizer, IMAGE_HEX, hex, hex, ret_hex);
	memcpy(text, hex.data, hex.len_bytes);
	for (uint32_t i = 0; i < hex.len_bytes; i++)
		if (is_digit(text[i]))
			only[n++] = text[i];
	anonymize_key_derive(&anonymizer->key, "id", only, n, bytes, sizeof(bytes));
	n = 0;
	for (uint32_t i = 0; i < hex.len_bytes; i++)
		if (is_digit(text[i])) {
			text[i] = digits[bytes[n / 2 % 32] >> (n % 2 ? 0 : 4) & 15];
			n++;
		}
	return add_string(anonymizer, IMAGE_HEX, hex, (struct nst_bytes){ text, hex.len_bytes },
			  ret_hex);
}
