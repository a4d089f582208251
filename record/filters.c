// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "record/filters.h"

#include "common/units.h"
#include "record/say.h"

#include <arpa/inet.h>
#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILTERS_MAX 1024	   /* as many as the kernel's maps hold of a type */
#define PID_MAX (4u * 1024 * 1024) /* the kernel's PID_MAX_LIMIT */

static int parse_pid(const char *text, struct filter *filter)
{
	uint64_t pid;

	if (parse_number(text, 1, PID_MAX, &pid)) {
		say("--pid %s: not a process id, 1 to %u", text, PID_MAX);
		return -EINVAL;
	}
	filter->pid = (uint32_t)pid;
	return 0;
}

static int parse_name(const char *text, struct filter *filter)
{
	size_t length = strlen(text);

	if (!length || length >= FILTER_NAME_BYTES) {
		say("%s %s: %zu bytes; the kernel's names have 1 to %d%s",
		    filter_option(filter->type), text, length, FILTER_NAME_BYTES - 1,
		    filter->type == BY_COMM ? ", longer ones are cut there" : "");
		return -EINVAL;
	}
	memcpy(filter->name, text, length);
	return 0;
}

/* ::ffff:192.0.2.1 is how programs name an IPv4 address; in packets there is none of it. */
static void unmap(struct host_range *host)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };

	if (host->family != 6 || host->prefix_bits < 96 ||
	    memcmp(host->addr, mapped, sizeof(mapped)))
		return;
	memmove(host->addr, host->addr + 12, 4);
	memset(host->addr + 4, 0, 12);
	host->family = 4;
	host->prefix_bits = (uint8_t)(host->prefix_bits - 96);
}

static int parse_host(const char *text, struct filter *filter)
{
	struct host_range *host = &filter->host;
	const char *slash = strchr(text, '/');
	size_t length = slash ? (size_t)(slash - text) : strlen(text);
	char addr[INET6_ADDRSTRLEN];
	uint64_t bits;

	if (length >= sizeof(addr))
		goto bad;
	memcpy(addr, text, length);
	addr[length] = '\0';
	if (inet_pton(AF_INET, addr, host->addr) == 1)
		host->family = 4;
	else if (inet_pton(AF_INET6, addr, host->addr) == 1)
		host->family = 6;
	else
		goto bad;
	bits = host->family == 4 ? 32 : 128;
	if (slash && parse_number(slash + 1, 0, bits, &bits))
		goto bad;
	host->prefix_bits = (uint8_t)bits;
	unmap(host);
	return 0;
bad:
	say("--host %s: not an IPv4 or IPv6 address, or not a prefix length of one", text);
	return -EINVAL;
}

static int parse_ports(const char *text, struct filter *filter)
{
	const char *dash = strchr(text, '-');
	char first_text[8] = "";
	uint64_t first, last;

	if (dash && (size_t)(dash - text) < sizeof(first_text))
		memcpy(first_text, text, (size_t)(dash - text));
	if (parse_number(dash ? first_text : text, 0, UINT16_MAX, &first))
		goto bad;
	last = first;
	if (dash && parse_number(dash + 1, first, UINT16_MAX, &last))
		goto bad;
	filter->ports = (struct port_range){ (uint16_t)first, (uint16_t)last };
	return 0;
bad:
	say("--port %s: not a port, 0 to 65535, or a range such as 8000-8080", text);
	return -EINVAL;
}

static int parse_proto(const char *text, struct filter *filter)
{
	if (!parse_protocol(text, &filter->protocol))
		return 0;
	say("--proto %s: not TCP, UDP, ICMP, ICMPv6, SCTP, ARP, ip-NUMBER or eth-0xHEX", text);
	return -EINVAL;
}

static int parse_cgroup(const char *text, struct filter *filter)
{
	if (!*text) {
		say("--cgroup: an empty path");
		return -EINVAL;
	}
	filter->cgroup = strdup(text);
	return filter->cgroup ? 0 : -ENOMEM;
}

static int parse_user(const char *text, struct filter *filter)
{
	const struct passwd *user;
	uint64_t uid;

	if (!parse_number(text, 0, UINT32_MAX - 1, &uid)) {
		filter->uid = (uint32_t)uid;
		return 0;
	}
	user = *text ? getpwnam(text) : NULL;
	if (!user) {
		say("--user %s: not a user of this machine, nor a user id", text);
		return -EINVAL;
	}
	filter->uid = user->pw_uid;
	return 0;
}

static const struct {
	const char *option;
	int (*parse)(const char *text, struct filter *filter);
	bool takes_list; /* values separated by commas */
} types[FILTER_TYPES] = {
	[BY_PID] = { "--pid", parse_pid, true },
	[BY_COMM] = { "--comm", parse_name, false },
	[BY_INTERFACE] = { "--interface", parse_name, false },
	[BY_HOST] = { "--host", parse_host, false },
	[BY_PORT] = { "--port", parse_ports, false },
	[BY_PROTO] = { "--proto", parse_proto, false },
	[BY_CGROUP] = { "--cgroup", parse_cgroup, false },
	[BY_USER] = { "--user", parse_user, true },
};

const char *filter_option(enum filter_type type)
{
	return types[type].option;
}

static int append(struct filters *filters, const struct filter *filter)
{
	struct filter *all;

	if (filters->n == FILTERS_MAX) {
		say("more than %d filters", FILTERS_MAX);
		return -EINVAL;
	}
	all = reallocarray(filters->all, filters->n + 1, sizeof(*all));
	if (!all)
		return -ENOMEM;
	all[filters->n++] = *filter;
	filters->all = all;
	return 0;
}

static int append_text(struct filters *filters, enum filter_type type, const char *value)
{
	char *text;

	if (asprintf(&text, "%s%s%s %s", filters->text ?: "", filters->text ? " " : "",
		     filter_option(type), value) < 0)
		return -ENOMEM;
	free(filters->text);
	filters->text = text;
	return 0;
}

static int add_values(struct filters *filters, enum filter_type type, bool exclude, char *values)
{
	char *rest = values;
	int err = 0;

	while (!err && rest) {
		struct filter filter = { .type = type, .exclude = exclude };
		const char *one = types[type].takes_list ? strsep(&rest, ",") : rest;

		if (one == rest)
			rest = NULL;
		err = types[type].parse(one, &filter);
		if (!err) {
			err = append(filters, &filter);
			if (err && type == BY_CGROUP)
				free(filter.cgroup);
		}
	}
	return err;
}

int filters_add(struct filters *filters, enum filter_type type, const char *value)
{
	bool exclude = value[0] == '!';
	char *values = strdup(value + exclude);
	int err = -ENOMEM;

	if (values)
		err = add_values(filters, type, exclude, values);
	if (!err)
		err = append_text(filters, type, value);
	free(values);
	return err;
}

size_t filters_count(const struct filters *filters, enum filter_type type, bool exclude)
{
	size_t n = 0;

	for (size_t i = 0; i < filters->n; i++)
		n += filters->all[i].type == type && filters->all[i].exclude == exclude;
	return n;
}

bool filters_by_process(const struct filters *filters)
{
	static const enum filter_type by_process[] = { BY_PID, BY_COMM, BY_CGROUP, BY_USER };

	for (size_t i = 0; i < sizeof(by_process) / sizeof(by_process[0]); i++)
		if (filters_count(filters, by_process[i], false) ||
		    filters_count(filters, by_process[i], true))
			return true;
	return false;
}

void filters_free(struct filters *filters)
{
	for (size_t i = 0; i < filters->n; i++)
		if (filters->all[i].type == BY_CGROUP)
			free(filters->all[i].cgroup);
	free(filters->all);
	free(filters->text);
	*filters = (struct filters){ 0 };
}
