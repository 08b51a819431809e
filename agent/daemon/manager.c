/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One loop over signals, the control socket and the verdict process's events.
 */
#include "agent/daemon/manager_priv.h"

#include "agent/daemon/boot.h"
#include "agent/daemon/worker_queue.h"
#include "policy/base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#define EVENT_ROOM     (1024 * 1024)
#define EVENTS_AT_ONCE 256
#define LOOP_MS        500
/* A verdict process that dies younger than this is started again after a
 * pause, not at once. */
#define YOUNG_NS 1000000000ULL
#define RETRY_NS 500000000ULL
/* It says that it lives twice a second. */
#define HUNG_NS 3000000000ULL

static json_t *serve(void *ctx, const json_t *request,
		     const struct policy_files *files,
		     const struct server_peer *peer)
{
	struct manager *m = ctx;
	const char *cmd =
		json_string_value(json_object_get(request, "request"));

	manager_panic_learn(m);
	switch (control_request_find(cmd)) {
	case CONTROL_APPLY:
		return manager_apply(m, request, files, peer);
	case CONTROL_STATUS:
		return manager_status(m);
	case CONTROL_CONFIRM:
		return manager_confirm(m, request);
	case CONTROL_ROLLBACK:
		return manager_rollback(m, request, peer);
	case CONTROL_PANIC:
		return manager_panic(m, request, peer);
	case CONTROL_HISTORY:
		return manager_history(m);
	case CONTROL_COUNT:
		break;
	}
	return json_pack("{s:b, s:i, s:s}", "ok", 0, "exit", 2, "error",
			 "no such request");
}

/* --- the loop ------------------------------------------------------------ */

void manager_take_events(struct manager *m)
{
	size_t len = 0;

	for (unsigned i = 0; i < EVENTS_AT_ONCE; i++) {
		ssize_t n = recv(m->verdict.events, m->event_room + len,
				 EVENT_ROOM / 2, MSG_DONTWAIT);

		if (n <= 0)
			break;
		len += (size_t)n;
		if (len >= EVENT_ROOM / 2)
			break;
	}
	if (len)
		evelog_write(&m->log, m->event_room, len);
}

static void start_again(struct manager *m, uint64_t now)
{
	m->retry_ns = 0;
	m->restarts++;
	if (manager_start_verdict(m, m->policy, &m->verdict) == FW_OK) {
		manager_tell(m, REASON_AGENT_BACK,
			     "the verdict process runs again (pid %d) after %u "
			     "ms; %s undecided meanwhile: %" PRIu64 " packets",
			     (int)m->verdict.pid,
			     (unsigned)((steady_now() - m->died_ns) / 1000000),
			     m->policy->ir.fail_open ? "passed" : "dropped",
			     manager_undecided(m));
		return;
	}
	log_error("the verdict process does not start: %s", m->verdict.error);
	m->retry_ns = now + RETRY_NS;
}

static void reap(struct manager *m, uint64_t now)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		if (pid != m->verdict.pid)
			continue;
		m->verdict.pid = 0;
		if (WIFSIGNALED(status))
			manager_tell(
				m, REASON_AGENT_DIED,
				"the verdict process was killed by signal %d",
				WTERMSIG(status));
		else
			manager_tell(m, REASON_AGENT_DIED,
				     "the verdict process ended with status %d",
				     WEXITSTATUS(status));
		m->died_ns = now;
		manager_take_events(m);
		m->retry_ns = now;
		if (now - m->verdict.started_ns < YOUNG_NS)
			m->retry_ns = now + RETRY_NS;
		verdict_process_stop(&m->verdict);
	}
}

/* A queue that nobody serves any more decides nothing: the verdict process is
 * ended, and reap() has another one started. */
static void end_hung(struct manager *m, uint64_t now)
{
	uint64_t alive = stats_alive_oldest(m->stats);

	if (!m->verdict.pid || now - m->verdict.started_ns < HUNG_NS ||
	    alive + HUNG_NS > now)
		return;
	manager_tell(m, REASON_AGENT_HUNG,
		     "the verdict process hangs: it is ended");
	(void)kill(m->verdict.pid, SIGKILL);
}

static void take_signal(struct manager *m)
{
	struct signalfd_siginfo info;

	while (read(m->signals, &info, sizeof(info)) == sizeof(info)) {
		if (info.ssi_signo == SIGHUP)
			evelog_reopen(&m->log);
		else if (info.ssi_signo != SIGCHLD)
			m->stopping = true;
	}
}

static unsigned poll_fds(const struct manager *m,
			 struct pollfd fds[SERVER_CLIENTS + 4])
{
	int server[SERVER_CLIENTS + 1];
	unsigned n_server = server_fds(m->server, server), n = 0;

	fds[n++] = (struct pollfd){.fd = m->signals, .events = POLLIN};
	fds[n++] =
		(struct pollfd){.fd = m->verdict.pid ? m->verdict.events : -1,
				.events = POLLIN};
	fds[n++] = (struct pollfd){.fd = m->nft.events, .events = POLLIN};
	for (unsigned i = 0; i < n_server; i++)
		fds[n++] = (struct pollfd){.fd = server[i], .events = POLLIN};
	return n;
}

void manager_run(struct manager *m)
{
	struct pollfd fds[SERVER_CLIENTS + 4];

	(void)sd_notify(0, "READY=1");
	while (!m->stopping) {
		unsigned n = poll_fds(m, fds);
		int wait = m->retry_ns ? 50 : LOOP_MS;
		uint64_t now;

		(void)poll(fds, n, wait);
		now = steady_now();
		take_signal(m);
		reap(m, now);
		if (m->verdict.pid)
			manager_take_events(m);
		end_hung(m, now);
		if (m->retry_ns && now >= m->retry_ns && m->policy)
			start_again(m, now);
		manager_heal(m);
		manager_confirm_tick(m);
		manager_clock_tick(m, now);
		manager_counters_tick(m, now);
		server_serve(m->server, now);
		(void)sd_notify(0, "WATCHDOG=1");
	}
	(void)sd_notify(0, "STOPPING=1");
}

/* --- begin and end ------------------------------------------------------- */

/* One daemon per run directory. */
static enum fw_err take_lock(struct manager *m)
{
	char path[PATH_MAX], pid[32];
	ssize_t n;

	(void)snprintf(path, sizeof(path), "%s/fwagentd.pid", m->opt.run_dir);
	m->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
	if (m->lock < 0) {
		log_error("%s: %s", path, strerror(errno));
		return fw_err_of_errno(errno);
	}
	if (flock(m->lock, LOCK_EX | LOCK_NB) < 0) {
		n = read(m->lock, pid, sizeof(pid) - 1);
		pid[n > 0 ? n : 0] = '\0';
		pid[strcspn(pid, "\n")] = '\0';
		log_error("another fwagentd (pid %s) runs with %s", pid,
			  m->opt.run_dir);
		return FW_ERR_EXIST;
	}
	n = snprintf(pid, sizeof(pid), "%d\n", (int)getpid());
	if (ftruncate(m->lock, 0) < 0 || pwrite(m->lock, pid, (size_t)n, 0) < 0)
		log_warning("%s: %s", path, strerror(errno));
	return FW_OK;
}

static enum fw_err take_signals(struct manager *m)
{
	static const int wanted[] = {SIGTERM, SIGINT, SIGHUP, SIGCHLD};
	sigset_t set;

	(void)sigemptyset(&set);
	for (size_t i = 0; i < sizeof(wanted) / sizeof(*wanted); i++)
		(void)sigaddset(&set, wanted[i]);
	(void)sigprocmask(SIG_BLOCK, &set, NULL);
	(void)signal(SIGPIPE, SIG_IGN);
	m->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return m->signals < 0 ? fw_err_of_errno(errno) : FW_OK;
}

static enum fw_err open_all(struct manager *m)
{
	static _Thread_local char path[PATH_MAX];
	static _Thread_local char log_path[PATH_MAX];
	enum fw_err err = take_lock(m);

	if (err)
		return err;
	(void)snprintf(log_path, sizeof(log_path), "%s/eve.json",
		       m->opt.log_dir);
	m->stats = mmap(NULL, sizeof(*m->stats), PROT_READ | PROT_WRITE,
			MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	m->event_room = malloc(EVENT_ROOM);
	if (m->stats == MAP_FAILED || !m->event_room)
		return FW_ERR_NOMEM;
	/* Threads get what is blocked. */
	err = take_signals(m);
	if (err)
		return err;
	err = evelog_open(&m->log, log_path, m->stats);
	if (err) {
		log_error("%s: %s", log_path, fw_err_text(err));
		return err;
	}
	err = manager_open_nft(m);
	if (err)
		log_warning("the kernel's ruleset cannot be reached yet: %s",
			    fw_err_text(err));
	manager_start(m);
	(void)snprintf(path, sizeof(path), "%s/control.sock", m->opt.run_dir);
	err = server_new(path, serve, m, &m->server);
	if (err)
		log_error("%s: %s", path, fw_err_text(err));
	return err;
}

enum fw_err manager_new(const struct manager_options *options,
			struct manager **out_manager)
{
	struct manager *m = calloc(1, sizeof(*m));
	enum fw_err err;

	if (!m)
		return FW_ERR_NOMEM;
	m->opt = *options;
	m->lock = m->signals = m->log.fd = -1;
	m->nft = (struct nft){.fd = -1, .events = -1};
	m->store = (struct store){-1, -1};
	m->verdict.channel = m->verdict.events = -1;
	err = open_all(m);
	if (err) {
		manager_free(m);
		return err;
	}
	*out_manager = m;
	return FW_OK;
}

void manager_free(struct manager *m)
{
	if (!m)
		return;
	server_free(m->server);
	verdict_process_stop(&m->verdict);
	bindfile_close(&m->bindings);
	handshake_log_close(&m->handshakes);
	policy_free(m->policy);
	if (m->store_open)
		store_close(&m->store);
	json_decref(m->loaded);
	json_decref(m->panic);
	nft_counters_forget(&m->counters);
	nft_close(&m->nft);
	evelog_close(&m->log);
	free(m->event_room);
	if (m->stats && m->stats != MAP_FAILED)
		(void)munmap(m->stats, sizeof(*m->stats));
	if (m->signals >= 0)
		(void)close(m->signals);
	if (m->lock >= 0)
		(void)close(m->lock);
	free(m);
}
