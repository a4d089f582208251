/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What became known about an owner; made of the kernel's record by record/translate.c. */
#ifndef NETSNOOP_RECORD_OWNER_CHANGE_H
#define NETSNOOP_RECORD_OWNER_CHANGE_H

#include <stdbool.h>
#include <stdint.h>

enum owner_change_kind {
	FLOW_HAS_OWNER,
	FLOW_HAS_SOCKET, /* and nobody is known to use that */
	SOCKET_HAS_OWNER,
};

struct owner_change {
	uint64_t time_ns;
	uint64_t flow_id, socket_id; /* 0: none */
	uint64_t used_ns;	     /* as in struct owner_record */
	uint64_t start_ns;
	uint64_t cgroup_id;
	uint32_t pid; /* 0: no owner */
	uint32_t tid;
	enum owner_change_kind kind;
	uint8_t source; /* enum nst_owner_source */
	uint8_t comm_len;
	bool is_shared; /* one of several who get the flow's packets */
	char comm[16];
};

#endif
