/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "analyze/process.h"

#include "analyze/arguments.h"
#include "analyze/label.h"
#include "analyze/text.h"

#include <errno.h>
#include <stdlib.h>

/* What exec changes, and what fork hands down. */
#define PROGRAM (NST_PROCESS_HAS_EXE | NST_PROCESS_HAS_ARGS | NST_PROCESS_HAS_BUILD_ID)
#define INHERITED                                                                         \
	(PROGRAM | NST_PROCESS_HAS_UID | NST_PROCESS_HAS_CGROUP | NST_PROCESS_HAS_NETNS | \
	 NST_PROCESS_HAS_MNTNS | NST_PROCESS_HAS_PIDNS)

const char *process_what_name(unsigned int what)
{
	static const char *const names[] = {
		[NST_PROCESS_SNAPSHOT] = "snapshot", [NST_PROCESS_FORK] = "fork",
		[NST_PROCESS_EXEC] = "exec",	     [NST_PROCESS_RENAME] = "rename",
		[NST_PROCESS_EXIT] = "exit",
	};

	return what < sizeof(names) / sizeof(names[0]) ? names[what] : NULL;
}

const struct process_info *process_info(const struct dimensions *dims, uint32_t process)
{
	static const struct process_info none;

	return process < dims->n_process_infos ? &dims->process_infos[process] : &none;
}

int process_info_get(struct dimensions *dims, uint32_t process, struct process_info **ret_info)
{
	int err = array_reserve(&dims->process_infos, &dims->n_process_infos, (size_t)process + 1,
				sizeof(*dims->process_infos));

	if (!err)
		*ret_info = &dims->process_infos[process];
	return err;
}

/* text is the caller's no more. */
static int take_text(struct dimensions *dims, char *text, uint32_t *ret_text)
{
	int err = text ? dims_text(dims, text, ret_text) : -ENOMEM;

	free(text);
	return err;
}

static int row_texts(struct dimensions *dims, const struct nst_process_event *event,
		     struct process_info *row)
{
	int err = 0;

	if (event->has & NST_PROCESS_HAS_EXE)
		err = take_text(dims, text_of_bytes(event->exe), &row->exe);
	if (!err && event->has & NST_PROCESS_HAS_ARGS)
		err = take_text(dims, arguments_text(event->args), &row->args);
	if (!err && event->has & NST_PROCESS_HAS_BUILD_ID)
		err = take_text(dims, text_hex(event->build_id), &row->build_id);
	return err;
}

/* The row as what is known, on its own. */
static int read_row(struct dimensions *dims, uint32_t trace, const struct nst_process_event *event,
		    struct process_info *ret_row)
{
	struct process_info row = { .time_ns = event->time_ns,
				    .has = event->has & ~PROCESS_HAS_EXIT,
				    .cgroup_id = event->cgroup_id,
				    .uid = event->uid,
				    .gid = event->gid,
				    .netns = event->netns,
				    .mntns = event->mntns,
				    .pidns = event->pidns,
				    .exit_code = event->exit_code };
	int err = row_texts(dims, event, &row);

	if (!err && event->has & NST_PROCESS_HAS_PARENT)
		err = dims_process(dims, trace, event->parent_pid, event->parent_start_ns,
				   &row.parent);
	if (event->what == NST_PROCESS_EXIT) {
		row.has |= PROCESS_HAS_EXIT;
		row.exit_ns = event->time_ns;
	}
	if (!err)
		*ret_row = row;
	return err;
}

/* Take those attributes of from. */
static void take(struct process_info *info, const struct process_info *from, uint32_t has)
{
	has &= from->has;
	info->has |= has;
	if (has & NST_PROCESS_HAS_PARENT)
		info->parent = from->parent;
	if (has & NST_PROCESS_HAS_UID) {
		info->uid = from->uid;
		info->gid = from->gid;
	}
	if (has & NST_PROCESS_HAS_CGROUP)
		info->cgroup_id = from->cgroup_id;
	if (has & NST_PROCESS_HAS_NETNS)
		info->netns = from->netns;
	if (has & NST_PROCESS_HAS_MNTNS)
		info->mntns = from->mntns;
	if (has & NST_PROCESS_HAS_PIDNS)
		info->pidns = from->pidns;
	if (has & NST_PROCESS_HAS_EXIT_CODE)
		info->exit_code = from->exit_code;
	if (has & NST_PROCESS_HAS_EXE)
		info->exe = from->exe;
	if (has & NST_PROCESS_HAS_ARGS)
		info->args = from->args;
	if (has & NST_PROCESS_HAS_BUILD_ID)
		info->build_id = from->build_id;
	if (has & PROCESS_HAS_EXIT)
		info->exit_ns = from->exit_ns;
}

static int note_name(struct dimensions *dims, uint32_t process,
		     const struct nst_process_event *event)
{
	uint32_t name;
	int err;

	if (!(event->has & NST_PROCESS_HAS_COMM))
		return 0;
	err = dims_name(dims, event->comm, &name);
	return err ? err : dims_name_process(dims, process, name, event->time_ns);
}

int process_note(struct dimensions *dims, uint32_t trace, const struct nst_process_event *event)
{
	struct process_info *info, row;
	uint32_t process;
	int err = dims_process(dims, trace, event->pid, event->start_ns, &process);

	if (!err)
		err = note_name(dims, process, event);
	if (!err)
		err = read_row(dims, trace, event, &row);
	if (!err)
		err = process_info_get(dims, process, &info);
	if (err)
		return err;
	info->is_noted = true;
	if (event->what == NST_PROCESS_FORK && row.has & NST_PROCESS_HAS_PARENT)
		take(&row, process_info(dims, row.parent), INHERITED & ~row.has);
	if (row.time_ns < info->time_ns) {
		take(info, &row, ~info->has);
		return 0;
	}
	/* of another program than the one before */
	if (event->what == NST_PROCESS_EXEC)
		info->has &= ~(uint32_t)PROGRAM;
	take(info, &row, UINT32_MAX);
	info->time_ns = row.time_ns;
	return 0;
}
