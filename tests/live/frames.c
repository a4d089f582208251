// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * frames DEVICE: send the Ethernet frames on standard input, one a line in
 * hexadecimal, as they are. A test says in its own text what is on the wire.
 */
#include <ctype.h>
#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netpacket/packet.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int digit(int c)
{
	return isdigit(c) ? c - '0' : tolower(c) - 'a' + 10;
}

/* Blanks are passed over. Returns the frame's length, or -1. */
static int from_hex(const char *line, unsigned char *frame, size_t room)
{
	size_t digits = 0;

	for (; *line; line++) {
		if (isspace((unsigned char)*line))
			continue;
		if (!isxdigit((unsigned char)*line) || digits / 2 == room)
			return -1;
		frame[digits / 2] =
			(unsigned char)(frame[digits / 2] << 4 | digit((unsigned char)*line));
		digits++;
	}
	return digits % 2 ? -1 : (int)(digits / 2);
}

int main(int argc, char **argv)
{
	struct sockaddr_ll to = { .sll_family = AF_PACKET };
	char line[8192];
	int fd;

	to.sll_ifindex = argc == 2 ? (int)if_nametoindex(argv[1]) : 0;
	fd = socket(AF_PACKET, SOCK_RAW, 0);
	if (fd < 0 || !to.sll_ifindex || bind(fd, (struct sockaddr *)&to, sizeof(to))) {
		fprintf(stderr, "frames: %s: %s\n", argc == 2 ? argv[1] : "usage: frames DEVICE",
			strerror(errno));
		return 1;
	}
	while (fgets(line, sizeof(line), stdin)) {
		unsigned char frame[4096] = { 0 };
		int length = from_hex(line, frame, sizeof(frame));

		if (length < 14 || send(fd, frame, (size_t)length, 0) != length) {
			fprintf(stderr, "frames: %d bytes: %s\n", length, strerror(errno));
			return 1;
		}
	}
	return 0;
}
