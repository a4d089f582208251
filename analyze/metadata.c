/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "analyze/collect.h"

#include "analyze/arguments.h"
#include "analyze/label.h"
#include "analyze/process.h"
#include "analyze/say.h"
#include "analyze/text.h"
#include "common/units.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#define USER_PREFIX "user." /* and a uid: the key of the setting with its name */

/* What a row is inserted with. */
struct target {
	struct dimensions *dims;
	sqlite3_stmt *statement; /* NULL: nobody will read the table */
	int64_t trace_id;
	uint32_t trace, boot;
};

/* Note the name of a number, unless it is empty. */
static int name(const struct target *to, enum label_kind kind, uint32_t netns, uint64_t number,
		const char *text)
{
	return *text ? label_set(to->dims, to->boot, kind, netns, number, text) : 0;
}

static int name_user(const struct target *to, const char *key, const char *value)
{
	uint64_t uid;

	if (strncmp(key, USER_PREFIX, strlen(USER_PREFIX)) ||
	    parse_number(key + strlen(USER_PREFIX), 0, UINT32_MAX, &uid))
		return 0;
	return name(to, LABEL_USER, 0, uid, value);
}

static int add_setting(const struct target *to, const void *row)
{
	const struct nst_setting *setting = row;
	char *key = text_of_bytes(setting->key), *value = text_of_bytes(setting->value);
	int err =
		key && value ? db_insert(to->statement, "iss", to->trace_id, key, value) : -ENOMEM;

	if (!err)
		err = name_user(to, key, value);
	free(key);
	free(value);
	return err;
}

static int add_interface(const struct target *to, const void *row)
{
	const struct nst_interface *interface = row;
	char *text = text_of_bytes(interface->name), *kind = text_of_bytes(interface->kind);
	char mac[TEXT_MAC_MAX];
	int err = -ENOMEM;

	text_mac(interface->mac.data, interface->mac.len_bytes, mac);
	if (text && kind)
		err = db_insert(
			to->statement, "iiiisssiii????", to->trace_id, (int64_t)interface->time_ns,
			(int64_t)interface->netns, (int64_t)interface->ifindex, text,
			*kind ? kind : NULL, *mac ? mac : NULL, (int64_t)interface->type,
			(int64_t)interface->flags, (int64_t)interface->mtu_bytes,
			(int)(interface->has & NST_INTERFACE_HAS_MASTER),
			(int64_t)interface->master, (int)(interface->has & NST_INTERFACE_HAS_LINK),
			(int64_t)interface->link,
			(int)(interface->has & NST_INTERFACE_HAS_LINK_NETNS),
			(int64_t)interface->link_netns,
			(int)(interface->has & NST_INTERFACE_HAS_VLAN),
			(int64_t)interface->vlan_id);
	if (!err)
		err = name(to, LABEL_INTERFACE, interface->netns, interface->ifindex, text);
	if (!err)
		err = name(to, LABEL_INTERFACE, 0, interface->ifindex, text);
	free(text);
	free(kind);
	return err;
}

static int add_netns(const struct target *to, const void *row)
{
	const struct nst_netns *netns = row;
	char *text = text_of_bytes(netns->name);
	int err = text ? db_insert(to->statement, "iis", to->trace_id, (int64_t)netns->netns,
				   *text ? text : NULL)
		       : -ENOMEM;

	if (!err)
		err = name(to, LABEL_NETNS, 0, netns->netns, text);
	free(text);
	return err;
}

static int add_cgroup(const struct target *to, const void *row)
{
	const struct nst_cgroup *cgroup = row;
	char *path = text_of_bytes(cgroup->path);
	int err = path ? 0 : -ENOMEM;

	if (!err && to->statement)
		err = db_insert(to->statement, "iis", to->trace_id, (int64_t)cgroup->id, path);
	if (!err)
		err = name(to, LABEL_CGROUP, 0, cgroup->id, path);
	free(path);
	return err;
}

static int add_counter(const struct target *to, const void *row)
{
	const struct nst_counter *counter = row;
	int64_t cpu = counter->cpu == NST_ALL_CPUS ? -1 : (int64_t)counter->cpu;
	char *text = text_of_bytes(counter->name);
	int err = text ? db_insert(to->statement, "isii", to->trace_id, text, cpu,
				   (int64_t)counter->value)
		       : -ENOMEM;

	free(text);
	return err;
}

static int add_throughput(const struct target *to, const void *row)
{
	const struct nst_throughput *throughput = row;
	char *text = text_of_bytes(throughput->name);
	int err =
		text ? db_insert(to->statement, "iiisi", to->trace_id, (int64_t)throughput->is_send,
				 (int64_t)throughput->pid, text, (int64_t)throughput->bytes)
		     : -ENOMEM;

	free(text);
	return err;
}

static int number_processes(const struct target *to, const struct nst_process_event *event,
			    uint32_t *ret_process, uint32_t *ret_parent)
{
	int err = dims_process(to->dims, to->trace, event->pid, event->start_ns, ret_process);

	if (!err && event->has & NST_PROCESS_HAS_PARENT)
		err = dims_process(to->dims, to->trace, event->parent_pid, event->parent_start_ns,
				   ret_parent);
	return err;
}

static int insert_process_event(const struct target *to, const struct nst_process_event *event,
				const char *comm, const char *exe, const char *args,
				const char *build_id)
{
	uint32_t has = event->has, process, parent = NOBODY;
	int status = (int)event->exit_code;
	bool has_exit = has & NST_PROCESS_HAS_EXIT_CODE;
	int err = number_processes(to, event, &process, &parent);

	if (err || !to->statement)
		return err;
	return db_insert(to->statement, "iisi?sss????????s", to->trace_id, (int64_t)event->time_ns,
			 process_what_name(event->what), PROCESS_ID(process),
			 (int)(has & NST_PROCESS_HAS_PARENT), PROCESS_ID(parent), comm, exe, args,
			 (int)(has & NST_PROCESS_HAS_UID), (int64_t)event->uid,
			 (int)(has & NST_PROCESS_HAS_UID), (int64_t)event->gid,
			 (int)(has & NST_PROCESS_HAS_CGROUP), (int64_t)event->cgroup_id,
			 (int)(has & NST_PROCESS_HAS_NETNS), (int64_t)event->netns,
			 (int)(has & NST_PROCESS_HAS_MNTNS), (int64_t)event->mntns,
			 (int)(has & NST_PROCESS_HAS_PIDNS), (int64_t)event->pidns,
			 has_exit && WIFEXITED(status), (int64_t)WEXITSTATUS(status),
			 has_exit && WIFSIGNALED(status), (int64_t)WTERMSIG(status), build_id);
}

static int add_process_event(const struct target *to, const void *row)
{
	const struct nst_process_event *event = row;
	char *comm = text_of_bytes(event->comm), *exe = text_of_bytes(event->exe);
	char *args = arguments_text(event->args), *build_id = text_hex(event->build_id);
	int err = -ENOMEM;

	if (comm && exe && args && build_id)
		err = insert_process_event(to, event,
					   event->has & NST_PROCESS_HAS_COMM ? comm : NULL,
					   event->has & NST_PROCESS_HAS_EXE ? exe : NULL,
					   event->has & NST_PROCESS_HAS_ARGS ? args : NULL,
					   event->has & NST_PROCESS_HAS_BUILD_ID ? build_id : NULL);
	free(comm);
	free(exe);
	free(args);
	free(build_id);
	return err ? err : process_note(to->dims, to->trace, event);
}

static int add_sum(const struct target *to, const void *row)
{
	const struct nst_total *sum = row;
	char protocol[PROTOCOL_NAME_MAX], *comm = text_of_bytes(sum->comm);
	uint32_t has = sum->has & NST_TOTAL_HAS_PROTOCOL ? NST_HAS_PROTOCOL : 0;
	bool has_owner = sum->has & NST_TOTAL_HAS_OWNER;
	int err = -ENOMEM;

	flow_protocol_name(has, sum->protocol, sum->ethertype, protocol);
	if (comm)
		err = db_insert(to->statement, "iiii??ss??siiiiiiiiii", to->trace_id,
				(int64_t)sum->from_ns, (int64_t)sum->to_ns, (int64_t)sum->is_send,
				has_owner, (int64_t)sum->pid, has_owner, (int64_t)sum->start_ns,
				has_owner ? comm : NULL, nst_owner_source_name(sum->owner_source),
				(int)(sum->has & NST_TOTAL_HAS_NETNS), (int64_t)sum->netns,
				(int)(sum->has & NST_TOTAL_HAS_IFINDEX), (int64_t)sum->ifindex,
				protocol, (int64_t)sum->ethertype, (int64_t)sum->link_header_bytes,
				(int64_t) !!(sum->flags & NST_FLAG_TUNNELLED),
				(int64_t) !!(sum->flags & NST_FLAG_LOCAL_ADDR),
				(int64_t) !!(sum->flags & NST_FLAG_LOOPBACK), (int64_t)sum->events,
				(int64_t)sum->packets, (int64_t)sum->bytes,
				(int64_t)sum->payload_bytes, (int64_t)sum->wire_bytes);
	free(comm);
	return err;
}

static int add_detail(const struct target *to, const void *row)
{
	const struct nst_detail_change *change = row;

	/* others are for later versions */
	if (change->detail != NST_DETAIL_PACKETS && change->detail != NST_DETAIL_FLOWS)
		return 0;
	return db_insert(to->statement, "iis", to->trace_id, (int64_t)change->time_ns,
			 change->detail == NST_DETAIL_PACKETS ? "packets" : "flows");
}

static int add_loss(const struct target *to, const void *row)
{
	const struct nst_loss_interval *loss = row;
	const char *cause = nst_loss_name(loss->cause);
	int64_t cpu = loss->cpu == NST_ALL_CPUS ? -1 : (int64_t)loss->cpu;
	char number[24];

	snprintf(number, sizeof(number), "cause_%u", loss->cause);
	return db_insert(to->statement, "iiiisii", to->trace_id, (int64_t)loss->from_ns,
			 (int64_t)loss->to_ns, cpu, cause ? cause : number, (int64_t)loss->events,
			 (int64_t)loss->bytes);
}

static int add_reading(const struct target *to, const void *row)
{
	const struct nst_interface_counter *reading = row;

	return db_insert(to->statement, "iiiiiiiiii", to->trace_id, (int64_t)reading->time_ns,
			 (int64_t)reading->netns, (int64_t)reading->ifindex,
			 (int64_t)reading->recv_bytes, (int64_t)reading->recv_packets,
			 (int64_t)reading->recv_dropped, (int64_t)reading->send_bytes,
			 (int64_t)reading->send_packets, (int64_t)reading->send_dropped);
}

/* What reports need of a table. */
enum need {
	NEED_NOTHING,
	NEED_KNOWN, /* what dims get to know by its rows */
	NEED_ROWS,
};

static const struct {
	enum nst_table table;
	enum need need;
	size_t row_bytes;
	int (*add)(const struct target *to, const void *row);
	const char *sql;
} tables[] = {
	{ NST_TABLE_SETTING, NEED_ROWS, sizeof(struct nst_setting), add_setting,
	  "INSERT INTO environment VALUES (?, ?, ?)" },
	{ NST_TABLE_INTERFACE, NEED_ROWS, sizeof(struct nst_interface), add_interface,
	  "INSERT INTO interface VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)" },
	{ NST_TABLE_NETNS, NEED_ROWS, sizeof(struct nst_netns), add_netns,
	  "INSERT INTO netns VALUES (?, ?, ?)" },
	{ NST_TABLE_CGROUP, NEED_KNOWN, sizeof(struct nst_cgroup), add_cgroup,
	  "INSERT INTO cgroup VALUES (?, ?, ?)" },
	{ NST_TABLE_COUNTER, NEED_ROWS, sizeof(struct nst_counter), add_counter,
	  "INSERT OR REPLACE INTO counter VALUES (?, ?, ?, ?)" },
	{ NST_TABLE_THROUGHPUT, NEED_NOTHING, sizeof(struct nst_throughput), add_throughput,
	  "INSERT OR REPLACE INTO throughput VALUES (?, ?, ?, ?, ?)" },
	{ NST_TABLE_PROCESS_EVENT, NEED_KNOWN, sizeof(struct nst_process_event), add_process_event,
	  "INSERT INTO process_event VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)" },
	{ NST_TABLE_SUM, NEED_NOTHING, sizeof(struct nst_total), add_sum,
	  "INSERT INTO sum VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)" },
	{ NST_TABLE_DETAIL, NEED_ROWS, sizeof(struct nst_detail_change), add_detail,
	  "INSERT INTO detail_change VALUES (?, ?, ?)" },
	{ NST_TABLE_LOSS, NEED_NOTHING, sizeof(struct nst_loss_interval), add_loss,
	  "INSERT INTO loss_interval VALUES (?, ?, ?, ?, ?, ?, ?)" },
	{ NST_TABLE_INTERFACE_COUNTER, NEED_ROWS, sizeof(struct nst_interface_counter), add_reading,
	  "INSERT INTO interface_counter VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)" },
};

static int store_table(sqlite3 *db, size_t t, struct target *to, struct nst_reader *reader,
		       bool for_report)
{
	const void *rows = NULL;
	size_t n = 0;
	int err;

	if (for_report && tables[t].need == NEED_NOTHING)
		return 0;
	err = nst_reader_rows(reader, tables[t].table, &rows, &n);

	if (err == -EBADMSG || err == -EINVAL)
		return 0; /* damaged, and noted as such; or not of this chunk */
	if (err || !n)
		return err;
	to->statement = NULL;
	if (!for_report || tables[t].need == NEED_ROWS)
		err = db_prepare(db, tables[t].sql, &to->statement);
	for (size_t i = 0; i < n && !err; i++)
		err = tables[t].add(to, (const char *)rows + i * tables[t].row_bytes);
	sqlite3_finalize(to->statement);
	return err;
}

int metadata_store(sqlite3 *db, struct dimensions *dims, uint32_t trace, struct nst_reader *reader,
		   const struct nst_chunk *chunk, bool for_report)
{
	struct target to = { .dims = dims,
			     .trace = trace,
			     .boot = dims->traces[trace].boot,
			     .trace_id = TRACE_ID(dims, trace) };
	int err = 0;

	if (chunk->type != NST_CHUNK_ENVIRONMENT && chunk->type != NST_CHUNK_TOTALS &&
	    chunk->type != NST_CHUNK_PROCESSES && chunk->type != NST_CHUNK_INTERFACE_COUNTERS)
		return 0;
	for (size_t t = 0; t < sizeof(tables) / sizeof(tables[0]) && !err; t++)
		err = store_table(db, t, &to, reader, for_report);
	return err;
}
