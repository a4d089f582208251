/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The path of a control group, component by component, so that containers, pods and units
 * are found in it as they were before (analyze/cgroup.c): of each, what a runtime or
 * systemd puts around an id or a name stays, and the id or the name does not.
 */
#include "analyze/anonymizer.h"

#include "analyze/anonymize_words.h"
#include "common/units.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ID_LEN 64
#define POD_LEN 32
#define UUID_LEN 36
#define UID_DIGITS 10

static bool starts(struct nst_bytes text, const char *with)
{
	size_t len = strlen(with);

	return text.len_bytes > len && !memcmp(text.data, with, len);
}

static bool ends(struct nst_bytes text, const char *with)
{
	size_t len = strlen(with);

	return text.len_bytes > len &&
	       !memcmp((const char *)text.data + text.len_bytes - len, with, len);
}

static bool is_hex(struct nst_bytes text)
{
	const char *at = text.data;

	for (uint32_t i = 0; i < text.len_bytes; i++)
		if (!memchr("0123456789abcdef", at[i], 16))
			return false;
	return true;
}

/* A UUID, with dashes or as slices have it, or 32 digits. */
static bool is_pod(struct nst_bytes text)
{
	const char *at = text.data;

	if (text.len_bytes == POD_LEN)
		return is_hex(text);
	if (text.len_bytes != UUID_LEN)
		return false;
	for (uint32_t i = 0; i < text.len_bytes; i++) {
		bool is_dash = i == 8 || i == 13 || i == 18 || i == 23;

		if (is_dash ? at[i] != '-' && at[i] != '_' : !is_hex(bytes_part(text, i, i + 1)))
			return false;
	}
	return true;
}

static int put(struct anonymizer *anonymizer, struct nst_bytes text)
{
	return text_add(anonymizer, text.data, text.len_bytes);
}

static int put_name(struct anonymizer *anonymizer, enum image_kind kind, struct nst_bytes name)
{
	struct nst_bytes image;

	return anonymize_name(anonymizer, kind, name, &image) ?: put(anonymizer, image);
}

static int put_hex(struct anonymizer *anonymizer, struct nst_bytes hex)
{
	struct nst_bytes image;

	return anonymize_hex(anonymizer, hex, &image) ?: put(anonymizer, image);
}

/* "user-1000": the same user as elsewhere; user-01000 is none, or the two would become one. */
static int put_uid(struct anonymizer *anonymizer, const char *prefix, struct nst_bytes digits,
		   bool *ret_is_uid)
{
	char text[UID_DIGITS + 1];
	uint64_t uid;
	int err;

	*ret_is_uid = false;
	if (digits.len_bytes > UID_DIGITS ||
	    (digits.len_bytes > 1 && *(const char *)digits.data == '0'))
		return 0;
	snprintf(text, sizeof(text), "%.*s", (int)digits.len_bytes, (const char *)digits.data);
	if (strlen(text) != digits.len_bytes || parse_number(text, 0, UINT32_MAX, &uid))
		return 0;
	*ret_is_uid = true;
	err = anonymize_number(anonymizer, IMAGE_UID, uid, &uid);
	if (err)
		return err;
	snprintf(text, sizeof(text), "%" PRIu64, uid);
	return text_add(anonymizer, prefix, strlen(prefix))
		       ?: text_add(anonymizer, text, strlen(text));
}

static const char *const suffixes[] = {
	".service", ".scope", ".slice", ".socket", ".mount", ".swap"
};

static struct nst_bytes cut_suffix(struct nst_bytes part)
{
	for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++)
		if (ends(part, suffixes[i]))
			return bytes_part(part, 0, part.len_bytes - strlen(suffixes[i]));
	return part;
}

/* What stands in front of an id: a runtime's word, or a name. */
static int put_prefix(struct anonymizer *anonymizer, struct nst_bytes prefix)
{
	bool has_conmon = prefix.len_bytes &&
			  memmem(prefix.data, prefix.len_bytes, "conmon-", strlen("conmon-"));
	int err;

	if (!prefix.len_bytes || word_is(WORDS_RUNTIMES, prefix))
		return put(anonymizer, prefix);
	err = put_name(anonymizer, IMAGE_UNIT, bytes_part(prefix, 0, prefix.len_bytes - 1));
	if (!err && has_conmon)
		err = text_add(anonymizer, "-conmon", strlen("-conmon"));
	return err ?: put(anonymizer, bytes_part(prefix, prefix.len_bytes - 1, prefix.len_bytes));
}

/* <id>, docker-<id>, machine-libpod_pod_<id>. */
static int put_container(struct anonymizer *anonymizer, struct nst_bytes name, bool *ret_is_id)
{
	struct nst_bytes id = name, prefix;
	char before;

	*ret_is_id = false;
	if (name.len_bytes < ID_LEN)
		return 0;
	id = bytes_part(name, name.len_bytes - ID_LEN, name.len_bytes);
	prefix = bytes_part(name, 0, name.len_bytes - ID_LEN);
	before = prefix.len_bytes ? ((const char *)prefix.data)[prefix.len_bytes - 1] : '-';
	if (!is_hex(id) || (before != '-' && before != '_'))
		return 0;
	*ret_is_id = true;
	return put_prefix(anonymizer, prefix) ?: put_hex(anonymizer, id);
}

/* pod<uid>, kubepods-burstable-pod<uid> */
static int put_pod(struct anonymizer *anonymizer, struct nst_bytes name, bool *ret_is_pod)
{
	static const char *const fronts[] = { "kubepods-burstable-pod", "kubepods-besteffort-pod",
					      "kubepods-pod", "pod" };

	*ret_is_pod = false;
	for (size_t i = 0; i < sizeof(fronts) / sizeof(fronts[0]); i++) {
		size_t len = strlen(fronts[i]);

		if (!starts(name, fronts[i]) || !is_pod(bytes_part(name, len, name.len_bytes)))
			continue;
		*ret_is_pod = true;
		return text_add(anonymizer, fronts[i], len)
			       ?: put_hex(anonymizer, bytes_part(name, len, name.len_bytes));
	}
	return 0;
}

/* What is known by what stands in front of it. */
static int put_known(struct anonymizer *anonymizer, struct nst_bytes name, bool *ret_is_known)
{
	static const char *const users[] = { "user-", "user@", "user-runtime-dir@", "run-user-" };
	static const char *const lxc[] = { "lxc.payload.", "lxc.monitor." };
	int err = put_container(anonymizer, name, ret_is_known);

	if (!err && !*ret_is_known)
		err = put_pod(anonymizer, name, ret_is_known);
	for (size_t i = 0; i < sizeof(users) / sizeof(users[0]) && !err && !*ret_is_known; i++)
		if (starts(name, users[i]))
			err = put_uid(anonymizer, users[i],
				      bytes_part(name, strlen(users[i]), name.len_bytes),
				      ret_is_known);
	for (size_t i = 0; i < sizeof(lxc) / sizeof(lxc[0]) && !err && !*ret_is_known; i++) {
		size_t len = strlen(lxc[i]);

		if (!starts(name, lxc[i]))
			continue;
		*ret_is_known = true;
		err = text_add(anonymizer, lxc[i], len)
			      ?: put_name(anonymizer, IMAGE_CONTAINER,
					  bytes_part(name, len, name.len_bytes));
	}
	return err;
}

/* NAME below lxc or lxc.payload, however it is called. */
static bool is_lxc(struct nst_bytes part, struct nst_bytes above)
{
	return (bytes_equal(above, bytes_of("lxc")) ||
		bytes_equal(above, bytes_of("lxc.payload"))) &&
	       !starts(part, "lxc.payload.") && !starts(part, "lxc.monitor");
}

static int put_component(struct anonymizer *anonymizer, struct nst_bytes part,
			 struct nst_bytes above)
{
	struct nst_bytes name = cut_suffix(part);
	bool is_known = false;
	int err;

	if (!part.len_bytes || word_is(WORDS_CGROUPS, part) || word_is(WORDS_RUNTIMES, part))
		return put(anonymizer, part);
	err = put_known(anonymizer, name, &is_known);
	if (!err && !is_known && is_lxc(part, above))
		return put_name(anonymizer, IMAGE_CONTAINER, part);
	if (!err && !is_known)
		err = put_name(anonymizer,
			       name.len_bytes < part.len_bytes ? IMAGE_UNIT : IMAGE_CGROUP, name);
	return err ?: put(anonymizer, bytes_part(part, name.len_bytes, part.len_bytes));
}

/* containerd without the driver that it should have: SLICE:cri-containerd:ID */
static int put_components(struct anonymizer *anonymizer, struct nst_bytes path)
{
	struct nst_bytes above = { path.data, 0 };
	const char *text = path.data;
	uint32_t begin = 0;
	int err = 0;

	for (uint32_t i = 0; i <= path.len_bytes && !err; i++) {
		if (i < path.len_bytes && text[i] != '/' && text[i] != ':')
			continue;
		err = put_component(anonymizer, bytes_part(path, begin, i), above);
		if (i > begin)
			above = bytes_part(path, begin, i);
		if (!err && i < path.len_bytes)
			err = text_add(anonymizer, text + i, 1);
		begin = i + 1;
	}
	return err;
}

int anonymize_cgroup(struct anonymizer *anonymizer, struct nst_bytes path,
		     struct nst_bytes *ret_path)
{
	int err;

	if (image_find(&anonymizer->images, IMAGE_CGROUP_PATH, path, ret_path))
		return 0;
	if (!path.len_bytes)
		return anonymizer_add(anonymizer, IMAGE_CGROUP_PATH, path, path, ret_path);
	text_begin(anonymizer);
	err = put_components(anonymizer, path);
	return err ?: text_done(anonymizer, IMAGE_CGROUP_PATH, path, ret_path);
}
