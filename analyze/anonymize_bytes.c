/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Addresses, ids and what else is bytes that are no names. */
#include "analyze/anonymizer.h"

#include <stdio.h>
#include <string.h>

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
	return anonymizer_add_string(anonymizer, IMAGE_ADDRESS, address, image, ret_address);
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
		err = anonymizer_add_string(anonymizer, IMAGE_UUID, original,
					    (struct nst_bytes){ to, 16 }, &image);
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
	/* of a device's neither the first nor the last: they stand for none, and for all */
	number = permute(&anonymizer->numbers[kind], number, kind == IMAGE_MAC,
			 (UINT64_MAX >> (64 - 8 * bytes.len_bytes)) - (kind == IMAGE_MAC));
	for (uint32_t i = bytes.len_bytes; i > 0; i--, number >>= 8)
		to[i - 1] = (uint8_t)number;
	return anonymizer_add_string(anonymizer, kind, bytes,
				     (struct nst_bytes){ to, bytes.len_bytes }, ret_bytes);
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
		anonymize_key_derive(&anonymizer->key,
				     anonymizer_purpose(block_name, kind, purpose), bytes.data,
				     bytes.len_bytes, block, sizeof(block));
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
	return anonymizer_add_string(anonymizer, IMAGE_MAC, mac, (struct nst_bytes){ to, 6 },
				     ret_mac);
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
	return err ?: anonymizer_add_string(anonymizer, IMAGE_MAC, mac, image, ret_mac);
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
	return anonymizer_add_string(anonymizer, IMAGE_HEX, hex,
				     (struct nst_bytes){ text, hex.len_bytes }, ret_hex);
}
