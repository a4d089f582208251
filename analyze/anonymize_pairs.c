/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Knows nothing of how values are mapped, and has the rules a second time, as they are told:
 * the ranges that stay, the classes of numbers. A mapping by a key leaves a value as it was no
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
#define FEW_COINS 30 /* 2^-30 is about that */
#define MAC_BITS 46  /* of 48: two tell what sort of address it is */

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

struct pair {
	uint8_t original[16], image[16];
};

struct judging {
	struct anonymized *of;
	uint8_t prefixes[N_OF(specials)][16];
	struct pair *addresses[2]; /* of 4 and of 16 bytes */
	size_t n_addresses[2], n_allocated[2];
	uint64_t coins, heads;	      /* bits of addresses that may change; that do */
	double expected[IMAGE_KINDS]; /* how many are what they were */
	uint64_t same[IMAGE_KINDS];
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

/* With --keep-addresses all, but what is made of an interface's address. */
static unsigned int bits_kept_on_request(const uint8_t *address)
{
	static const uint8_t link_local[8] = { 0xfe, 0x80 };
	static const uint8_t solicited[13] = { 0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xff };

	if (!memcmp(address, solicited, sizeof(solicited)))
		return 104;
	if (!memcmp(address, link_local, sizeof(link_local)))
		return 64;
	return address[11] == 0xff && address[12] == 0xfe ? 64 : 128;
}

static int add_address(struct judging *judging, struct nst_bytes original, struct nst_bytes image)
{
	size_t family = original.len_bytes == 16;
	struct pair *pair;
	int err;

	if (original.len_bytes != image.len_bytes ||
	    (original.len_bytes != 4 && original.len_bytes != 16))
		return fault(judging, IMAGE_ADDRESS, "of another length");
	err = array_reserve(&judging->addresses[family], &judging->n_allocated[family],
			    judging->n_addresses[family] + 1, sizeof(*pair));
	if (err)
		return err;
	pair = &judging->addresses[family][judging->n_addresses[family]++];
	memcpy(pair->original, original.data, original.len_bytes);
	memcpy(pair->image, image.data, image.len_bytes);
	return 0;
}

static int by_original(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(((struct pair *)0)->original));
}

/* Bits that no address before had to decide, each by a coin of its own. */
static void toss(struct judging *judging, const struct pair *pair, unsigned int from,
		 unsigned int bits)
{
	bool keeps_all = judging->of->anonymizer.options.keep_addresses;

	for (unsigned int i = from; i < bits; i++) {
		/* what tells that it is made of a MAC address stays */
		if (keeps_all && i >= 88 && i < 104 && bits_kept_on_request(pair->original) == 64)
			continue;
		judging->coins++;
		judging->heads += bit_at(pair->original, i) != bit_at(pair->image, i);
	}
}

/* All of a family, sorted: what each shares with the one before it, and what stays of it. */
static int judge_family(struct judging *judging, size_t family)
{
	const struct anonymize_options *options = &judging->of->anonymizer.options;
	unsigned int bits = family ? 128 : 32;
	struct pair *pairs = judging->addresses[family];

	if (judging->n_addresses[family])
		qsort(pairs, judging->n_addresses[family], sizeof(*pairs), by_original);
	for (size_t i = 0; i < judging->n_addresses[family]; i++) {
		const struct pair *pair = &pairs[i];
		unsigned int kept = !options->keep_addresses
					    ? kept_bits(judging, family, pair->original)
				    : family ? bits_kept_on_request(pair->original)
					     : bits;
		unsigned int shared = i ? shared_bits(pair->original, pair[-1].original, bits) : 0;

		if (shared_bits(pair->original, pair->image, kept) < kept)
			return fault(judging, IMAGE_ADDRESS, "one of those that stay did not");
		if (i && !options->keep_addresses &&
		    shared != shared_bits(pair->image, pair[-1].image, bits))
			return fault(judging, IMAGE_ADDRESS,
				     "a prefix is not what it was to others");
		if (i && shared + 1 > kept)
			kept = shared + 1;
		toss(judging, pair, kept, bits);
	}
	return 0;
}

static int judge_addresses(struct judging *judging)
{
	int err = judge_family(judging, 0) ?: judge_family(judging, 1);
	double lacking = (double)judging->coins - 2 * (double)judging->heads;

	if (err)
		return err;
	/* Hoeffding: with probability under 10^-9 half of them lack more */
	if ((!judging->heads && judging->coins >= FEW_COINS) ||
	    (lacking > 0 && lacking * lacking > 41.5 * (double)judging->coins))
		return fault(judging, IMAGE_ADDRESS, "too many bits are what they were");
	return 0;
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

	if (!class && original != image)
		return fault(judging, kind, "a number that stays did not");
	if (class != class_of(kind, image))
		return fault(judging, kind, "a number of another class");
	if (class)
		judging->expected[kind] += 1 / (1 + (double)(class->last - class->first));
	judging->same[kind] += class && original == image;
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

/* Of no length: it is none. All zeros, and of devices all ones, stand for none, or for all. */
static int judge_bytes(struct judging *judging, enum image_kind kind, struct nst_bytes original,
		       struct nst_bytes image)
{
	bool is_mac = kind == IMAGE_MAC && original.len_bytes == 6;
	bool is_none = kind != IMAGE_BUILD_ID && is_all(original, 0);
	double share = 1;

	if (kind == IMAGE_UUID && original.len_bytes != image.len_bytes)
		return 0; /* that of a part of a trace stands for no other */
	if (original.len_bytes != image.len_bytes)
		return fault(judging, kind, "of another length");
	if (!original.len_bytes || is_none || (kind == IMAGE_MAC && is_all(original, 0xff)))
		return bytes_equal(original, image) ? 0 : fault(judging, kind, "none became one");
	if (is_mac && (*(const uint8_t *)original.data ^ *(const uint8_t *)image.data) & 3)
		return fault(judging, kind, "another sort of address");
	for (uint32_t i = 0; i < (is_mac ? MAC_BITS : 8 * original.len_bytes); i++)
		share /= 2;
	judging->expected[kind] += share;
	judging->same[kind] += bytes_equal(original, image);
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

/* Of things that happen seldom, each by itself: so many, where so many are expected? */
static bool is_possible(double expected, uint64_t n)
{
	double probability = 1;

	for (uint64_t i = 1; i <= n; i++)
		probability *= expected / (double)i;
	return probability >= IMPOSSIBLE;
}

/* ---- All of them ------------------------------------------------------- */

static int judge_pair(struct judging *judging, enum image_kind kind, struct nst_bytes original,
		      struct nst_bytes image)
{
	uint64_t numbers[2];

	if (kind == IMAGE_ADDRESS)
		return add_address(judging, original, image);
	if (kind == IMAGE_MAC)
		return judge_mac(judging, original, image);
	if (kind > IMAGE_MAC)
		return 0;
	if (kind >= IMAGE_UUID)
		return judge_bytes(judging, kind, original, image);
	memcpy(&numbers[0], original.data, sizeof(numbers[0]));
	memcpy(&numbers[1], image.data, sizeof(numbers[1]));
	return judge_number(judging, kind, numbers[0], numbers[1]);
}

static int judge_all(struct judging *judging)
{
	const struct image_map *images = &judging->of->anonymizer.images;
	int err = 0;

	for (size_t i = 0; i < N_OF(specials); i++)
		inet_pton(family_of(specials[i].prefix) ? AF_INET6 : AF_INET, specials[i].prefix,
			  judging->prefixes[i]);
	for (uint32_t i = 0; i < images->originals.n && !err; i++) {
		struct nst_bytes original, image;
		enum image_kind kind;

		image_pair_get(images, i, &kind, &original, &image);
		err = judge_pair(judging, kind, original, image);
	}
	if (!err)
		err = judge_addresses(judging);
	for (int kind = 0; kind < IMAGE_KINDS && !err; kind++)
		if (!is_possible(judging->expected[kind], judging->same[kind]))
			err = fault(judging, (enum image_kind)kind, "too many are what they were");
	return err;
}

int pairs_check(struct anonymized *anonymized)
{
	struct judging judging = { .of = anonymized };
	int err = judge_all(&judging);

	free(judging.addresses[0]);
	free(judging.addresses[1]);
	return err;
}
