/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* From a private trace to one that may be given away: what anonymize and share have in common. */
#ifndef NETSNOOP_ANALYZE_PUBLISH_H
#define NETSNOOP_ANALYZE_PUBLISH_H

#include "analyze/anonymize.h"
#include "analyze/command.h"
#include "analyze/selection.h"

struct summary { /* zeros are none */
	char *text;
	char *values; /* all in it that is no word of the program, a line each */
};

struct publishing {
	struct settings settings; /* first: the common options write to it */
	struct anonymize_options options;
	const char *key, *map;
	char *known; /* names, each with its NUL, and another NUL */
	size_t known_bytes, known_len;
	/* of share alone */
	struct selection selection;
	uint64_t max_bytes; /* 0: as large as it gets */
	bool has_summary;
	/* what became of it */
	uint64_t file_bytes, grain_ns;
	bool is_shortened;
	struct summary summary;
};

/* The options that both have, for their tables. */
int publish_apply_force(void *settings, const char *value);
int publish_apply_key(void *settings, const char *value);
int publish_apply_map(void *settings, const char *value);
int publish_apply_keep_addresses(void *settings, const char *value);
int publish_apply_keep_names(void *settings, const char *value);
int publish_apply_keep_private(void *settings, const char *value);
int publish_apply_known(void *settings, const char *value);
int publish_apply_shift_time(void *settings, const char *value);

#define PUBLISH_OPTIONS                                                                         \
	{ "key", 0, "FILE",                                                                     \
	  "the key, made if it is not there: the same one gives\n"                              \
	  "the same names in other traces (default: one of its own)",                           \
	  publish_apply_key },                                                                  \
		{ "map", 0, "FILE", "write what stands for what, to keep for oneself",          \
		  publish_apply_map },                                                          \
		{ "keep-addresses", 0, NULL, "addresses stay, but for interfaces' identifiers", \
		  publish_apply_keep_addresses },                                               \
		{ "keep-names", 0, NULL, "names stay, but arguments of programs do not",        \
		  publish_apply_keep_names },                                                   \
		{ "keep-private", 0, NULL, "private addresses stay private ones",               \
		  publish_apply_keep_private },                                                 \
		{ "known", 0, "NAME,...",                                                       \
		  "names of programs that stay, beside the well-known ones",                    \
		  publish_apply_known },                                                        \
	{                                                                                       \
		"shift-time", 0, NULL, "no time stays what it was; by the key, too",            \
			publish_apply_shift_time                                                \
	}

/* Make, check and place it, from here on in the sandbox; an exit status, said. */
int publish(struct publishing *publishing, struct input *input);

void publishing_free(struct publishing *publishing);

/* ---- summary.c ---- */

/*
 * What a trace, of which fd is open, tells, as Markdown: what it is of, and who and what
 * moved most. path: where it will be, of which the name is told; NULL: nowhere. Limits are
 * those of what it was made of. 0, or -errno once it was said.
 */
int summary_make(const struct publishing *publishing, int fd, const char *path,
		 const struct input *made_of, struct summary *ret_summary);
void summary_free(struct summary *summary);

#endif
