// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "record/owner_rows.h"

#include "format/trace.h"
#include "record/clock.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define ROWS_A_CHUNK 16384 /* well within what a chunk can hold */
#define ROWS_MAX 65536	   /* that wait for room in the trace */
#define FIRST_ROOM 64
#define FLUSH_NS (NS_PER_S / 2)

struct owner_comm {
	char text[16];
};

static int grow(struct owner_rows *rows)
{
	size_t room = rows->room ? 2 * rows->room : FIRST_ROOM;
	struct owner_comm *comms = reallocarray(rows->comms, room, sizeof(*comms));
	struct nst_owner *grown;

	if (!comms)
		return -ENOMEM;
	rows->comms = comms;
	grown = reallocarray(rows->rows, room, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	rows->rows = grown;
	rows->room = room;
	return 0;
}

/* Those that could not be written stay. */
static int write_all(struct owner_rows *rows)
{
	size_t done = 0;
	int err = 0;

	for (size_t i = 0; i < rows->n; i++)
		rows->rows[i].comm.data = rows->comms[i].text;
	while (!err && done < rows->n) {
		size_t n = rows->n - done < ROWS_A_CHUNK ? rows->n - done : ROWS_A_CHUNK;
		const struct nst_rows table = { NST_TABLE_OWNER, rows->rows + done, n };

		err = nst_writer_rows(rows->writer, NST_CHUNK_OWNERS, &table, 1);
		if (!err)
			done += n;
	}
	rows->n -= done;
	if (done && rows->n) {
		memmove(rows->rows, rows->rows + done, rows->n * sizeof(*rows->rows));
		memmove(rows->comms, rows->comms + done, rows->n * sizeof(*rows->comms));
	}
	return err;
}

int owner_rows_add(struct owner_rows *rows, const struct nst_owner *row, const char *comm,
		   uint64_t at_ns)
{
	int err;

	if (rows->n == ROWS_MAX) {
		rows->lost++;
		return 0;
	}
	err = rows->n == rows->room ? grow(rows) : 0;
	if (err)
		return err;
	if (!rows->n)
		rows->since_ns = at_ns;
	rows->rows[rows->n] = *row;
	memcpy(rows->comms[rows->n].text, comm, row->comm.len_bytes);
	rows->n++;
	err = rows->n % ROWS_A_CHUNK ? 0 : write_all(rows);
	return err == -EAGAIN ? 0 : err;
}

int owner_rows_write(struct owner_rows *rows, uint64_t at_ns)
{
	if (!rows->n || at_ns < rows->since_ns + FLUSH_NS)
		return 0;
	return write_all(rows);
}

void owner_rows_free(struct owner_rows *rows)
{
	free(rows->rows);
	free(rows->comms);
	*rows = (struct owner_rows){ 0 };
}
