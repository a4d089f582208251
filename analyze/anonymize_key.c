/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A key file is one line, "netsnoop-key 1 " and 64 hexadecimal digits. Who has it can
 * find out what an anonymised trace was made of: nobody but its owner may read it, and it is
 * one's own.
 */
#include "analyze/anonymize_key.h"

#include "analyze/say.h"

#include <errno.h>
#include <fcntl.h>
#include <nettle/hmac.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAGIC "netsnoop-key 1 "
#define MAGIC_LEN (sizeof(MAGIC) - 1)
#define LINE_LEN (MAGIC_LEN + 2 * ANONYMIZE_KEY_BYTES) /* without its newline */
#define ROOM (LINE_LEN + 3)			       /* "\r\n", and one that would be too many */

static int complain(const char *path, int err)
{
	say("--key %s: %s", path, strerror(-err));
	return err;
}

int anonymize_key_random(struct anonymize_key *ret_key)
{
	struct anonymize_key key;

	if (getrandom(key.bytes, sizeof(key.bytes), 0) != sizeof(key.bytes)) {
		say("the kernel gave no random numbers for a key");
		return -EIO;
	}
	*ret_key = key;
	anonymize_key_forget(&key);
	return 0;
}

int anonymize_key_write(const struct anonymize_key *key, int fd)
{
	char line[LINE_LEN + 2];
	int n = snprintf(line, sizeof(line), MAGIC);
	ssize_t written;

	for (size_t i = 0; i < sizeof(key->bytes); i++)
		n += snprintf(line + n, sizeof(line) - (size_t)n, "%02x", key->bytes[i]);
	line[n++] = '\n';
	written = write(fd, line, (size_t)n);
	explicit_bzero(line, sizeof(line));
	return written < 0 ? -errno : written == n ? 0 : -ENOSPC;
}

static int digit_of(char c)
{
	static const char digits[] = "0123456789abcdef";
	const char *at = c ? strchr(digits, c) : NULL;

	return at ? (int)(at - digits) : -1;
}

static int parse_key(const char *text, size_t len, struct anonymize_key *ret_key)
{
	struct anonymize_key key;

	while (len && (text[len - 1] == '\n' || text[len - 1] == '\r'))
		len--;
	if (len != LINE_LEN || memcmp(text, MAGIC, MAGIC_LEN))
		return -EINVAL;
	for (size_t i = 0; i < sizeof(key.bytes); i++) {
		int high = digit_of(text[MAGIC_LEN + 2 * i]);
		int low = digit_of(text[MAGIC_LEN + 2 * i + 1]);

		if (high < 0 || low < 0)
			return -EINVAL;
		key.bytes[i] = (uint8_t)(high << 4 | low);
	}
	*ret_key = key;
	anonymize_key_forget(&key);
	return 0;
}

static int check_file(const char *path, int fd)
{
	struct stat status;

	if (fstat(fd, &status))
		return complain(path, -errno);
	if (!S_ISREG(status.st_mode)) {
		say("--key %s: not a file", path);
		return -EINVAL;
	}
	if (status.st_uid != geteuid()) {
		say("--key %s: of another user (%u), who knows it then: make one of your own", path,
		    status.st_uid);
		return -EACCES;
	}
	if (status.st_mode & 077) {
		say("--key %s: others may read or change it (mode %04o): chmod 600 it, or make another",
		    path, status.st_mode & 07777);
		return -EACCES;
	}
	return 0;
}

static int read_file(const char *path, int fd, struct anonymize_key *ret_key)
{
	char text[ROOM];
	ssize_t n;
	int err = check_file(path, fd);

	if (err)
		return err;
	n = read(fd, text, sizeof(text));
	if (n < 0)
		return complain(path, -errno);
	err = parse_key(text, (size_t)n, ret_key);
	explicit_bzero(text, sizeof(text));
	if (err)
		say("--key %s: not a key file, which is a line of \"" MAGIC
		    "\" and 64 hexadecimal digits; a file that is not there is made",
		    path);
	return err;
}

int anonymize_key_file(const char *path, struct anonymize_key *ret_key, bool *ret_is_new)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK), err;
	bool is_new = fd < 0 && errno == ENOENT;

	if (is_new && !strcmp(path, "-")) { /* standard output is for what others may read */
		say("--key %s: it is kept in a file", path);
		return -EINVAL;
	}
	if (fd < 0 && !is_new)
		return complain(path, -errno);
	if (is_new) {
		err = anonymize_key_random(ret_key);
	} else {
		err = read_file(path, fd, ret_key);
		close(fd); /* only read */
	}
	if (!err)
		*ret_is_new = is_new;
	return err;
}

void anonymize_key_derive(const struct anonymize_key *key, const char *purpose, const void *data,
			  size_t data_bytes, uint8_t *to, size_t len_bytes)
{
	struct hmac_sha256_ctx hmac;

	hmac_sha256_set_key(&hmac, sizeof(key->bytes), key->bytes);
	hmac_sha256_update(&hmac, strlen(purpose) + 1, (const uint8_t *)purpose);
	if (data_bytes)
		hmac_sha256_update(&hmac, data_bytes, data);
	hmac_sha256_digest(&hmac, len_bytes, to);
	explicit_bzero(&hmac, sizeof(hmac));
}

void anonymize_key_forget(struct anonymize_key *key)
{
	explicit_bzero(key, sizeof(*key));
}
