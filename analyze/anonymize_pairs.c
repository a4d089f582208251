/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Has the rules a second time, as they are told: the ranges that stay, the classes of numbers.
 * Addresses are, behind what stays of them, what Crypto-PAn gives. Of all others it does not know
 * how they are mapped: a key leaves a byte as it was, and two numbers as far from each other, no
 * more often than dice do; what that makes impossible (less than one in 10^9) is a fault.
 */
#include "analyze/anonymize_pairs.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define N_OF(array) (sizeof(array) / sizeof((array)[0]))
#define IMPOSSIBLE 1e-9

/* ---- What stays -------------------------------------------------------- */

static const struct special {
	const char *prefix;
	unsigned int bits;
	unsigned int keeps; /* bits of an address in it */
	bool is_private;    /* it is kept on request */
} specials[] = {
	{ "0.0.0.0", 32, 32, false },	  { "10.0.0.0", 8, 8, true },
	{ "100.64.0.0", 10, 10, true },	  { "127.0.0.0", 8, 32, false },
	{ "169.254.0.0", 16, 16, false }, { "172.16.0.0", 12, 12, true },
	{ "192.168.0.0", 16, 16, true },  { "224.0.0.0", 4, 4, false },
	{ "224.0.0.0", 23, 32, false },	  { "239.255.255.250", 32, 32, false },
	{ "240.0.0.0", 4, 4, false },	  { "255.255.255.255", 32, 32, false },
	{ "::", 127, 128, false },	  { "fc00::", 7, 7, true },
	{ "fe80::", 64, 64, false },	  { "ff00::", 8, 16, false },
	{ "ff01::", 112, 128, false },	  { "ff02::", 112, 128, false },
	{ "ff02::1:0", 112, 128, false }, { "ff02::1:ff00:0", 104, 104, false },
	{ "ff05::", 112, 128, false },	  { "ff05::1:0", 112, 128, false },
	{ "ff08::", 112, 128, false },	  { "ff0e::", 112, 128, false },
};

/* Numbers change places with those of their class; all others stay. */
static const struct class
{
	enum image_kind kind;
	uint64_t first, last;
} classes[] = {
	{ IMAGE_PORT, 32768, 65535 },
	{ IMAGE_PID, 3, 4194304 }, /* as many as Linux may have */
	{ IMAGE_PID, 4194305, UINT32_MAX },
	{ IMAGE_UID, 1000, 65533 },
	{ IMAGE_UID, 65536, UINT32_MAX - 1 },
	{ IMAGE_NAMESPACE, 1, 0xefffffff },
	{ IMAGE_NAMESPACE, 0xf0000000, UINT32_MAX },
	{ IMAGE_IFINDEX, 2, 65535 },
	{ IMAGE_IFINDEX, 65536, UINT32_MAX },
	{ IMAGE_VLAN, 1, 4094 },
	{ IMAGE_VLAN, 4096, 65535 },
	{ IMAGE_CGROUP_ID, 2, UINT32_MAX },
	{ IMAGE_CGROUP_ID, UINT64_C(1) << 32, INT64_MAX },
	{ IMAGE_CGROUP_ID, UINT64_C(1) << 63, UINT64_MAX },
	{ IMAGE_FLOW_ID, 1, UINT32_MAX },
	{ IMAGE_FLOW_ID, UINT64_C(1) << 32, INT64_MAX },
	{ IMAGE_FLOW_ID, UINT64_C(1) << 63, UINT64_MAX },
};

struct judging {
	struct anonymized *of;
	uint8_t prefixes[N_OF(specials)][16];
	struct cryptopan pans[2]; /* of 4 and of 16 bytes */
	/* dice: bytes that are what they were, numbers that are as far from that as the one before */
	double expected[IMAGE_KINDS];
	uint64_t same[IMAGE_KINDS];
	uint64_t distance[IMAGE_KINDS]; /* of the last number */
	bool has_distance[IMAGE_KINDS];
};

static int fault(struct judging *judging, enum image_kind kind, const char *what)
{
	snprintf(judging->of->fault, sizeof(judging->of->fault), "%s: %s", image_kind_name(kind),
		 what);
	return -EBADMSG;
}

/* ---- Addresses --------------------------------------------------------- */

static size_t family_of(const char *prefix)
{
	return strchr(prefix, ':') ? 1 : 0;
}

static bool bit_at(const uint8_t *bytes, unsigned int i)
{
	return bytes[i / 8] >> (7 - i % 8) & 1;
}

static unsigned int shared_bits(const uint8_t *a, const uint8_t *b, unsigned int most)
{
	unsigned int n = 0;

	while (n < most && bit_at(a, n) == bit_at(b, n))
		n++;
	return n;
}

/* So many of the first bits stay: in a range what it keeps, outside what is needed to stay outside. */
static unsigned int kept_bits(const struct judging *judging, size_t family, const uint8_t *address)
{
	unsigned int most = 0;

	for (size_t i = 0; i < N_OF(specials); i++) {
		const struct special *special = &specials[i];
		unsigned int shared, kept;

		if (family_of(special->prefix) != family ||
		    (special->is_private && !judging->of->anonymizer.options.keep_private))
			continue;
		shared = shared_bits(address, judging->prefixes[i], special->bits);
		kept = shared == special->bits ? special->keeps : shared + 1;
		most = kept > most ? kept : most;
	}
	return most;
}

static bool is_link_local(const uint8_t *address)
{
	static const uint8_t prefix[8] = { 0xfe, 0x80 };

	return !memcmp(address, prefix, sizeof(prefix));
}

/* With --keep-addresses all, but what is made of an interface's address. */
static unsigned int bits_kept_on_request(const uint8_t *address)
{
	static const uint8_t solicited[13] = { 0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xff };

	if (!memcmp(address, solicited, sizeof(solicited)))
		return 104;
	if (is_link_local(address))
		return 64;
	return address[11] == 0xff && address[12] == 0xfe ? 64 : 128;
}

/* The bits that stay, and behind them what the published algorithm makes of the address. */
static int judge_address(struct judging *judging, struct nst_bytes original, struct nst_bytes image)
{
	const uint8_t *address = original.data;
	bool keeps_all = judging->of->anonymizer.options.keep_addresses;
	size_t family = original.len_bytes == 16;
	unsigned int kept;
	uint8_t to[CRYPTOPAN_ADDRESS_MAX];

	if (original.len_bytes != image.len_bytes ||
	    (original.len_bytes != 4 && original.len_bytes != 16))
		return fault(judging, IMAGE_ADDRESS, "of another length");
	kept = !keeps_all ? kept_bits(judging, family, address)
	       : family	  ? bits_kept_on_request(address)
			  : 32;
	cryptopan_encrypt(&judging->pans[family], address, original.len_bytes, kept, to);
	/* what tells that it is made of a MAC address stays */
	if (keeps_all && family && kept == 64 && !is_link_local(address))
		memcpy(to + 11, address + 11, 2);
	return memcmp(to, image.data, image.len_bytes)
		       ? fault(judging, IMAGE_ADDRESS, "one that is not what the key gives")
		       : 0;
}

/* ---- Numbers and bytes ------------------------------------------------- */

static const struct class *class_of(enum image_kind kind, uint64_t number)
{
	for (size_t i = 0; i < N_OF(classes); i++)
		if (classes[i].kind == kind && number >= classes[i].first &&
		    number <= classes[i].last)
			return &classes[i];
	return NULL;
}

static int judge_number(struct judging *judging, enum image_kind kind, uint64_t original,
			uint64_t image)
{
	const struct class *class = class_of(kind, original);
	double size;

	if (!class && original != image)
		return fault(judging, kind, "a number that stays did not");
	if (class != class_of(kind, image))
		return fault(judging, kind, "a number of another class");
	if (!class)
		return 0;
	size = 1 + (double)(class->last - class->first);
	judging->expected[kind] += 2 / size;
	judging->same[kind] += original == image;
	judging->same[kind] +=
		judging->has_distance[kind] && judging->distance[kind] == image - original;
	judging->distance[kind] = image - original;
	judging->has_distance[kind] = true;
	return 0;
}

static bool is_all(struct nst_bytes bytes, uint8_t value)
{
	const uint8_t *at = bytes.data;

	for (uint32_t i = 0; i < bytes.len_bytes; i++)
		if (at[i] != value)
			return false;
	return true;
}

/* Byte i says what sort of MAC address or of UUID it is, and may stay. */
static bool tells_sort(enum image_kind kind, uint32_t len_bytes, uint32_t i)
{
	return (kind == IMAGE_MAC && len_bytes == 6 && !i) ||
	       (kind == IMAGE_UUID && (i == 6 || i == 8));
}

/* Of no length: it is none. All zeros, and of devices all ones, stand for none, or for all. */
static int judge_bytes(struct judging *judging, enum image_kind kind, struct nst_bytes original,
		       struct nst_bytes image)
{
	const uint8_t *from = original.data, *to = image.data;
	bool is_none = kind != IMAGE_BUILD_ID && is_all(original, 0);

	if (kind == IMAGE_UUID && original.len_bytes != image.len_bytes)
		return 0; /* that of a part of a trace stands for no other */
	if (original.len_bytes != image.len_bytes)
		return fault(judging, kind, "of another length");
	if (!original.len_bytes || is_none || (kind == IMAGE_MAC && is_all(original, 0xff)))
		return bytes_equal(original, image) ? 0 : fault(judging, kind, "none became one");
	if (kind == IMAGE_MAC && original.len_bytes == 6 && (from[0] ^ to[0]) & 3)
		return fault(judging, kind, "another sort of address");
	for (uint32_t i = 0; i < original.len_bytes; i++) {
		if (tells_sort(kind, original.len_bytes, i))
			continue;
		judging->expected[kind] += 1.0 / 256;
		judging->same[kind] += from[i] == to[i];
	}
	return 0;
}

/* Digits of ids of containers and pods, and what stands between them. */
static int judge_hex(struct judging *judging, struct nst_bytes original, struct nst_bytes image)
{
	const char *from = original.data, *to = image.data;

	if (original.len_bytes != image.len_bytes)
		return fault(judging, IMAGE_HEX, "of another length");
	for (uint32_t i = 0; i < original.len_bytes; i++) {
		if (!memchr("0123456789abcdef", from[i], 16))
			continue;
		judging->expected[IMAGE_HEX] += 1.0 / 16;
		judging->same[IMAGE_HEX] += from[i] == to[i];
	}
	return 0;
}

/* A device's may be the address that a tunnel has. */
static int judge_mac(struct judging *judging, struct nst_bytes original, struct nst_bytes image)
{
	struct nst_bytes address;

	if ((original.len_bytes != 4 && original.len_bytes != 16) || is_all(original, 0) ||
	    is_all(original, 0xff))
		return judge_bytes(judging, IMAGE_MAC, original, image);
	if (image_find(&judging->of->anonymizer.images, IMAGE_ADDRESS, original, &address) &&
	    bytes_equal(address, image))
		return 0;
	return fault(judging, IMAGE_MAC, "an address that is another one elsewhere");
}

/*
 * Of things that happen seldom, each by itself: so many, where so many are expected? What more
 * there are than that makes each time less likely (Poisson).
 */
static bool is_possible(double expected, uint64_t n)
{
	double probability = 1;

	for (uint64_t i = (uint64_t)expected + 1; i <= n && probability >= IMPOSSIBLE; i++)
		probability *= expected / (double)i;
	return probability >= IMPOSSIBLE;
}

/* ---- All of them ------------------------------------------------------- */

static int judge_pair(struct judging *judging, enum image_kind kind, struct nst_bytes original,
		      struct nst_bytes image)
{
	uint64_t numbers[2];

	if (kind == IMAGE_ADDRESS)
		return judge_address(judging, original, image);
	if (kind == IMAGE_MAC)
		return judge_mac(judging, original, image);
	if (kind == IMAGE_HEX && !judging->of->anonymizer.options.keep_names)
		return judge_hex(judging, original, image);
	if (kind > IMAGE_MAC)
		return 0;
	if (kind >= IMAGE_UUID)
		return judge_bytes(judging, kind, original, image);
	memcpy(&numbers[0], original.data, sizeof(numbers[0]));
	memcpy(&numbers[1], image.data, sizeof(numbers[1]));
	return judge_number(judging, kind, numbers[0], numbers[1]);
}

static void begin(struct judging *judging)
{
	static const char *const families[] = { "IPv4", "IPv6" };
	uint8_t derived[CRYPTOPAN_KEY_BYTES];

	for (size_t i = 0; i < N_OF(specials); i++)
		inet_pton(family_of(specials[i].prefix) ? AF_INET6 : AF_INET, specials[i].prefix,
			  judging->prefixes[i]);
	for (size_t i = 0; i < N_OF(families); i++) {
		anonymize_key_derive(&judging->of->anonymizer.key, families[i], NULL, 0, derived,
				     sizeof(derived));
		cryptopan_init(&judging->pans[i], derived);
	}
	explicit_bzero(derived, sizeof(derived));
}

static int judge_all(struct judging *judging)
{
	const struct image_map *images = &judging->of->anonymizer.images;
	int err = 0;

	for (uint32_t i = 0; i < images->originals.n && !err; i++) {
		struct nst_bytes original, image;
		enum image_kind kind;

		image_pair_get(images, i, &kind, &original, &image);
		err = judge_pair(judging, kind, original, image);
	}
	for (int kind = 0; kind < IMAGE_KINDS && !err; kind++)
		if (!is_possible(judging->expected[kind], judging->same[kind]))
			err = fault(judging, (enum image_kind)kind, "too many are what they were");
	return err;
}

int pairs_check(struct anonymized *anonymized)
{
	struct judging judging = { .of = anonymized };
	int err;

	begin(&judging);
	err = judge_all(&judging);
	explicit_bzero(judging.pans, sizeof(judging.pans));
	return err;
}
