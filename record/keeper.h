/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A process of our own that keeps a few capabilities and answers over a socket.
 * It has no other descriptor, heeds no signal that can be ignored, and ends
 * with the recorder.
 */
#ifndef NETSNOOP_RECORD_KEEPER_H
#define NETSNOOP_RECORD_KEEPER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct user;

struct keeper {
	pid_t pid;    /* 0: it has ended, and that is known */
	int fd;	      /* SOCK_SEQPACKET; -1: it is not listened to any more */
	bool is_lost; /* by keeper_lose() */
};

/*
 * Fork it, before there is a thread. It becomes user if that is not NULL, keeps of
 * all capabilities these (1 << CAP_*) as far as they are there, and serves until serve
 * returns. 0 or -errno.
 */
int keeper_open(const char *name, uint64_t capabilities, const struct user *user,
		void (*serve)(int fd), struct keeper *ret_keeper);

/* End it now, what it says makes no sense. */
void keeper_lose(struct keeper *keeper);

/*
 * After SIGCHLD: has it ended by itself? True once, with how that came about, as in
 * "was killed by signal 9". All zero is fine.
 */
bool keeper_has_ended(struct keeper *keeper, char *how, size_t room);

/*
 * End it, and wait for that, a second at most: one that a file system keeps waiting ends
 * when that gives it back. All zero is fine.
 */
void keeper_close(struct keeper *keeper);

#endif
