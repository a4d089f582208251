/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A mapping that preserves prefixes says of each node of the binary tree of addresses
 * whether its two halves change places. It leaves a range in its place only if they do at
 * no node above the range: so an address keeps the bits that it shares with any range
 * that stays, and the one by which it differs. Within the range, halves change places
 * from some depth on, or nowhere. That depends on nothing but the bits in front, so that the
 * whole is a permutation; and where it is Crypto-PAn, it is just that.
 */
#include "analyze/anonymize_address.h"

#include <string.h>

#define N_OF(array) (sizeof(array) / sizeof((array)[0]))

struct range {
	uint8_t prefix[CRYPTOPAN_ADDRESS_MAX];
	uint8_t bits;
	uint8_t until; /* bits that stay of an address in it */
	bool is_private;
};

#define WHOLE4 32
static const struct range ranges4[] = {
	{ { 0, 0, 0, 0 }, 32, WHOLE4, false }, /* unspecified */
	{ { 127 }, 8, WHOLE4, false },	       /* loopback */
	{ { 169, 254 }, 16, 16, false },       /* link-local */
	{ { 224 }, 4, 4, false },	       /* multicast */
	{ { 224, 0, 0 }, 23, WHOLE4, false },  /* of the link, and of all sites' protocols */
	{ { 239, 255, 255, 250 }, 32, WHOLE4, false }, /* SSDP */
	{ { 240 }, 4, 4, false },		       /* reserved */
	{ { 255, 255, 255, 255 }, 32, WHOLE4, false }, /* broadcast */
	{ { 10 }, 8, 8, true },
	{ { 172, 16 }, 12, 12, true },
	{ { 192, 168 }, 16, 16, true },
	{ { 100, 64 }, 10, 10, true }, /* shared by carriers */
};

#define WHOLE6 128
#define IDENTIFIER_BIT 64 /* where that of the interface begins */
#define GROUPS(scope)	  /* that are assigned for good: few bits */ \
	{                                                            \
		{ 0xff, scope }, 112, WHOLE6, false                  \
	}
#define MORE_GROUPS(scope)                                                              \
	{                                                                               \
		{ 0xff, scope, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1 }, 112, WHOLE6, false \
	}
#define SOLICITED_NODE                                      \
	{                                                   \
		0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xff \
	}
static const struct range ranges6[] = {
	{ { 0 }, 127, WHOLE6, false }, /* unspecified and loopback */
	{ { 0xfe, 0x80 },
	  64,
	  64,
	  false },		    /* link-local: the interface's identifier does not stay */
	{ { 0xff }, 8, 16, false }, /* multicast: with flags and scope */
	GROUPS(1),
	GROUPS(2),
	GROUPS(5),
	GROUPS(8),
	GROUPS(14),
	MORE_GROUPS(2),
	MORE_GROUPS(5),			     /* DHCPv6, LLMNR and others */
	{ SOLICITED_NODE, 104, 104, false }, /* the rest is of an interface's identifier */
	{ { 0xfc }, 7, 7, true },
};

/* What is encrypted of addresses that stay as they are. */
static const struct range identifiers6[] = {
	{ { 0xfe, 0x80 }, 64, 64, false },
	{ SOLICITED_NODE, 104, 104, false },
};

void address_map_init(struct address_map *map, const struct anonymize_key *key, bool keep_all,
		      bool keep_private)
{
	uint8_t derived[CRYPTOPAN_KEY_BYTES];

	/* one each: an address of one family says nothing of one of the other */
	anonymize_key_derive(key, "IPv4", NULL, 0, derived, sizeof(derived));
	cryptopan_init(&map->v4, derived);
	anonymize_key_derive(key, "IPv6", NULL, 0, derived, sizeof(derived));
	cryptopan_init(&map->v6, derived);
	explicit_bzero(derived, sizeof(derived));
	map->keep_all = keep_all;
	map->keep_private = keep_private;
}

static unsigned int common_bits(const uint8_t *a, const uint8_t *b, unsigned int most)
{
	unsigned int n = 0;

	while (n < most && !((a[n / 8] ^ b[n / 8]) & 0x80 >> n % 8))
		n++;
	return n;
}

static unsigned int kept_by(const struct range *ranges, size_t n_ranges, bool with_private,
			    const uint8_t *address)
{
	unsigned int most = 0;

	for (size_t i = 0; i < n_ranges; i++) {
		const struct range *range = &ranges[i];
		unsigned int common, kept;

		if (range->is_private && !with_private)
			continue;
		common = common_bits(address, range->prefix, range->bits);
		kept = common == range->bits ? range->until : common + 1;
		most = kept > most ? kept : most;
	}
	return most;
}

static const struct range *identifier_range(const uint8_t *address)
{
	for (size_t i = 0; i < N_OF(identifiers6); i++)
		if (common_bits(address, identifiers6[i].prefix, identifiers6[i].bits) ==
		    identifiers6[i].bits)
			return &identifiers6[i];
	return NULL;
}

/* Outside of these: the identifier is a MAC address with two bytes in its middle (EUI-64). */
static bool is_made_of_mac(const uint8_t *address, size_t len_bytes)
{
	return len_bytes == 16 && address[11] == 0xff && address[12] == 0xfe &&
	       !identifier_range(address);
}

static unsigned int kept_by_option(const uint8_t *address, size_t len_bytes)
{
	const struct range *range = len_bytes == 16 ? identifier_range(address) : NULL;

	if (range)
		return range->until;
	return is_made_of_mac(address, len_bytes) ? IDENTIFIER_BIT : 8 * (unsigned int)len_bytes;
}

unsigned int address_kept_bits(const struct address_map *map, const uint8_t *address,
			       size_t len_bytes)
{
	if (map->keep_all)
		return kept_by_option(address, len_bytes);
	if (len_bytes == 4)
		return kept_by(ranges4, N_OF(ranges4), map->keep_private, address);
	return kept_by(ranges6, N_OF(ranges6), map->keep_private, address);
}

void address_map(const struct address_map *map, const uint8_t *address, size_t len_bytes,
		 uint8_t *to)
{
	bool keeps_middle = map->keep_all && is_made_of_mac(address, len_bytes);

	cryptopan_encrypt(len_bytes == 4 ? &map->v4 : &map->v6, address, len_bytes,
			  address_kept_bits(map, address, len_bytes), to);
	if (keeps_middle) { /* so that none becomes one of those that stay */
		to[11] = 0xff;
		to[12] = 0xfe;
	}
}
