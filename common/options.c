// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "common/options.h"

#include "common/escape.h"

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_LONG 256 /* getopt values above any letter: index in the table + this */
#define HELP_COLUMN 28

static size_t count(const struct option_spec *specs)
{
	size_t n = 0;

	while (specs[n].name)
		n++;
	return n;
}

static int argument_kind(const struct option_spec *spec)
{
	if (!spec->argument)
		return no_argument;
	return spec->argument[0] == '[' ? optional_argument : required_argument;
}

/* letters: "+", ":", then up to three characters an option, then NUL. */
static void fill_getopt(const struct option_spec *specs, size_t n, bool operands_last,
			struct option *longs, char *letters)
{
	if (operands_last)
		*letters++ = '+';
	*letters++ = ':'; /* a missing argument is told from what is no option */
	for (size_t i = 0; i < n; i++) {
		int kind = argument_kind(&specs[i]);

		longs[i] = (struct option){ .name = specs[i].name,
					    .has_arg = kind,
					    .val = FIRST_LONG + (int)i };
		if (!specs[i].letter)
			continue;
		*letters++ = specs[i].letter;
		for (int colons = 0; colons < kind; colons++)
			*letters++ = ':';
	}
	*letters = '\0';
}

static const struct option_spec *find(const struct option_spec *specs, size_t n, int value)
{
	if (value >= FIRST_LONG)
		return &specs[value - FIRST_LONG];
	for (size_t i = 0; i < n; i++)
		if (specs[i].letter == value)
			return &specs[i];
	return NULL;
}

static void complain(const char *program, const char *dashes, const char *name, const char *what)
{
	char *text = malloc(ESCAPED_MAX(strlen(name)));

	if (text)
		escape_bytes(name, strlen(name), text);
	fprintf(stderr, "%s: %s%s %s\n", program, dashes, text ? text : "?", what);
	free(text);
}

/* What getopt_long() returned '?' or ':' for. Its own messages would print an argument raw. */
static void complain_of(const struct option_spec *specs, size_t n, int value, char **argv)
{
	const struct option_spec *spec = find(specs, n, optopt);
	const char letter[] = { (char)optopt, '\0' };

	if (value == ':' && spec)
		complain(argv[0], "--", spec->name, "needs a value");
	else if (optopt >= FIRST_LONG)
		complain(argv[0], "--", spec->name, "takes no value");
	else if (optopt)
		complain(argv[0], "-", letter, "is not an option");
	else
		complain(argv[0], "", argv[optind - 1],
			 "is not an option, or the beginning of several");
}

int options_parse(const struct option_spec *specs, bool operands_last, int argc, char **argv,
		  void *settings, int *ret_first_operand)
{
	size_t n = count(specs);
	struct option *longs = calloc(n + 1, sizeof(*longs));
	char *letters = calloc(n + 2, 3);
	int value, err = -ENOMEM;

	if (!longs || !letters)
		goto out;
	fill_getopt(specs, n, operands_last, longs, letters);
	opterr = 0;
	optind = 0; /* glibc and musl: start anew, the table may have changed */
	while ((value = getopt_long(argc, argv, letters, longs, NULL)) != -1) {
		const struct option_spec *spec = find(specs, n, value);

		if (!spec)
			complain_of(specs, n, value, argv);
		err = spec ? spec->apply(settings, optarg) : -EINVAL;
		if (err)
			goto out;
	}
	*ret_first_operand = optind;
	err = 0;
out:
	free(letters);
	free(longs);
	return err;
}

static void print_one(FILE *out, const struct option_spec *spec)
{
	char left[80];
	int width;
	const char *line = spec->help;

	width = snprintf(left, sizeof(left), "  %c%c%s --%s%s%s", spec->letter ? '-' : ' ',
			 spec->letter ? spec->letter : ' ', spec->letter ? "," : " ", spec->name,
			 spec->argument && spec->argument[0] != '[' ? " " : "",
			 spec->argument ? spec->argument : "");
	fputs(left, out);
	if (width >= HELP_COLUMN) {
		fputc('\n', out);
		width = 0;
	}
	while (line) {
		const char *end = strchr(line, '\n');
		int length = end ? (int)(end - line) : (int)strlen(line);

		fprintf(out, "%*s%.*s\n", HELP_COLUMN - width, "", length, line);
		width = 0;
		line = end ? end + 1 : NULL;
	}
}

void options_print(FILE *out, const struct option_spec *specs)
{
	for (; specs->name; specs++)
		print_one(out, specs);
}
