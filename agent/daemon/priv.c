/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/daemon/priv.h"

#include "policy/base/log.h"

#include <cap-ng.h>
#include <errno.h>
#include <pwd.h>
#include <seccomp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

/* Everything else answers EPERM. */
static const char *const allowed_calls[] = {
	/* packets, verdicts, events, orders */
	"recvmsg",
	"recvmmsg",
	"recvfrom",
	"sendto",
	"sendmsg",
	"read",
	"write",
	"poll",
	"ppoll",
	"ioctl",
	"close",
	"writev",
	/* threads and their locks */
	"futex",
	"clone",
	"clone3",
	"set_robust_list",
	"rseq",
	"exit",
	"exit_group",
	"sched_yield",
	"sched_getaffinity",
	"gettid",
	"getpid",
	"tgkill",
	"rt_sigaction",
	"rt_sigprocmask",
	"rt_sigreturn",
	"restart_syscall",
	"sigaltstack",
	"prctl",
	/* memory and time */
	"mmap",
	"munmap",
	"mremap",
	"mprotect",
	"madvise",
	"brk",
	"clock_gettime",
	"gettimeofday",
	"clock_nanosleep",
	"nanosleep",
	"getrandom",
	/* what sanitizers and core dumps look at */
	"fstat",
	"newfstatat",
	"lseek",
	"fcntl",
	"getrusage",
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

static void filter_calls(void)
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ERRNO(EPERM));
	int err = ctx ? 0 : -ENOMEM;

	for (size_t i = 0;
	     !err && i < sizeof(allowed_calls) / sizeof(*allowed_calls); i++) {
		int call = seccomp_syscall_resolve_name(allowed_calls[i]);

		if (call != __NR_SCMP_ERROR)
			err = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, call, 0);
	}
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
	if (drop_capabilities(user) != FW_OK)
		return FW_ERR_PERM;
	(void)prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	(void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	filter_calls();
	return FW_OK;
}
