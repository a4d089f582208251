/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "analyze/collect.h"

#include "analyze/say.h"
#include "analyze/text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* What a row is inserted with. */
struct target {
	struct dimensions *dims;
	sqlite3_stmt *statement;
	int64_t trace_id;
	uint32_t trace;
};

/* Bytes as text for the database; the caller frees it. NULL: out of memory. */
static char *text_of(struct nst_bytes bytes)
{
	char *text = malloc(TEXT_MAX((size_t)bytes.len_bytes));

	if (text)
		text_from_bytes(bytes.data, bytes.len_bytes, text);
	return text;
}

static int add_setting(const struct target *to, const void *row)
{
	const struct nst_setting *setting = row;
	char *key = text_of(setting->key), *value = text_of(setting->value);
	int err =
		key && value ? db_insert(to->statement, "iss", to->trace_id, key, value) : -ENOMEM;

	free(key);
	free(value);
	return err;
}

static int add_interface(const struct target *to, const void *row)
{
	const struct nst_interface *interface = row;
	char *name = text_of(interface->name), *kind = text_of(interface->kind);
	char mac[TEXT_MAC_MAX];
	int err = -ENOMEM;

	text_mac(interface->mac.data, interface->mac.len_bytes, mac);
	if (name && kind)
		err = db_insert(
			to->statement, "iiiisssiii????", to->trace_id, (int64_t)interface->time_ns,
			(int64_t)interface->netns, (int64_t)interface->ifindex, name,
			*kind ? kind : NULL, *mac ? mac : NULL, (int64_t)interface->type,
			(int64_t)interface->flags, (int64_t)interface->mtu_bytes,
			(int)(interface->has & NST_INTERFACE_HAS_MASTER),
			(int64_t)interface->master, (int)(interface->has & NST_INTERFACE_HAS_LINK),
			(int64_t)interface->link,
			(int)(interface->has & NST_INTERFACE_HAS_LINK_NETNS),
			(int64_t)interface->link_netns,
			(int)(interface->has & NST_INTERFACE_HAS_VLAN),
			(int64_t)interface->vlan_id);
	free(name);
	free(kind);
	return err;
}

static int add_netns(const struct target *to, const void *row)
{
	const struct nst_netns *netns = row;
	char *name = text_of(netns->name);
	int err = name ? db_insert(to->statement, "iis", to->trace_id, (int64_t)netns->netns,
				   *name ? name : NULL)
		       : -ENOMEM;

	free(name);
	return err;
}

static int add_cgroup(const struct target *to, const void *row)
{
	const struct nst_cgroup *cgroup = row;
	char *path = text_of(cgroup->path);
	int err = path ? db_insert(to->statement, "iis", to->trace_id, (int64_t)cgroup->id, path)
		       : -ENOMEM;

	free(path);
	return err;
}

static int add_counter(const struct target *to, const void *row)
{
	const struct nst_counter *counter = row;
	int64_t cpu = counter->cpu == NST_ALL_CPUS ? -1 : (int64_t)counter->cpu;
	char *name = text_of(counter->name);
	int err = name ? db_insert(to->statement, "isii", to->trace_id, name, cpu,
				   (int64_t)counter->value)
		       : -ENOMEM;

	free(name);
	return err;
}

static int add_throughput(const struct target *to, const void *row)
{
	const struct nst_throughput *throughput = row;
	char *name = text_of(throughput->name);
	int err =
		name ? db_insert(to->statement, "iiisi", to->trace_id, (int64_t)throughput->is_send,
				 (int64_t)throughput->pid, name, (int64_t)throughput->bytes)
		     : -ENOMEM;

	free(name);
	return err;
}

static int add_process_event(const struct target *to, const void *row)
{
	const struct nst_process_event *event = row;
	uint32_t process, name;
	int err;

	if (!(event->has & NST_PROCESS_HAS_COMM))
		return 0;
	err = dims_process(to->dims, to->trace, event->pid, event->start_ns, &process);
	if (!err)
		err = dims_name(to->dims, event->comm, &name);
	if (!err)
		err = dims_name_process(to->dims, process, name, event->time_ns);
	return err;
}

static const struct {
	enum nst_table table;
	size_t row_bytes;
	int (*add)(const struct target *to, const void *row);
	const char *sql;
} tables[] = {
	{ NST_TABLE_SETTING, sizeof(struct nst_setting), add_setting,
	  "INSERT INTO environment VALUES (?, ?, ?)" },
	{ NST_TABLE_INTERFACE, sizeof(struct nst_interface), add_interface,
	  "INSERT INTO interface VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)" },
	{ NST_TABLE_NETNS, sizeof(struct nst_netns), add_netns,
	  "INSERT INTO netns VALUES (?, ?, ?)" },
	{ NST_TABLE_CGROUP, sizeof(struct nst_cgroup), add_cgroup,
	  "INSERT INTO cgroup VALUES (?, ?, ?)" },
	{ NST_TABLE_COUNTER, sizeof(struct nst_counter), add_counter,
	  "INSERT OR REPLACE INTO counter VALUES (?, ?, ?, ?)" },
	{ NST_TABLE_THROUGHPUT, sizeof(struct nst_throughput), add_throughput,
	  "INSERT OR REPLACE INTO throughput VALUES (?, ?, ?, ?, ?)" },
	{ NST_TABLE_PROCESS_EVENT, sizeof(struct nst_process_event), add_process_event, NULL },
};

static int store_table(sqlite3 *db, size_t t, struct target *to, struct nst_reader *reader)
{
	const void *rows = NULL;
	size_t n = 0;
	int err = nst_reader_rows(reader, tables[t].table, &rows, &n);

	if (err == -EBADMSG || err == -EINVAL)
		return 0; /* damaged, and noted as such; or not of this chunk */
	if (err || !n)
		return err;
	to->statement = NULL;
	if (tables[t].sql)
		err = db_prepare(db, tables[t].sql, &to->statement);
	for (size_t i = 0; i < n && !err; i++)
		err = tables[t].add(to, (const char *)rows + i * tables[t].row_bytes);
	sqlite3_finalize(to->statement);
	return err;
}

int metadata_store(sqlite3 *db, struct dimensions *dims, uint32_t trace, struct nst_reader *reader,
		   const struct nst_chunk *chunk)
{
	struct target to = { .dims = dims, .trace = trace, .trace_id = TRACE_ID(dims, trace) };
	int err = 0;

	if (chunk->type != NST_CHUNK_ENVIRONMENT && chunk->type != NST_CHUNK_TOTALS &&
	    chunk->type != NST_CHUNK_PROCESSES)
		return 0;
	for (size_t t = 0; t < sizeof(tables) / sizeof(tables[0]) && !err; t++)
		err = store_table(db, t, &to, reader);
	return err;
}
