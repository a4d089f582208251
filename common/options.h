/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* One table of options drives both getopt_long(3) and the text of --help. */
#ifndef NETSNOOP_COMMON_OPTIONS_H
#define NETSNOOP_COMMON_OPTIONS_H

#include <stdbool.h>
#include <stdio.h>

struct option_spec {
	const char *name;     /* long name; NULL ends the table */
	char letter;	      /* short name, or 0 */
	const char *argument; /* as --help shows it; NULL: none; "[=X]": optional */
	const char *help;     /* lines separated by \n */
	/*
	 * Take a value into the program's settings; value is NULL where an
	 * optional argument was left out. 0, or a negative errno once it has
	 * said on stderr what was wrong.
	 */
	int (*apply)(void *settings, const char *value);
};

/*
 * Apply every option of argv[1..]. With operands_last, parsing stops at the
 * first operand, so that a command's own options are left alone.
 * 0 with the index of the first operand in argv (operands are moved to the
 * end), or -EINVAL once the user has been told why.
 */
int options_parse(const struct option_spec *specs, bool operands_last, int argc, char **argv,
		  void *settings, int *ret_first_operand);

/* Print the table, one option a paragraph, for --help. */
void options_print(FILE *out, const struct option_spec *specs);

#endif
