/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "analyze/grouping.h"

#include "analyze/cgroup.h"
#include "analyze/label.h"
#include "analyze/port.h"
#include "analyze/process.h"
#include "analyze/sql.h"
#include "analyze/text.h"

#include <stdio.h>
#include <string.h>

static struct group_key new_key(enum grouping grouping)
{
	struct group_key key;

	memset(&key, 0, sizeof(key));
	key.grouping = grouping;
	key.boot = UINT32_MAX;
	key.name = key.detail = NO_TEXT;
	return key;
}

static int get_key(struct dimensions *dims, const struct group_key *key, uint32_t *ret_id)
{
	bool is_new;

	return intern_get(&dims->group_keys, key, sizeof(*key), ret_id, &is_new);
}

static int get_named(struct dimensions *dims, struct group_key key, const char *name,
		     uint32_t *ret_id)
{
	int err = dims_text(dims, name, &key.name);

	return err ? err : get_key(dims, &key, ret_id);
}

/* What stands for a process that is none, in place of its program, user and so on. */
static const char *reserved_name(uint32_t process)
{
	return process == KERNEL ? "(kernel)" : process == FORWARDED ? "(forwarded)" : NULL;
}

static uint32_t process_boot(const struct dimensions *dims, uint32_t process)
{
	const struct process_key *key = intern_key(&dims->processes, process);

	return key->boot;
}

static int find_process(struct dimensions *dims, const struct lane_key *lane, uint32_t process,
			uint32_t *ret_id)
{
	(void)dims;
	(void)lane;
	*ret_id = process;
	return 0;
}

static int find_protocol(struct dimensions *dims, const struct lane_key *lane, uint32_t process,
			 uint32_t *ret_id)
{
	(void)dims;
	(void)process;
	*ret_id = lane->protocol;
	return 0;
}

static int find_conversation(struct dimensions *dims, const struct lane_key *lane, uint32_t process,
			     uint32_t *ret_id)
{
	(void)dims;
	(void)process;
	*ret_id = lane->conversation;
	return 0;
}

/* The name at the time of the lane's events, or the last one. */
static const char *comm_of(const struct dimensions *dims, const struct lane_key *lane,
			   uint32_t process)
{
	if (process == lane->process && lane->has & NST_HAS_OWNER)
		return intern_key(&dims->names, lane->name);
	if (process < dims->n_process_names && dims->process_names[process].has_name)
		return intern_key(&dims->names, dims->process_names[process].name);
	return NULL;
}

static int find_program(struct dimensions *dims, const struct lane_key *lane, uint32_t process,
			uint32_t *ret_id)
{
	const struct process_info *info = process_info(dims, process);
	struct group_key key = new_key(BY_PROGRAM);

	if (process < OWNERS_RESERVED)
		return get_named(dims, key, reserved_name(process), ret_id);
	if (!(info->has & NST_PROCESS_HAS_EXE))
		return get_named(dims, key, comm_of(dims, lane, process), ret_id);
	key.name = info->exe;
	key.detail = info->has & NST_PROCESS_HAS_BUILD_ID ? info->build_id : NO_TEXT;
	return get_key(dims, &key, ret_id);
}

static int find_user(struct dimensions *dims, const struct lane_key *lane, uint32_t process,
		     uint32_t *ret_id)
{
	const struct process_info *info = process_info(dims, process);
	struct group_key key = new_key(BY_USER);

	(void)lane;
	if (process < OWNERS_RESERVED)
		return get_named(dims, key, reserved_name(process), ret_id);
	if (info->has & NST_PROCESS_HAS_UID) {
		key.has_number = 1;
		key.number = info->uid;
		key.name = label_text(dims, process_boot(dims, process), LABEL_USER, 0, info->uid);
	}
	return get_key(dims, &key, ret_id);
}

/* The control group of the packets, else of the process; false: not known. */
static bool cgroup_of(const struct dimensions *dims, const struct lane_key *lane, uint32_t process,
		      uint64_t *ret_id, uint32_t *ret_path)
{
	const struct process_info *info = process_info(dims, process);

	if (process == lane->process && lane->has & NST_HAS_CGROUP)
		*ret_id = lane->cgroup_id;
	else if (info->has & NST_PROCESS_HAS_CGROUP)
		*ret_id = info->cgroup_id;
	else
		return false;
	*ret_path = label_text(dims, dims->traces[lane->trace].boot, LABEL_CGROUP, 0, *ret_id);
	return true;
}

static int find_cgroup(struct dimensions *dims, const struct lane_key *lane, uint32_t process,
		       uint32_t *ret_id)
{
	struct group_key key = new_key(BY_CGROUP);
	struct cgroup_parts parts;
	uint64_t cgroup_id;
	int err = 0;

	if (reserved_name(process))
		return get_named(dims, key, reserved_name(process), ret_id);
	if (cgroup_of(dims, lane, process, &cgroup_id, &key.name)) {
		key.has_number = key.name == NO_TEXT;
		key.number = key.has_number ? cgroup_id : 0;
	}
	if (key.name != NO_TEXT) {
		cgroup_parse(dims_text_of(dims, key.name), &parts);
		err = dims_text(dims, *parts.unit ? parts.unit : NULL, &key.detail);
	}
	return err ? err : get_key(dims, &key, ret_id);
}

/* A null name is a process in no container. */
static int find_container(struct dimensions *dims, const struct lane_key *lane, uint32_t process,
			  uint32_t *ret_id)
{
	struct group_key key = new_key(BY_CONTAINER);
	struct cgroup_parts parts;
	uint32_t path = NO_TEXT;
	uint64_t cgroup_id;
	int err;

	if (reserved_name(process))
		return get_named(dims, key, reserved_name(process), ret_id);
	if (!cgroup_of(dims, lane, process, &cgroup_id, &path) || path == NO_TEXT)
		return get_named(dims, key, "(unknown)", ret_id);
	cgroup_parse(dims_text_of(dims, path), &parts);
	err = dims_text(dims, *parts.container ? parts.container : NULL, &key.name);
	if (!err)
		err = dims_text(dims, *parts.pod ? parts.pod : NULL, &key.detail);
	return err ? err : get_key(dims, &key, ret_id);
}

static struct group_key netns_key(const struct dimensions *dims, const struct lane_key *lane,
				  enum grouping grouping)
{
	const struct flow_key *flow = intern_key(&dims->flows, lane->flow);
	struct group_key key = new_key(grouping);

	key.boot = dims->traces[lane->trace].boot;
	if (flow->has & NST_HAS_NETNS) {
		key.has_number = 1;
		key.number = flow->netns;
		key.detail = label_text(dims, key.boot, LABEL_NETNS, 0, flow->netns);
	}
	return key;
}

static int find_interface(struct dimensions *dims, const struct lane_key *lane, uint32_t process,
			  uint32_t *ret_id)
{
	struct group_key key = netns_key(dims, lane, BY_INTERFACE);
	char name[16];

	(void)process;
	if (lane->has & NST_HAS_IFINDEX) {
		key.name = label_text(dims, key.boot, LABEL_INTERFACE, (uint32_t)key.number,
				      lane->ifindex);
		/* as ip(8) names what has no name */
		snprintf(name, sizeof(name), "if%u", lane->ifindex);
		if (key.name == NO_TEXT)
			return get_named(dims, key, name, ret_id);
	}
	return get_key(dims, &key, ret_id);
}

static int find_netns(struct dimensions *dims, const struct lane_key *lane, uint32_t process,
		      uint32_t *ret_id)
{
	struct group_key key = netns_key(dims, lane, BY_NETNS);

	(void)process;
	return get_key(dims, &key, ret_id);
}

static int find_remote(struct dimensions *dims, const struct lane_key *lane, uint32_t process,
		       uint32_t *ret_id)
{
	const struct flow_key *flow = intern_key(&dims->flows, lane->flow);
	char text[TEXT_ADDRESS_MAX];

	(void)process;
	return get_named(dims, new_key(BY_REMOTE),
			 flow->remote_len ? text_address(flow->remote_addr, flow->remote_len, text)
					  : NULL,
			 ret_id);
}

/*
 * Of a connection the smaller port is nearly always the service's. Two that clients have
 * do not tell, and have no order that stays when a trace is anonymised: there it is our own.
 */
static uint16_t service_port(const struct flow_key *flow)
{
	if (flow->local_port >= PORT_EPHEMERAL && flow->remote_port >= PORT_EPHEMERAL)
		return flow->local_port;
	return flow->local_port < flow->remote_port ? flow->local_port : flow->remote_port;
}

static int find_port(struct dimensions *dims, const struct lane_key *lane, uint32_t process,
		     uint32_t *ret_id)
{
	const struct flow_key *flow = intern_key(&dims->flows, lane->flow);
	struct group_key key = new_key(BY_PORT);

	(void)process;
	if (flow->has & NST_HAS_PORT) {
		key.has_number = 1;
		key.number = service_port(flow);
	}
	return get_named(dims, key, intern_key(&dims->protocols, lane->protocol), ret_id);
}

/* The base name of exe. */
#define PROGRAM "substr(exe, length(rtrim(exe, replace(exe, '/', ''))) + 1)"

/* What has neither a name nor a number is of nobody known. */
#define USER_COLUMNS                                                              \
	"time, uid, CASE WHEN uid IS NULL THEN coalesce(user, '(unknown)') ELSE " \
	"user END AS user, $measures"
#define CGROUP_COLUMNS                                                                      \
	"time, CASE WHEN cgroup_id IS NULL THEN coalesce(cgroup, '(unknown)') ELSE cgroup " \
	"END AS cgroup, cgroup_id, unit, $measures"

const struct grouping_spec grouping_specs[N_GROUPINGS] = {
	[BY_PROCESS] = { .name = "process",
			 .keyword = "process",
			 .sql = sql_process,
			 .table_columns = "time, pid, start, comm || CASE WHEN comm <> " PROGRAM
					  " THEN ' (' || " PROGRAM " || ')' ELSE '' END AS comm, "
					  "$measures",
			 .wide_columns = "time, pid, start, comm, exe, args, "
					 "coalesce(user, uid) AS user, container, unit, cgroup, "
					 "parent_pid, exit, exit_code, exit_signal, $measures",
			 .find = find_process,
			 .of_consumers = true,
			 .is_lane_column = true },
	[BY_PROTOCOL] = { .name = "protocol",
			  .keyword = "protocol",
			  .sql = sql_protocol,
			  .find = find_protocol,
			  .is_lane_column = true },
	[BY_CONVERSATION] = { .name = "flow",
			      .keyword = "conversation",
			      .sql = sql_flow,
			      .find = find_conversation,
			      .is_lane_column = true },
	[BY_PROGRAM] = { .name = "program",
			 .keyword = "program",
			 .sql = sql_program,
			 .find = find_program,
			 .of_consumers = true },
	[BY_USER] = { .name = "user",
		      .keyword = "user",
		      .sql = sql_user,
		      .table_columns = USER_COLUMNS,
		      .wide_columns = USER_COLUMNS,
		      .find = find_user,
		      .of_consumers = true },
	[BY_CGROUP] = { .name = "cgroup",
			.keyword = "cgroup",
			.sql = sql_cgroup,
			.table_columns = CGROUP_COLUMNS,
			.wide_columns = CGROUP_COLUMNS,
			.find = find_cgroup,
			.of_consumers = true },
	[BY_CONTAINER] = { .name = "container",
			   .keyword = "container",
			   .sql = sql_container,
			   .find = find_container,
			   .of_consumers = true },
	[BY_INTERFACE] = { .name = "interface",
			   .keyword = "interface",
			   .sql = sql_interface,
			   .find = find_interface,
			   .is_everywhere = true },
	[BY_NETNS] = { .name = "netns",
		       .keyword = "netns",
		       .sql = sql_netns,
		       .find = find_netns,
		       .is_everywhere = true },
	[BY_REMOTE] = { .name = "remote",
			.keyword = "remote",
			.sql = sql_remote,
			.find = find_remote },
	[BY_PORT] = { .name = "port", .keyword = "port", .sql = sql_port, .find = find_port },
};

int64_t grouping_id(enum grouping grouping, uint32_t id)
{
	switch (grouping) {
	case BY_PROCESS:
		return PROCESS_ID(id);
	case BY_PROTOCOL:
		return PROTOCOL_ID(id);
	case BY_CONVERSATION:
		return CONVERSATION_ID(id);
	default:
		return GROUP_KEY_ID(id);
	}
}
