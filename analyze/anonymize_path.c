/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Executables and command lines. An executable is its directory and a name, which is the
 * one of the process as well; that is told apart from the rest of the command line, of
 * which nothing stays.
 */
#include "analyze/anonymizer.h"

#include <string.h>

#define DELETED " (deleted)" /* as the kernel calls a file that is gone */

static struct nst_bytes without_deleted(struct nst_bytes path)
{
	const size_t len = sizeof(DELETED) - 1;

	if (path.len_bytes > len &&
	    !memcmp((const char *)path.data + path.len_bytes - len, DELETED, len))
		path.len_bytes -= (uint32_t)len;
	return path;
}

static int put_directory(struct anonymizer *anonymizer, struct nst_bytes directory)
{
	struct nst_bytes image;
	int err = anonymize_name(anonymizer, IMAGE_DIRECTORY, directory, &image);

	if (!err && directory.len_bytes && *(const char *)directory.data == '/' &&
	    *(const char *)image.data != '/')
		err = text_add(anonymizer, "/", 1);
	return err ?: text_add(anonymizer, image.data, image.len_bytes)
		   ?: text_add(anonymizer, "/", 1);
}

int anonymize_exe(struct anonymizer *anonymizer, struct nst_bytes path, struct nst_bytes *ret_path)
{
	struct nst_bytes file = without_deleted(path), image;
	const char *slash = file.len_bytes ? memrchr(file.data, '/', file.len_bytes) : NULL;
	size_t base = slash ? (size_t)(slash + 1 - (const char *)file.data) : 0;
	int err = 0;

	if (image_find(&anonymizer->images, IMAGE_EXE, path, ret_path))
		return 0;
	if (!path.len_bytes)
		return anonymizer_add(anonymizer, IMAGE_EXE, path, path, ret_path);
	text_begin(anonymizer);
	if (slash)
		err = put_directory(anonymizer, bytes_part(file, 0, base - 1));
	if (!err)
		err = anonymize_name(anonymizer, IMAGE_PROGRAM,
				     bytes_part(file, base, file.len_bytes), &image);
	if (!err)
		err = text_add(anonymizer, image.data, image.len_bytes);
	if (!err)
		err = text_add(anonymizer, (const char *)path.data + file.len_bytes,
			       path.len_bytes - file.len_bytes);
	return err ?: text_done(anonymizer, IMAGE_EXE, path, ret_path);
}

/* A program may have put a sentence in the place of its name, or what it was told. */
static bool is_program(struct nst_bytes argument)
{
	const uint8_t *at = argument.data;

	for (uint32_t i = 0; i < argument.len_bytes; i++)
		if (at[i] <= ' ' || at[i] == ':' || at[i] == '=' || at[i] == 0x7f)
			return false;
	return true;
}

static struct nst_bytes next_argument(struct nst_bytes args, size_t from)
{
	const char *at = (const char *)args.data + from;

	return (struct nst_bytes){ at, (uint32_t)strnlen(at, args.len_bytes - from) };
}

/* The file that was started; it has to be known before anything is put together. */
static int first_argument(struct anonymizer *anonymizer, struct nst_bytes args,
			  struct nst_bytes *ret_image)
{
	struct nst_bytes argument = next_argument(args, 0);

	if (is_program(argument))
		return anonymize_exe(anonymizer, argument, ret_image);
	return anonymize_name(anonymizer, IMAGE_ARGUMENT, argument, ret_image);
}

/* Of more arguments than there is room for, the last one stands for those that were left out. */
static int put_rest(struct anonymizer *anonymizer, struct nst_bytes args)
{
	struct nst_bytes image;
	int err = anonymize_name(anonymizer, IMAGE_ARGUMENT, args, &image);

	if (!err && anonymizer->text[anonymizer->text_len - 1])
		err = text_add_last(anonymizer, "", 1);
	return err ?: text_add_last(anonymizer, image.data, image.len_bytes);
}

int anonymize_args(struct anonymizer *anonymizer, struct nst_bytes args, struct nst_bytes *ret_args)
{
	struct nst_bytes image;
	size_t at = 0;
	int err;

	if (image_find(&anonymizer->images, IMAGE_ARGUMENTS, args, ret_args))
		return 0;
	if (!args.len_bytes)
		return anonymizer_add(anonymizer, IMAGE_ARGUMENTS, args, args, ret_args);
	err = first_argument(anonymizer, args, &image);
	text_begin(anonymizer);
	while (!err) {
		at += next_argument(args, at).len_bytes;
		err = text_add(anonymizer, image.data, image.len_bytes);
		if (err || at == args.len_bytes) /* the last one was cut short */
			break;
		err = text_add(anonymizer, "", 1);
		if (err || ++at == args.len_bytes)
			break;
		err = anonymize_name(anonymizer, IMAGE_ARGUMENT, next_argument(args, at), &image);
	}
	if (!err && anonymizer->text_is_full)
		err = put_rest(anonymizer, args);
	return err ?: text_done(anonymizer, IMAGE_ARGUMENTS, args, ret_args);
}
