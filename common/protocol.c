// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "common/protocol.h"

#include "common/units.h"

#include <ctype.h>
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <strings.h>

static const struct {
	const char *name;
	struct protocol protocol;
} known[] = {
	{ "TCP", { true, 6 } },	    { "UDP", { true, 17 } },   { "ICMP", { true, 1 } },
	{ "ICMPv6", { true, 58 } }, { "SCTP", { true, 132 } }, { "ARP", { false, 0x0806 } },
};
#define N_KNOWN (sizeof(known) / sizeof(known[0]))

char *protocol_name(struct protocol protocol, char name[PROTOCOL_NAME_MAX])
{
	for (size_t i = 0; i < N_KNOWN; i++) {
		if (known[i].protocol.is_ip != protocol.is_ip ||
		    known[i].protocol.number != protocol.number)
			continue;
		snprintf(name, PROTOCOL_NAME_MAX, "%s", known[i].name);
		return name;
	}
	snprintf(name, PROTOCOL_NAME_MAX, protocol.is_ip ? "ip-%u" : "eth-0x%04x",
		 (unsigned int)protocol.number);
	return name;
}

static int parse_ethertype(const char *digits, uint16_t *ret_number)
{
	uint32_t number = 0;
	size_t i;

	for (i = 0; digits[i]; i++) {
		int digit = tolower((unsigned char)digits[i]);

		if (i == 4 || !isxdigit(digit))
			return -EINVAL;
		number = number << 4 | (uint32_t)(digit <= '9' ? digit - '0' : digit - 'a' + 10);
	}
	if (!i)
		return -EINVAL;
	*ret_number = (uint16_t)number;
	return 0;
}

int parse_protocol(const char *name, struct protocol *ret_protocol)
{
	uint64_t number;
	uint16_t ethertype;

	for (size_t i = 0; i < N_KNOWN; i++) {
		if (strcasecmp(name, known[i].name))
			continue;
		*ret_protocol = known[i].protocol;
		return 0;
	}
	if (!strncasecmp(name, "ip-", 3) && !parse_number(name + 3, 0, 255, &number)) {
		*ret_protocol = (struct protocol){ true, (uint16_t)number };
		return 0;
	}
	if (!strncasecmp(name, "eth-0x", 6) && !parse_ethertype(name + 6, &ethertype)) {
		*ret_protocol = (struct protocol){ false, ethertype };
		return 0;
	}
	return -EINVAL;
}
