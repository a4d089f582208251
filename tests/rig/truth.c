// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What a process notes of the payload that it moved, and says at its end. */
#include "tests/rig/rig.h"

#include "common/protocol.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define TALLIES 32768

struct tally {
	enum direction direction;
	int protocol;
	const char *who;
	ino_t netns;
	struct sockaddr_storage local, remote;
	uint64_t payload_bytes, count, again_bytes;
};

const char *truth_path;
static struct tally tallies[TALLIES];
static int n_tallies;
static pthread_mutex_t tally_lock = PTHREAD_MUTEX_INITIALIZER;

/* The address as it is in a packet: an IPv4 one in IPv6's clothes is IPv4's. */
static struct sockaddr_storage plain(const struct sockaddr_storage *address)
{
	const struct sockaddr_in6 *in6 = (const void *)address;
	const struct sockaddr_in *in = (const void *)address;
	struct sockaddr_storage made = { .ss_family = address->ss_family };
	struct sockaddr_in *made_in = (void *)&made;
	struct sockaddr_in6 *made_in6 = (void *)&made;

	if (address->ss_family != AF_INET6) {
		made_in->sin_port = in->sin_port;
		made_in->sin_addr = in->sin_addr;
	} else if (IN6_IS_ADDR_V4MAPPED(&in6->sin6_addr)) {
		made.ss_family = AF_INET;
		made_in->sin_port = in6->sin6_port;
		memcpy(&made_in->sin_addr, &in6->sin6_addr.s6_addr[12], 4);
	} else {
		made_in6->sin6_port = in6->sin6_port;
		made_in6->sin6_addr = in6->sin6_addr;
	}
	return made;
}

static uint16_t port_of(const struct sockaddr_storage *address)
{
	return ntohs(address->ss_family == AF_INET6
			     ? ((const struct sockaddr_in6 *)address)->sin6_port
			     : ((const struct sockaddr_in *)address)->sin_port);
}

static const char *text_of(const struct sockaddr_storage *address, char text[INET6_ADDRSTRLEN])
{
	const void *raw = address->ss_family == AF_INET6
				  ? (const void *)&((const struct sockaddr_in6 *)address)->sin6_addr
				  : (const void *)&((const struct sockaddr_in *)address)->sin_addr;

	check(inet_ntop(address->ss_family, raw, text, INET6_ADDRSTRLEN) != NULL, "inet_ntop");
	return text;
}

static ino_t current_netns(void)
{
	struct stat st;

	check(!stat("/proc/thread-self/ns/net", &st), "the network namespace");
	return st.st_ino;
}

static bool same(const struct tally *a, const struct tally *b)
{
	return a->direction == b->direction && a->protocol == b->protocol && a->who == b->who &&
	       a->netns == b->netns && !memcmp(&a->local, &b->local, sizeof(struct sockaddr_in6)) &&
	       !memcmp(&a->remote, &b->remote, sizeof(struct sockaddr_in6));
}

/* The caller holds the lock. */
static struct tally *find_tally(const char *who, enum direction direction, int protocol,
				const struct sockaddr_storage *local,
				const struct sockaddr_storage *remote)
{
	struct tally wanted = { .direction = direction,
				.protocol = protocol,
				.who = who,
				.netns = current_netns(),
				.local = plain(local),
				.remote = plain(remote) };

	for (struct tally *t = tallies + n_tallies; t-- > tallies;)
		if (same(t, &wanted))
			return t;
	check(n_tallies < TALLIES, "too many conversations");
	tallies[n_tallies] = wanted;
	return &tallies[n_tallies++];
}

void moved_by(const char *who, enum direction direction, int protocol,
	      const struct sockaddr_storage *local, const struct sockaddr_storage *remote,
	      uint64_t payload_bytes, uint64_t count)
{
	struct tally *tally;

	pthread_mutex_lock(&tally_lock);
	tally = find_tally(who, direction, protocol, local, remote);
	tally->payload_bytes += payload_bytes;
	tally->count += count;
	pthread_mutex_unlock(&tally_lock);
}

void moved(enum direction direction, int protocol, const struct sockaddr_storage *local,
	   const struct sockaddr_storage *remote, uint64_t payload_bytes, uint64_t count)
{
	moved_by(PROCESS, direction, protocol, local, remote, payload_bytes, count);
}

void moved_on(int fd, enum direction direction, uint64_t payload_bytes, uint64_t count)
{
	struct sockaddr_storage local, remote;
	int protocol = ends_of(fd, &local, &remote);

	moved(direction, protocol, &local, &remote, payload_bytes, count);
}

void sent_again(const struct sockaddr_storage *local, const struct sockaddr_storage *remote,
		uint64_t payload_bytes)
{
	pthread_mutex_lock(&tally_lock);
	find_tally(PROCESS, SEND, IPPROTO_TCP, local, remote)->again_bytes = payload_bytes;
	pthread_mutex_unlock(&tally_lock);
}

void forget(void)
{
	n_tallies = 0;
}

/* When this process started, in the ticks of proc(5) since the machine did. */
static unsigned long long start_ticks(void)
{
	char line[1024];
	FILE *file = fopen("/proc/self/stat", "re");
	unsigned long long ticks = 0;
	char *after_name = NULL;

	check(file && fgets(line, sizeof(line), file), "/proc/self/stat");
	fclose(file);
	after_name = strrchr(line, ')');
	check(after_name &&
		      sscanf(after_name + 1,
			     " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d"
			     " %*d %*d %*d %llu",
			     &ticks) == 1,
	      "/proc/self/stat");
	return ticks;
}

/* One write a line, so that processes do not write into each other's. */
void say(void)
{
	unsigned long long ticks = start_ticks();
	char local[INET6_ADDRSTRLEN], remote[INET6_ADDRSTRLEN], name[PROTOCOL_NAME_MAX];
	int fd = open(truth_path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);

	check(fd >= 0, truth_path);
	for (const struct tally *t = tallies; t < tallies + n_tallies; t++) {
		check(dprintf(fd,
			      "%d\t%llu\t%ju\t%d\t%s\t%s\t%u\t%s\t%u\t%" PRIu64 "\t%" PRIu64
			      "\t%" PRIu64 "\t%s\n",
			      getpid(), ticks, (uintmax_t)t->netns, t->direction == SEND,
			      protocol_name((struct protocol){ true, (uint16_t)t->protocol }, name),
			      text_of(&t->local, local), port_of(&t->local),
			      text_of(&t->remote, remote), port_of(&t->remote), t->payload_bytes,
			      t->count, t->again_bytes, t->who) > 0,
		      truth_path);
	}
	check(!close(fd), truth_path);
	forget();
}
