/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "analyze/database.h"
#include "analyze/grouping.h"
#include "analyze/label.h"

#include <errno.h>
#include <string.h>

static bool is_member(const struct dimensions *dims, const struct lane_members *of,
		      struct member member)
{
	for (size_t i = of->first; i < dims->n_members; i++)
		if (dims->members[i].grouping == member.grouping &&
		    dims->members[i].id == member.id)
			return true;
	return false;
}

/* of is the lane whose members are the last of all. */
static int add_member(struct dimensions *dims, struct lane_members *of, struct member member)
{
	int err;

	if (is_member(dims, of, member))
		return 0;
	err = array_reserve(&dims->members, &dims->n_members_allocated, dims->n_members + 1,
			    sizeof(*dims->members));
	if (err)
		return err;
	dims->members[dims->n_members++] = member;
	of->n++;
	return 0;
}

static int add_of_process(struct dimensions *dims, struct lane_members *of,
			  const struct lane_key *lane, uint32_t grouping, uint32_t process)
{
	struct member member = { .grouping = grouping };
	int err = grouping_specs[grouping].find(dims, lane, process, &member.id);

	return err ? err : add_member(dims, of, member);
}

static int add_of_grouping(struct dimensions *dims, struct lane_members *of,
			   const struct lane_key *lane, uint32_t grouping)
{
	const struct grouping_spec *spec = &grouping_specs[grouping];
	size_t n;
	const uint32_t *consumers = dims_consumers(dims, lane->consumers, &n);
	int err;

	if (lane->counts_elsewhere && !spec->is_everywhere)
		return 0;
	err = add_of_process(dims, of, lane, grouping, lane->process);
	for (size_t i = 0; i < n && spec->of_consumers && !err; i++)
		err = add_of_process(dims, of, lane, grouping, consumers[i]);
	return err;
}

static int reserve_lane(struct dimensions *dims, uint32_t lane)
{
	return array_reserve(&dims->lane_members, &dims->n_lane_members, (size_t)lane + 1,
			     sizeof(*dims->lane_members));
}

static int find_members(struct dimensions *dims, uint32_t lane, uint32_t wanted)
{
	struct lane_members of = { .first = dims->n_members, .is_known = true };
	int err = reserve_lane(dims, lane);

	for (uint32_t i = 0; i < N_GROUPINGS && !err; i++)
		if (wanted & GROUPING_BIT(i))
			err = add_of_grouping(dims, &of, dims_lane(dims, lane), i);
	if (!err)
		dims->lane_members[lane] = of;
	return err;
}

int members_get(struct dimensions *dims, uint32_t lane, uint32_t wanted,
		const struct member **ret_members, size_t *ret_n)
{
	if (lane >= dims->n_lane_members || !dims->lane_members[lane].is_known) {
		int err = find_members(dims, lane, wanted);

		if (err)
			return err;
	}
	*ret_members = dims->members ? dims->members + dims->lane_members[lane].first : NULL;
	*ret_n = dims->lane_members[lane].n;
	return 0;
}

/* ---- the database ---- */

int group_keys_store(struct dimensions *dims, sqlite3 *db)
{
	sqlite3_stmt *statement = NULL;
	int err = db_prepare(db, "INSERT OR IGNORE INTO group_key VALUES (?, ?, ?, ?, ?, ?)",
			     &statement);

	for (uint32_t i = 0; i < dims->group_keys.n && !err; i++) {
		const struct group_key *key = intern_key(&dims->group_keys, i);

		err = db_insert(statement, "is?ss?", GROUP_KEY_ID(i),
				grouping_specs[key->grouping].keyword,
				(int)(key->boot != UINT32_MAX), BOOT_ID(key->boot),
				dims_text_of(dims, key->name), dims_text_of(dims, key->detail),
				(int)key->has_number, (int64_t)key->number);
	}
	sqlite3_finalize(statement);
	return err;
}

static int store_of_grouping(struct dimensions *dims, uint32_t grouping, sqlite3_stmt *statement)
{
	int err = 0;

	for (uint32_t i = 0; i < dims->lanes.n && i < dims->n_lane_members; i++) {
		const struct lane_members *of = &dims->lane_members[i];

		for (size_t j = of->first; j < of->first + of->n && !err; j++)
			if (dims->members[j].grouping == grouping)
				err = db_insert(statement, "sii", grouping_specs[grouping].keyword,
						LANE_ID(dims, i),
						grouping_id(grouping, dims->members[j].id));
	}
	return err;
}

/* In the order of the table's key, which costs a third of any other. */
static int store_members(struct dimensions *dims, sqlite3 *db)
{
	sqlite3_stmt *statement = NULL;
	int err = db_prepare(db, "INSERT INTO member VALUES (?, ?, ?)", &statement);

	for (uint32_t i = 0; i < N_GROUPINGS && !err; i++)
		if (!grouping_specs[i].is_lane_column)
			err = store_of_grouping(dims, i, statement);
	sqlite3_finalize(statement);
	return err;
}

static int store_consumers(struct dimensions *dims, sqlite3 *db)
{
	sqlite3_stmt *statement = NULL;
	int err = db_prepare(db, "INSERT OR IGNORE INTO consumer VALUES (?, ?)", &statement);

	for (uint32_t i = 0; i < dims->lanes.n && !err; i++) {
		size_t n;
		const uint32_t *consumers = dims_consumers(dims, dims_lane(dims, i)->consumers, &n);

		for (size_t j = 0; j < n && !err; j++)
			err = db_insert(statement, "ii", LANE_ID(dims, i),
					PROCESS_ID(consumers[j]));
	}
	sqlite3_finalize(statement);
	return err;
}

int members_store(struct dimensions *dims, sqlite3 *db)
{
	int err = group_keys_store(dims, db);

	if (!err)
		err = store_members(dims, db);
	return err ? err : store_consumers(dims, db);
}

static bool find_grouping(const char *keyword, uint32_t *ret_grouping)
{
	for (uint32_t i = 0; keyword && i < N_GROUPINGS; i++) {
		if (strcmp(grouping_specs[i].keyword, keyword))
			continue;
		*ret_grouping = i;
		return true;
	}
	return false;
}

static int read_member(struct dimensions *dims, sqlite3_stmt *row)
{
	int64_t lane = sqlite3_column_int64(row, 0) - LANE_ID(dims, 0);
	struct member member;
	struct lane_members *of;

	if (lane < 0 || lane >= (int64_t)dims->lanes.n ||
	    !find_grouping((const char *)sqlite3_column_text(row, 1), &member.grouping))
		return -EUCLEAN;
	member.id = (uint32_t)(sqlite3_column_int64(row, 2) - grouping_id(member.grouping, 0));
	of = &dims->lane_members[lane];
	if (!of->n)
		of->first = dims->n_members;
	return add_member(dims, of, member);
}

int members_read(struct dimensions *dims, sqlite3 *db)
{
	sqlite3_stmt *row = NULL;
	int err = 0;

	if (dims->lanes.n)
		err = reserve_lane(dims, dims->lanes.n - 1);
	for (uint32_t i = 0; i < dims->lanes.n && !err; i++)
		dims->lane_members[i].is_known = true;
	if (!err)
		err = db_prepare(
			db, "SELECT lane_id, grouping, key_id FROM membership ORDER BY lane_id",
			&row);
	while (!err && sqlite3_step(row) == SQLITE_ROW)
		err = db_keep(row) ?: read_member(dims, row);
	if (sqlite3_finalize(row) != SQLITE_OK && !err)
		err = db_error(db, "reading members");
	return err;
}

int group_key_read(struct dimensions *dims, sqlite3_stmt *row)
{
	struct group_key key;
	uint32_t grouping, id;
	bool is_new;
	int err;

	memset(&key, 0, sizeof(key));
	if (!find_grouping((const char *)sqlite3_column_text(row, 1), &grouping))
		return -EUCLEAN;
	key.grouping = grouping;
	key.boot = sqlite3_column_type(row, 2) == SQLITE_NULL
			   ? UINT32_MAX
			   : (uint32_t)(sqlite3_column_int64(row, 2) - BOOT_ID(0));
	key.has_number = sqlite3_column_type(row, 5) != SQLITE_NULL;
	key.number = (uint64_t)sqlite3_column_int64(row, 5);
	err = dims_text(dims, (const char *)sqlite3_column_text(row, 3), &key.name);
	if (!err)
		err = dims_text(dims, (const char *)sqlite3_column_text(row, 4), &key.detail);
	if (!err)
		err = intern_get(&dims->group_keys, &key, sizeof(key), &id, &is_new);
	if (!err && (!is_new || GROUP_KEY_ID(id) != sqlite3_column_int64(row, 0)))
		err = -EUCLEAN;
	return err;
}
