/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Dimension tables. Rows of boots, processes, protocols and conversations that
 * the database had before come first in dims, with the same ids.
 */
#include "analyze/collect.h"

#include "analyze/text.h"

#include <string.h>

static int store_boots(sqlite3 *db, const struct dimensions *dims)
{
	sqlite3_stmt *statement = NULL;
	int err = db_prepare(db, "INSERT OR IGNORE INTO boot (boot_id, uuid) VALUES (?, ?)",
			     &statement);

	for (uint32_t i = 0; i < dims->boots.n && !err; i++) {
		const struct boot_key *key = intern_key(&dims->boots, i);
		char uuid[TEXT_UUID_MAX];

		err = db_insert(statement, "is", BOOT_ID(i),
				key->is_trace ? NULL : text_uuid(key->uuid, uuid));
	}
	sqlite3_finalize(statement);
	if (err)
		return err;
	return db_run(db, "UPDATE boot SET host = coalesce(host, "
			  "(SELECT value FROM environment JOIN trace t USING (trace_id) "
			  "WHERE t.boot_id = boot.boot_id AND key = 'host')), "
			  "kernel = coalesce(kernel, "
			  "(SELECT value FROM environment JOIN trace t USING (trace_id) "
			  "WHERE t.boot_id = boot.boot_id AND key = 'kernel'))");
}

/* The first trace of the process's boot says when on the clock on the wall it started. */
static const struct timeline *boot_timeline(const struct dimensions *dims, uint32_t boot)
{
	for (size_t i = 0; i < dims->n_traces; i++)
		if (dims->traces[i].boot == boot)
			return &dims->traces[i].timeline;
	return NULL;
}

static int store_processes(sqlite3 *db, const struct dimensions *dims)
{
	static const struct process_name nameless;
	sqlite3_stmt *statement = NULL;
	int err = db_prepare(db,
			     "INSERT INTO process VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO "
			     "UPDATE SET comm = excluded.comm, comm_ns = excluded.comm_ns",
			     &statement);

	if (!err)
		err = db_run(db, "INSERT OR IGNORE INTO process (process_id) VALUES (0), (1), (2)");
	for (uint32_t i = OWNERS_RESERVED; i < dims->processes.n && !err; i++) {
		const struct process_key *key = intern_key(&dims->processes, i);
		const struct timeline *timeline = boot_timeline(dims, key->boot);
		const struct process_name *name =
			i < dims->n_process_names ? &dims->process_names[i] : &nameless;
		int64_t start_realtime_ns =
			timeline ? timeline_realtime(timeline, key->start_ns) : 0;

		err = db_insert(statement, "iiii?s?", PROCESS_ID(i), BOOT_ID(key->boot),
				(int64_t)key->pid, (int64_t)key->start_ns, timeline != NULL,
				start_realtime_ns,
				name->has_name ? intern_key(&dims->names, name->name) : NULL,
				name->has_name, (int64_t)name->seen_ns);
	}
	sqlite3_finalize(statement);
	return err;
}

static int store_protocols(sqlite3 *db, const struct dimensions *dims)
{
	sqlite3_stmt *statement = NULL;
	int err = db_prepare(db, "INSERT OR IGNORE INTO protocol VALUES (?, ?)", &statement);

	for (uint32_t i = 0; i < dims->protocols.n && !err; i++)
		err = db_insert(statement, "is", PROTOCOL_ID(i), intern_key(&dims->protocols, i));
	sqlite3_finalize(statement);
	return err;
}

static const char *address(const uint8_t *bytes, uint8_t len, char text[TEXT_ADDRESS_MAX])
{
	return len ? text_address(bytes, len, text) : NULL;
}

static int store_conversations(sqlite3 *db, const struct dimensions *dims)
{
	sqlite3_stmt *statement = NULL;
	int err = db_prepare(
		db, "INSERT OR IGNORE INTO conversation VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
		&statement);

	for (uint32_t i = 0; i < dims->conversations.n && !err; i++) {
		const struct conversation_key *key = intern_key(&dims->conversations, i);
		char local[TEXT_ADDRESS_MAX], remote[TEXT_ADDRESS_MAX];
		int has_port = key->has & NST_HAS_PORT;

		err = db_insert(statement, "iii?s?s?i", CONVERSATION_ID(i), BOOT_ID(key->boot),
				PROTOCOL_ID(key->protocol), (int)(key->has & NST_HAS_NETNS),
				(int64_t)key->netns,
				address(key->local_addr, key->local_len, local), has_port,
				(int64_t)key->local_port,
				address(key->remote_addr, key->remote_len, remote), has_port,
				(int64_t)key->remote_port, PROCESS_ID(key->process));
	}
	sqlite3_finalize(statement);
	return err;
}

static int store_flows(sqlite3 *db, struct dimensions *dims)
{
	sqlite3_stmt *statement = NULL;
	int err = db_prepare(db, "INSERT INTO flow VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
			     &statement);

	for (uint32_t i = 0; i < dims->flows.n && !err; i++) {
		const struct flow_key *key = intern_key(&dims->flows, i);
		char local[TEXT_ADDRESS_MAX], remote[TEXT_ADDRESS_MAX], name[PROTOCOL_NAME_MAX];
		int has_port = key->has & NST_HAS_PORT;
		uint32_t protocol;

		flow_protocol_name(key->has, key->protocol, key->ethertype, name);
		if (!intern_find(&dims->protocols, name, strlen(name) + 1, &protocol))
			continue;
		err = db_insert(statement, "ii?ii?s?s?", FLOW_ID(dims, i),
				TRACE_ID(dims, key->trace), (int)(key->has & NST_HAS_FLOW_ID),
				(int64_t)key->id, PROTOCOL_ID(protocol), (int64_t)key->ethertype,
				(int)(key->has & NST_HAS_NETNS), (int64_t)key->netns,
				address(key->local_addr, key->local_len, local), has_port,
				(int64_t)key->local_port,
				address(key->remote_addr, key->remote_len, remote), has_port,
				(int64_t)key->remote_port);
	}
	sqlite3_finalize(statement);
	return err;
}

/* The interface's name is looked up where the namespace is the same, or not known. */
static const char lane_insert[] =
	"INSERT INTO lane VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, "
	"(SELECT i.name FROM interface i JOIN flow f ON f.flow_id = ?3 "
	" WHERE i.trace_id = ?2 AND i.ifindex = ?10 AND (f.netns IS NULL OR i.netns = f.netns) "
	" ORDER BY i.time_ns DESC LIMIT 1), "
	"?11, ?12, ?13, ?14, ?15, ?16)";

static int store_lanes(sqlite3 *db, struct dimensions *dims)
{
	sqlite3_stmt *statement = NULL;
	int err = db_prepare(db, lane_insert, &statement);

	for (uint32_t i = 0; i < dims->lanes.n && !err; i++) {
		const struct lane_key *key = dims_lane(dims, i);
		bool has_owner = key->has & NST_HAS_OWNER;

		err = db_insert(
			statement, "iiiiiisii????iii", LANE_ID(dims, i), TRACE_ID(dims, key->trace),
			FLOW_ID(dims, key->flow), CONVERSATION_ID(key->conversation),
			PROTOCOL_ID(key->protocol), PROCESS_ID(key->process),
			has_owner ? intern_key(&dims->names, key->name) : NULL,
			(int64_t)key->owner_source, (int64_t)key->is_send,
			(int)(key->has & NST_HAS_IFINDEX), (int64_t)key->ifindex,
			(int)(key->has & NST_HAS_LINK_HEADER), (int64_t)key->link_header_bytes,
			(int)(key->has & NST_HAS_CGROUP), (int64_t)key->cgroup_id,
			(int)(key->has & NST_HAS_VLAN), (int64_t)key->vlan_id,
			(int64_t) !!(key->flags & NST_FLAG_TUNNELLED),
			(int64_t) !!(key->flags & NST_FLAG_LOCAL_ADDR),
			(int64_t) !!(key->flags & NST_FLAG_LOOPBACK));
	}
	sqlite3_finalize(statement);
	return err;
}

int store_dimensions(sqlite3 *db, struct dimensions *dims)
{
	int err = store_boots(db, dims);

	if (!err)
		err = store_processes(db, dims);
	if (!err)
		err = store_protocols(db, dims);
	if (!err)
		err = store_conversations(db, dims);
	if (!err)
		err = store_flows(db, dims);
	if (!err)
		err = store_lanes(db, dims);
	return err;
}
