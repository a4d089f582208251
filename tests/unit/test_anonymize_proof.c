/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the check of an anonymised trace finds: here are outputs that are not as they should. */
#include "analyze/anonymize.h"
#include "tests/unit/trace_maker.h"

#include <errno.h>

#define SECRET "secret-name.example"

static struct anonymized *made; /* of the trace below */
static int made_fd;

static void write_trace(const char *path)
{
	struct maker maker = maker_begin(path, 1, 2);
	struct net_event event = maker_event(1000, true);
	struct nst_comment comments[] = { { START, { SECRET, sizeof(SECRET) - 1 } },
					  { START, { "~~~>>>a b c d e", 15 } } };
	struct nst_setting setting = { { "kernel", 6 }, { "6.1.0-acmecorp2", 15 } };

	maker_name(&event, 4242, "secretive");
	maker_add(&maker, &event);
	maker_table(&maker, NST_CHUNK_ENVIRONMENT, NST_TABLE_SETTING, &setting, 1);
	maker_table(&maker, NST_CHUNK_COMMENT, NST_TABLE_COMMENT, comments, 2);
	maker_end(&maker, 2000);
}

static void begin(void)
{
	static const struct anonymize_options none;
	const struct anonymize_key key = { { 1, 2, 3 } };
	const char *path = maker_path("private.zst");
	struct input input;
	bool is_output;

	write_trace(path);
	made = calloc(1, sizeof(*made));
	made_fd = open(maker_path("public.zst"), O_CREAT | O_TRUNC | O_RDWR, 0600);
	if (!made || made_fd < 0 || input_open(path, &input) ||
	    anonymizer_init(&made->anonymizer, &key, true, &none))
		abort();
	CHECK_INT(anonymize(made, &input, made_fd, &is_output), 0);
	input_close(&input);
}

static void end(void)
{
	anonymizer_free(&made->anonymizer);
	free(made);
	close(made_fd);
}

static void what_is_right_passes(void)
{
	begin();
	CHECK_INT(anonymize_check(made, made_fd), 0);
	CHECK_INT(anonymize_search(made, made_fd, NULL), 0);
	CHECK_STR(made->fault, "");
	end();
}

/* The walk refuses the trace that it was made of, field by field. */
static void original_fails(void)
{
	int fd;

	begin();
	fd = open(maker_path("private.zst"), O_RDONLY);
	CHECK_INT(anonymize_check(made, fd), -EBADMSG);
	CHECK(strstr(made->fault, "stands for nothing") || strstr(made->fault, "dropped"));
	CHECK_INT(anonymize_search(made, fd, NULL), -EBADMSG);
	CHECK(strstr(made->fault, "is still there"));
	close(fd);
	end();
}

/* A frame of one raw block, which zstd unpacks as any other, behind the output. */
static void append(const char *text, size_t len)
{
	uint8_t frame[9] = { 0x28, 0xb5, 0x2f, 0xfd, 0x20 };

	frame[5] = (uint8_t)len;
	frame[6] = (uint8_t)(len << 3 | 1);
	frame[7] = (uint8_t)(len >> 5);
	if (lseek(made_fd, 0, SEEK_END) < 0 || write(made_fd, frame, 9) != 9 ||
	    write(made_fd, text, len) != (ssize_t)len)
		abort();
}

/* One that zstd passes over. */
static void append_skipped(const char *text, size_t len)
{
	uint8_t header[8] = { 0x5e, 0x2a, 0x4d, 0x18, (uint8_t)len };

	if (lseek(made_fd, 0, SEEK_END) < 0 || write(made_fd, header, 8) != 8 ||
	    write(made_fd, text, len) != (ssize_t)len)
		abort();
}

/* A section of FORMAT.md, with so many bytes. */
static void append_section(uint8_t encoding, const char *text, uint8_t len)
{
	char section[255] = { 1, 16, (char)encoding, 1, 1, 0, 0, 0, (char)len };

	memcpy(section + 16, text, len);
	append(section, 16 + (size_t)len);
}

static void check_found(const char *text, size_t len, const char *how)
{
	begin();
	append(text, len);
	CHECK_INT(anonymize_search(made, made_fd, NULL), -EBADMSG);
	CHECK(strstr(made->fault, how));
	if (!strstr(made->fault, how))
		fprintf(stderr, "  %s: '%s'\n", how, made->fault);
	end();
}

#define FOUND(text, how) check_found(text, sizeof(text) - 1, how)

/* "secret-name.example" as python3's encoders have it. */
static void every_encoding_is_found(void)
{
	FOUND("xx" SECRET "xx", "as it is");
	FOUND("7365637265742d6e616d652e6578616d706c65", "hexadecimal");
	FOUND("7365637265742D6E616D652E6578616D706C65", "hexadecimal");
	FOUND("s\0e\0c\0r\0e\0t\0-\0n\0a\0m\0e\0.\0e\0x\0a\0m\0p\0l\0e\0", "UTF-16");
	FOUND("\0s\0e\0c\0r\0e\0t\0-\0n\0a\0m\0e\0.\0e\0x\0a\0m\0p\0l\0e", "UTF-16");
	FOUND("%73%65%63%72%65%74%2D%6E%61%6D%65%2E%65%78%61%6D%70%6C%65", "percent");
	FOUND("%73%65%63%72%65%74%2d%6e%61%6d%65%2e%65%78%61%6d%70%6c%65", "percent");
	FOUND("c2VjcmV0LW5hbWUuZXhhbXBsZQ==", "base64");
	FOUND("eHNlY3JldC1uYW1lLmV4YW1wbGV4", "base64");     /* an x on both sides */
	FOUND("eHhzZWNyZXQtbmFtZS5leGFtcGxleHg=", "base64"); /* two of them */
	FOUND("~~~%3E%3E%3Ea%20b%20c%20d%20e", "percent");
	FOUND("fn5+Pj4+YSBiIGMgZCBl", "base64");
	FOUND("fn5-Pj4-YSBiIGMgZCBl", "base64"); /* as in addresses of the web */
}

/* A name of the kind that is in events, an address as text, the UUIDs. */
static void every_kind_is_found(void)
{
	FOUND("secretive", "as it is");
	FOUND("at 192.0.2.1:", "as it is");
	FOUND("198.51.100.2", "as it is");
	FOUND("01010203-0000-0000-0000-000000000000", "in hexadecimal");
}

/* Of a string that was changed, dropped or cut, no word either. */
static void pieces_are_found(void)
{
	FOUND("-acmecorp2", "as it is");
	FOUND("an example of it", "as it is");
}

/* What is printed to be pasted is searched as well. */
static void what_is_said_is_searched(void)
{
	begin();
	CHECK_INT(anonymize_search(made, made_fd, "nothing of it"), 0);
	CHECK_INT(anonymize_search(made, made_fd, "public.zst\nof secretive"), -EBADMSG);
	CHECK(strstr(made->fault, "summary"));
	end();
}

/* Frames hide nothing that stands across their border in the content. */
static void borders_hide_nothing(void)
{
	begin();
	append("sec", 3);
	append("ret-name.exam", 13);
	CHECK_INT(anonymize_search(made, made_fd, NULL), -EBADMSG);
	end();
}

/* What zstd passes over is searched, too, and strings are, but not what can be numbers alone. */
static void numbers_spell_by_chance(void)
{
	static const char text[] = "\023" SECRET; /* as one string: 19 bytes */

	begin();
	append_section(0, SECRET, sizeof(SECRET) - 1);	  /* PLAIN */
	append_section(0x16, SECRET, sizeof(SECRET) - 1); /* CODES, in planes */
	CHECK_INT(anonymize_search(made, made_fd, NULL), 0);
	append_section(4, text, sizeof(text) - 1); /* BYTES */
	CHECK_INT(anonymize_search(made, made_fd, NULL), -EBADMSG);
	CHECK(strstr(made->fault, "without the numbers"));
	end();
	begin();
	append_section(7, SECRET, sizeof(SECRET) - 1); /* of a later version */
	CHECK_INT(anonymize_search(made, made_fd, NULL), -EBADMSG);
	end();
	begin();
	append_skipped("nothing", 7);
	CHECK_INT(anonymize_search(made, made_fd, NULL), 0);
	append_skipped(SECRET, sizeof(SECRET) - 1);
	CHECK_INT(anonymize_search(made, made_fd, NULL), -EBADMSG);
	end();
}

/* A number that nothing stands for, in a file that is right otherwise. */
static void walk_finds_numbers(void)
{
	struct net_event event = maker_event(1000, true);
	struct maker maker;
	int fd;

	begin();
	maker = maker_begin(maker_path("other.zst"), 1, 2);
	maker_add(&maker, &event);
	maker_end(&maker, 2000);
	fd = open(maker_path("other.zst"), O_RDONLY);
	CHECK_INT(anonymize_check(made, fd), -EBADMSG);
	close(fd);
	/* what is written is as it should, but an event is missing */
	made->rows[NST_TABLE_EVENT]++;
	CHECK_INT(anonymize_check(made, made_fd), -EBADMSG);
	CHECK(strstr(made->fault, "EVENT: 1 rows, 2 were written"));
	made->rows[NST_TABLE_EVENT]--;
	/* and one byte more in one of them */
	for (size_t i = 0; i < n_fields; i++)
		if (fields[i].table == NST_TABLE_EVENT && !strcmp(fields[i].name, "bytes"))
			made->counts[i].sum++;
	CHECK_INT(anonymize_check(made, made_fd), -EBADMSG);
	CHECK(strstr(made->fault, "EVENT.bytes"));
	end();
}

static void string_is_found(enum image_kind kind, struct nst_bytes original, struct nst_bytes image)
{
	struct nst_bytes got;

	begin();
	CHECK_INT(image_add(&made->anonymizer.images, kind, original, image, &got), 0);
	CHECK_INT(anonymize_search(made, made_fd, NULL), -EBADMSG);
	CHECK(strstr(made->fault, image_kind_name(kind)));
	if (!strstr(made->fault, image_kind_name(kind)))
		fprintf(stderr, "  '%s' of %s\n", made->fault, image_kind_name(kind));
	end();
}

#define LEAKS(kind, original, image)                                                \
	string_is_found(kind, (struct nst_bytes){ original, sizeof(original) - 1 }, \
			(struct nst_bytes){ image, sizeof(image) - 1 })

/* A name that was given says nothing; nor does what is put together of such. */
static void names_say_nothing(void)
{
	LEAKS(IMAGE_EXE, "/home/x", "/dir-1/secrets");
	LEAKS(IMAGE_EXE, "/usr/bin/mail", "/backup/mail");
	LEAKS(IMAGE_USER, "alice", "user-alice");
	LEAKS(IMAGE_USER, "alice", "arg-0000000000");
	LEAKS(IMAGE_ARGUMENT, "4111111111111111", "arg-4111111111111111");
	LEAKS(IMAGE_ARGUMENTS, "curl\0004111111111111111", "curl\0004111111111111111");
	LEAKS(IMAGE_ARGUMENTS, "curl\0backup@mail.oracle.cloud", "curl\0backup@mail.oracle.cloud");
	LEAKS(IMAGE_ARGUMENTS, "backup@mail.oracle.cloud", "backup@mail.oracle.cloud");
	LEAKS(IMAGE_CGROUP_PATH, "/user.slice/user-1234.slice", "/user.slice/user-1234.slice");
	LEAKS(IMAGE_CGROUP_PATH, "/cgroup-0000000000/98765.scope", "/98765.scope");
	LEAKS(IMAGE_CGROUP_PATH, "/oracle/mail", "/oracle/mail");
	LEAKS(IMAGE_SETTING_KEY, "user.1234", "user.1234");
	LEAKS(IMAGE_SETTING, "postgres", "postgres");
}

/* Two names that would become one are none. */
static void collisions_are_noticed(void)
{
	const struct nst_bytes a = { "a", 1 }, b = { "b", 1 }, to = { "proc-1", 6 };
	struct image_map images = { 0 };
	struct nst_bytes image;

	CHECK_INT(image_add(&images, IMAGE_PROGRAM, a, to, &image), 0);
	CHECK_INT(image_add(&images, IMAGE_PROGRAM, b, to, &image), -EEXIST);
	CHECK_INT(image_add(&images, IMAGE_USER, b, to, &image), 0);
	CHECK(image_find(&images, IMAGE_PROGRAM, a, &image));
	CHECK_INT(image.len_bytes, 6);
	CHECK(!image_find(&images, IMAGE_PROGRAM, b, &image));
	image_map_free(&images);
}

int main(void)
{
	RUN(what_is_right_passes);
	RUN(original_fails);
	RUN(every_encoding_is_found);
	RUN(every_kind_is_found);
	RUN(pieces_are_found);
	RUN(what_is_said_is_searched);
	RUN(borders_hide_nothing);
	RUN(numbers_spell_by_chance);
	RUN(walk_finds_numbers);
	RUN(names_say_nothing);
	RUN(collisions_are_noticed);
	maker_clean();
	return test_result();
}
