/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "analyze/anonymize.h"

#include "analyze/text.h"
#include "common/escape.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define NAME_ROOM 48

static const char *fate(const struct field *field, const struct field_count *count)
{
	if (field->rule == RULE_STRUCTURE)
		return "made anew";
	if (!count->values)
		return count->dropped ? "dropped" : "not there";
	return count->changed ? "changed" : "kept";
}

static const char *rule_text(const struct anonymizer *anonymizer, const struct field *field)
{
	bool is_time = field->rule == RULE_TIME || field->rule == RULE_REALTIME;

	if (is_time)
		return anonymizer->options.shift_time ? "shifted, all by the same"
						      : "stays, without --shift-time";
	if (field->rule == RULE_ADDRESS && anonymizer->options.keep_addresses)
		return "stays, but for interfaces' identifiers";
	return field_rule_text((enum field_rule)field->rule);
}

void anonymize_account(FILE *out, const struct anonymized *anonymized)
{
	fprintf(out, "%-35s %-9s %10s %10s %10s  %s\n", "field", "", "values", "changed", "dropped",
		"rule");
	for (size_t i = 0; i < n_fields; i++) {
		const struct field_count *count = &anonymized->counts[i];
		char name[NAME_ROOM];

		snprintf(name, sizeof(name), "%s.%s", field_table_name(fields[i].table),
			 fields[i].name);
		fprintf(out, "%-35s %-9s %10" PRIu64 " %10" PRIu64 " %10" PRIu64 "  %s\n", name,
			fate(&fields[i], count), count->values, count->changed, count->dropped,
			rule_text(&anonymized->anonymizer, &fields[i]));
	}
}

/* ---- What stands for what ---------------------------------------------- */

static char *pair_text(enum image_kind kind, struct nst_bytes bytes)
{
	char *text = malloc(ESCAPED_MAX((size_t)bytes.len_bytes) + TEXT_ADDRESS_MAX + 24);
	uint64_t number;

	if (!text)
		return NULL;
	if (kind == IMAGE_ADDRESS) {
		text_address(bytes.data, bytes.len_bytes, text);
	} else if (kind < IMAGE_UUID) {
		memcpy(&number, bytes.data, sizeof(number));
		snprintf(text, 24, "%" PRIu64, number);
	} else if (kind <= IMAGE_MAC) {
		free(text);
		text = text_hex(bytes);
	} else {
		escape_bytes(bytes.data, bytes.len_bytes, text);
	}
	return text;
}

int anonymize_write_map(FILE *out, const struct anonymized *anonymized)
{
	const struct image_map *images = &anonymized->anonymizer.images;
	int err = 0;

	for (uint32_t i = 0; i < images->originals.n && !err; i++) {
		struct nst_bytes original, image;
		enum image_kind kind;
		char *from, *to;

		image_pair_get(images, i, &kind, &original, &image);
		/* the UUID of a part stands for no other one */
		if (kind >= IMAGE_SETTING_KEY || (kind == IMAGE_UUID && original.len_bytes != 16))
			continue;
		from = pair_text(kind, original);
		to = pair_text(kind, image);
		if (!from || !to)
			err = -ENOMEM;
		else if (fprintf(out, "%s\t%s\t%s\n", image_kind_name(kind), from, to) < 0)
			err = -errno;
		free(from);
		free(to);
	}
	return err;
}
