/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Addresses by the rules: prefixes, special ranges, and no two that become one. */
#include "analyze/anonymize_address.h"
#include "tests/unit/test.h"

#include <arpa/inet.h>
#include <stdlib.h>

static struct anonymize_key key;

static void use(struct address_map *map, uint8_t number, bool keep_all, bool keep_private)
{
	memset(key.bytes, number, sizeof(key.bytes));
	address_map_init(map, &key, keep_all, keep_private);
}

static const char *mapped(const struct address_map *map, const char *text)
{
	static char texts[4][INET6_ADDRSTRLEN];
	static unsigned int next;
	char *to = texts[next++ % 4];
	int family = strchr(text, ':') ? AF_INET6 : AF_INET;
	uint8_t address[16];

	if (inet_pton(family, text, address) != 1)
		return "(no address)";
	address_map(map, address, family == AF_INET ? 4 : 16, address);
	return inet_ntop(family, address, to, INET6_ADDRSTRLEN);
}

static bool shares(const struct address_map *map, const char *text, unsigned int bits)
{
	int family = strchr(text, ':') ? AF_INET6 : AF_INET;
	uint8_t a[16], b[16];

	inet_pton(family, text, a);
	address_map(map, a, family == AF_INET ? 4 : 16, b);
	for (unsigned int i = 0; i < bits; i++)
		if ((a[i / 8] ^ b[i / 8]) & 0x80 >> i % 8)
			return false;
	return true;
}

/* What every host has stays what it is, under any key. */
static void special_stays(void)
{
	static const char *const same[] = {
		"0.0.0.0",   "127.0.0.1",   "127.0.0.53",  "127.255.255.255", "255.255.255.255",
		"224.0.0.1", "224.0.0.251", "224.0.1.129", "239.255.255.250", "::",
		"::1",	     "ff02::1",	    "ff02::2",	   "ff02::fb",	      "ff02::1:2",
		"ff02::1:3", "ff05::c",	    "ff0e::fb"
	};
	static const struct {
		const char *address;
		unsigned int bits;
	} in_range[] = {
		{ "169.254.17.23", 16 },
		{ "239.1.2.3", 4 },
		{ "232.5.6.7", 4 },
		{ "240.1.2.3", 4 },
		{ "fe80::1", 64 },
		{ "fe80::211:22ff:fe33:4455", 64 },
		{ "ff02::1:ff33:4455", 104 },
		{ "ff15::abcd:1234:5678", 16 },
		{ "ff3e:30:2001:db8:1:2:3:4", 16 },
	};

	for (uint8_t number = 0; number < 8; number++) {
		struct address_map map;

		use(&map, number, false, false);
		for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++)
			CHECK_STR(mapped(&map, same[i]), same[i]);
		for (size_t i = 0; i < sizeof(in_range) / sizeof(in_range[0]); i++)
			CHECK(shares(&map, in_range[i].address, in_range[i].bits));
	}
}

static int differs(const char *text, bool keep_all, bool keep_private)
{
	int n = 0;

	for (uint8_t number = 0; number < 16; number++) {
		struct address_map map;

		use(&map, number, keep_all, keep_private);
		n += strcmp(mapped(&map, text), text) != 0;
	}
	return n;
}

/* An identifier is encrypted whatever is kept; one key in 2^24 may leave it as it was. */
static void identifiers_are_encrypted(void)
{
	CHECK(differs("fe80::211:22ff:fe33:4455", false, false) >= 15);
	CHECK(differs("fe80::211:22ff:fe33:4455", true, false) >= 15);
	CHECK(differs("ff02::1:ff33:4455", false, false) >= 15);
	CHECK(differs("ff02::1:ff33:4455", true, true) >= 15);
	CHECK_INT(differs("192.0.2.77", true, false), 0);
	CHECK_INT(differs("2001:db8::77", true, false), 0);
	CHECK(differs("192.0.2.77", false, false) >= 12);
	CHECK(differs("2001:db8::77", false, false) >= 15);
}

/*
 * What is made of a MAC address has ff:fe in its middle, which stays there; any other address
 * stays whole, so that none of them is met by one that does not.
 */
static void kept_addresses_have_no_mac(void)
{
	static const char *const made_of[] = { "2001:db8::211:22ff:fe33:4455",
					       "fd00:1:2:3:5054:ff:fe12:3456",
					       "2a01:db8:7::ff:fe00:0" };
	static const char *const others[] = { "2001:db8::1", "2001:db8::211:22ff:ff33:4455",
					      "2001:db8::fffe:0:0:1", "2001:db8::ff:fd00:1" };

	for (size_t i = 0; i < sizeof(made_of) / sizeof(made_of[0]); i++)
		CHECK(differs(made_of[i], true, false) >= 15);
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		CHECK_INT(differs(others[i], true, false), 0);
	for (uint8_t number = 0; number < 16; number++) {
		uint8_t from[16], to[16];
		struct address_map map;

		use(&map, number, true, false);
		inet_pton(AF_INET6, made_of[0], from);
		address_map(&map, from, 16, to);
		CHECK(!memcmp(from, to, 8));
		CHECK(to[11] == 0xff && to[12] == 0xfe);
		CHECK(memcmp(from + 8, to + 8, 3));
		CHECK(memcmp(from + 13, to + 13, 3));
	}
}

static void kept_bits(const char *text, unsigned int bits)
{
	int family = strchr(text, ':') ? AF_INET6 : AF_INET;
	struct address_map map;
	uint8_t address[16];

	test_name = text;
	use(&map, 1, false, false);
	inet_pton(family, text, address);
	CHECK_INT(address_kept_bits(&map, address, family == AF_INET ? 4 : 16), bits);
}

/* The price of leaving ranges where they are, which the manual names. */
static void neighbours_of_special_ones(void)
{
	kept_bits("8.8.8.8", 5);
	kept_bits("192.0.2.1", 3);
	kept_bits("223.255.255.255", 3);
	kept_bits("169.255.1.1", 16);
	kept_bits("239.255.0.1", 17);
	kept_bits("239.255.255.251", 32);
	kept_bits("255.255.255.0", 25);
	kept_bits("255.255.255.254", 32);
	kept_bits("::ffff:192.0.2.1", 81);
	kept_bits("2001:db8::1", 3);
	test_name = "neighbours_of_special_ones";
}

static void private_by_option(void)
{
	static const struct {
		const char *address;
		unsigned int bits;
	} ranges[] = { { "10.99.0.1", 8 },
		       { "172.20.1.2", 12 },
		       { "192.168.1.2", 16 },
		       { "100.64.1.2", 10 },
		       { "fd99::1", 7 } };

	for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++) {
		int outside = 0;

		for (uint8_t number = 0; number < 32; number++) {
			struct address_map map;

			use(&map, number, false, true);
			CHECK(shares(&map, ranges[i].address, ranges[i].bits));
			use(&map, number, false, false);
			outside += !shares(&map, ranges[i].address, ranges[i].bits);
		}
		/* fc00::/7 has no other place, between fe80::/10 and global addresses */
		CHECK(i == 4 || outside > 8);
		CHECK(differs(ranges[i].address, false, true) >= 12);
	}
}

static unsigned int common(const uint8_t *a, const uint8_t *b, size_t len)
{
	unsigned int n = 0;

	while (n < 8 * len && !((a[n / 8] ^ b[n / 8]) & 0x80 >> n % 8))
		n++;
	return n;
}

/* Any two addresses share as many bits as before, the special ones and their neighbours too. */
static void prefixes(size_t len, const char *const *near, size_t n_near)
{
	struct address_map map;

	use(&map, 42, false, true);
	srand(1);
	for (int i = 0; i < 20000; i++) {
		uint8_t a[16], b[16], a_to[16], b_to[16];
		unsigned int bit = (unsigned int)rand() % (8 * (unsigned int)len);

		for (size_t k = 0; k < len; k++)
			a[k] = (uint8_t)(rand() >> 4);
		if (i % 2)
			inet_pton(len == 4 ? AF_INET : AF_INET6, near[(size_t)i / 2 % n_near], a);
		memcpy(b, a, len);
		for (size_t k = bit / 8 + 1; k < len; k++)
			b[k] = (uint8_t)(rand() >> 4);
		b[bit / 8] ^= 0x80 >> bit % 8;
		address_map(&map, a, len, a_to);
		address_map(&map, b, len, b_to);
		CHECK_INT(common(a_to, b_to, len), common(a, b, len));
	}
}

static void prefixes_stay_together(void)
{
	static const char *const v4[] = { "127.0.0.1",	     "0.0.0.0",	    "224.0.0.1",
					  "255.255.255.255", "169.254.1.1", "10.0.0.1",
					  "192.168.0.1" };
	static const char *const v6[] = { "::1", "fe80::1", "ff02::1", "ff02::1:ff00:1",
					  "fd00::1" };

	prefixes(4, v4, sizeof(v4) / sizeof(v4[0]));
	prefixes(16, v6, sizeof(v6) / sizeof(v6[0]));
}

static int compare(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

/* All of a range of 2^19 addresses with special ones among them: each is hit once at most. */
static void injective(uint32_t first)
{
	static uint32_t images[1 << 19];
	struct address_map map;
	int twice = 0;

	use(&map, 7, false, false);
	for (uint32_t i = 0; i < 1 << 19; i++) {
		uint32_t address = htonl(first + i);

		address_map(&map, (const uint8_t *)&address, 4, (uint8_t *)&images[i]);
	}
	qsort(images, 1 << 19, sizeof(images[0]), compare);
	for (uint32_t i = 1; i < 1 << 19; i++)
		twice += images[i] == images[i - 1];
	CHECK_INT(twice, 0);
}

static void no_two_become_one(void)
{
	injective(0xdffc0000); /* from 223.252.0.0 on: public ones, and multicast */
	injective(0x7efc0000); /* from 126.252.0.0 on: public ones, and loopback */
}

/* A key for each family: what is known of one says nothing of the other. */
static void families_apart(void)
{
	struct address_map map;
	int same = 0;

	for (uint8_t number = 0; number < 16; number++) {
		uint8_t v4[16] = { 96, 17, 34, 51 }, v6[16] = { 96, 17, 34, 51 };

		use(&map, number, false, false);
		address_map(&map, v4, 4, v4);
		address_map(&map, v6, 16, v6);
		same += !memcmp(v4, v6, 4);
	}
	CHECK(same < 4);
}

int main(void)
{
	RUN(special_stays);
	RUN(identifiers_are_encrypted);
	RUN(kept_addresses_have_no_mac);
	RUN(neighbours_of_special_ones);
	RUN(private_by_option);
	RUN(prefixes_stay_together);
	RUN(no_two_become_one);
	RUN(families_apart);
	return test_result();
}
