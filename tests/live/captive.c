/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * captive [--no-landlock] [--no-seccomp] DIRECTORY [OUTPUT]: what code could still do that has
 * taken the analyzer over, in its sandbox and with OUTPUT as its output: a line for each thing
 * that is tried, with the errno's name or "done".
 */
#include "analyze/sandbox.h"
#include "analyze/sandbox_kernel.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static bool without_landlock, without_seccomp;

int __real_landlock_new(void);
int __wrap_landlock_new(void);
int __real_seccomp_enter(bool opens, bool changes);
int __wrap_seccomp_enter(bool opens, bool changes);

int __wrap_landlock_new(void)
{
	return without_landlock ? -ENOSYS : __real_landlock_new();
}

int __wrap_seccomp_enter(bool opens, bool changes)
{
	return without_seccomp ? -ENOSYS : __real_seccomp_enter(opens, changes);
}

static void tell(const char *what, long result)
{
	printf("%s: %s\n", what, result < 0 ? strerrorname_np(errno) : "done");
}

static void try_files(const char *directory, const char *output)
{
	char path[4096], other[4096];

	snprintf(path, sizeof(path), "%s/there", directory);
	snprintf(other, sizeof(other), "%s/new", directory);
	tell("read /etc/passwd", open("/etc/passwd", O_RDONLY));
	tell("read a file", open(path, O_RDONLY));
	tell("write a file", open(path, O_WRONLY));
	tell("make a file", open(other, O_CREAT | O_WRONLY, 0600));
	tell("list a directory", open(directory, O_RDONLY | O_DIRECTORY));
	tell("link a file", link(path, other));
	tell("make a directory", mkdir(other, 0700));
	snprintf(path, sizeof(path), "%s/../elsewhere", directory);
	tell("link a file from elsewhere",
	     linkat(AT_FDCWD, path, AT_FDCWD, other, AT_SYMLINK_FOLLOW));
	if (output) {
		snprintf(other, sizeof(other), "%s.named", output);
		tell("link the output",
		     linkat(AT_FDCWD, output, AT_FDCWD, other, AT_SYMLINK_FOLLOW));
		snprintf(other, sizeof(other), "%s.done", output);
		tell("rename the output", rename(output, other));
		tell("remove the output", unlink(other));
	} else {
		snprintf(path, sizeof(path), "%s/there", directory);
		tell("remove a file", unlink(path));
	}
}

static void try_network(int tcp, const struct sockaddr_in *address)
{
	tell("connect an open TCP socket",
	     connect(tcp, (const struct sockaddr *)address, sizeof(*address)));
	tell("make a TCP socket", socket(AF_INET, SOCK_STREAM, 0));
	tell("make a UDP socket", socket(AF_INET, SOCK_DGRAM, 0));
	tell("make a unix socket", socket(AF_UNIX, SOCK_DGRAM, 0));
}

static void *thread(void *unused)
{
	return unused;
}

static void try_processes(void)
{
	char *arguments[] = { "true", NULL };
	pthread_t made;
	pid_t child;
	long err = pthread_create(&made, NULL, thread, NULL);

	errno = (int)err;
	tell("make a thread", err ? -1 : 0);
	if (!err)
		pthread_join(made, NULL);
	tell("signal the parent", kill(getppid(), SIGCONT));
	tell("trace", ptrace(PTRACE_SEIZE, getppid(), 0, 0));
	fflush(stdout);
	child = (pid_t)syscall(SYS_fork);
	if (!child)
		_exit(0);
	tell("fork", child);
	if (child > 0)
		waitpid(child, NULL, 0);
	tell("map code", mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1,
			      0) == MAP_FAILED
				 ? -1
				 : 0);
	tell("type into a terminal", ioctl(STDIN_FILENO, TIOCSTI, "x"));
	fflush(stdout);
	execve("/bin/true", arguments, arguments + 1);
	tell("execute", -1);
}

/* A port at which somebody listens. */
static int listen_somewhere(struct sockaddr_in *ret_address)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || bind(fd, (const struct sockaddr *)&address, len) || listen(fd, 1) ||
	    getsockname(fd, (struct sockaddr *)&address, &len))
		return -1;
	*ret_address = address;
	return fd;
}

int main(int argc, char **argv)
{
	struct sandbox_needs needs = { 0 };
	struct sockaddr_in address;
	int tcp;

	for (; argc > 1 && !strncmp(argv[1], "--", 2); argc--, argv++) {
		without_landlock |= !strcmp(argv[1], "--no-landlock");
		without_seccomp |= !strcmp(argv[1], "--no-seccomp");
	}
	tcp = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (argc < 2 || tcp < 0 || listen_somewhere(&address) < 0)
		return 2;
	needs.output = argc > 2 ? argv[2] : NULL;
	if (sandbox_enter(&needs))
		return 1;
	try_files(argv[1], needs.output);
	try_network(tcp, &address);
	try_processes();
	return 0;
}
