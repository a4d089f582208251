/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What was seen in all namespaces at one time, and how it goes over a socket
 * from a process that may look to one that may not: records of one size, many
 * to a message, and the last one says how many there were. Who takes them
 * believes nothing that cannot be.
 */
#ifndef NETSNOOP_RECORD_LOOK_H
#define NETSNOOP_RECORD_LOOK_H

#include "record/namespaces.h"

#define LOOK_MESSAGE_BYTES 16384 /* at most */
#define LOOK_MAX 65536		 /* namespaces, and devices; what is beyond is left out */

struct look {		  /* all zero: nothing yet */
	uint64_t id;	  /* of the question */
	uint64_t cost_ns; /* of CPU time that the look took */
	struct namespaces namespaces;
};

/* Send it over a SOCK_SEQPACKET socket. 0 or -errno. */
int look_send(int fd, const struct look *look);

/*
 * Take a message of an answer that is being put together. 1: it is complete; 0: more is
 * to come; -EBADMSG: no such answer was asked for, or it cannot be; -ENOMEM. asked
 * is the id of the last question; nothing can have been counted before since_ns.
 */
int look_take(struct look *look, const void *message, size_t bytes, uint64_t asked,
	      uint64_t since_ns);

/* All zero is fine, and all zero it is afterwards. */
void look_free(struct look *look);

#endif
