// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "record/process_rows.h"

#include "format/trace.h"
#include "record/clock.h"

#include <errno.h>
#include <inttypes.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WAIT_NS (NS_PER_S / 2)
#define ROWS_MAX 8192	     /* of a chunk, which holds 65,536 */
#define BYTES_MAX (1u << 20) /* of its strings; a chunk holds 4 MiB */
#define WAITING_MAX 65536    /* rows of each kind that wait for room in the trace */
#define WAITING_BYTES_MAX (16u << 20)
#define USERS_FILE "/etc/passwd" /* the host's; no name service is asked, which could send */
#define USER_KEY_BYTES 24	 /* "user.4294967295" */

struct process_row {
	struct nst_process_event event;
	char strings[];
};

struct setting_row {
	uint64_t id; /* of a cgroup */
	char key[USER_KEY_BYTES];
	char *value;
};

static struct nst_bytes copy(char **to, const struct nst_bytes *from)
{
	struct nst_bytes bytes = { .data = *to, .len_bytes = from->len_bytes };

	if (from->len_bytes)
		memcpy(*to, from->data, from->len_bytes);
	*to += from->len_bytes;
	return bytes;
}

static size_t string_bytes(const struct nst_process_event *event)
{
	return (size_t)event->comm.len_bytes + event->exe.len_bytes + event->args.len_bytes +
	       event->build_id.len_bytes;
}

static int add_setting(struct process_rows *to, struct setting_row **rows, size_t *n,
		       const struct setting_row *row)
{
	struct setting_row *larger;

	if (*n == WAITING_MAX) {
		to->lost++;
		return 0;
	}
	larger = reallocarray(*rows, *n + 1, sizeof(*larger));
	if (!larger)
		return -ENOMEM;
	*rows = larger;
	larger[*n] = *row;
	larger[*n].value = strdup(row->value);
	if (!larger[*n].value)
		return -ENOMEM;
	++*n;
	return 0;
}

static int name_user(struct process_rows *rows, uint32_t uid)
{
	struct setting_row row = { .id = uid };
	struct passwd *user;
	FILE *file;
	int err = 0;

	if (keyset_has(&rows->users_met, (uint64_t)uid + 1))
		return 0;
	if (keyset_add(&rows->users_met, (uint64_t)uid + 1))
		return -ENOMEM;
	file = fopen(USERS_FILE, "re");
	if (!file)
		return 0;
	while ((user = fgetpwent(file)) && user->pw_uid != uid)
		;
	if (user) {
		snprintf(row.key, sizeof(row.key), "user.%" PRIu32, uid);
		row.value = user->pw_name;
		err = add_setting(rows, &rows->users, &rows->n_users, &row);
	}
	fclose(file);
	return err;
}

static void begin(struct process_rows *rows)
{
	if (!rows->n && !rows->n_users && !rows->n_cgroups)
		rows->since_ns = now_ns();
}

int process_rows_add(struct process_rows *rows, const struct nst_process_event *event)
{
	size_t bytes = string_bytes(event);
	struct process_row *row;
	char *at;

	if (rows->n == WAITING_MAX || rows->bytes + bytes > WAITING_BYTES_MAX) {
		rows->lost++;
		return 0;
	}
	begin(rows);
	if (rows->n == rows->room) {
		size_t room = rows->room ? 2 * rows->room : 64;
		struct process_row **larger = reallocarray(rows->rows, room, sizeof(*larger));

		if (!larger)
			return -ENOMEM;
		rows->rows = larger;
		rows->room = room;
	}
	row = malloc(sizeof(*row) + bytes);
	if (!row)
		return -ENOMEM;
	row->event = *event;
	at = row->strings;
	row->event.comm = copy(&at, &event->comm);
	row->event.exe = copy(&at, &event->exe);
	row->event.args = copy(&at, &event->args);
	row->event.build_id = copy(&at, &event->build_id);
	rows->rows[rows->n++] = row;
	rows->bytes += bytes;
	return event->has & NST_PROCESS_HAS_UID ? name_user(rows, event->uid) : 0;
}

int process_rows_add_cgroup(struct process_rows *rows, uint64_t id, const char *path)
{
	struct setting_row row = { .id = id, .value = (char *)path };

	begin(rows);
	return add_setting(rows, &rows->cgroups, &rows->n_cgroups, &row);
}

bool process_rows_are_due(const struct process_rows *rows, uint64_t at_ns)
{
	if (!rows->n && !rows->n_users && !rows->n_cgroups)
		return false;
	return at_ns >= rows->since_ns + WAIT_NS || rows->n >= ROWS_MAX || rows->bytes >= BYTES_MAX;
}

/* The first n are in the trace. */
static void drop_first(struct process_rows *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		rows->bytes -= string_bytes(&rows->rows[i]->event);
		free(rows->rows[i]);
	}
	rows->n -= n;
	if (rows->n)
		memmove(rows->rows, rows->rows + n, rows->n * sizeof(*rows->rows));
}

static int write_events(struct process_rows *rows, struct nst_writer *writer)
{
	struct nst_process_event *events = calloc(ROWS_MAX, sizeof(*events));
	size_t done = 0;
	int err = events ? 0 : -ENOMEM;

	while (!err && done < rows->n) {
		struct nst_rows table = { NST_TABLE_PROCESS_EVENT, events, 0 };
		size_t bytes = 0, end = done;

		for (; end < rows->n && table.n_rows < ROWS_MAX && bytes < BYTES_MAX; end++) {
			events[table.n_rows++] = rows->rows[end]->event;
			bytes += string_bytes(&rows->rows[end]->event);
		}
		err = nst_writer_rows(writer, NST_CHUNK_PROCESSES, &table, 1);
		if (!err)
			done = end;
	}
	drop_first(rows, done);
	free(events);
	return err;
}

static struct nst_bytes bytes_of(const char *text)
{
	return (struct nst_bytes){ .data = text, .len_bytes = (uint32_t)strlen(text) };
}

static int write_environment(const struct process_rows *rows, struct nst_writer *writer)
{
	struct nst_setting *users = calloc(rows->n_users + 1, sizeof(*users));
	struct nst_cgroup *cgroups = calloc(rows->n_cgroups + 1, sizeof(*cgroups));
	const struct nst_rows tables[] = { { NST_TABLE_SETTING, users, rows->n_users },
					   { NST_TABLE_CGROUP, cgroups, rows->n_cgroups } };
	int err = users && cgroups ? 0 : -ENOMEM;

	for (size_t i = 0; !err && i < rows->n_users; i++)
		users[i] = (struct nst_setting){ bytes_of(rows->users[i].key),
						 bytes_of(rows->users[i].value) };
	for (size_t i = 0; !err && i < rows->n_cgroups; i++)
		cgroups[i] = (struct nst_cgroup){ rows->cgroups[i].id,
						  bytes_of(rows->cgroups[i].value) };
	if (!err)
		err = nst_writer_rows(writer, NST_CHUNK_ENVIRONMENT, tables, 2);
	free(users);
	free(cgroups);
	return err;
}

static void drop_settings(struct setting_row **rows, size_t *n)
{
	for (size_t i = 0; i < *n; i++)
		free((*rows)[i].value);
	free(*rows);
	*rows = NULL;
	*n = 0;
}

static void drop(struct process_rows *rows)
{
	drop_first(rows, rows->n);
	drop_settings(&rows->users, &rows->n_users);
	drop_settings(&rows->cgroups, &rows->n_cgroups);
}

int process_rows_write(struct process_rows *rows, struct nst_writer *writer)
{
	int err = rows->n ? write_events(rows, writer) : 0;

	if (!err && (rows->n_users || rows->n_cgroups))
		err = write_environment(rows, writer);
	if (err != -EAGAIN)
		drop(rows);
	return err;
}

void process_rows_free(struct process_rows *rows)
{
	drop(rows);
	free(rows->rows);
	keyset_free(&rows->users_met);
	*rows = (struct process_rows){ 0 };
}
