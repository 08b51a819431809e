/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/daemon/priv.h"

#include "policy/base/log.h"

#include <cap-ng.h>
#include <errno.h>
#include <linux/landlock.h>
#include <linux/sockios.h>
#include <pwd.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

/* A system call that is allowed; with a mask where of argument `arg` the bits
 * in `mask` must be `value`. */
struct allowed_call {
	const char *name;
	unsigned arg;
	uint64_t mask, value;
};

#define EXACTLY UINT64_MAX

/* Everything else answers EPERM. */
static const struct allowed_call allowed_calls[] = {
	/* packets, verdicts, events, orders */
	{"recvmsg", 0, 0, 0},
	{"recvmmsg", 0, 0, 0},
	{"recvfrom", 0, 0, 0},
	{"sendto", 0, 0, 0},
	{"sendmsg", 0, 0, 0},
	{"read", 0, 0, 0},
	{"write", 0, 0, 0},
	{"writev", 0, 0, 0},
	{"poll", 0, 0, 0},
	{"ppoll", 0, 0, 0},
	{"close", 0, 0, 0},
	{"ioctl", 1, EXACTLY, SIOCGIFNAME},
	/* threads and their locks: no processes */
	{"clone", 0, CLONE_THREAD, CLONE_THREAD},
	{"futex", 0, 0, 0},
	{"set_robust_list", 0, 0, 0},
	{"rseq", 0, 0, 0},
	{"exit", 0, 0, 0},
	{"exit_group", 0, 0, 0},
	{"sched_yield", 0, 0, 0},
	{"sched_getaffinity", 0, 0, 0},
	{"gettid", 0, 0, 0},
	{"getpid", 0, 0, 0},
	{"rt_sigaction", 0, 0, 0},
	{"rt_sigprocmask", 0, 0, 0},
	{"rt_sigreturn", 0, 0, 0},
	{"restart_syscall", 0, 0, 0},
	{"sigaltstack", 0, 0, 0},
	{"prctl", 0, EXACTLY, PR_SET_NAME},
	/* memory, none of it to be run, and time */
	{"mmap", 2, PROT_EXEC, 0},
	{"mprotect", 2, PROT_EXEC, 0},
	{"munmap", 0, 0, 0},
	{"mremap", 0, 0, 0},
	{"madvise", 0, 0, 0},
	{"brk", 0, 0, 0},
	{"clock_gettime", 0, 0, 0},
	{"gettimeofday", 0, 0, 0},
	{"clock_nanosleep", 0, 0, 0},
	{"nanosleep", 0, 0, 0},
	{"getrandom", 0, 0, 0},
	/* what sanitizers and standard output look at */
	{"fstat", 0, 0, 0},
	{"newfstatat", 0, 0, 0},
	{"lseek", 0, 0, 0},
	{"fcntl", 0, 0, 0},
	{"getrusage", 0, 0, 0},
};

static enum fw_err drop_capabilities(const char *user)
{
	/* No thread has been started yet. */
	/* cppcheck-suppress getpwnamCalled */
	const struct passwd *pw = getpwnam(user);

	if (!pw)
		/* cppcheck-suppress getpwnamCalled */
		pw = getpwnam("nobody");
	capng_clear(CAPNG_SELECT_BOTH);
	(void)capng_update(CAPNG_ADD, CAPNG_EFFECTIVE | CAPNG_PERMITTED,
			   CAP_NET_ADMIN);
	if (pw && getuid() == 0) {
		if (capng_change_id((int)pw->pw_uid, (int)pw->pw_gid,
				    CAPNG_DROP_SUPP_GRP | CAPNG_CLEAR_BOUNDING))
			return FW_ERR_PERM;
	} else if (capng_apply(CAPNG_SELECT_CAPS)) {
		return FW_ERR_PERM;
	}
	return FW_OK;
}

/* Access rights that each version of Landlock knows, from 1 on. */
static const uint8_t landlock_rights[] = {13, 14, 15, 15, 16};

bool priv_hide_files(void)
{
	long version = syscall(SYS_landlock_create_ruleset, NULL, 0,
			       LANDLOCK_CREATE_RULESET_VERSION);
	long known = sizeof(landlock_rights) / sizeof(*landlock_rights);
	struct landlock_ruleset_attr attr;
	bool hidden;
	int fd;

	if (version < 1)
		return false;
	if (version > known)
		version = known;
	attr = (struct landlock_ruleset_attr){
		.handled_access_fs = (1ULL << landlock_rights[version - 1]) - 1,
	};
	/* All that is handled, and no rule that allows some of it. */
	fd = (int)syscall(SYS_landlock_create_ruleset, &attr, sizeof(attr), 0);
	if (fd < 0)
		return false;
	hidden = syscall(SYS_landlock_restrict_self, fd, 0) == 0;
	(void)close(fd);
	return hidden;
}

static int allow(scmp_filter_ctx ctx, const struct allowed_call *c)
{
	int call = seccomp_syscall_resolve_name(c->name);

	if (call == __NR_SCMP_ERROR)
		return 0;
	if (c->mask == 0)
		return seccomp_rule_add(ctx, SCMP_ACT_ALLOW, call, 0);
	return seccomp_rule_add(
		ctx, SCMP_ACT_ALLOW, call, 1,
		SCMP_CMP(c->arg, SCMP_CMP_MASKED_EQ, c->mask, c->value));
}

static int allow_all(scmp_filter_ctx ctx)
{
	int err = 0;

	for (size_t i = 0;
	     !err && i < sizeof(allowed_calls) / sizeof(*allowed_calls); i++)
		err = allow(ctx, &allowed_calls[i]);
	/* To abort(), and to nobody else. */
	if (!err)
		err = seccomp_rule_add(
			ctx, SCMP_ACT_ALLOW, SCMP_SYS(tgkill), 1,
			SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)getpid()));
	/* Its flags cannot be looked at: the C library then takes clone. */
	if (!err)
		err = seccomp_rule_add(ctx, SCMP_ACT_ERRNO(ENOSYS),
				       SCMP_SYS(clone3), 0);
	return err;
}

static void filter_calls(void)
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ERRNO(EPERM));
	int err = ctx ? allow_all(ctx) : -ENOMEM;

	if (!err)
		err = seccomp_load(ctx);
	if (err)
		log_warning("no system call filter for the verdict process: %s",
			    strerror(-err));
	if (ctx)
		seccomp_release(ctx);
}

enum fw_err priv_drop(const char *user)
{
	const struct rlimit none = {0, 0};

	if (drop_capabilities(user) != FW_OK)
		return FW_ERR_PERM;
	/* Forgotten with the user that it was.  Without a manager there is no
	 * log: then rather no decisions. */
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	(void)prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	/* Nobody reads packets in a core dump. */
	(void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	(void)setrlimit(RLIMIT_CORE, &none);
	if (!priv_hide_files())
		log_warning("no Landlock for the verdict process: %s",
			    strerror(errno));
	filter_calls();
	return FW_OK;
}
