/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One loop over signals, the control socket and the verdict process's events.
 *
 * Putting a policy into force (apply): compile it; have a verdict process ready
 * for it (the running one prepares it, or a new one is started when the queues
 * differ); send the ruleset as one batch; only when the kernel took it, let the
 * verdict process use it, store it, and forget the old one.  Whatever fails
 * before that leaves all as it was.
 */
#include "agent/daemon/manager.h"

#include "agent/control/server.h"
#include "agent/daemon/evelog.h"
#include "agent/daemon/store.h"
#include "agent/daemon/verdict_process.h"
#include "agent/daemon/worker_queue.h"
#include "agent/kernel/nftapply.h"
#include "policy/backend.h"
#include "policy/base/log.h"

#include <errno.h>
#include <fcntl.h>
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
#define YOUNG_NS     1000000000ULL
#define RETRY_NS     500000000ULL
#define ERRORS_NAMED 20
/* It says that it lives twice a second. */
#define HUNG_NS 5000000000ULL

struct manager {
	struct manager_options opt;
	int lock, signals;
	struct server *server;
	struct evelog log;
	struct stats *stats;
	struct policy *policy; /* in force, or NULL */
	struct verdict_process verdict;
	enum queue_target queue;
	uint64_t since_ns; /* in force since */
	uint64_t retry_ns; /* start the verdict process then; 0: it runs */
	unsigned restarts;
	char *event_room;
	bool stopping;
};

/* --- putting a policy into force ------------------------------------------ */

/* What the answer to an apply is made of. */
struct apply {
	int exit; /* of fwctl */
	struct strbuf text;
};

static void refuse(struct apply *a, int status, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

static void refuse(struct apply *a, int status, const char *fmt, ...)
{
	char line[512];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	a->exit = status;
	strbuf_addf(&a->text, "%s\n", line);
}

static const struct nl_source *source_of(const struct nl_batch *batch,
					 const struct nft_error *e)
{
	static const struct nl_source whole = {.what = "the batch", .name = ""};

	if (e->seq < 1 || e->seq > batch->sources.n)
		return &whole;
	return &batch->sources.items[e->seq - 1];
}

/* One rule of a policy may stand in many chains: it is named once. */
static bool was_named(const struct nl_batch *batch,
		      const struct nft_errors *errors, size_t i)
{
	const struct nl_source *s = source_of(batch, &errors->items[i]);

	for (size_t j = 0; j < i; j++) {
		const struct nl_source *t = source_of(batch, &errors->items[j]);

		if (errors->items[j].errnum == errors->items[i].errnum &&
		    !strcmp(s->what, t->what) && !strcmp(s->name, t->name))
			return true;
	}
	return false;
}

/* The kernel's errors, by the rule or set that each stands for. */
static void explain_batch(struct apply *a, const struct nl_batch *batch,
			  const struct nft_errors *errors)
{
	size_t named = 0;

	if (errors->n == 0)
		refuse(a, 1, "the ruleset could not be sent to the kernel: %s",
		       strerror(errno));
	for (size_t i = 0; i < errors->n; i++) {
		const struct nl_source *s = source_of(batch, &errors->items[i]);

		if (was_named(batch, errors, i) || ++named > ERRORS_NAMED)
			continue;
		refuse(a, 1, "the kernel refuses %s '%s': %s", s->what, s->name,
		       nft_error_text(errors->items[i].errnum));
	}
	if (named > ERRORS_NAMED)
		refuse(a, 1, "and %zu more", named - ERRORS_NAMED);
}

static bool probe_queue(struct apply *a, const struct policy *p,
			enum queue_target *out)
{
	enum fw_err err = FW_OK;
	bool there;

	/* Without need of a queue: is there nf_tables at all? */
	if (p->ruleset.queues)
		err = nft_probe_queue(out);
	else if (nft_table_present(p->ruleset.table, &there) != FW_OK)
		err = FW_ERR_NOENT;
	if (err == FW_ERR_UNSUPPORTED)
		refuse(a, 1,
		       "this kernel cannot queue packets: it has neither nft's "
		       "own 'queue' (CONFIG_NFT_QUEUE) nor the xt target "
		       "(CONFIG_NETFILTER_XT_TARGET_NFQUEUE with "
		       "CONFIG_NFT_COMPAT)");
	else if (err == FW_ERR_NOENT)
		refuse(a, 1,
		       "this kernel has no nf_tables with family inet "
		       "(CONFIG_NF_TABLES, CONFIG_NF_TABLES_INET)");
	else if (err)
		refuse(a, 1, "the kernel cannot be asked for its queue: %s",
		       fw_err_text(err));
	return !err;
}

static bool same_queues(const struct policy *a, const struct policy *b)
{
	return a->ir.queue == b->ir.queue && a->ir.queues == b->ir.queues &&
	       a->ir.fail_open == b->ir.fail_open &&
	       a->ir.marks == b->ir.marks &&
	       a->ruleset.queues == b->ruleset.queues;
}

/* A verdict process that is ready for the policy: the running one, or with
 * other queues a new one in *fresh. */
static bool ready_verdict(struct manager *m, struct apply *a,
			  const struct policy *p, struct verdict_process *fresh)
{
	struct verdict_process *v = &m->verdict;
	enum fw_err err;

	if (v->pid && m->policy && same_queues(m->policy, p)) {
		err = verdict_process_prepare(
			v, str_mem(p->canonical.p, p->canonical.len));
	} else {
		/* Where a queue or the log group is shared with the old one,
		 * the old one must go first. */
		if (v->pid && m->policy && m->policy->ir.queue == p->ir.queue)
			verdict_process_stop(v);
		v = fresh;
		err = verdict_process_start(v, p, m->stats, m->opt.user);
	}
	if (err)
		refuse(a, 1, "%s", v->error[0] ? v->error : fw_err_text(err));
	return !err;
}

static bool send_ruleset(struct apply *a, struct policy *p,
			 enum queue_target queue)
{
	struct nl_batch batch;
	struct nft_errors errors;
	enum fw_err err = backend_nl(&p->ruleset, queue, 0, &p->arena, &batch);

	if (err) {
		refuse(a, 1, "%s", fw_err_text(err));
		return false;
	}
	err = nft_send(&batch, &errors);
	if (err)
		explain_batch(a, &batch, &errors);
	nl_batch_done(&batch);
	return !err;
}

/* The kernel has the new ruleset: now the rest follows. */
static void switch_over(struct manager *m, struct policy *p,
			struct verdict_process *fresh)
{
	if (fresh->pid) {
		verdict_process_stop(&m->verdict);
		m->verdict = *fresh;
	} else if (verdict_process_commit(&m->verdict) != FW_OK) {
		/* Rather none than one with the old rules. */
		log_error("%s: it is started anew", m->verdict.error);
		verdict_process_stop(&m->verdict);
		m->retry_ns = worker_now();
	}
	policy_free(m->policy);
	m->policy = p;
	m->since_ns = worker_now();
}

/* Takes `p`: it is in force or freed when this returns. */
static void put_in_force(struct manager *m, struct policy *p, struct apply *a)
{
	struct verdict_process fresh = {.channel = -1, .events = -1};
	enum queue_target queue = m->queue;
	bool done = probe_queue(a, p, &queue) &&
		    ready_verdict(m, a, p, &fresh) && send_ruleset(a, p, queue);

	if (!done) {
		verdict_process_stop(&fresh);
		policy_free(p);
		/* The old one was stopped to make room: have it back. */
		if (m->policy && !m->verdict.pid)
			m->retry_ns = worker_now();
		return;
	}
	m->queue = queue;
	m->retry_ns = 0;
	switch_over(m, p, &fresh);
}

static struct policy *compile(struct apply *a, const struct policy_input *in)
{
	struct policy *p;
	enum fw_err err = policy_compile(in, &p);

	if (!err)
		return p;
	a->exit = err == FW_ERR_POLICY ? 3 : 1;
	if (p && p->diags.all.n)
		diag_print(&p->diags, &a->text);
	else
		strbuf_addf(&a->text, "%s\n", fw_err_text(err));
	policy_free(p);
	return NULL;
}

static json_t *apply_answer(const struct manager *m, const struct apply *a)
{
	if (a->exit)
		return json_pack("{s:b, s:i, s:s}", "ok", 0, "exit", a->exit,
				 "error", strbuf_text(&a->text));
	return json_pack("{s:b, s:i, s:s, s:s}", "ok", 1, "exit", 0, "digest",
			 m->policy->digest, "warning", strbuf_text(&a->text));
}

static json_t *serve_apply(struct manager *m, const json_t *request,
			   const struct server_peer *peer)
{
	const json_t *text = json_object_get(request, "policy");
	struct apply a = {0};
	struct policy_input in = {.text_name = "policy"};
	struct policy *p;
	json_t *answer;
	enum fw_err err;

	if (!json_is_string(text))
		return json_pack("{s:b, s:i, s:s}", "ok", 0, "exit", 2, "error",
				 "the request holds no policy");
	strbuf_init(&a.text, 0);
	in.text = str_mem(json_string_value(text), json_string_length(text));
	p = compile(&a, &in);
	if (p)
		put_in_force(m, p, &a);
	if (!a.exit) {
		log_info("policy %s is in force, applied by uid %u",
			 m->policy->digest, (unsigned)peer->uid);
		err = store_save(m->opt.state_dir,
				 str_mem(m->policy->canonical.p,
					 m->policy->canonical.len));
		if (err)
			strbuf_addf(&a.text,
				    "in force, but not stored in %s (%s): it "
				    "will be gone after a restart\n",
				    m->opt.state_dir, fw_err_text(err));
	}
	answer = apply_answer(m, &a);
	strbuf_done(&a.text);
	return answer;
}

/* --- status -------------------------------------------------------------- */

static json_t *counters_json(const struct stats *s)
{
	json_t *o = json_object();

	for (enum stats_counter i = 0; i < STAT_COUNT; i++)
		json_object_set_new(o, stat_name(i),
				    json_integer((json_int_t)s->counters[i]));
	return o;
}

static json_t *reasons_json(const struct stats *s)
{
	json_t *o = json_object();

	for (enum reason r = 0; r < REASON_COUNT; r++)
		if (s->by_reason[r])
			json_object_set_new(
				o, reason_name(r),
				json_integer((json_int_t)s->by_reason[r]));
	return o;
}

/* Columns of /proc/net/netfilter/nfnetlink_queue for our queues: number, port
 * id, waiting, copy mode, copy range, dropped, user dropped, last id. */
static json_t *queues_json(const struct manager *m)
{
	FILE *f = fopen("/proc/net/netfilter/nfnetlink_queue", "re");
	json_t *list = json_array();
	unsigned v[8];
	char line[256];

	while (f && fgets(line, sizeof(line), f)) {
		char *at = line;
		size_t n = 0;

		for (char *end; n < 8; n++, at = end) {
			v[n] = (unsigned)strtoul(at, &end, 10);
			if (end == at)
				break;
		}
		if (n < 8 || v[0] < m->policy->ir.queue ||
		    v[0] >= (unsigned)m->policy->ir.queue +
				    m->policy->ir.queues)
			continue;
		json_array_append_new(
			list, json_pack("{s:i, s:I, s:I, s:I, s:I}", "number",
					(int)v[0], "waiting", (json_int_t)v[2],
					"dropped", (json_int_t)v[5],
					"user_dropped", (json_int_t)v[6],
					"packets", (json_int_t)v[7]));
	}
	if (f)
		(void)fclose(f);
	return list;
}

static json_t *serve_status(struct manager *m)
{
	uint64_t now = worker_now();
	json_t *o =
		json_pack("{s:b, s:i, s:s, s:I}", "ok", 1, "exit", 0, "version",
			  FWAGENT_VERSION, "pid", (json_int_t)getpid());
	uint64_t alive = __atomic_load_n(&m->stats->alive_ns, __ATOMIC_RELAXED);

	json_object_set_new(o, "counters", counters_json(m->stats));
	json_object_set_new(o, "reasons", reasons_json(m->stats));
	json_object_set_new(
		o, "engine",
		json_pack("{s:b, s:I, s:I, s:I}", "alive",
			  m->verdict.pid && now - alive < 3000000000ULL, "pid",
			  (json_int_t)m->verdict.pid, "restarts",
			  (json_int_t)m->restarts, "events_unwritten",
			  (json_int_t)m->log.lost));
	if (!m->policy)
		return o;
	json_object_set_new(
		o, "policy",
		json_pack("{s:s, s:s, s:s, s:s, s:I, s:i}", "digest",
			  m->policy->digest, "gateway", m->policy->ir.name,
			  "mode", m->policy->ir.observe ? "observe" : "enforce",
			  "fail", m->policy->ir.fail_open ? "open" : "closed",
			  "since", (json_int_t)(m->since_ns / 1000000000),
			  "rules", (int)m->policy->ir.n_all));
	json_object_set_new(o, "queue",
			    json_pack("{s:s, s:o}", "target",
				      !m->policy->ruleset.queues ? "none"
				      : m->queue == QUEUE_NATIVE ? "native"
								 : "xt",
				      "queues", queues_json(m)));
	return o;
}

static json_t *serve(void *ctx, const json_t *request,
		     const struct server_peer *peer)
{
	struct manager *m = ctx;
	const char *cmd =
		json_string_value(json_object_get(request, "request"));

	switch (control_request_find(cmd)) {
	case CONTROL_APPLY:
		return serve_apply(m, request, peer);
	case CONTROL_STATUS:
		return serve_status(m);
	case CONTROL_COUNT:
		break;
	}
	return json_pack("{s:b, s:i, s:s}", "ok", 0, "exit", 2, "error",
			 "no such request");
}

/* --- the loop ------------------------------------------------------------ */

static void take_events(struct manager *m)
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
	if (verdict_process_start(&m->verdict, m->policy, m->stats,
				  m->opt.user) == FW_OK) {
		log_info("the verdict process runs again (pid %d)",
			 (int)m->verdict.pid);
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
			log_error("the verdict process was killed by signal %d",
				  WTERMSIG(status));
		else
			log_error("the verdict process ended with status %d",
				  WEXITSTATUS(status));
		take_events(m);
		m->retry_ns = now;
		if (now - m->verdict.started_ns < YOUNG_NS)
			m->retry_ns = now + RETRY_NS;
		verdict_process_stop(&m->verdict);
	}
}

/* A verdict process that does not go round its loop any more decides nothing:
 * it is ended, and reap() has another one started. */
static void end_hung(const struct manager *m, uint64_t now)
{
	uint64_t alive = __atomic_load_n(&m->stats->alive_ns, __ATOMIC_RELAXED);

	if (!m->verdict.pid || now - m->verdict.started_ns < HUNG_NS ||
	    alive + HUNG_NS > now)
		return;
	log_error("the verdict process hangs: it is ended");
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
			 struct pollfd fds[SERVER_CLIENTS + 3])
{
	int server[SERVER_CLIENTS + 1];
	unsigned n_server = server_fds(m->server, server), n = 0;

	fds[n++] = (struct pollfd){.fd = m->signals, .events = POLLIN};
	fds[n++] =
		(struct pollfd){.fd = m->verdict.pid ? m->verdict.events : -1,
				.events = POLLIN};
	for (unsigned i = 0; i < n_server; i++)
		fds[n++] = (struct pollfd){.fd = server[i], .events = POLLIN};
	return n;
}

void manager_run(struct manager *m)
{
	struct pollfd fds[SERVER_CLIENTS + 3];

	(void)sd_notify(0, "READY=1");
	while (!m->stopping) {
		unsigned n = poll_fds(m, fds);
		int wait = m->retry_ns ? 50 : LOOP_MS;
		uint64_t now;

		(void)poll(fds, n, wait);
		now = worker_now();
		take_signal(m);
		reap(m, now);
		if (m->verdict.pid)
			take_events(m);
		end_hung(m, now);
		if (m->retry_ns && now >= m->retry_ns && m->policy)
			start_again(m, now);
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

/* The policy that was in force when we ended. */
static void load_stored(struct manager *m)
{
	char path[PATH_MAX];
	struct policy_input in = {.path = path};
	struct apply a = {0};
	struct policy *p;

	if (!store_find(m->opt.state_dir, path, sizeof(path))) {
		log_info("no policy yet: fwctl apply brings one");
		return;
	}
	strbuf_init(&a.text, 0);
	p = compile(&a, &in);
	if (p)
		put_in_force(m, p, &a);
	if (a.exit)
		log_error("%s is not in force: %s", path, strbuf_text(&a.text));
	else
		log_info("policy %s is in force, from %s", m->policy->digest,
			 path);
	strbuf_done(&a.text);
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
	err = evelog_open(&m->log, log_path);
	if (err) {
		log_error("%s: %s", log_path, fw_err_text(err));
		return err;
	}
	m->stats = mmap(NULL, sizeof(*m->stats), PROT_READ | PROT_WRITE,
			MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	m->event_room = malloc(EVENT_ROOM);
	if (m->stats == MAP_FAILED || !m->event_room)
		return FW_ERR_NOMEM;
	err = take_signals(m);
	if (err)
		return err;
	load_stored(m);
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
	policy_free(m->policy);
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
