// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "record/nsid.h"

#include <linux/net_namespace.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>

#define BODY_BYTES NLMSG_ALIGN(sizeof(struct rtgenmsg))

struct request {
	struct nlmsghdr header;
	struct rtgenmsg body;
	char padding[BODY_BYTES - sizeof(struct rtgenmsg)];
	struct rtattr attribute;
	int netns_fd;
};

static int32_t take_answer(const struct nlmsghdr *message)
{
	const struct rtattr *attribute;
	int32_t nsid = NETNSA_NSID_NOT_ASSIGNED;
	int left = (int)message->nlmsg_len - (int)NLMSG_LENGTH(BODY_BYTES);

	if (message->nlmsg_type != RTM_NEWNSID)
		return nsid;
	attribute = (const void *)((const char *)NLMSG_DATA(message) + BODY_BYTES);
	for (; RTA_OK(attribute, left); attribute = RTA_NEXT(attribute, left))
		if (attribute->rta_type == NETNSA_NSID && RTA_PAYLOAD(attribute) >= sizeof(nsid))
			memcpy(&nsid, RTA_DATA(attribute), sizeof(nsid));
	return nsid;
}

int32_t nsid_ask(int socket_fd, int netns_fd)
{
	const struct request request = {
		.header = { .nlmsg_len = sizeof(request),
			    .nlmsg_type = RTM_GETNSID,
			    .nlmsg_flags = NLM_F_REQUEST },
		.body = { .rtgen_family = AF_UNSPEC },
		.attribute = { .rta_len = RTA_LENGTH(sizeof(int)), .rta_type = NETNSA_FD },
		.netns_fd = netns_fd,
	};
	union {
		struct nlmsghdr header;
		char bytes[4096];
	} answer;
	ssize_t bytes;

	if (send(socket_fd, &request, sizeof(request), 0) < 0)
		return NETNSA_NSID_NOT_ASSIGNED;
	bytes = recv(socket_fd, &answer, sizeof(answer), 0);
	if (bytes < (ssize_t)sizeof(answer.header) ||
	    answer.header.nlmsg_len < sizeof(answer.header) ||
	    answer.header.nlmsg_len > (size_t)bytes)
		return NETNSA_NSID_NOT_ASSIGNED;
	return take_answer(&answer.header);
}
