/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "analyze/known.h"

#include "analyze/database.h"
#include "analyze/grouping.h"
#include "analyze/label.h"
#include "analyze/process.h"
#include "analyze/say.h"
#include "analyze/text.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

static int parse_uuid(const char *text, uint8_t uuid[16])
{
	for (int i = 0; i < 16; i++) {
		unsigned int byte;

		while (*text == '-')
			text++;
		if (sscanf(text, "%2x", &byte) != 1)
			return -EUCLEAN;
		uuid[i] = (uint8_t)byte;
		text += 2;
	}
	return 0;
}

/* The row's key must get the number that its id says. */
static int number_row(struct intern *intern, const void *key, size_t len, int64_t id, int64_t first)
{
	uint32_t index;
	bool is_new;
	int err = intern_get(intern, key, len, &index, &is_new);

	if (!err && (!is_new || (int64_t)index + first != id))
		err = -EUCLEAN;
	return err;
}

static int read_boot(struct dimensions *dims, sqlite3_stmt *row)
{
	const char *uuid = (const char *)sqlite3_column_text(row, 1);
	const char *trace = (const char *)sqlite3_column_text(row, 2);
	struct boot_key key;
	int err;

	memset(&key, 0, sizeof(key));
	key.is_trace = !uuid;
	if (!uuid && !trace)
		return -EUCLEAN;
	err = parse_uuid(uuid ? uuid : trace, key.uuid);
	if (err)
		return err;
	return number_row(&dims->boots, &key, sizeof(key), sqlite3_column_int64(row, 0), 1);
}

static uint32_t read_number(sqlite3_stmt *row, int column, uint32_t has, struct process_info *info)
{
	if (sqlite3_column_type(row, column) != SQLITE_NULL)
		info->has |= has;
	return (uint32_t)sqlite3_column_int64(row, column);
}

static int read_text(struct dimensions *dims, sqlite3_stmt *row, int column, uint32_t has,
		     struct process_info *info, uint32_t *ret_text)
{
	const char *text = (const char *)sqlite3_column_text(row, column);

	info->has |= text ? has : 0;
	return dims_text(dims, text, ret_text);
}

/* The columns behind comm_ns, back to what process_note() makes of rows. */
static int read_attributes(struct dimensions *dims, sqlite3_stmt *row)
{
	struct process_info *info;
	uint32_t code, signal;
	int err = process_info_get(dims, dims->processes.n - 1, &info);

	if (err)
		return err;
	info->time_ns = (uint64_t)sqlite3_column_int64(row, 6);
	info->parent = read_number(row, 7, NST_PROCESS_HAS_PARENT, info);
	read_number(row, 8, PROCESS_HAS_EXIT, info);
	info->exit_ns = (uint64_t)sqlite3_column_int64(row, 8);
	code = read_number(row, 9, NST_PROCESS_HAS_EXIT_CODE, info);
	signal = read_number(row, 10, NST_PROCESS_HAS_EXIT_CODE, info);
	info->exit_code = code << 8 | signal;
	info->uid = read_number(row, 11, NST_PROCESS_HAS_UID, info);
	info->gid = (uint32_t)sqlite3_column_int64(row, 12);
	read_number(row, 13, NST_PROCESS_HAS_CGROUP, info);
	info->cgroup_id = (uint64_t)sqlite3_column_int64(row, 13);
	info->netns = read_number(row, 14, NST_PROCESS_HAS_NETNS, info);
	info->mntns = read_number(row, 15, NST_PROCESS_HAS_MNTNS, info);
	info->pidns = read_number(row, 16, NST_PROCESS_HAS_PIDNS, info);
	err = read_text(dims, row, 17, NST_PROCESS_HAS_EXE, info, &info->exe);
	if (!err)
		err = read_text(dims, row, 18, NST_PROCESS_HAS_ARGS, info, &info->args);
	if (!err)
		err = read_text(dims, row, 19, NST_PROCESS_HAS_BUILD_ID, info, &info->build_id);
	return err;
}

static int read_process(struct dimensions *dims, sqlite3_stmt *row)
{
	const char *comm = (const char *)sqlite3_column_text(row, 4);
	struct process_key key;
	uint32_t name;
	bool is_new;
	int err;

	memset(&key, 0, sizeof(key));
	key.boot = (uint32_t)(sqlite3_column_int64(row, 1) - 1);
	key.pid = (uint32_t)sqlite3_column_int64(row, 2);
	key.start_ns = (uint64_t)sqlite3_column_int64(row, 3);
	err = number_row(&dims->processes, &key, sizeof(key), sqlite3_column_int64(row, 0), 0);
	if (!err)
		err = read_attributes(dims, row);
	if (err || !comm)
		return err;
	err = intern_get(&dims->names, comm, strlen(comm) + 1, &name, &is_new);
	if (err)
		return err;
	return dims_name_process(dims, dims->processes.n - 1, name,
				 (uint64_t)sqlite3_column_int64(row, 5));
}

static int read_protocol(struct dimensions *dims, sqlite3_stmt *row)
{
	const char *name = (const char *)sqlite3_column_text(row, 1);

	if (!name)
		return -EUCLEAN;
	return number_row(&dims->protocols, name, strlen(name) + 1, sqlite3_column_int64(row, 0),
			  1);
}

static uint8_t read_address(sqlite3_stmt *row, int column, uint8_t address[16])
{
	const char *text = (const char *)sqlite3_column_text(row, column);

	if (text && inet_pton(AF_INET, text, address) == 1)
		return 4;
	return text && inet_pton(AF_INET6, text, address) == 1 ? 16 : 0;
}

static int read_conversation(struct dimensions *dims, sqlite3_stmt *row)
{
	struct conversation_key key;

	memset(&key, 0, sizeof(key));
	key.boot = (uint32_t)(sqlite3_column_int64(row, 1) - 1);
	key.protocol = (uint32_t)(sqlite3_column_int64(row, 2) - 1);
	if (sqlite3_column_type(row, 3) != SQLITE_NULL)
		key.has |= NST_HAS_NETNS;
	key.netns = (uint32_t)sqlite3_column_int64(row, 3);
	key.local_len = read_address(row, 4, key.local_addr);
	if (sqlite3_column_type(row, 5) != SQLITE_NULL)
		key.has |= NST_HAS_PORT;
	key.local_port = (uint16_t)sqlite3_column_int64(row, 5);
	key.remote_len = read_address(row, 6, key.remote_addr);
	key.remote_port = (uint16_t)sqlite3_column_int64(row, 7);
	key.process = (uint32_t)sqlite3_column_int64(row, 8);
	return number_row(&dims->conversations, &key, sizeof(key), sqlite3_column_int64(row, 0), 1);
}

static int read_label(struct dimensions *dims, sqlite3_stmt *row)
{
	const char *name = (const char *)sqlite3_column_text(row, 4);

	if (!name)
		return 0;
	return label_set(dims, (uint32_t)(sqlite3_column_int64(row, 0) - BOOT_ID(0)),
			 (enum label_kind)sqlite3_column_int(row, 1),
			 (uint32_t)sqlite3_column_int64(row, 2),
			 (uint64_t)sqlite3_column_int64(row, 3), name);
}

/* Columns: boot, label_kind, namespace, number, name; what metadata.c notes. */
static const char labels_sql[] =
	"SELECT boot_id, 0, 0, CAST(substr(key, 6) AS INTEGER), value FROM environment "
	"JOIN trace USING (trace_id) WHERE key GLOB 'user.[0-9]*' "
	"UNION ALL SELECT boot_id, 1, 0, cgroup_id, path FROM cgroup JOIN trace USING (trace_id) "
	"UNION ALL SELECT boot_id, 2, 0, netns, name FROM netns JOIN trace USING (trace_id) "
	"UNION ALL SELECT boot_id, 3, netns, ifindex, name FROM interface JOIN trace USING (trace_id)";

static const struct {
	const char *sql;
	int (*read)(struct dimensions *dims, sqlite3_stmt *row);
} tables[] = {
	{ "SELECT boot_id, uuid, (SELECT t.uuid FROM trace t WHERE t.boot_id = b.boot_id "
	  "ORDER BY trace_id LIMIT 1) FROM boot b ORDER BY boot_id",
	  read_boot },
	{ "SELECT process_id, boot_id, pid, start_ns, comm, comm_ns, known_ns, parent_id, exit_ns, "
	  "exit_code, exit_signal, uid, gid, cgroup_id, netns, mntns, pidns, exe, args, build_id "
	  "FROM process WHERE process_id >= 3 ORDER BY process_id",
	  read_process },
	{ "SELECT protocol_id, name FROM protocol ORDER BY protocol_id", read_protocol },
	{ "SELECT conversation_id, boot_id, protocol_id, netns, local_addr, local_port, "
	  "remote_addr, remote_port, process_id FROM conversation ORDER BY conversation_id",
	  read_conversation },
	{ labels_sql, read_label },
	{ "SELECT key_id, grouping, boot_id, name, detail, number FROM group_key ORDER BY key_id",
	  group_key_read },
};

static int read_rows(sqlite3 *db, struct dimensions *dims, size_t t)
{
	sqlite3_stmt *row = NULL;
	int err = db_prepare(db, tables[t].sql, &row);

	while (!err && sqlite3_step(row) == SQLITE_ROW)
		err = db_keep(row) ?: tables[t].read(dims, row);
	if (sqlite3_finalize(row) != SQLITE_OK && !err)
		err = db_error(db, "reading the database");
	if (err == -EUCLEAN)
		say("the database was changed by another program: its ids are not those that "
		    "load gave; load into a new one");
	return err;
}

int known_read(sqlite3 *db, struct dimensions *dims)
{
	int err = 0;

	for (size_t t = 0; t < sizeof(tables) / sizeof(tables[0]) && !err; t++)
		err = read_rows(db, dims, t);
	if (!err)
		err = db_integer(db, "SELECT max(trace_id) + 1 FROM trace", 1,
				 &dims->first_trace_id);
	if (!err)
		err = db_integer(db, "SELECT max(flow_id) + 1 FROM flow", 1, &dims->first_flow_id);
	if (!err)
		err = db_integer(db, "SELECT max(lane_id) + 1 FROM lane", 1, &dims->first_lane_id);
	return err;
}

int known_trace(sqlite3 *db, const uint8_t uuid[16], bool *ret_is_known, bool *ret_is_complete)
{
	char text[TEXT_UUID_MAX];
	sqlite3_stmt *row = NULL;
	int code, err = db_prepare(db, "SELECT complete FROM trace WHERE uuid = ?", &row);

	if (err)
		return err;
	sqlite3_bind_text(row, 1, text_uuid(uuid, text), -1, SQLITE_STATIC);
	code = sqlite3_step(row);
	if (code == SQLITE_ROW)
		*ret_is_complete = sqlite3_column_int(row, 0) != 0;
	if (code == SQLITE_ROW || code == SQLITE_DONE)
		*ret_is_known = code == SQLITE_ROW;
	else
		err = db_error(db, "reading the database");
	sqlite3_finalize(row);
	return err;
}
