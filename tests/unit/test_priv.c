/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a verdict process could do that a stranger has taken over: each of it is
 * tried, in a process that has dropped what it may. */
#include "agent/daemon/priv.h"

#include "tests/unit/support.h"

#include <arpa/inet.h>
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static int udp = -1, pair[2]; /* opened before */

static long opens(void)
{
	return open("/etc/passwd", O_RDONLY);
}

static long writes_a_file(void)
{
	return open("/tmp/fwagent-test-priv", O_WRONLY | O_CREAT, 0600);
}

static long connects(void)
{
	struct sockaddr_in to = {
		.sin_family = AF_INET,
		.sin_port = htons(9),
		.sin_addr = {htonl(INADDR_LOOPBACK)},
	};

	return connect(udp, (struct sockaddr *)&to, sizeof(to));
}

static long executes(void)
{
	static char name[] = "true";
	static char *const argv[] = {name, NULL};

	return execve("/bin/true", argv, NULL);
}

static long traces(void)
{
	return ptrace(PTRACE_ATTACH, getppid(), 0, 0);
}

static long reads_memory(void)
{
	return syscall(SYS_process_vm_readv, getppid(), NULL, 0, NULL, 0, 0);
}

static long makes_a_socket(void)
{
	return socket(AF_INET, SOCK_STREAM, 0);
}

static long makes_a_raw_socket(void)
{
	return socket(AF_INET, SOCK_RAW, IPPROTO_RAW);
}

static long makes_netlink(void)
{
	return socket(AF_NETLINK, SOCK_RAW, NETLINK_NETFILTER);
}

static long accepts(void)
{
	return accept(udp, NULL, NULL);
}

static long forks(void)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	return pid;
}

static long kills(void)
{
	return kill(getppid(), 0);
}

static long signals_a_thread(void)
{
	return syscall(SYS_tgkill, getppid(), getppid(), 0);
}

static long runs_memory(void)
{
	void *p = mmap(NULL, 4096, PROT_READ | PROT_EXEC,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return p == MAP_FAILED ? -1 : 0;
}

static long makes_memory_run(void)
{
	void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return mprotect(p, 4096, PROT_READ | PROT_EXEC);
}

static long becomes_root(void)
{
	return setuid(0);
}

static long mounts(void)
{
	return mount("none", "/mnt", "tmpfs", 0, NULL);
}

static long changes_root(void)
{
	return chroot("/");
}

static long removes(void)
{
	return unlink("/tmp/fwagent-test-priv-none");
}

static long dumps_again(void)
{
	return prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
}

static long sets_an_address(void)
{
	char request[64] = "";

	return ioctl(udp, 0x8916 /* SIOCSIFADDR */, request);
}

static const struct attempt {
	const char *what;
	long (*try)(void);
} refused[] = {
	{"opens a file", opens},
	{"writes a file", writes_a_file},
	{"connects", connects},
	{"executes", executes},
	{"traces", traces},
	{"reads another's memory", reads_memory},
	{"makes a TCP socket", makes_a_socket},
	{"makes a raw socket", makes_a_raw_socket},
	{"makes a netlink socket", makes_netlink},
	{"accepts", accepts},
	{"forks", forks},
	{"kills", kills},
	{"signals another's thread", signals_a_thread},
	{"maps memory to be run", runs_memory},
	{"makes memory run", makes_memory_run},
	{"becomes root", becomes_root},
	{"mounts", mounts},
	{"changes its root", changes_root},
	{"removes a file", removes},
	{"lets itself be dumped", dumps_again},
	{"sets an address", sets_an_address},
};

static void *nothing(void *arg)
{
	return arg;
}

/* What it has to do goes on. */
static bool works(void)
{
	pthread_t thread;
	char c = 'x';

	return write(pair[0], &c, 1) == 1 && read(pair[1], &c, 1) == 1 &&
	       send(pair[0], &c, 1, 0) == 1 && recv(pair[1], &c, 1, 0) == 1 &&
	       pthread_create(&thread, NULL, nothing, NULL) == 0 &&
	       pthread_join(thread, NULL) == 0 &&
	       prctl(PR_SET_NAME, "dropped", 0, 0, 0) == 0;
}

/* A child that has dropped what it may says in `answers` what each attempt came
 * to (errno, 0: it was let), and whether it can still work. */
struct answers {
	int dropped;
	int errors[sizeof(refused) / sizeof(*refused)];
	bool works;
};

static void child(int to)
{
	struct answers a = {0};

	a.dropped = priv_drop("nobody");
	for (size_t i = 0; i < sizeof(refused) / sizeof(*refused); i++) {
		errno = 0;
		a.errors[i] = refused[i].try() < 0 ? errno : 0;
	}
	a.works = works();
	(void)!write(to, &a, sizeof(a));
	/* Until it was looked at. */
	(void)!read(to, &a, 1);
	_exit(0);
}

static pid_t start(struct answers *a, int *out_end)
{
	int ends[2];
	pid_t pid;

	udp = socket(AF_INET, SOCK_DGRAM, 0);
	ck_assert_int_ge(udp, 0);
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	pid = fork();
	if (pid == 0) {
		(void)close(ends[0]);
		child(ends[1]);
	}
	ck_assert_int_gt(pid, 0);
	(void)close(ends[1]);
	*out_end = ends[0];
	ck_assert_int_eq(read(ends[0], a, sizeof(*a)), sizeof(*a));
	return pid;
}

static void end(pid_t pid, int to)
{
	int status;

	(void)close(to);
	(void)close(udp);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFEXITED(status));
}

START_TEST(every_way_out_is_shut)
{
	struct answers a;
	int to;
	pid_t pid = start(&a, &to);

	for (size_t i = 0; i < sizeof(refused) / sizeof(*refused); i++)
		if (a.errors[i] != EPERM)
			ck_abort_msg("the verdict process %s: %s",
				     refused[i].what, strerror(a.errors[i]));
	ck_assert(a.works);
	end(pid, to);
}
END_TEST

/* The line of /proc/PID/NAME that begins with `key`, behind it. */
static void line_of(pid_t pid, const char *name, const char *key, char out[200])
{
	char path[64], line[200];
	FILE *f;

	(void)snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
	f = fopen(path, "r");
	ck_assert_ptr_nonnull(f);
	out[0] = '\0';
	while (fgets(line, sizeof(line), f))
		if (!strncmp(line, key, strlen(key)))
			memcpy(out, line + strlen(key),
			       strlen(line + strlen(key)) + 1);
	(void)fclose(f);
	out[strcspn(out, "\n")] = '\0';
}

START_TEST(the_kernel_says_so)
{
	static const struct {
		const char *name, *key, *want;
	} lines[] = {
		{"status", "CapEff:\t", "0000000000001000"},
		{"status", "CapPrm:\t", "0000000000001000"},
		{"status", "CapInh:\t", "0000000000000000"},
		{"status", "CapBnd:\t", "0000000000000000"},
		{"status", "CapAmb:\t", "0000000000000000"},
		{"status", "NoNewPrivs:\t", "1"},
		{"status", "Seccomp:\t", "2"},
		{"status", "Groups:\t", " "},
	};
	struct answers a;
	struct stat st;
	char seen[200], path[64];
	int to;
	pid_t pid;

	if (getuid() != 0)
		return; /* it cannot become somebody else */
	pid = start(&a, &to);
	ck_assert_int_eq(a.dropped, FW_OK);
	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++) {
		line_of(pid, lines[i].name, lines[i].key, seen);
		if (strcmp(seen, lines[i].want) != 0)
			ck_abort_msg("%s'%s'", lines[i].key, seen);
	}
	line_of(pid, "status", "Uid:\t", seen);
	ck_assert_int_ne(seen[0], '0');
	line_of(pid, "limits", "Max core file size", seen);
	ck_assert_int_eq(strtol(seen, NULL, 10), 0);
	/* What may not be dumped is not its own user's. */
	(void)snprintf(path, sizeof(path), "/proc/%d/mem", (int)pid);
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_uint_eq(st.st_uid, 0);
	end(pid, to);
}
END_TEST

/* How many of these calls were not refused; -1: nothing refuses them here. */
static int reaches_files(void)
{
	int reached = 0;

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || !priv_hide_files())
		return -1;
	reached += open("/etc/passwd", O_RDONLY) >= 0 || errno != EACCES;
	reached += mkdir("/tmp/fwagent-test-priv-dir", 0700) == 0 ||
		   errno != EACCES;
	reached += execl("/bin/true", "true", NULL) == 0 || errno != EACCES;
	return reached;
}

/* Without the filter of calls it stands alone: the kernel refuses by path. */
START_TEST(files_are_out_of_reach)
{
	int fd = open("/etc/passwd", O_RDONLY), status;
	pid_t pid;

	ck_assert_int_ge(fd, 0);
	(void)close(fd);
	pid = fork();
	ck_assert_int_ge(pid, 0);
	/* A sanitizer looks into /proc at an exit. */
	if (pid == 0)
		_exit(reaches_files());
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
}
END_TEST

static void add(TCase *tc)
{
	tcase_add_test(tc, every_way_out_is_shut);
	tcase_add_test(tc, the_kernel_says_so);
	tcase_add_test(tc, files_are_out_of_reach);
}

int main(void)
{
	return run_suite("priv", add);
}
