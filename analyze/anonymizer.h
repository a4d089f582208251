/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Puts other values in place of those of a trace, by a key. */
#ifndef NETSNOOP_ANALYZE_ANONYMIZER_H
#define NETSNOOP_ANALYZE_ANONYMIZER_H

#include "analyze/anonymize_address.h"
#include "analyze/anonymize_image.h"
#include "analyze/anonymize_key.h"
#include "analyze/permute.h"

struct anonymize_options {
	bool keep_addresses, keep_names, keep_private, shift_time;
	/* names of programs that stay as well, separated by NULs, behind the last another */
	const char *known;
	const char *filters; /* what else is left out: "--pid *", or NULL */
	const char *part;    /* and all that decides what is in it, or NULL */
};

struct anonymizer {
	struct anonymize_options options;
	struct anonymize_key key;
	bool is_named; /* the key is one that others may be used with too: no counting */
	struct address_map addresses;
	struct permutation numbers[IMAGE_KINDS];
	struct image_map images;
	struct intern wanted; /* strings that must not be found in the output */
	struct intern clocks; /* both clocks as headers had them: struct clock_reading */
	uint32_t counts[IMAGE_KINDS];
	uint64_t clock_shift_ns, realtime_shift_ns;
	uint8_t *text; /* room to put a string together */
	size_t text_bytes, text_len;
	bool text_is_full;  /* what comes now is left out */
	bool has_collision; /* two names would have become one */
};

/* is_named: it is from a file. The key is copied. 0, -ENOMEM, or -EINVAL: options.known. */
int anonymizer_init(struct anonymizer *anonymizer, const struct anonymize_key *key, bool is_named,
		    const struct anonymize_options *options);
void anonymizer_free(struct anonymizer *anonymizer);

/*
 * All of these: 0, -ENOMEM, or -EEXIST with has_collision. What they give lives as long as
 * the anonymizer. An empty string stays empty.
 */
int anonymize_number(struct anonymizer *anonymizer, enum image_kind kind, uint64_t number,
		     uint64_t *ret_number);
int anonymize_name(struct anonymizer *anonymizer, enum image_kind kind, struct nst_bytes name,
		   struct nst_bytes *ret_name);
int anonymize_address_bytes(struct anonymizer *anonymizer, struct nst_bytes address,
			    struct nst_bytes *ret_address);
int anonymize_uuid(struct anonymizer *anonymizer, const uint8_t uuid[16], uint8_t ret_uuid[16]);
/* That of a trace, which is another one for another part of it. */
int anonymize_trace_uuid(struct anonymizer *anonymizer, const uint8_t uuid[16],
			 uint8_t ret_uuid[16]);
int anonymize_mac(struct anonymizer *anonymizer, struct nst_bytes mac, struct nst_bytes *ret_mac);
int anonymize_build_id(struct anonymizer *anonymizer, struct nst_bytes id,
		       struct nst_bytes *ret_id);
/* Hexadecimal digits; what stands between them stays. */
int anonymize_hex(struct anonymizer *anonymizer, struct nst_bytes hex, struct nst_bytes *ret_hex);

/* On the file's clock, and of the day; 0 stands for none and stays. */
uint64_t anonymize_time(const struct anonymizer *anonymizer, uint64_t time_ns);
uint64_t anonymize_realtime(const struct anonymizer *anonymizer, uint64_t realtime_ns);

/* As a header has them, before; it may be noted several times. 0 or -ENOMEM. */
struct clock_reading {
	uint64_t clock_ns, realtime_ns;
};
int anonymizer_note_clocks(struct anonymizer *anonymizer, struct clock_reading reading);

/* ---- anonymize_path.c: strings that are made of several things ---- */

int anonymize_exe(struct anonymizer *anonymizer, struct nst_bytes path, struct nst_bytes *ret_path);
int anonymize_args(struct anonymizer *anonymizer, struct nst_bytes args,
		   struct nst_bytes *ret_args);

/* ---- anonymize_cgroup.c ---- */

int anonymize_cgroup(struct anonymizer *anonymizer, struct nst_bytes path,
		     struct nst_bytes *ret_path);

/* ---- anonymize_setting.c ---- */

/* *ret_keep: false where the row is to be left out. */
int anonymize_setting(struct anonymizer *anonymizer, struct nst_setting *setting, bool *ret_keep);
/* The program that wrote a trace; writer[] has 32 bytes and a NUL. */
int anonymize_writer(struct anonymizer *anonymizer, char writer[33]);

/* ---- For these files ---- */

/*
 * Look for it in the output, if it is long enough: it is not to be there. Of an address,
 * its text as well; of a string, the words in it.
 */
int anonymizer_want(struct anonymizer *anonymizer, enum image_kind kind, struct nst_bytes value);
/* What is looked for, i of wanted.n; of what is long, its beginning. */
struct nst_bytes anonymizer_wanted(const struct anonymizer *anonymizer, uint32_t i,
				   bool *ret_is_text);

/* Put a string together: begin, add, and take what was added, as what stands for original. */
void text_begin(struct anonymizer *anonymizer);
int text_add(struct anonymizer *anonymizer, const void *data, size_t len);
/* There is room for one more name, and a byte in front of it, if there is for nothing else. */
int text_add_last(struct anonymizer *anonymizer, const void *data, size_t len);
int text_done(struct anonymizer *anonymizer, enum image_kind kind, struct nst_bytes original,
	      struct nst_bytes *ret_image);

/* Note what stands for something. */
int anonymizer_add(struct anonymizer *anonymizer, enum image_kind kind, struct nst_bytes original,
		   struct nst_bytes image, struct nst_bytes *ret_image);

/* And of strings: what was changed is to be nowhere any more. */
int anonymizer_add_string(struct anonymizer *anonymizer, enum image_kind kind,
			  struct nst_bytes original, struct nst_bytes image,
			  struct nst_bytes *ret_image);

/* What is derived for one use says nothing of what is derived for another one. */
#define PURPOSE_MAX 48
const char *anonymizer_purpose(const char *use, enum image_kind kind, char purpose[PURPOSE_MAX]);

static inline bool bytes_equal(struct nst_bytes a, struct nst_bytes b)
{
	return a.len_bytes == b.len_bytes &&
	       (!a.len_bytes || !__builtin_memcmp(a.data, b.data, a.len_bytes));
}

static inline struct nst_bytes bytes_of(const char *text)
{
	return (struct nst_bytes){ text, (uint32_t)__builtin_strlen(text) };
}

static inline struct nst_bytes bytes_part(struct nst_bytes bytes, size_t from, size_t to)
{
	return (struct nst_bytes){ (const char *)bytes.data + from, (uint32_t)(to - from) };
}

#endif
