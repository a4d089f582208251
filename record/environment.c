// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "record/environment.h"

#include "format/trace.h"
#include "record/clock.h"
#include "record/devices.h"
#include "record/kernel.h"
#include "record/options.h"
#include "record/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/utsname.h>
#include <unistd.h>

#define BOOT_ID "/proc/sys/kernel/random/boot_id"
#define SETTINGS_MAX 32

/* 32 hexadecimal digits with dashes among them; zeros where it is not there. */
static void read_boot_id(uint8_t boot_id[16])
{
	char text[64] = "";
	int fd = open(BOOT_ID, O_RDONLY | O_CLOEXEC);
	size_t digits = 0;

	if (fd < 0)
		return;
	if (read(fd, text, sizeof(text) - 1) < 0)
		text[0] = '\0';
	close(fd);
	for (const char *c = text; *c && digits < 32; c++) {
		unsigned int digit;
		char one[2] = { *c, '\0' };

		if (*c == '-')
			continue;
		if (sscanf(one, "%1x", &digit) != 1)
			break;
		boot_id[digits / 2] = (uint8_t)(boot_id[digits / 2] << 4 | digit);
		digits++;
	}
}

int environment_header(struct nst_header *ret_header)
{
	struct nst_header header = { .clock = NST_CLOCK_BOOTTIME };

	if (getrandom(header.uuid, sizeof(header.uuid), 0) != sizeof(header.uuid))
		return -EIO;
	header.uuid[6] = (header.uuid[6] & 0x0f) | 0x40; /* RFC 4122, random */
	header.uuid[8] = (header.uuid[8] & 0x3f) | 0x80;
	read_boot_id(header.boot_id);
	header.start_ns = now_ns();
	header.start_realtime_ns = clock_ns(CLOCK_REALTIME);
	snprintf(header.writer, sizeof(header.writer), "netsnoop-record %s", NETSNOOP_VERSION);
	*ret_header = header;
	return 0;
}

/* Names and values, the values of our own making. */
struct list {
	struct nst_setting rows[SETTINGS_MAX];
	size_t n;
};

static struct nst_bytes bytes_of(const char *text)
{
	return (struct nst_bytes){ .data = text, .len_bytes = (uint32_t)strlen(text) };
}

/* A command line may be longer than any field: it is cut as a process's arguments are. */
static void cut(char *value)
{
	static const char mark[] = " ...";

	if (strlen(value) > PROC_ARGS_MAX_BYTES)
		memcpy(value + PROC_ARGS_MAX_BYTES - strlen(mark), mark, sizeof(mark));
}

/* value is freed with the list; NULL: there was no memory for it, or nothing to say. */
static void add(struct list *list, const char *key, char *value)
{
	if (value)
		cut(value);
	if (value && list->n < SETTINGS_MAX)
		list->rows[list->n++] =
			(struct nst_setting){ .key = bytes_of(key), .value = bytes_of(value) };
	else
		free(value);
}

static void add_number(struct list *list, const char *key, uint64_t number)
{
	char *text;

	if (asprintf(&text, "%llu", (unsigned long long)number) >= 0)
		add(list, key, text);
}

static void list_free(struct list *list)
{
	for (size_t i = 0; i < list->n; i++)
		free((char *)list->rows[i].value.data);
}

/* As a shell would take it back: what is not plain stands in single quotes. */
static void write_quoted(FILE *out, const char *argument)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789@%+=:,./_-";

	if (*argument && argument[strspn(argument, plain)] == '\0') {
		fputs(argument, out);
		return;
	}
	fputc('\'', out);
	for (; *argument; argument++) {
		if (*argument == '\'')
			fputs("'\\''", out);
		else
			fputc(*argument, out);
	}
	fputc('\'', out);
}

static char *command_line(char **argv)
{
	char *text = NULL;
	size_t bytes;
	FILE *out = open_memstream(&text, &bytes);

	if (!out)
		return NULL;
	for (size_t i = 0; argv[i]; i++) {
		if (i)
			fputc(' ', out);
		write_quoted(out, argv[i]);
	}
	if (fclose(out)) {
		free(text);
		return NULL;
	}
	return text;
}

static void add_machine(struct list *list)
{
	struct utsname names;

	if (uname(&names))
		return;
	add(list, "host", strdup(names.nodename));
	add(list, "kernel", strdup(names.release));
	add(list, "kernel_version", strdup(names.version));
	add(list, "machine", strdup(names.machine));
	add_number(list, "cpus", (uint64_t)sysconf(_SC_NPROCESSORS_ONLN));
	add_number(list, "page_bytes", (uint64_t)sysconf(_SC_PAGESIZE));
}

/* What the files of one recording have in common, the uuid of the first, and their order. */
static void add_part(struct list *list, const struct part_id *id)
{
	char text[37], *to = text;

	for (int i = 0; i < 16; i++) {
		if (i == 4 || i == 6 || i == 8 || i == 10)
			*to++ = '-';
		to += snprintf(to, 3, "%02x", id->recording[i]);
	}
	add(list, "recording", strdup(text));
	add_number(list, "part", id->number);
}

static void add_recording(struct list *list, const struct settings *settings,
			  const struct kernel *kernel)
{
	add(list, "tool", strdup("netsnoop-record " NETSNOOP_VERSION));
	add(list, "command_line", command_line(settings->argv));
	add(list, "filters", strdup(settings->filters.text ?: ""));
	if (settings->command)
		add(list, "command", command_line(settings->command));
	add(list, "hooks", strdup(kernel_hooks(kernel)));
	add(list, "clock", strdup("boottime"));
	add_number(list, "ring_bytes", kernel_ring_bytes(kernel));
	add_number(list, "rings", kernel_rings(kernel));
	add_number(list, "max_flows", settings->max_flows);
	add_number(list, "level", (uint64_t)settings->level);
	add(list, "detail", strdup(options_detail(settings)));
	add_number(list, "interval_ns", settings->interval_ns);
}

static void list_all(struct list *list, const struct settings *settings,
		     const struct kernel *kernel, const struct part_id *id)
{
	add_machine(list);
	add_recording(list, settings, kernel);
	if (id)
		add_part(list, id);
}

int environment_describe(struct nst_writer *writer, const struct settings *settings,
			 const struct kernel *kernel, const struct devices *devices,
			 const struct part_id *id)
{
	struct list list = { .n = 0 };
	int err;

	list_all(&list, settings, kernel, id);
	err = devices_describe(devices, writer, list.rows, list.n);
	list_free(&list);
	return err;
}

int environment_write(struct nst_writer *writer, const struct settings *settings,
		      const struct kernel *kernel, struct devices *devices,
		      const struct part_id *id)
{
	struct list list = { .n = 0 };
	int err;

	list_all(&list, settings, kernel, id);
	err = devices_write(devices, writer, list.rows, list.n);
	list_free(&list);
	return err;
}
