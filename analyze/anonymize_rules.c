/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What each rule does to a value. */
#include "analyze/anonymize_fields.h"

#include <errno.h>
#include <string.h>

static const struct {
	const char *text;
	enum image_kind kind;
	bool has_kind;
} rules[FIELD_RULES] = {
	[RULE_STRUCTURE] = { "the trace's structure, written anew", 0, false },
	[RULE_KEEP] = { "stays", 0, false },
	[RULE_TIME] = { "time on the file's clock", 0, false },
	[RULE_REALTIME] = { "time of day", 0, false },
	[RULE_WRITER] = { "name and version of netsnoop stay", IMAGE_WRITER, true },
	[RULE_UUID] = { "another UUID", IMAGE_UUID, true },
	[RULE_ADDRESS] = { "encrypted, prefixes stay together", IMAGE_ADDRESS, true },
	[RULE_PORT] = { "from 32768 on exchanged among themselves", IMAGE_PORT, true },
	[RULE_PID] = { "another number", IMAGE_PID, true },
	[RULE_UID] = { "another number, from 1000 on", IMAGE_UID, true },
	[RULE_NAMESPACE] = { "another number", IMAGE_NAMESPACE, true },
	[RULE_IFINDEX] = { "another number, but 1", IMAGE_IFINDEX, true },
	[RULE_VLAN] = { "another number", IMAGE_VLAN, true },
	[RULE_CGROUP_ID] = { "another number, but 1", IMAGE_CGROUP_ID, true },
	[RULE_FLOW_ID] = { "another number", IMAGE_FLOW_ID, true },
	[RULE_MAC] = { "another one of its length", IMAGE_MAC, true },
	[RULE_BUILD_ID] = { "another one of its length", IMAGE_BUILD_ID, true },
	[RULE_PROGRAM] = { "proc-N, unless well known", IMAGE_PROGRAM, true },
	[RULE_EXE] = { "/dir-N/proc-N, unless well known", IMAGE_EXE, true },
	[RULE_ARGUMENTS] = { "the program as exe, all others arg-N", IMAGE_ARGUMENTS, true },
	[RULE_CGROUP] = { "unit-N, cgroup-N, other ids; well-known parts stay", IMAGE_CGROUP_PATH,
			  true },
	[RULE_INTERFACE] = { "if-N, but lo", IMAGE_INTERFACE, true },
	[RULE_NETNS] = { "ns-N", IMAGE_NETNS, true },
	[RULE_DEVICE_KIND] = { "the kernel's words stay", IMAGE_DEVICE_KIND, true },
	[RULE_COUNTER] = { "the recorder's words stay", IMAGE_COUNTER, true },
	[RULE_SETTING_KEY] = { "known ones stay, rows of others are dropped", IMAGE_SETTING_KEY,
			       true },
	[RULE_SETTING] = { "by key; command lines are dropped", IMAGE_SETTING, true },
	[RULE_DROP] = { "dropped", 0, false },
};

const char *field_rule_text(enum field_rule rule)
{
	return rules[rule].text;
}

bool field_rule_kind(enum field_rule rule, enum image_kind *ret_kind)
{
	*ret_kind = rules[rule].kind;
	return rules[rule].has_kind;
}

/* ---- Members ----------------------------------------------------------- */

uint64_t field_number(const struct field *field, const void *row)
{
	const void *at = (const char *)row + field->offset;

	switch (field->type) {
	case FIELD_U8:
		return *(const uint8_t *)at;
	case FIELD_U16:
		return *(const uint16_t *)at;
	case FIELD_U32:
		return *(const uint32_t *)at;
	case FIELD_U64:
		return *(const uint64_t *)at;
	default:
		return 0;
	}
}

static void set_number(const struct field *field, void *row, uint64_t number)
{
	void *at = (char *)row + field->offset;

	switch (field->type) {
	case FIELD_U8:
		*(uint8_t *)at = (uint8_t)number;
		break;
	case FIELD_U16:
		*(uint16_t *)at = (uint16_t)number;
		break;
	case FIELD_U32:
		*(uint32_t *)at = (uint32_t)number;
		break;
	case FIELD_U64:
		*(uint64_t *)at = number;
		break;
	}
}

struct nst_bytes field_bytes(const struct field *field, const void *row)
{
	return *(const struct nst_bytes *)(const void *)((const char *)row + field->offset);
}

static void set_bytes(const struct field *field, void *row, struct nst_bytes bytes)
{
	*(struct nst_bytes *)(void *)((char *)row + field->offset) = bytes;
}

/* Where a table has it, has is column 1. */
bool field_is_null(const struct field *field, const void *row)
{
	const struct field *has = field - (field->column - 1);

	return field->has && (field_number(has, row) & field->has) != field->has;
}

/* ---- Rules ------------------------------------------------------------- */

static int map_number(struct anonymizer *anonymizer, enum field_rule rule, uint64_t number,
		      uint64_t *ret_number)
{
	*ret_number = number;
	if (rule == RULE_TIME)
		*ret_number = anonymize_time(anonymizer, number);
	else if (rules[rule].has_kind)
		return anonymize_number(anonymizer, rules[rule].kind, number, ret_number);
	return 0;
}

static int map_bytes(struct anonymizer *anonymizer, enum field_rule rule, struct nst_bytes bytes,
		     struct nst_bytes *ret_bytes)
{
	switch (rule) {
	case RULE_ADDRESS:
		return anonymize_address_bytes(anonymizer, bytes, ret_bytes);
	case RULE_MAC:
		return anonymize_mac(anonymizer, bytes, ret_bytes);
	case RULE_BUILD_ID:
		return anonymize_build_id(anonymizer, bytes, ret_bytes);
	case RULE_EXE:
		return anonymize_exe(anonymizer, bytes, ret_bytes);
	case RULE_ARGUMENTS:
		return anonymize_args(anonymizer, bytes, ret_bytes);
	case RULE_CGROUP:
		return anonymize_cgroup(anonymizer, bytes, ret_bytes);
	case RULE_PROGRAM:
	case RULE_INTERFACE:
	case RULE_NETNS:
	case RULE_DEVICE_KIND:
	case RULE_COUNTER:
		return anonymize_name(anonymizer, rules[rule].kind, bytes, ret_bytes);
	default: /* there is no other rule for strings in rows, but those for settings */
		return -EINVAL;
	}
}

static int apply_to_bytes(struct anonymizer *anonymizer, struct field_count *count,
			  const struct field *field, void *row, uint64_t weight)
{
	struct nst_bytes bytes = field_bytes(field, row), image;
	int err = map_bytes(anonymizer, field->rule, bytes, &image);

	if (err)
		return err;
	count->values += weight;
	count->changed += bytes_equal(bytes, image) ? 0 : weight;
	set_bytes(field, row, image);
	return 0;
}

static int apply_to_number(struct anonymizer *anonymizer, struct field_count *count,
			   const struct field *field, void *row, uint64_t weight)
{
	uint64_t number = field_number(field, row), image;
	int err = map_number(anonymizer, field->rule, number, &image);

	if (err)
		return err;
	count->values += weight;
	count->changed += number == image ? 0 : weight;
	if (!rules[field->rule].has_kind)
		count->sum += number * weight;
	set_number(field, row, image);
	return 0;
}

static int apply_one(struct anonymizer *anonymizer, struct field_count *count,
		     const struct field *field, void *row, uint64_t weight)
{
	if (field->type == FIELD_NONE || field->rule == RULE_STRUCTURE)
		return 0;
	if (field_is_null(field, row)) {
		if (field->type == FIELD_BYTES)
			set_bytes(field, row, (struct nst_bytes){ NULL, 0 });
		else
			set_number(field, row, 0);
		return 0;
	}
	return field->type == FIELD_BYTES ? apply_to_bytes(anonymizer, count, field, row, weight)
					  : apply_to_number(anonymizer, count, field, row, weight);
}

/* Both fields at once: the rule for a value goes by its key. */
static int apply_to_setting(struct anonymizer *anonymizer, struct field_count *counts,
			    struct nst_setting *setting, bool *ret_keep)
{
	const struct nst_setting before = *setting;
	int err = anonymize_setting(anonymizer, setting, ret_keep);

	if (err)
		return err;
	for (int i = 0; i < 2; i++) {
		counts[i].values += *ret_keep;
		counts[i].dropped += !*ret_keep;
	}
	counts[0].changed += *ret_keep && !bytes_equal(before.key, setting->key);
	counts[1].changed += *ret_keep && !bytes_equal(before.value, setting->value);
	return 0;
}

/* What is dropped by rule, or is a setting, is a text. */
static enum image_kind dropped_kind(unsigned int rule)
{
	return rules[rule].has_kind ? rules[rule].kind : IMAGE_SETTING;
}

static int drop_one(struct anonymizer *anonymizer, struct field_count *count,
		    const struct field *field, const void *row)
{
	if (field->type == FIELD_NONE || field->rule == RULE_STRUCTURE || field_is_null(field, row))
		return 0;
	count->dropped++;
	if (field->type != FIELD_BYTES)
		return 0;
	return anonymizer_want(anonymizer, dropped_kind(field->rule), field_bytes(field, row));
}

int fields_drop(struct anonymizer *anonymizer, struct field_count *counts, unsigned int table,
		const void *row)
{
	size_t n;
	const struct field *first = fields_of(table, &n);
	int err = 0;

	counts += first - fields;
	for (size_t i = 0; i < n && !err; i++)
		err = drop_one(anonymizer, &counts[i], &first[i], row);
	return err;
}

int fields_drop_cut(struct anonymizer *anonymizer, struct field_count *counts, unsigned int table,
		    const void *row, const void *cut)
{
	size_t n;
	const struct field *first = fields_of(table, &n);
	int err = 0;

	counts += first - fields;
	for (size_t i = 0; i < n && !err; i++)
		if (field_is_null(&first[i], cut))
			err = drop_one(anonymizer, &counts[i], &first[i], row);
	return err;
}

int fields_apply(struct anonymizer *anonymizer, struct field_count *counts, unsigned int table,
		 void *row, uint64_t weight, bool *ret_keep)
{
	size_t n;
	const struct field *first = fields_of(table, &n);
	int err = 0;

	*ret_keep = n && first->rule != RULE_DROP;
	if (!*ret_keep)
		return fields_drop(anonymizer, counts, table, row);
	counts += first - fields;
	if (table == NST_TABLE_SETTING)
		return apply_to_setting(anonymizer, counts, row, ret_keep);
	for (size_t i = 0; i < n && !err; i++)
		err = apply_one(anonymizer, &counts[i], &first[i], row, weight);
	return err;
}
