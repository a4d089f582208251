// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * What the kernel's programs cost a run, while traffic is going on.
 *
 *   hooks last                             the id that the next program will be above
 *   hooks hold EMPTY.o...                  attach what is empty until SIGINT
 *   hooks measure EMPTY.o ROUNDS MS FIRST [SECOND]
 *
 * measure looks at the programs with ids above FIRST, which are the first build's up
 * to SECOND and the second's from there on, and at the empty ones, which it loads and
 * attaches itself. Each figure is the median of ROUNDS rounds of MS milliseconds.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define PROGRAMS_MAX 64
#define ROUNDS_MAX 1000

struct program {
	char name[BPF_OBJ_NAME_LEN];
	int fd;
	int build; /* 0: empty */
	uint64_t ns, runs;
	uint64_t all_runs;
	size_t n;
	double each[ROUNDS_MAX];
};
static struct program programs[PROGRAMS_MAX];
static size_t n_programs;

static void die(const char *what)
{
	fprintf(stderr, "hooks: %s: %s\n", what, strerror(errno));
	exit(1);
}

static uint32_t last_id(void)
{
	uint32_t id = 0;

	while (!bpf_prog_get_next_id(id, &id))
		;
	return id;
}

static void read_info(int fd, struct bpf_prog_info *info)
{
	uint32_t bytes = sizeof(*info);

	memset(info, 0, sizeof(*info));
	if (bpf_obj_get_info_by_fd(fd, info, &bytes))
		die("a program");
}

static void add(int fd, int build)
{
	struct bpf_prog_info info;

	read_info(fd, &info);
	if (info.type != BPF_PROG_TYPE_TRACING || n_programs == PROGRAMS_MAX) {
		close(fd);
		return;
	}
	programs[n_programs].fd = fd;
	programs[n_programs].build = build;
	memcpy(programs[n_programs].name, info.name, sizeof(info.name));
	n_programs++;
}

static void find_programs(uint32_t first, uint32_t second)
{
	uint32_t id = first;

	while (!bpf_prog_get_next_id(id, &id)) {
		int fd = bpf_prog_get_fd_by_id(id);

		if (fd >= 0)
			add(fd, second && id > second ? 2 : 1);
	}
}

static void attach_empty(const char *path)
{
	struct bpf_object *object = bpf_object__open_file(path, NULL);
	struct bpf_program *program;

	if (!object || bpf_object__load(object))
		die(path);
	bpf_object__for_each_program(program, object)
	{
		if (!bpf_program__attach(program))
			die(bpf_program__name(program));
		add(bpf_program__fd(program), 0);
	}
}

static void hold(char **paths)
{
	sigset_t end;
	int signal_number;

	sigemptyset(&end);
	sigaddset(&end, SIGINT);
	if (sigprocmask(SIG_BLOCK, &end, NULL))
		die("sigprocmask");
	while (*paths)
		attach_empty(*paths++);
	puts("ready");
	fflush(stdout);
	if (sigwait(&end, &signal_number))
		die("sigwait");
}

static void play_round(long ms, bool counts)
{
	const struct timespec time = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 };
	struct bpf_prog_info info;

	for (size_t i = 0; i < n_programs; i++) {
		read_info(programs[i].fd, &info);
		programs[i].ns = info.run_time_ns;
		programs[i].runs = info.run_cnt;
	}
	nanosleep(&time, NULL);
	for (size_t i = 0; counts && i < n_programs; i++) {
		struct program *program = &programs[i];

		read_info(program->fd, &info);
		if (info.run_cnt - program->runs < 1000)
			continue;
		program->all_runs += info.run_cnt - program->runs;
		program->each[program->n++] = (double)(info.run_time_ns - program->ns) /
					      (double)(info.run_cnt - program->runs);
	}
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static double median(struct program *program)
{
	qsort(program->each, program->n, sizeof(program->each[0]), compare);
	return program->each[program->n / 2];
}

static double empty_of(const char *name)
{
	for (size_t i = 0; i < n_programs; i++)
		if (!programs[i].build && programs[i].n && !strcmp(programs[i].name, name))
			return median(&programs[i]);
	fprintf(stderr, "hooks: %s has not run: is there traffic?\n", name);
	exit(1);
}

/* Another recorder may be at work as well: ours has seen the whole of the traffic. */
static bool is_of_another(const struct program *program)
{
	for (size_t i = 0; i < n_programs; i++)
		if (programs[i].build == program->build &&
		    !strcmp(programs[i].name, program->name) &&
		    programs[i].all_runs > program->all_runs)
			return true;
	return false;
}

static void print(int build, double send_ns, double receive_ns)
{
	double net[2] = { 0, 0 };

	for (size_t i = 0; i < n_programs; i++) {
		struct program *program = &programs[i];
		bool is_send = !strcmp(program->name, "see_send");
		double ns, less;

		if (program->build != build || !program->n || is_of_another(program))
			continue;
		ns = median(program);
		less = ns - (is_send ? send_ns : receive_ns);
		if (is_send || !strcmp(program->name, "see_receive"))
			net[is_send] = less;
		printf("build %d  %-16s %10llu runs %7.1f ns %7.1f net\n", build, program->name,
		       (unsigned long long)program->all_runs, ns, less);
	}
	printf("build %d  the mean of both hooks is %.1f ns net\n", build, (net[0] + net[1]) / 2);
}

static void measure(const char *empty, int rounds, long ms, uint32_t first, uint32_t second)
{
	double send_ns, receive_ns;
	int stats = bpf_enable_stats(BPF_STATS_RUN_TIME);

	if (stats < 0)
		die("bpf_enable_stats");
	find_programs(first, second);
	attach_empty(empty);
	play_round(ms, false);
	for (int i = 0; i < rounds && i < ROUNDS_MAX; i++)
		play_round(ms, true);
	send_ns = empty_of("empty_send");
	receive_ns = empty_of("empty_receive");
	printf("empty: send %.1f ns, receive %.1f ns\n", send_ns, receive_ns);
	print(1, send_ns, receive_ns);
	if (second)
		print(2, send_ns, receive_ns);
	close(stats);
}

int main(int argc, char **argv)
{
	if (argc == 2 && !strcmp(argv[1], "last"))
		printf("%u\n", last_id());
	else if (argc >= 3 && !strcmp(argv[1], "hold"))
		hold(argv + 2);
	else if (argc >= 6 && !strcmp(argv[1], "measure"))
		measure(argv[2], atoi(argv[3]), atol(argv[4]), (uint32_t)atol(argv[5]),
			argc > 6 ? (uint32_t)atol(argv[6]) : 0);
	else {
		fputs("usage: hooks last | hold EMPTY.o... | "
		      "measure EMPTY.o ROUNDS MS FIRST [SECOND]\n",
		      stderr);
		return 2;
	}
	return 0;
}
