/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* netsnoop-analyze COMMAND: what is in a trace of netsnoop-record. */
#include "analyze/command.h"
#include "analyze/sandbox.h"
#include "analyze/say.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const struct command *const commands[] = {
	&command_report, &command_load,	   &command_info,      &command_dump,  &command_sql,
	&command_verify, &command_recover, &command_anonymize, &command_share,
};
#define N_COMMANDS (sizeof(commands) / sizeof(commands[0]))

static void print_usage(FILE *out)
{
	fprintf(out, "Usage: netsnoop-analyze COMMAND [OPTION]... TRACE\n\n");
	for (size_t i = 0; i < N_COMMANDS; i++)
		fprintf(out, "  %-9s  %s\n", commands[i]->name, commands[i]->summary);
	fprintf(out, "\n'netsnoop-analyze COMMAND --help' has a command's options; "
		     "--version the program's version,\n--version -v also what it is "
		     "confined by.\n");
}

/* A standard stream that is closed must not become a trace: using it stays an error. */
static void fill_closed_streams(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0)
			open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY);
}

static int finish_help(void)
{
	return fflush(stdout) || ferror(stdout) ? STATUS_FAILED : STATUS_DONE;
}

int main(int argc, char **argv)
{
	fill_closed_streams();
	signal(SIGXFSZ, SIG_IGN); /* a limit on file sizes is an error like any other */
	if (argc < 2) {
		print_usage(stderr);
		return STATUS_USAGE;
	}
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h")) {
		print_usage(stdout);
		return finish_help();
	}
	if (!strcmp(argv[1], "--version") || !strcmp(argv[1], "-V")) {
		printf("netsnoop-analyze %s\n", NETSNOOP_VERSION);
		if (argc > 2 && !strcmp(argv[2], "-v"))
			sandbox_print(stdout);
		return finish_help();
	}
	for (size_t i = 0; i < N_COMMANDS; i++)
		if (!strcmp(argv[1], commands[i]->name))
			return commands[i]->run(commands[i], argc - 1, argv + 1);
	say("no command '%s'", argv[1]);
	print_usage(stderr);
	return STATUS_USAGE;
}
