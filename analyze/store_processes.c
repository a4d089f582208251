/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The table of processes, with what their control groups say. */
#include "analyze/cgroup.h"
#include "analyze/collect.h"
#include "analyze/label.h"
#include "analyze/process.h"

#include <sys/wait.h>

/* The first trace of the process's boot says when on the clock on the wall it started. */
static const struct timeline *boot_timeline(const struct dimensions *dims, uint32_t boot)
{
	for (size_t i = 0; i < dims->n_traces; i++)
		if (dims->traces[i].boot == boot)
			return &dims->traces[i].timeline;
	return NULL;
}

static int store_identity(const struct dimensions *dims, uint32_t process, sqlite3_stmt *statement)
{
	static const struct process_name nameless;
	const struct process_key *key = intern_key(&dims->processes, process);
	const struct timeline *timeline = boot_timeline(dims, key->boot);
	const struct process_name *name =
		process < dims->n_process_names ? &dims->process_names[process] : &nameless;

	return db_insert(statement, "iiii?s?", PROCESS_ID(process), BOOT_ID(key->boot),
			 (int64_t)key->pid, (int64_t)key->start_ns, timeline != NULL,
			 timeline ? timeline_realtime(timeline, key->start_ns) : (int64_t)0,
			 name->has_name ? intern_key(&dims->names, name->name) : NULL,
			 name->has_name, (int64_t)name->seen_ns);
}

static const char *text(const struct dimensions *dims, const struct process_info *info,
			uint32_t has, uint32_t number)
{
	return info->has & has ? dims_text_of(dims, number) : NULL;
}

static int store_attributes(const struct dimensions *dims, uint32_t process,
			    sqlite3_stmt *statement)
{
	const struct process_info *info = process_info(dims, process);
	const struct process_key *key = intern_key(&dims->processes, process);
	const struct timeline *timeline = boot_timeline(dims, key->boot);
	bool has_code = info->has & NST_PROCESS_HAS_EXIT_CODE;
	bool has_user = info->has & NST_PROCESS_HAS_UID;
	bool has_cgroup = info->has & NST_PROCESS_HAS_CGROUP;
	bool has_exit = info->has & PROCESS_HAS_EXIT;
	int status = (int)info->exit_code;
	uint32_t user = label_text(dims, key->boot, LABEL_USER, 0, info->uid);
	uint32_t path = label_text(dims, key->boot, LABEL_CGROUP, 0, info->cgroup_id);
	const char *cgroup = has_cgroup ? dims_text_of(dims, path) : NULL;
	struct cgroup_parts parts;

	cgroup_parse(cgroup ? cgroup : "", &parts);
	return db_insert(statement, "i?????sss??s?ssss???i", (int64_t)info->time_ns,
			 (int)(info->has & NST_PROCESS_HAS_PARENT), PROCESS_ID(info->parent),
			 (int)has_exit, (int64_t)info->exit_ns, has_exit && timeline,
			 timeline ? timeline_realtime(timeline, info->exit_ns) : (int64_t)0,
			 has_code && WIFEXITED(status), (int64_t)WEXITSTATUS(status),
			 has_code && WIFSIGNALED(status), (int64_t)WTERMSIG(status),
			 text(dims, info, NST_PROCESS_HAS_EXE, info->exe),
			 text(dims, info, NST_PROCESS_HAS_ARGS, info->args),
			 text(dims, info, NST_PROCESS_HAS_BUILD_ID, info->build_id), (int)has_user,
			 (int64_t)info->uid, (int)has_user, (int64_t)info->gid,
			 has_user ? dims_text_of(dims, user) : NULL, (int)has_cgroup,
			 (int64_t)info->cgroup_id, cgroup,
			 *parts.container ? parts.container : NULL, *parts.pod ? parts.pod : NULL,
			 *parts.unit ? parts.unit : NULL, (int)(info->has & NST_PROCESS_HAS_NETNS),
			 (int64_t)info->netns, (int)(info->has & NST_PROCESS_HAS_MNTNS),
			 (int64_t)info->mntns, (int)(info->has & NST_PROCESS_HAS_PIDNS),
			 (int64_t)info->pidns, PROCESS_ID(process));
}

static int prepare(sqlite3 *db, sqlite3_stmt **ret_identity, sqlite3_stmt **ret_attributes)
{
	int err = db_prepare(
		db,
		"INSERT INTO process (process_id, boot_id, pid, start_ns, start_realtime_ns, comm, "
		"comm_ns) VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET "
		"comm = excluded.comm, comm_ns = excluded.comm_ns",
		ret_identity);

	if (err)
		return err;
	return db_prepare(db,
			  "UPDATE process SET known_ns = ?, parent_id = ?, exit_ns = ?, "
			  "exit_realtime_ns = ?, exit_code = ?, exit_signal = ?, exe = ?, "
			  "args = ?, build_id = ?, uid = ?, gid = ?, user = ?, cgroup_id = ?, "
			  "cgroup = ?, container = ?, pod = ?, unit = ?, netns = ?, mntns = ?, "
			  "pidns = ? WHERE process_id = ?",
			  ret_attributes);
}

int processes_store(sqlite3 *db, struct dimensions *dims)
{
	sqlite3_stmt *identity = NULL, *attributes = NULL;
	int err = db_run(db, "INSERT OR IGNORE INTO process (process_id, comm) VALUES "
			     "(0, NULL), (1, '(kernel)'), (2, '(forwarded)')");

	if (!err)
		err = prepare(db, &identity, &attributes);
	for (uint32_t i = OWNERS_RESERVED; i < dims->processes.n && !err; i++) {
		err = store_identity(dims, i, identity);
		if (!err && process_info(dims, i)->is_noted)
			err = store_attributes(dims, i, attributes);
	}
	sqlite3_finalize(identity);
	sqlite3_finalize(attributes);
	return err;
}
