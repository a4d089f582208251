/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "section.h"

#include "problem.h"
#include "table.h"

#include <errno.h>

unsigned int nst_width(uint64_t max)
{
	if (max > UINT32_MAX)
		return 8;
	if (max > UINT16_MAX)
		return 4;
	return max > UINT8_MAX ? 2 : 1;
}

uint8_t *nst_section_add(struct nst_buffer *out, uint16_t id, unsigned int encoding,
			 unsigned int width, size_t count, size_t len)
{
	uint8_t *at = out->data + out->len;

	if (len > out->cap || out->cap - len < out->len + NST_SECTION_HEADER_LEN)
		return NULL;
	nst_put16(at + NST_SH_ID, id);
	at[NST_SH_ENCODING] = (uint8_t)encoding;
	at[NST_SH_WIDTH] = (uint8_t)width;
	nst_put32(at + NST_SH_COUNT, (uint32_t)count);
	nst_put32(at + NST_SH_LENGTH, (uint32_t)len);
	nst_put32(at + NST_SH_RESERVED, 0);
	out->len += NST_SECTION_HEADER_LEN + len;
	return at + NST_SECTION_HEADER_LEN;
}

void nst_values_put(uint8_t *at, const uint64_t *values, size_t n, unsigned int width, bool planes)
{
	size_t step = planes ? 1 : width, plane = planes ? n : 1;

	for (unsigned int k = 0; k < width; k++) {
		uint8_t *to = at + k * plane;

		for (size_t i = 0; i < n; i++)
			to[i * step] = (uint8_t)(values[i] >> 8 * k);
	}
}

void nst_values_get(const uint8_t *at, uint64_t *values, size_t n, unsigned int width, bool planes)
{
	size_t step = planes ? 1 : width, plane = planes ? n : 1;

	for (size_t i = 0; i < n; i++)
		values[i] = at[i * step];
	for (unsigned int k = 1; k < width; k++) {
		const uint8_t *from = at + k * plane;

		for (size_t i = 0; i < n; i++)
			values[i] |= (uint64_t)from[i * step] << 8 * k;
	}
}

static bool id_is_known(uint16_t id, enum nst_frame_role role)
{
	unsigned int table = id >> 8, column = id & 0xff;
	const struct nst_table_desc *desc = nst_table_find(table);

	if (role == NST_ROLE_EVENTS)
		return (table == NST_TABLE_EVENT && column && column < NST_EV_COLUMNS) ||
		       (table == NST_TABLE_RUN && column == NST_RUN_EVENTS);
	if (!desc || (role == NST_ROLE_METADATA) != (table >= NST_TABLE_SETTING))
		return false;
	return nst_table_column(desc, column) != NULL;
}

/* Does what the header says hold together? NULL, or what does not. */
static const char *section_fault(const struct nst_section *section)
{
	unsigned int kind = section->encoding & 0x0f, width = section->width;
	uint64_t plain = (uint64_t)section->count * width;

	if (width != 1 && width != 2 && width != 4 && width != 8)
		return "the width is not 1, 2, 4 or 8";
	if (section->count == 0 || section->count > NST_ROWS_CAP)
		return "the count is not 1 to 65536";
	if ((section->encoding & ~NST_PLANES) > NST_CODES)
		return "the encoding is unknown";
	if (section->encoding & NST_PLANES && (kind == NST_CONST || kind >= NST_FLOAT))
		return "the encoding cannot have planes";
	if ((kind == NST_PLAIN || kind == NST_DELTA) && section->len != plain)
		return "the length is not count x width";
	if (kind == NST_CONST && section->len != width)
		return "the length of a constant is not its width";
	if (kind == NST_BYTES && (width == 8 || section->len < plain))
		return "the lengths of the strings do not fit";
	if (kind == NST_FLOAT && width != 1)
		return "the width is not 1";
	return NULL;
}

/* What is read only where bit 0 of the chunk's incompat bits tells of it. */
static bool is_of_runs(const struct nst_section *section)
{
	unsigned int kind = section->encoding & 0x0f, table = section->id >> 8;

	return table == NST_TABLE_RUN || kind == NST_FLOAT || kind == NST_CODES ||
	       section->encoding == (NST_BYTES | NST_PLANES) ||
	       (kind == NST_DELTA && table != NST_TABLE_EVENT);
}

static void unknown_add(struct nst_sections *sections, uint16_t id)
{
	if (sections->n_unknown < NST_UNKNOWN_MAX)
		sections->unknown[sections->n_unknown++] = id;
}

int nst_sections_parse(struct nst_bytes frame, enum nst_frame_role role, uint32_t incompat,
		       struct nst_sections *ret_sections, struct nst_problem *ret_problem)
{
	const uint8_t *at = frame.data;
	size_t left = frame.len_bytes;

	ret_sections->n = ret_sections->n_unknown = 0;
	memset(ret_sections->seen, 0, sizeof(ret_sections->seen));
	while (left > 0) {
		struct nst_section section;
		const char *fault;

		if (left < NST_SECTION_HEADER_LEN)
			return nst_problem_set(ret_problem, NST_PROBLEM_BAD_SECTION,
					       "%zu bytes behind the last section", left);
		section.id = nst_get16(at + NST_SH_ID);
		section.encoding = at[NST_SH_ENCODING];
		section.width = at[NST_SH_WIDTH];
		section.count = nst_get32(at + NST_SH_COUNT);
		section.len = nst_get32(at + NST_SH_LENGTH);
		section.data = at + NST_SECTION_HEADER_LEN;
		left -= NST_SECTION_HEADER_LEN;
		if (section.len > left)
			return nst_problem_set(ret_problem, NST_PROBLEM_BAD_SECTION,
					       "section 0x%04x: length %u, but %zu bytes are left",
					       section.id, section.len, left);
		if (ret_sections->seen[section.id >> 3] & 1 << (section.id & 7))
			return nst_problem_set(ret_problem, NST_PROBLEM_BAD_SECTION,
					       "section 0x%04x is there twice", section.id);
		ret_sections->seen[section.id >> 3] |= (uint8_t)(1 << (section.id & 7));
		if (id_is_known(section.id, role)) {
			fault = section_fault(&section);
			if (nst_get32(at + NST_SH_RESERVED))
				fault = "reserved bytes are not zero";
			if (is_of_runs(&section) && !(incompat & NST_INCOMPAT_RUNS))
				fault = "the chunk's header does not tell of such";
			if (fault)
				return nst_problem_set(ret_problem, NST_PROBLEM_BAD_SECTION,
						       "section 0x%04x: %s (encoding 0x%02x, width "
						       "%u, count %u, length %u)",
						       section.id, fault, section.encoding,
						       section.width, section.count, section.len);
			ret_sections->list[ret_sections->n++] = section;
		} else {
			unknown_add(ret_sections, section.id);
		}
		at = section.data + section.len;
		left -= section.len;
	}
	return 0;
}

const struct nst_section *nst_section_find(const struct nst_sections *sections, unsigned int table,
					   unsigned int column)
{
	uint16_t id = NST_SECTION_ID(table, column);

	for (size_t i = 0; i < sections->n; i++) {
		if (sections->list[i].id == id)
			return &sections->list[i];
	}
	return NULL;
}
