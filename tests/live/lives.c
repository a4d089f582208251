// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * A process that does what it is told, in turn, and ends:
 *
 *   lives ADDRESS PORT ACTION...
 *
 *   send            a datagram to ADDRESS PORT
 *   open            all that is sent from here on leaves from one socket
 *   listen          the same, and it is ADDRESS PORT's
 *   take            receive a datagram on that
 *   name NAME       take another name
 *   fork            go on in a child; the parent waits for it and exits as it does
 *   tell            print "pid PID start TICKS" as /proc/self/stat has it
 *   wait            for a line on standard input
 *   exec FILE...    become another program, with all that follows
 *   exit CODE       whatever stands behind is not looked at
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static int kept = -1;

static struct sockaddr_in at(const char *address, const char *port)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(port)) };

	if (inet_pton(AF_INET, address, &at.sin_addr) != 1)
		die(address);
	return at;
}

static int open_socket(void)
{
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	if (fd < 0)
		die("socket");
	return fd;
}

static void send_one(const char *address, const char *port)
{
	struct sockaddr_in to = at(address, port);
	int fd = kept < 0 ? open_socket() : kept;

	if (sendto(fd, "lives", 5, 0, (struct sockaddr *)&to, sizeof(to)) != 5)
		die("send");
	if (fd != kept)
		close(fd);
}

static void listen_at(const char *address, const char *port)
{
	struct sockaddr_in local = at(address, port);

	kept = open_socket();
	if (bind(kept, (struct sockaddr *)&local, sizeof(local)))
		die("bind");
}

static void take_one(void)
{
	char data[16];

	if (recv(kept, data, sizeof(data), 0) != 5)
		die("receive");
}

static void go_on_in_child(void)
{
	pid_t pid = fork();
	int status;

	if (pid < 0)
		die("fork");
	if (!pid)
		return;
	if (waitpid(pid, &status, 0) != pid)
		die("wait");
	exit(WEXITSTATUS(status));
}

static void tell(void)
{
	FILE *file = fopen("/proc/self/stat", "r");
	char text[1024], *field;

	if (!file || !fgets(text, sizeof(text), file))
		die("/proc/self/stat");
	fclose(file);
	field = strrchr(text, ')') + 1;
	for (int i = 3; i < 22; i++)
		field = strchr(field + 1, ' ');
	printf("pid %d start %llu\n", getpid(), strtoull(field, NULL, 10));
	fflush(stdout);
}

int main(int argc, char **argv)
{
	char line[16];

	if (argc < 4)
		return 2;
	for (int i = 3; i < argc; i++) {
		if (!strcmp(argv[i], "send")) {
			send_one(argv[1], argv[2]);
		} else if (!strcmp(argv[i], "open")) {
			kept = open_socket();
		} else if (!strcmp(argv[i], "listen")) {
			listen_at(argv[1], argv[2]);
		} else if (!strcmp(argv[i], "take")) {
			take_one();
		} else if (!strcmp(argv[i], "name") && i + 1 < argc) {
			if (prctl(PR_SET_NAME, argv[++i], 0, 0, 0))
				die("prctl");
		} else if (!strcmp(argv[i], "fork")) {
			go_on_in_child();
		} else if (!strcmp(argv[i], "tell")) {
			tell();
		} else if (!strcmp(argv[i], "wait")) {
			if (!fgets(line, sizeof(line), stdin))
				die("standard input");
		} else if (!strcmp(argv[i], "exec") && i + 1 < argc) {
			execv(argv[i + 1], argv + i + 1);
			die(argv[i + 1]);
		} else if (!strcmp(argv[i], "exit") && i + 1 < argc) {
			return atoi(argv[i + 1]);
		} else {
			fprintf(stderr, "lives: %s?\n", argv[i]);
			return 2;
		}
	}
	return 0;
}
