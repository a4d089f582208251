/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Dimension tables. Rows of boots, processes, protocols and conversations that
 * the database had before come first in dims, with the same ids.
 */
#include "analyze/collect.h"
#include "analyze/label.h"

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

/* As reports by interface have it; NULL: not known. */
static const char *interface_name(const struct dimensions *dims, const struct lane_key *lane)
{
	const struct flow_key *flow = intern_key(&dims->flows, lane->flow);

	if (!(lane->has & NST_HAS_IFINDEX))
		return NULL;
	return dims_text_of(dims, label_text(dims, dims->traces[lane->trace].boot, LABEL_INTERFACE,
					     flow->netns, lane->ifindex));
}

static int store_lanes(sqlite3 *db, struct dimensions *dims)
{
	sqlite3_stmt *statement = NULL;
	int err =
		db_prepare(db,
			   "INSERT INTO lane VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, "
			   "?, ?, ?)",
			   &statement);

	for (uint32_t i = 0; i < dims->lanes.n && !err; i++) {
		const struct lane_key *key = dims_lane(dims, i);
		bool has_owner = key->has & NST_HAS_OWNER;

		err = db_insert(statement, "iiiiiisii?s???iiii", LANE_ID(dims, i),
				TRACE_ID(dims, key->trace), FLOW_ID(dims, key->flow),
				CONVERSATION_ID(key->conversation), PROTOCOL_ID(key->protocol),
				PROCESS_ID(key->process),
				has_owner ? intern_key(&dims->names, key->name) : NULL,
				(int64_t)key->owner_source, (int64_t)key->is_send,
				(int)(key->has & NST_HAS_IFINDEX), (int64_t)key->ifindex,
				interface_name(dims, key), (int)(key->has & NST_HAS_LINK_HEADER),
				(int64_t)key->link_header_bytes, (int)(key->has & NST_HAS_CGROUP),
				(int64_t)key->cgroup_id, (int)(key->has & NST_HAS_VLAN),
				(int64_t)key->vlan_id,
				(int64_t) !!(key->flags & NST_FLAG_TUNNELLED),
				(int64_t) !!(key->flags & NST_FLAG_LOCAL_ADDR),
				(int64_t) !!(key->flags & NST_FLAG_LOOPBACK),
				(int64_t)key->counts_elsewhere);
	}
	sqlite3_finalize(statement);
	return err;
}

int store_names(sqlite3 *db, struct dimensions *dims)
{
	int err = store_boots(db, dims);

	if (!err)
		err = processes_store(db, dims);
	if (!err)
		err = store_protocols(db, dims);
	return err ? err : store_conversations(db, dims);
}

int store_dimensions(sqlite3 *db, struct dimensions *dims)
{
	int err = store_names(db, dims);

	if (!err)
		err = store_flows(db, dims);
	return err ? err : store_lanes(db, dims);
}
