/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "analyze/cgroup.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#define ID_LEN 64      /* of a container: a hash in hexadecimal */
#define POD_HEX_LEN 32 /* of a static pod, and of a UUID without its dashes */

struct part { /* of a path, between two slashes */
	const char *text;
	size_t len;
};

static void copy(struct part from, char to[CGROUP_NAME_MAX])
{
	snprintf(to, CGROUP_NAME_MAX, "%.*s", (int)from.len, from.text);
}

static bool equals(struct part part, const char *text)
{
	return part.len == strlen(text) && !memcmp(part.text, text, part.len);
}

static bool cut_prefix(struct part *part, const char *prefix)
{
	size_t len = strlen(prefix);

	if (part->len <= len || memcmp(part->text, prefix, len))
		return false;
	part->text += len;
	part->len -= len;
	return true;
}

static bool cut_suffix(struct part *part, const char *suffix)
{
	size_t len = strlen(suffix);

	if (part->len <= len || memcmp(part->text + part->len - len, suffix, len))
		return false;
	part->len -= len;
	return true;
}

static bool is_hex(const char *text, size_t len)
{
	return strspn(text, "0123456789abcdef") >= len;
}

static bool is_id(struct part part)
{
	return part.len == ID_LEN && is_hex(part.text, part.len);
}

/* A UUID, with dashes or as systemd's slices have it, or a static pod's hash. */
static bool is_pod_uid(struct part part)
{
	if (part.len == POD_HEX_LEN)
		return is_hex(part.text, part.len);
	if (part.len != 36)
		return false;
	for (size_t i = 0; i < part.len; i++) {
		bool is_dash = i == 8 || i == 13 || i == 18 || i == 23;

		if (is_dash ? part.text[i] != '-' && part.text[i] != '_'
			    : !is_hex(part.text + i, 1))
			return false;
	}
	return true;
}

/* pod<uid>, kubepods-burstable-pod<uid>.slice or machine-libpod_pod_<id>.slice. */
static void find_pod(struct part part, char pod[CGROUP_NAME_MAX])
{
	struct part podman = part;

	if (cut_prefix(&podman, "machine-libpod_pod_") || cut_prefix(&podman, "user-libpod_pod_")) {
		if (cut_suffix(&podman, ".slice") && is_id(podman))
			copy(podman, pod);
		return;
	}
	if (cut_prefix(&part, "kubepods-")) {
		if (!cut_suffix(&part, ".slice"))
			return;
		if (!cut_prefix(&part, "burstable-"))
			cut_prefix(&part, "besteffort-");
	}
	if (!cut_prefix(&part, "pod") || !is_pod_uid(part))
		return;
	copy(part, pod);
	for (char *at = pod; *at; at++)
		*at = *at == '_' ? '-' : *at;
}

/* <id>, docker-<id>.scope, crio-<id>, ...: whatever the runtime puts before it. */
static bool find_id(struct part part, char container[CGROUP_NAME_MAX])
{
	struct part id = part;

	cut_suffix(&id, ".scope");
	if (id.len < ID_LEN)
		return false;
	id.text += id.len - ID_LEN;
	id.len = ID_LEN;
	if (!is_id(id))
		return false;
	/* only something that ends in a dash or is nothing is a runtime's word */
	if (id.text > part.text && id.text[-1] != '-')
		return false;
	for (struct part before = { part.text, (size_t)(id.text - part.text) }; before.len;
	     before.text++, before.len--)
		if (before.len >= 7 && !memcmp(before.text, "conmon-", 7))
			return false;
	copy(id, container);
	return true;
}

/* lxc.payload.NAME, or NAME below lxc or lxc.payload. */
static void find_lxc(struct part part, struct part above, char container[CGROUP_NAME_MAX])
{
	if (cut_prefix(&part, "lxc.payload."))
		copy(part, container);
	else if ((equals(above, "lxc") || equals(above, "lxc.payload")) &&
		 !equals(part, "lxc.monitor"))
		copy(part, container);
}

static void find_unit(struct part part, char unit[CGROUP_NAME_MAX])
{
	static const char *const types[] = { ".service", ".scope", ".socket", ".mount", ".swap" };

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		struct part name = part;

		if (cut_suffix(&name, types[i]))
			copy(part, unit);
	}
}

static void look_at(struct part part, struct part above, struct cgroup_parts *parts)
{
	const char *colon = memchr(part.text, ':', part.len);

	/* containerd without the driver that its configuration asks for: SLICE:cri-containerd:ID */
	if (colon) {
		struct part slice = { part.text, (size_t)(colon - part.text) };
		struct part rest = { colon + 1, part.len - slice.len - 1 };

		colon = memchr(rest.text, ':', rest.len);
		find_pod(slice, parts->pod);
		if (colon)
			rest = (struct part){ colon + 1,
					      rest.len - (size_t)(colon + 1 - rest.text) };
		find_id(rest, parts->container);
		return;
	}
	find_pod(part, parts->pod);
	if (!find_id(part, parts->container))
		find_lxc(part, above, parts->container);
	find_unit(part, parts->unit);
}

void cgroup_parse(const char *path, struct cgroup_parts *ret_parts)
{
	struct part above = { path, 0 };

	*ret_parts = (struct cgroup_parts){ 0 };
	while (*path) {
		struct part part = { path, strcspn(path, "/") };

		if (part.len)
			look_at(part, above, ret_parts);
		above = part.len ? part : above;
		path += part.len + (path[part.len] == '/');
	}
}
