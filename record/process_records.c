// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "record/process_records.h"

#include "bpf/events.h"
#include "bpf/netsnoop.skel.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#define FIRST_READ_BYTES 65536

int process_records_drain(struct netsnoop_bpf *programs, struct drain **ret_drain)
{
	int fd = bpf_map__fd(programs->maps.process_records);
	const struct drain_source from = {
		.fds = &fd,
		.n = 1,
		.ring_bytes = bpf_map__max_entries(programs->maps.process_records),
	};

	return drain_open(&from, ret_drain);
}

/* All that the iterator says; a read may end within a record. */
static int read_all(int fd, char **ret_data, size_t *ret_bytes)
{
	size_t bytes = 0, room = 0;
	char *data = NULL;
	int err = 0;

	for (;;) {
		ssize_t n;

		if (bytes == room) {
			char *larger = realloc(data, room ? 2 * room : FIRST_READ_BYTES);

			err = larger ? 0 : -ENOMEM;
			if (err)
				break;
			room = room ? 2 * room : FIRST_READ_BYTES;
			data = larger;
		}
		n = read(fd, data + bytes, room - bytes);
		if (!n)
			break;
		if (n > 0)
			bytes += (size_t)n;
		else if (errno != EINTR && errno != EAGAIN) {
			err = -errno;
			break;
		}
	}
	if (err) {
		free(data);
		return err;
	}
	*ret_data = data;
	*ret_bytes = bytes;
	return 0;
}

int process_records_list(struct netsnoop_bpf *programs, drain_sink sink, void *context)
{
	struct bpf_program *program = programs->progs.list_processes;
	struct bpf_link *link;
	size_t bytes = 0;
	char *data = NULL;
	int fd, err;

	if (!bpf_program__autoload(program))
		return 0;
	link = bpf_program__attach_iter(program, NULL);
	if (!link)
		return -errno;
	fd = bpf_iter_create(bpf_link__fd(link));
	err = fd < 0 ? fd : read_all(fd, &data, &bytes);
	for (size_t at = 0; !err && at + sizeof(struct process_record) <= bytes;) {
		const struct process_record *record = (const void *)(data + at);

		const uint32_t length = PROCESS_RECORD_BYTES(record->path_len);

		at += length;
		if (at <= bytes)
			err = sink(context, record, length);
	}
	free(data);
	if (fd >= 0)
		close(fd);
	bpf_link__destroy(link);
	return err;
}
