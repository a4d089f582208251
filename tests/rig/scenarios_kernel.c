// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What the kernel says for itself: checks/closed-ports.sql has the rest. */
#include "tests/rig/rig.h"

#include <errno.h>
#include <unistd.h>

#define COUNT 20
#define SIZE 500

/* A reset for each connection, an ICMP message for each datagram. */
static void knock(void)
{
	char data[SIZE] = { 0 };

	enter("left");
	for (int i = 0; i < COUNT; i++) {
		struct sockaddr_storage closed = at(RIGHT4, port);
		int fd = socket(AF_INET, SOCK_STREAM, 0);

		check(fd >= 0, "socket");
		check(connect(fd, (struct sockaddr *)&closed, length_of(&closed)) &&
			      errno == ECONNREFUSED,
		      "a closed port was open");
		check(!close(fd), "close");

		fd = udp_connect(RIGHT4, port);
		check(write(fd, data, SIZE) == SIZE, "write");
		moved_on(fd, SEND, SIZE, 1);
		check(read(fd, data, SIZE) < 0 && errno == ECONNREFUSED, "no ICMP message came");
		check(!close(fd), "close");
	}
}

static void closed_ports(void)
{
	child(knock);
}

const struct scenario scenarios_kernel[] = {
	{ .name = "closed-ports", .run = closed_ports },
	{ 0 },
};
