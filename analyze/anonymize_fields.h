/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Every field of a trace with the rule for it. */
#ifndef NETSNOOP_ANALYZE_ANONYMIZE_FIELDS_H
#define NETSNOOP_ANALYZE_ANONYMIZE_FIELDS_H

#include "analyze/anonymizer.h"

/* Of the headers, which are no tables. */
#define FIELDS_FILE_HEADER 0
#define FIELDS_CHUNK_HEADER 255

enum field_rule {
	RULE_STRUCTURE, /* how the trace hangs together; it is written anew */
	RULE_KEEP,
	RULE_TIME,
	RULE_REALTIME,
	RULE_WRITER,
	RULE_UUID,
	RULE_ADDRESS,
	RULE_PORT,
	RULE_PID,
	RULE_UID,
	RULE_NAMESPACE,
	RULE_IFINDEX,
	RULE_VLAN,
	RULE_CGROUP_ID,
	RULE_FLOW_ID,
	RULE_MAC,
	RULE_BUILD_ID,
	RULE_PROGRAM,
	RULE_EXE,
	RULE_ARGUMENTS,
	RULE_CGROUP,
	RULE_INTERFACE,
	RULE_NETNS,
	RULE_DEVICE_KIND,
	RULE_COUNTER,
	RULE_SETTING_KEY,
	RULE_SETTING,
	RULE_DROP,
	FIELD_RULES,
};

enum field_type { /* of the member of the row's struct */
	FIELD_U8,
	FIELD_U16,
	FIELD_U32,
	FIELD_U64,
	FIELD_BYTES, /* struct nst_bytes */
	FIELD_ARRAY, /* of the headers' structs */
	FIELD_NONE,  /* no struct has it */
};

struct field {
	uint8_t table;	/* enum nst_table, or FIELDS_... */
	uint8_t column; /* as FORMAT.md has it; of headers, which field from 1 on */
	uint8_t type;	/* enum field_type */
	uint8_t rule;	/* enum field_rule */
	uint16_t offset, size_bytes;
	uint32_t has; /* bits without which it is null */
	const char *name;
};

/* By table, and in a table by column. */
extern const struct field fields[];
extern const size_t n_fields;
#define FIELDS_MAX 256

/* The fields of a table: the first one, and how many. */
const struct field *fields_of(unsigned int table, size_t *ret_n);

/* Bytes of a row of a table of metadata; 0: it is none. */
size_t table_row_bytes(enum nst_table table);

/* "file header", "PROCESS" and so on. */
const char *field_table_name(unsigned int table);
/* What the account says of it. */
const char *field_rule_text(enum field_rule rule);
/* True: what is written is one of the values that something stands for, of this kind. */
bool field_rule_kind(enum field_rule rule, enum image_kind *ret_kind);

/* What was seen of a field, and what has to be found of it again. */
struct field_count {
	uint64_t values;  /* that were not null */
	uint64_t changed; /* of these */
	uint64_t dropped; /* with their rows: others */
	uint64_t sum;	  /* of numbers that are not mapped, as read */
};

uint64_t field_number(const struct field *field, const void *row);
struct nst_bytes field_bytes(const struct field *field, const void *row);
bool field_is_null(const struct field *field, const void *row);

/*
 * Put other values into a row, which is a copy; counts has n_fields. The row stands for
 * weight values of each field. 0, -ENOMEM, -EEXIST; *ret_keep: false where it is to be
 * left out.
 */
int fields_apply(struct anonymizer *anonymizer, struct field_count *counts, unsigned int table,
		 void *row, uint64_t weight, bool *ret_keep);

/* A row that is left out: none of its strings is to be in the output. 0 or -ENOMEM. */
int fields_drop(struct anonymizer *anonymizer, struct field_count *counts, unsigned int table,
		const void *row);
/* The same for what a row has no more where it was cut. */
int fields_drop_cut(struct anonymizer *anonymizer, struct field_count *counts, unsigned int table,
		    const void *row, const void *cut);

#endif
