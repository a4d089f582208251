// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "record/interfaces.h"

#include "format/trace.h"
#include "record/clock.h"

#include <errno.h>
#include <linux/if_link.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define ANSWER_BYTES 65536 /* more than the kernel puts into one datagram */

static size_t payload_bytes(const struct rtattr *attribute)
{
	return RTA_PAYLOAD(attribute);
}

static uint32_t u32_of(const struct rtattr *attribute)
{
	uint32_t value = 0;

	if (payload_bytes(attribute) >= sizeof(value))
		memcpy(&value, RTA_DATA(attribute), sizeof(value));
	return value;
}

/* Copy what fits; returns how much that is, without a NUL at its end. */
static uint32_t take(const struct rtattr *attribute, void *to, size_t room)
{
	size_t bytes = payload_bytes(attribute) < room ? payload_bytes(attribute) : room;

	memcpy(to, RTA_DATA(attribute), bytes);
	return (uint32_t)bytes;
}

static uint32_t take_text(const struct rtattr *attribute, char *to, size_t room)
{
	return (uint32_t)strnlen(to, take(attribute, to, room));
}

static void take_vlan(const struct rtattr *attribute, struct nst_interface *row)
{
	if (attribute->rta_type != IFLA_VLAN_ID || payload_bytes(attribute) < 2)
		return;
	memcpy(&row->vlan_id, RTA_DATA(attribute), sizeof(row->vlan_id));
	row->has |= NST_INTERFACE_HAS_VLAN;
}

/* Of all the kinds that lie on another device only this one has no IFLA_LINK. */
static void take_vxlan(const struct rtattr *attribute, struct nst_interface *row)
{
	if (attribute->rta_type != IFLA_VXLAN_LINK || !u32_of(attribute))
		return;
	row->link = u32_of(attribute);
	row->has |= NST_INTERFACE_HAS_LINK;
}

/* What only devices of one kind have. */
static void take_data(const struct rtattr *data, const char *kind, struct nst_interface *row)
{
	const struct rtattr *attribute = RTA_DATA(data);
	int left = (int)payload_bytes(data);

	for (; RTA_OK(attribute, left); attribute = RTA_NEXT(attribute, left)) {
		if (!strcmp(kind, "vlan"))
			take_vlan(attribute, row);
		else if (!strcmp(kind, "vxlan"))
			take_vxlan(attribute, row);
	}
}

static void take_link_info(const struct rtattr *info, struct nst_interface *row,
			   struct interface_text *text)
{
	const struct rtattr *attribute = RTA_DATA(info);
	const struct rtattr *data = NULL;
	int left = (int)payload_bytes(info);

	for (; RTA_OK(attribute, left); attribute = RTA_NEXT(attribute, left)) {
		if (attribute->rta_type == IFLA_INFO_KIND)
			row->kind.len_bytes =
				take_text(attribute, text->kind, sizeof(text->kind) - 1);
		else if (attribute->rta_type == IFLA_INFO_DATA)
			data = attribute;
	}
	if (data)
		take_data(data, text->kind, row);
}

/* What `ip -s link` shows. An older kernel has fewer of them, but always these. */
static void take_counters(const struct rtattr *attribute, struct nst_interface_counter *counters)
{
	struct rtnl_link_stats64 stats = { 0 };

	take(attribute, &stats, sizeof(stats));
	counters->recv_bytes = stats.rx_bytes;
	counters->recv_packets = stats.rx_packets;
	counters->recv_dropped = stats.rx_dropped;
	counters->send_bytes = stats.tx_bytes;
	counters->send_packets = stats.tx_packets;
	counters->send_dropped = stats.tx_dropped;
}

static void take_attribute(const struct rtattr *attribute, struct nst_interface *row,
			   struct interface_text *text, struct nst_interface_counter *counters)
{
	switch (attribute->rta_type & NLA_TYPE_MASK) {
	case IFLA_IFNAME:
		row->name.len_bytes = take_text(attribute, text->name, sizeof(text->name));
		break;
	case IFLA_ADDRESS:
		row->mac.len_bytes = take(attribute, text->mac, sizeof(text->mac));
		break;
	case IFLA_MTU:
		row->mtu_bytes = u32_of(attribute);
		break;
	case IFLA_MASTER:
		row->master = u32_of(attribute);
		row->has |= NST_INTERFACE_HAS_MASTER;
		break;
	case IFLA_LINK:
		row->link = u32_of(attribute);
		row->has |= NST_INTERFACE_HAS_LINK;
		break;
	case IFLA_LINK_NETNSID:
		text->link_nsid = (int32_t)u32_of(attribute);
		break;
	case IFLA_LINKINFO:
		take_link_info(attribute, row, text);
		break;
	case IFLA_STATS64:
		take_counters(attribute, counters);
		break;
	}
}

int interfaces_append(struct interfaces *interfaces)
{
	size_t n = interfaces->n + 1;
	struct interface_text *texts = reallocarray(interfaces->texts, n, sizeof(*texts));
	struct nst_interface_counter *counters;
	struct nst_interface *rows;

	if (!texts)
		return -ENOMEM;
	interfaces->texts = texts;
	counters = reallocarray(interfaces->counters, n, sizeof(*counters));
	if (!counters)
		return -ENOMEM;
	interfaces->counters = counters;
	rows = reallocarray(interfaces->rows, n, sizeof(*rows));
	if (!rows)
		return -ENOMEM;
	interfaces->rows = rows;
	memset(&rows[n - 1], 0, sizeof(rows[0]));
	memset(&counters[n - 1], 0, sizeof(counters[0]));
	texts[n - 1] = (struct interface_text){ .link_nsid = -1 };
	interfaces->n = n;
	return 0;
}

static int take_device(const struct nlmsghdr *message, uint32_t netns,
		       struct interfaces *interfaces)
{
	const struct ifinfomsg *info = NLMSG_DATA(message);
	const struct rtattr *attribute;
	struct nst_interface_counter *counters;
	struct nst_interface *row;
	int left, err;

	if (message->nlmsg_len < NLMSG_LENGTH(sizeof(*info)))
		return -EBADMSG;
	err = interfaces_append(interfaces);
	if (err)
		return err;
	row = &interfaces->rows[interfaces->n - 1];
	row->netns = netns;
	row->ifindex = (uint32_t)info->ifi_index;
	row->type = info->ifi_type;
	row->flags = info->ifi_flags;
	counters = &interfaces->counters[interfaces->n - 1];
	counters->netns = netns;
	counters->ifindex = row->ifindex;
	attribute = IFLA_RTA(info);
	left = (int)IFLA_PAYLOAD(message);
	for (; RTA_OK(attribute, left); attribute = RTA_NEXT(attribute, left))
		take_attribute(attribute, row, &interfaces->texts[interfaces->n - 1], counters);
	return 0;
}

static int take_error(const struct nlmsghdr *message)
{
	const struct nlmsgerr *error = NLMSG_DATA(message);

	if (message->nlmsg_len < NLMSG_LENGTH(sizeof(*error)) || error->error >= 0)
		return -EBADMSG;
	return error->error;
}

/* One message. 1: more are to come; 0: that was the last one. */
static int take_message(const struct nlmsghdr *message, uint32_t netns,
			struct interfaces *interfaces)
{
	int err;

	switch (message->nlmsg_type) {
	case NLMSG_DONE:
		return 0;
	case NLMSG_ERROR:
		return take_error(message);
	case RTM_NEWLINK:
		err = take_device(message, netns, interfaces);
		return err ? err : 1;
	default:
		return 1;
	}
}

/* One datagram: messages back to back. As take_message(). */
static int take_answer(const char *answer, size_t bytes, uint32_t netns,
		       struct interfaces *interfaces)
{
	int more = 1;

	for (size_t at = 0; more > 0 && at < bytes;) {
		const struct nlmsghdr *message = (const void *)(answer + at);

		if (bytes - at < sizeof(*message) || message->nlmsg_len < sizeof(*message) ||
		    message->nlmsg_len > bytes - at)
			return -EBADMSG;
		more = take_message(message, netns, interfaces);
		at += NLMSG_ALIGN(message->nlmsg_len);
	}
	return more;
}

static void set_time(struct interfaces *interfaces, size_t first, uint64_t time_ns)
{
	for (size_t i = first; i < interfaces->n; i++)
		interfaces->counters[i].time_ns = time_ns;
}

int interfaces_read(int socket_fd, uint32_t netns, struct interfaces *interfaces)
{
	struct {
		struct nlmsghdr header;
		struct ifinfomsg info;
	} request = {
		.header = { .nlmsg_len = sizeof(request),
			    .nlmsg_type = RTM_GETLINK,
			    .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP },
		.info = { .ifi_family = AF_UNSPEC },
	};
	uint64_t at_ns = now_ns();
	size_t first = interfaces->n;
	char *answer = malloc(ANSWER_BYTES);
	int err = answer ? 1 : -ENOMEM;

	if (answer && send(socket_fd, &request, sizeof(request), 0) < 0)
		err = -errno;
	while (err > 0) {
		ssize_t bytes = recv(socket_fd, answer, ANSWER_BYTES, 0);

		if (bytes < 0 && errno == EINTR)
			continue;
		err = bytes < 0 ? -errno : take_answer(answer, (size_t)bytes, netns, interfaces);
	}
	free(answer);
	set_time(interfaces, first, at_ns);
	return err;
}

void interfaces_link(struct interfaces *interfaces)
{
	for (size_t i = 0; i < interfaces->n; i++) {
		interfaces->rows[i].name.data = interfaces->texts[i].name;
		interfaces->rows[i].kind.data = interfaces->texts[i].kind;
		interfaces->rows[i].mac.data = interfaces->texts[i].mac;
	}
}

void interfaces_free(struct interfaces *interfaces)
{
	free(interfaces->rows);
	free(interfaces->texts);
	free(interfaces->counters);
	*interfaces = (struct interfaces){ 0 };
}
