/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Settings are what a trace says in words, so each key has a rule of its own, values that
 * stay are of a shape that can hold nothing else, and what is not known is left out.
 */
#include "analyze/anonymizer.h"

#include "analyze/anonymize_words.h"
#include "analyze/text.h"
#include "common/units.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define USER_PREFIX "user."
#define NUMBER_DIGITS 20
#define WRITER_ROOM 33
#define RELEASE_SEPARATORS "-.+~_"

/* ---- Shapes ------------------------------------------------------------ */

static bool is_number(struct nst_bytes value)
{
	const char *at = value.data;

	for (uint32_t i = 0; i < value.len_bytes; i++)
		if (at[i] < '0' || at[i] > '9')
			return false;
	return value.len_bytes && value.len_bytes <= NUMBER_DIGITS;
}

/* "netsnoop-record 1.2.3" */
static bool is_tool(struct nst_bytes value)
{
	static const char *const programs[] = { "netsnoop-record ", "netsnoop-analyze " };

	for (size_t i = 0; i < 2; i++) {
		size_t len = strlen(programs[i]);
		const char *at = value.data;

		if (value.len_bytes <= len || value.len_bytes >= WRITER_ROOM ||
		    memcmp(at, programs[i], len))
			continue;
		for (; len < value.len_bytes; len++)
			if ((at[len] < '0' || at[len] > '9') && at[len] != '.')
				return false;
		return true;
	}
	return false;
}

/* The next word from *at on, which moves behind it. */
static struct nst_bytes next_word(struct nst_bytes text, const char *separators, size_t *at)
{
	const char *bytes = text.data;
	size_t from = *at;

	while (*at < text.len_bytes && (!bytes[*at] || !strchr(separators, bytes[*at])))
		++*at;
	return bytes_part(text, from, *at);
}

static bool are_words(struct nst_bytes value, const char *separators, enum word_list list)
{
	size_t at = 0;

	while (at < value.len_bytes) {
		struct nst_bytes word = next_word(value, separators, &at);

		if (word.len_bytes && !word_is(list, word) && !is_number(word))
			return false;
		at++;
	}
	return value.len_bytes;
}

/* ---- Values ------------------------------------------------------------ */

/* "6.1.0-13-amd64" stays; of "6.1.0-house" it is the number alone. */
static int put_release(struct anonymizer *anonymizer, struct nst_bytes value)
{
	const char *at = value.data;
	uint32_t n = 0;

	while (n < value.len_bytes && ((at[n] >= '0' && at[n] <= '9') || at[n] == '.'))
		n++;
	if (n == value.len_bytes ||
	    (memchr(RELEASE_SEPARATORS, at[n], strlen(RELEASE_SEPARATORS)) &&
	     are_words(bytes_part(value, n, value.len_bytes), RELEASE_SEPARATORS, WORDS_RELEASE)))
		return text_add(anonymizer, at, value.len_bytes);
	return text_add(anonymizer, at, n) ?: text_add(anonymizer, "-custom", 7);
}

/* The options stay, and that they had values. */
static int put_filters(struct anonymizer *anonymizer, struct nst_bytes value)
{
	bool had_value = false;
	size_t at = 0;
	int err = 0;

	for (; at < value.len_bytes && !err; at++) {
		struct nst_bytes word = next_word(value, " ", &at);
		bool is_option = word_is(WORDS_FILTERS, word);

		if (!is_option && had_value)
			continue;
		had_value = !is_option;
		if (anonymizer->text_len)
			err = text_add(anonymizer, " ", 1);
		if (!err)
			err = is_option ? text_add(anonymizer, word.data, word.len_bytes)
					: text_add(anonymizer, "*", 1);
	}
	if (!err && anonymizer->options.filters && anonymizer->text_len)
		err = text_add(anonymizer, " ", 1);
	if (!err && anonymizer->options.filters)
		err = text_add(anonymizer, anonymizer->options.filters,
			       strlen(anonymizer->options.filters));
	return err;
}

static int digit_of(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool parse_uuid(struct nst_bytes text, uint8_t uuid[16])
{
	const char *at = text.data;
	int n = 0;

	if (text.len_bytes != TEXT_UUID_MAX - 1)
		return false;
	memset(uuid, 0, 16);
	for (int i = 0; i < TEXT_UUID_MAX - 1; i++) {
		bool is_dash = i == 8 || i == 13 || i == 18 || i == 23;

		if (is_dash ? at[i] != '-' : digit_of(at[i]) < 0)
			return false;
		if (is_dash)
			continue;
		uuid[n / 2] = (uint8_t)(uuid[n / 2] << 4 | digit_of(at[i]));
		n++;
	}
	return true;
}

static int put_uuid(struct anonymizer *anonymizer, const uint8_t uuid[16])
{
	char text[TEXT_UUID_MAX];
	uint8_t other[16];
	int err = anonymize_uuid(anonymizer, uuid, other);

	return err ?: text_add(anonymizer, text_uuid(other, text), TEXT_UUID_MAX - 1);
}

enum value_rule {
	VALUE_NUMBER,
	VALUE_TOOL,
	VALUE_HOST,
	VALUE_KERNEL,
	VALUE_FILTERS,
	VALUE_UUID,
	VALUE_MACHINE,
	VALUE_STATE,
	VALUE_HOOKS,
};

/* All that WORDS_SETTINGS has; what is not here is dropped. */
static const struct {
	const char *key;
	enum value_rule rule;
} rules[] = {
	{ "host", VALUE_HOST },
	{ "kernel", VALUE_KERNEL },
	{ "machine", VALUE_MACHINE },
	{ "cpus", VALUE_NUMBER },
	{ "page_bytes", VALUE_NUMBER },
	{ "tool", VALUE_TOOL },
	{ "filters", VALUE_FILTERS },
	{ "hooks", VALUE_HOOKS },
	{ "clock", VALUE_STATE },
	{ "ring_bytes", VALUE_NUMBER },
	{ "rings", VALUE_NUMBER },
	{ "max_flows", VALUE_NUMBER },
	{ "level", VALUE_NUMBER },
	{ "detail", VALUE_STATE },
	{ "interval_ns", VALUE_NUMBER },
	{ "recording", VALUE_UUID },
	{ "part", VALUE_NUMBER },
	{ "recovered_from", VALUE_UUID },
	{ "recovered_missing", VALUE_NUMBER },
	{ "recovered_metadata", VALUE_STATE },
};

static bool is_of_shape(enum value_rule rule, struct nst_bytes value)
{
	uint8_t uuid[16];

	switch (rule) {
	case VALUE_NUMBER:
		return is_number(value);
	case VALUE_TOOL:
		return is_tool(value);
	case VALUE_UUID:
		return parse_uuid(value, uuid);
	case VALUE_MACHINE:
		return word_is(WORDS_MACHINES, value);
	case VALUE_STATE:
		return word_is(WORDS_STATES, value);
	case VALUE_HOOKS:
		return are_words(value, " ", WORDS_HOOKS);
	case VALUE_HOST:
	case VALUE_KERNEL:
	case VALUE_FILTERS:
		break;
	}
	return true;
}

static int put_value(struct anonymizer *anonymizer, enum value_rule rule, struct nst_bytes value)
{
	struct nst_bytes image = value;
	uint8_t uuid[16];
	int err = 0;

	switch (rule) {
	case VALUE_KERNEL:
		return put_release(anonymizer, value);
	case VALUE_FILTERS:
		return put_filters(anonymizer, value);
	case VALUE_UUID:
		return parse_uuid(value, uuid) ? put_uuid(anonymizer, uuid) : -EINVAL;
	case VALUE_HOST:
		err = anonymize_name(anonymizer, IMAGE_HOST, value, &image);
		break;
	default: /* it stays, and that it may has been seen to */
		break;
	}
	return err ?: text_add(anonymizer, image.data, image.len_bytes);
}

/* ---- Rows -------------------------------------------------------------- */

static int drop(struct anonymizer *anonymizer, const struct nst_setting *setting, bool *ret_keep)
{
	*ret_keep = false;
	return anonymizer_want(anonymizer, IMAGE_SETTING, setting->value)
		       ?: anonymizer_want(anonymizer, IMAGE_SETTING_KEY, setting->key);
}

/* "user.1000" and a name: both are what they are elsewhere. */
static int map_user(struct anonymizer *anonymizer, struct nst_setting *setting, bool *ret_keep)
{
	char key[sizeof(USER_PREFIX) + NUMBER_DIGITS];
	struct nst_bytes digits =
		bytes_part(setting->key, strlen(USER_PREFIX), setting->key.len_bytes);
	uint64_t uid;
	int err;

	snprintf(key, sizeof(key), "%.*s", (int)(is_number(digits) ? digits.len_bytes : 0),
		 (const char *)digits.data);
	if (parse_number(key, 0, UINT32_MAX, &uid))
		return drop(anonymizer, setting, ret_keep);
	err = anonymize_number(anonymizer, IMAGE_UID, uid, &uid);
	if (err)
		return err;
	snprintf(key, sizeof(key), USER_PREFIX "%" PRIu64, uid);
	*ret_keep = true;
	err = anonymize_name(anonymizer, IMAGE_USER, setting->value, &setting->value);
	return err
		       ?: anonymizer_add(anonymizer, IMAGE_SETTING_KEY, setting->key, bytes_of(key),
					 &setting->key);
}

static int map_value(struct anonymizer *anonymizer, enum value_rule rule,
		     struct nst_setting *setting)
{
	int err;

	text_begin(anonymizer);
	err = put_value(anonymizer, rule, setting->value);
	if (!err)
		err = anonymizer_add(anonymizer, IMAGE_SETTING_KEY, setting->key, setting->key,
				     &setting->key);
	return err ?: text_done(anonymizer, IMAGE_SETTING, setting->value, &setting->value);
}

int anonymize_setting(struct anonymizer *anonymizer, struct nst_setting *setting, bool *ret_keep)
{
	if (setting->key.len_bytes > strlen(USER_PREFIX) &&
	    !memcmp(setting->key.data, USER_PREFIX, strlen(USER_PREFIX)))
		return map_user(anonymizer, setting, ret_keep);
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
		if (!bytes_equal(setting->key, bytes_of(rules[i].key)))
			continue;
		if (!is_of_shape(rules[i].rule, setting->value))
			break;
		*ret_keep = true;
		return map_value(anonymizer, rules[i].rule, setting);
	}
	return drop(anonymizer, setting, ret_keep);
}

int anonymize_writer(struct anonymizer *anonymizer, char writer[WRITER_ROOM])
{
	struct nst_bytes name = { writer, (uint32_t)strnlen(writer, WRITER_ROOM - 1) }, image;
	int err = anonymizer_add(anonymizer, IMAGE_WRITER, name,
				 is_tool(name) ? name : bytes_of("netsnoop"), &image);

	if (err)
		return err;
	if (!is_tool(name))
		err = anonymizer_want(anonymizer, IMAGE_WRITER, name);
	memmove(writer, image.data, image.len_bytes);
	memset(writer + image.len_bytes, 0, WRITER_ROOM - image.len_bytes);
	return err;
}
