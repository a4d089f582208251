// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "record/programs.h"

#include "bpf/netsnoop.skel.h"
#include "bpf/netsnoop_casts.skel.h"

#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>

struct netsnoop_bpf *programs_open(bool with_casts)
{
	struct netsnoop_bpf *programs = calloc(1, sizeof(*programs));
	int err = programs ? netsnoop_bpf__create_skeleton(programs) : -ENOMEM;

	if (!err && with_casts)
		programs->skeleton->data =
			netsnoop_casts_bpf__elf_bytes(&programs->skeleton->data_sz);
	if (!err)
		err = bpf_object__open_skeleton(programs->skeleton, NULL);
	if (!err)
		return programs;
	netsnoop_bpf__destroy(programs);
	errno = -err;
	return NULL;
}
