/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The system calls that are left. All others fail with ENOSYS, as on a kernel that has not
 * got them, so that libc does with an older call what it would do with a newer one.
 */
#include "analyze/sandbox_kernel.h"

#include <asm/termbits.h> /* not termios.h: what the numbers of ioctls are made of */
#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define N(calls) (sizeof(calls) / sizeof((calls)[0]))

/* Memory, threads, time, signals to itself, and what is open already. */
static const int always[] = {
	SCMP_SYS(read),
	SCMP_SYS(readv),
	SCMP_SYS(pread64),
	SCMP_SYS(write),
	SCMP_SYS(writev),
	SCMP_SYS(pwrite64),
	SCMP_SYS(lseek),
	SCMP_SYS(_llseek),
	SCMP_SYS(close),
	SCMP_SYS(fstat),
	SCMP_SYS(fstat64),
	SCMP_SYS(newfstatat),
	SCMP_SYS(fstatat64),
	SCMP_SYS(statx),
	SCMP_SYS(fsync),
	SCMP_SYS(fdatasync),
	SCMP_SYS(ftruncate),
	SCMP_SYS(ftruncate64),
	SCMP_SYS(poll),
	SCMP_SYS(ppoll),
	SCMP_SYS(ppoll_time64),
	SCMP_SYS(brk),
	SCMP_SYS(munmap),
	SCMP_SYS(mremap),
	SCMP_SYS(madvise),
	SCMP_SYS(memfd_create),
	SCMP_SYS(futex),
	SCMP_SYS(futex_time64),
	SCMP_SYS(set_robust_list),
	SCMP_SYS(rseq),
	SCMP_SYS(sched_yield),
	SCMP_SYS(sched_getaffinity),
	SCMP_SYS(exit),
	SCMP_SYS(exit_group),
	SCMP_SYS(rt_sigaction),
	SCMP_SYS(rt_sigprocmask),
	SCMP_SYS(rt_sigreturn),
	SCMP_SYS(sigreturn),
	SCMP_SYS(sigaltstack),
	SCMP_SYS(restart_syscall),
	SCMP_SYS(getpid),
	SCMP_SYS(gettid),
	SCMP_SYS(clock_gettime),
	SCMP_SYS(clock_gettime64),
	SCMP_SYS(clock_getres),
	SCMP_SYS(clock_nanosleep),
	SCMP_SYS(clock_nanosleep_time64),
	SCMP_SYS(nanosleep),
	SCMP_SYS(gettimeofday),
	SCMP_SYS(time),
	SCMP_SYS(getrandom),
	SCMP_SYS(sysinfo),
	SCMP_SYS(getrusage),
	SCMP_SYS(wait4), /* for who names the output */
	SCMP_SYS(waitpid),
	SCMP_SYS(waitid),
};

/* Where names have to change: output in its place, or what SQLite does to a database. */
static const int changing[] = {
	SCMP_SYS(rename), SCMP_SYS(renameat), SCMP_SYS(renameat2),
	SCMP_SYS(unlink), SCMP_SYS(unlinkat),
};

/* What SQLite does to a file that it knows by name. */
static const int opening[] = {
	SCMP_SYS(open),	      SCMP_SYS(openat),	   SCMP_SYS(access),	 SCMP_SYS(faccessat),
	SCMP_SYS(faccessat2), SCMP_SYS(stat),	   SCMP_SYS(lstat),	 SCMP_SYS(stat64),
	SCMP_SYS(lstat64),    SCMP_SYS(readlink),  SCMP_SYS(readlinkat), SCMP_SYS(getcwd),
	SCMP_SYS(geteuid),    SCMP_SYS(geteuid32), SCMP_SYS(fchown),	 SCMP_SYS(fchown32),
	SCMP_SYS(fchmod),
};

/* The checker of leaks, in builds with it, stops the program from a process of its own. */
static const int sanitizing[] = {
	SCMP_SYS(clone),    SCMP_SYS(ptrace),	SCMP_SYS(prctl),      SCMP_SYS(openat),
	SCMP_SYS(open),	    SCMP_SYS(readlink), SCMP_SYS(getdents64), SCMP_SYS(getdents),
	SCMP_SYS(kill),	    SCMP_SYS(tgkill),	SCMP_SYS(getppid),    SCMP_SYS(process_vm_readv),
	SCMP_SYS(mprotect), SCMP_SYS(mmap),	SCMP_SYS(prlimit64),  SCMP_SYS(getrlimit),
};

static int allow(scmp_filter_ctx filter, const int *calls, size_t n)
{
	int err = 0;

	for (size_t i = 0; i < n && !err; i++)
		err = seccomp_rule_add(filter, SCMP_ACT_ALLOW, calls[i], 0);
	return err;
}

/* A call with one argument that must be this, of the bits that count. */
static int allow_bits(scmp_filter_ctx filter, int call, unsigned int argument, uint64_t mask,
		      uint64_t value)
{
	return seccomp_rule_add(filter, SCMP_ACT_ALLOW, call, 1,
				SCMP_CMP64(argument, SCMP_CMP_MASKED_EQ, mask, value));
}

static int allow_value(scmp_filter_ctx filter, int call, unsigned int argument, uint64_t value)
{
	/* arguments that are int: what stands in the upper half is nobody's */
	return allow_bits(filter, call, argument, UINT32_MAX, value);
}

/* Locks and copies of what is open; sizes of terminals, but nothing that types into them. */
static int allow_on_files(scmp_filter_ctx filter)
{
	static const int fcntls[] = { F_GETFD, F_SETFD, F_GETFL, F_DUPFD_CLOEXEC,
				      F_GETLK, F_SETLK, F_SETLKW };
	static const unsigned long ioctls[] = {
		TCGETS, /* isatty() and tcgetattr() */
#ifdef TCGETS2
		TCGETS2, /* the same, since glibc 2.42 */
#endif
		TIOCGWINSZ,
	};
	int err = 0;

	for (size_t i = 0; i < N(fcntls) && !err; i++) {
		err = allow_value(filter, SCMP_SYS(fcntl), 1, (uint64_t)fcntls[i]);
		if (!err)
			err = allow_value(filter, SCMP_SYS(fcntl64), 1, (uint64_t)fcntls[i]);
	}
	for (size_t i = 0; i < N(ioctls) && !err; i++)
		err = allow_value(filter, SCMP_SYS(ioctl), 1, ioctls[i]);
	return err;
}

/* No memory that can be executed, no processes, no signals to others. */
static int allow_within(scmp_filter_ctx filter)
{
	int err = allow_bits(filter, SCMP_SYS(mmap), 2, PROT_EXEC, 0);

	if (!err)
		err = allow_bits(filter, SCMP_SYS(mmap2), 2, PROT_EXEC, 0);
	if (!err)
		err = allow_bits(filter, SCMP_SYS(mprotect), 2, PROT_EXEC, 0);
	if (!err)
		err = allow_bits(filter, SCMP_SYS(clone), 0, CLONE_VM | CLONE_THREAD,
				 CLONE_VM | CLONE_THREAD);
	if (!err)
		err = allow_value(filter, SCMP_SYS(tgkill), 0, (uint64_t)getpid());
	if (!err)
		err = allow_value(filter, SCMP_SYS(prlimit64), 0, 0);
	return err;
}

static int fill(scmp_filter_ctx filter, bool opens, bool changes)
{
	int err = allow(filter, always, N(always));

	if (!err)
		err = allow_on_files(filter);
	if (!err)
		err = allow_within(filter);
	if (!err && changes)
		err = allow(filter, changing, N(changing));
	if (!err && changes) /* a name for a file that has none, by its descriptor */
		err = allow_value(filter, SCMP_SYS(linkat), 4, AT_SYMLINK_FOLLOW);
	if (!err && opens)
		err = allow(filter, opening, N(opening));
	if (!err && SANDBOX_SANITIZED)
		err = allow(filter, sanitizing, N(sanitizing));
	return err;
}

bool seccomp_is_there(void)
{
	uint32_t action = SECCOMP_RET_ERRNO;

	return !syscall(__NR_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) ||
	       /* before 4.14 nobody can ask so; with no filter at all, this is not its complaint */
	       (errno == EINVAL && prctl(PR_GET_SECCOMP, 0, 0, 0, 0) >= 0 &&
		prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, NULL, 0, 0) && errno == EFAULT);
}

/* Not before 4.17, nor where something else answers in the kernel's place (gVisor). */
static bool can_keep_speculation(void)
{
	return syscall(__NR_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_SPEC_ALLOW,
		       NULL) &&
	       errno == EFAULT;
}

/* What the library says of any error is ECANCELED, unless it is asked for the kernel's own. */
static int load(scmp_filter_ctx filter)
{
	int err = seccomp_attr_set(filter, SCMP_FLTATR_API_SYSRAWRC, 1);

	if (!err)
		err = seccomp_load(filter);
	return err == -EINVAL || err == -EFAULT || err == -ECANCELED ? -ENOSYS : err;
}

int seccomp_enter(bool opens, bool changes)
{
	scmp_filter_ctx filter;
	int err;

	if (!seccomp_is_there())
		return -ENOSYS;
	filter = seccomp_init(SCMP_ACT_ERRNO(ENOSYS));
	if (!filter)
		return -ENOMEM;
	/* before 5.16 a filter slows all code down, against code that reads its own process's memory */
	err = can_keep_speculation() ? seccomp_attr_set(filter, SCMP_FLTATR_CTL_SSB, 1) : 0;
	if (!err)
		err = fill(filter, opens, changes);
	if (!err)
		err = load(filter);
	seccomp_release(filter);
	return err;
}
