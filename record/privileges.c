// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "record/privileges.h"

#include "record/say.h"
#include "record/user.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/capability.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#define BPF_DISABLED "/proc/sys/kernel/unprivileged_bpf_disabled"
#define BIT(capability) (UINT64_C(1) << (capability))

struct sets {
	uint64_t effective, permitted, inheritable;
};

static int get_sets(struct sets *ret_sets)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = { 0 };

	if (syscall(SYS_capget, &header, data))
		return -errno;
	*ret_sets = (struct sets){
		.effective = data[0].effective | (uint64_t)data[1].effective << 32,
		.permitted = data[0].permitted | (uint64_t)data[1].permitted << 32,
		.inheritable = data[0].inheritable | (uint64_t)data[1].inheritable << 32,
	};
	return 0;
}

static int set_sets(const struct sets *sets)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	const struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {
		{ (uint32_t)sets->effective, (uint32_t)sets->permitted,
		  (uint32_t)sets->inheritable },
		{ (uint32_t)(sets->effective >> 32), (uint32_t)(sets->permitted >> 32),
		  (uint32_t)(sets->inheritable >> 32) },
	};

	return syscall(SYS_capset, &header, data) ? -errno : 0;
}

bool privileges_has(unsigned int capability)
{
	struct sets sets;

	return !get_sets(&sets) && sets.effective & BIT(capability);
}

/*
 * What could come back by executing something. Without CAP_SETPCAP the bounding set
 * stays as it is, and no_new_privs alone makes it worthless.
 */
static int close_ways_back(void)
{
	for (unsigned long capability = 0; capability < 64; capability++)
		if (prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) && errno == EINVAL)
			break; /* there are no more */
	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) ||
	    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return -errno;
	return 0;
}

static int become(const struct user *user)
{
	int err;

	if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0))
		return -errno;
	err = user_become(user);
	if (prctl(PR_SET_KEEPCAPS, 0, 0, 0, 0))
		return err ?: -errno;
	return err;
}

int privileges_keep(uint64_t capabilities, const struct user *user)
{
	struct sets sets;
	int err = close_ways_back();

	if (!err && user)
		err = become(user);
	if (!err)
		err = get_sets(&sets);
	if (err)
		return err;
	sets.permitted &= capabilities;
	sets.effective = sets.permitted;
	sets.inheritable = 0;
	return set_sets(&sets);
}

/*
 * Before 5.19 (c8644cd0efe7) nothing could be done with a map without CAP_BPF,
 * not even by its descriptor, where kernel.unprivileged_bpf_disabled is set. Where it is
 * not, it can be at any time: then the release tells.
 */
static bool is_before_5_19(void)
{
	struct utsname names;
	unsigned int major, minor;

	return uname(&names) || sscanf(names.release, "%u.%u", &major, &minor) != 2 || major < 5 ||
	       (major == 5 && minor < 19);
}

static bool is_bpf_for_all(void)
{
	int fd = open(BPF_DISABLED, O_RDONLY | O_CLOEXEC);
	char value = 0;

	if (fd < 0)
		return false;
	if (read(fd, &value, 1) != 1)
		value = 0;
	close(fd);
	return value == '0';
}

/* With nothing in effect but still permitted: may a map be read? */
static bool may_read(int map_fd)
{
	uint32_t key = 0, value;

	if (is_bpf_for_all() && is_before_5_19())
		return false;
	return bpf_map_lookup_elem(map_fd, &key, &value) == 0;
}

/* As may_read(): may a file be made beside that one? */
static bool may_make(const char *beside)
{
	const char *slash = strrchr(beside, '/');
	char directory[PATH_MAX];
	int n = slash ? snprintf(directory, sizeof(directory), "%.*s",
				 (int)(slash - beside) + (slash == beside), beside)
		      : snprintf(directory, sizeof(directory), ".");

	return n >= (int)sizeof(directory) ||
	       !faccessat(AT_FDCWD, directory, W_OK | X_OK, AT_EACCESS);
}

/* Let go what is not needed to read maps and to make files. */
static int drop_unneeded(int map_fd, const char *beside)
{
	struct sets sets;
	int err = get_sets(&sets);

	if (err)
		return err;
	sets.effective = 0;
	err = set_sets(&sets);
	if (err)
		return err;
	if (may_read(map_fd))
		sets.permitted &= BIT(CAP_DAC_OVERRIDE);
	if (!beside || may_make(beside))
		sets.permitted &= ~BIT(CAP_DAC_OVERRIDE);
	sets.effective = sets.permitted;
	return set_sets(&sets);
}

/* CAP_SYS_ADMIN stands in for CAP_BPF. */
static uint64_t needed(const char *run_as, const char *beside)
{
	uint64_t capabilities = BIT(privileges_has(CAP_BPF) ? CAP_BPF : CAP_SYS_ADMIN);

	return beside && !run_as ? capabilities | BIT(CAP_DAC_OVERRIDE) : capabilities;
}

static int give_up(const char *run_as, const char *beside, const struct user *user)
{
	int map_fd = bpf_map_create(BPF_MAP_TYPE_ARRAY, NULL, sizeof(uint32_t), sizeof(uint32_t), 1,
				    NULL);
	int err;

	if (map_fd < 0)
		return map_fd;
	err = privileges_keep(needed(run_as, beside), user);
	if (!err)
		err = drop_unneeded(map_fd, beside);
	close(map_fd);
	return err;
}

int privileges_find_user(const char *run_as, struct user **ret_user)
{
	struct user *user = NULL;
	int err = run_as ? user_find(run_as, &user) : 0;

	if (err == -ENOENT) {
		say("--relinquish-privileges %s: there is no such user in /etc/passwd", run_as);
	} else if (err) {
		say("--relinquish-privileges %s: %s", run_as, strerror(-err));
	} else if (user && !user_is_own(user) &&
		   !(privileges_has(CAP_SETUID) && privileges_has(CAP_SETGID))) {
		say("--relinquish-privileges %s: becoming another user needs CAP_SETUID and "
		    "CAP_SETGID",
		    run_as);
		user_free(user);
		err = -EPERM;
	}
	if (!err)
		*ret_user = user;
	return err;
}

/* As that user would: 0 or -errno. */
static int try_to_make(const struct user *user, const char *beside)
{
	pid_t pid = fork();
	int status;

	if (pid < 0)
		return -errno;
	if (!pid)
		_exit(user_become(user) ? EPERM : may_make(beside) ? 0 : errno);
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	return WIFEXITED(status) ? -WEXITSTATUS(status) : -EINTR;
}

int privileges_check(const char *run_as, const char *beside)
{
	struct user *user;
	int err = privileges_find_user(run_as, &user);

	if (err || !user)
		return err;
	err = beside ? try_to_make(user, beside) : 0;
	if (err)
		say("--relinquish-privileges %s: that user can make no files beside %s: %s", run_as,
		    beside, strerror(-err));
	user_free(user);
	return err;
}

void privileges_give(const char *run_as, int fd, const char *name)
{
	struct user *user = NULL;
	int err = run_as ? user_find(run_as, &user) : 0;

	if (!err && user && !user_is_own(user))
		err = user_give(user, fd);
	user_free(user);
	if (err)
		say("%s stays whose it is, and %s may be unable to delete it: %s", name, run_as,
		    strerror(-err));
}

int privileges_drop(const char *run_as, const char *beside)
{
	struct user *user;
	int err = privileges_find_user(run_as, &user);

	if (err)
		return err;
	err = give_up(run_as, beside, user);
	user_free(user);
	if (err)
		say("giving up privileges: %s", strerror(-err));
	return err;
}
