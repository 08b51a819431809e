/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The order is: open everything (queues, kernel log, raw sockets), drop what
 * may be dropped, start the threads, say READY, then serve orders.
 */
#include "agent/daemon/worker.h"

#include "agent/binding/bindings.h"
#include "agent/daemon/boot.h"
#include "agent/daemon/channel.h"
#include "agent/daemon/priv.h"
#include "agent/daemon/worker_klog.h"
#include "agent/guess/guess.h"
#include "agent/kernel/ifname.h"
#include "agent/kernel/sysenv.h"
#include "policy/base/log.h"
#include "policy/marks.h"

#include <errno.h>
#include <malloc.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#define ANSWER_MS 5000
#define EVERY_MS  500

struct worker {
	const struct worker_options *opt;
	struct worker_shared shared;
	struct worker_klog klog;
	struct klog *log;
	struct worker_queue *queues[STATS_QUEUES];
	unsigned n_queues;
	const struct policy *policy; /* in use */
	struct policy *owned;        /* the same, when it is ours to free */
	struct policy *prepared;
	struct policy_file files[BUNDLE_FILES_MAX]; /* of the next policy */
	struct policy_files next;
	struct sysenv env; /* of the next policy */
};

static void say(struct worker *w, enum channel_kind kind, const char *text)
{
	if (channel_send(w->opt->channel, kind, str_of(text), ANSWER_MS))
		_exit(1);
}

static _Noreturn void give_up(struct worker *w, const char *text)
{
	say(w, CHANNEL_FAILED, text);
	_exit(1);
}

static void open_queues(struct worker *w)
{
	const struct ir *ir = &w->policy->ir;
	char text[200];

	if (!w->policy->ruleset.queues)
		return;
	for (unsigned i = 0; i < ir->queues && i < STATS_QUEUES; i++) {
		unsigned number = ir->queue + i;
		enum fw_err err = worker_queue_open(&w->shared, w->policy, i,
						    &w->queues[i]);

		if (err == FW_ERR_EXIST)
			(void)snprintf(text, sizeof(text),
				       "queue %u is held by another program "
				       "(/proc/net/netfilter/nfnetlink_queue "
				       "shows its port id); set gateway.queue "
				       "to a free one",
				       number);
		else if (err)
			(void)snprintf(text, sizeof(text),
				       "queue %u cannot be bound: %s; does the "
				       "kernel have "
				       "CONFIG_NETFILTER_NETLINK_QUEUE?",
				       number, fw_err_text(err));
		if (err)
			give_up(w, text);
		w->n_queues++;
	}
}

static void open_log(struct worker *w)
{
	uint16_t group = w->policy->ir.queue;
	char text[160];
	enum fw_err err = klog_open(group, &w->log);

	if (!err)
		return;
	(void)snprintf(
		text, sizeof(text), "log group %u %s", group,
		err == FW_ERR_EXIST
			? "is held by another program; set gateway.queue "
			  "to a free number (it names both)"
			: "cannot be bound; does the kernel have "
			  "CONFIG_NETFILTER_NETLINK_LOG?");
	/* Without it decisions fall all the same, but the kernel's own are
	 * not in the log: not what was promised. */
	give_up(w, text);
}

/* One pool of memory a thread that asks often.  The first one grows by large
 * steps, all others by a system call a page. */
static void share_memory(const struct worker *w)
{
	(void)mallopt(M_ARENA_MAX, (int)w->policy->ir.queues);
}

static void open_bindings(struct worker *w)
{
	const struct bindfile *file = &w->opt->bindings;

	if (!file->memory)
		return;
	w->shared.bindings = bindings_new(file->memory, file->size);
	if (!w->shared.bindings)
		give_up(w, fw_err_text(FW_ERR_NOMEM));
}

static void open_all(struct worker *w)
{
	open_bindings(w);
	w->shared.ifnames = ifname_open();
	if (w->shared.ifnames < 0 ||
	    inject_open(mark_value(w->policy->ir.marks, MARK_PASSED),
			&w->shared.inject) != FW_OK)
		give_up(w, "raw sockets cannot be opened: CAP_NET_RAW is "
			   "missing");
	open_queues(w);
	open_log(w);
}

/* The name of a file, whose bytes come next unless its list is known; both are
 * ours from now on. */
static void file_name(struct worker *w, struct str name)
{
	char hash[CHANNEL_HASH_LEN + 1] = "";

	if (w->next.n >= BUNDLE_FILES_MAX || name.len < CHANNEL_HASH_LEN)
		_exit(0);
	memcpy(hash, name.p, CHANNEL_HASH_LEN);
	w->files[w->next.n] = (struct policy_file){
		.name = strdup(name.p + CHANNEL_HASH_LEN),
		.hash = strtoull(hash, NULL, 16),
	};
	str_free(name);
	if (!w->files[w->next.n++].name)
		_exit(1);
}

static void file_bytes(struct worker *w, struct str bytes)
{
	if (w->next.n == 0)
		_exit(0);
	w->files[w->next.n - 1].bytes = bytes;
}

static void forget_files(struct worker *w)
{
	for (size_t i = 0; i < w->next.n; i++) {
		str_free(str_of(w->files[i].name));
		str_free(w->files[i].bytes);
	}
	w->next.n = 0;
}

static bool compile(struct worker *w, struct str text)
{
	const struct policy_input in = {.text = text,
					.text_name = "policy",
					.files = &w->next,
					.before = w->policy,
					.part = POLICY_RULES,
					.env = &w->env.env};
	bool done = policy_compile(&in, &w->prepared) == FW_OK;

	if (done) {
		policy_forget_files(w->prepared);
	} else {
		policy_free(w->prepared);
		w->prepared = NULL;
	}
	return done;
}

static void alive_without_queues(const struct worker *w)
{
	if (w->n_queues == 0)
		stats_alive(w->shared.stats, 0, steady_now());
}

static void prepare(struct worker *w, struct str text)
{
	bool done;

	policy_free(w->prepared);
	w->prepared = NULL;
	done = compile(w, text);
	forget_files(w);
	alive_without_queues(w);
	say(w, done ? CHANNEL_DONE : CHANNEL_FAILED,
	    done ? "" : "the policy did not compile");
}

static void commit(struct worker *w)
{
	if (!w->prepared) {
		say(w, CHANNEL_FAILED, "nothing was prepared");
		return;
	}
	rollup_tick(w->klog.rollup, UINT64_MAX, worker_tell, w->klog.tell);
	worker_tell_all(w->klog.tell);
	w->policy = w->prepared;
	for (unsigned i = 0; i < w->n_queues; i++)
		worker_queue_set_policy(w->queues[i], w->policy);
	w->klog.policy = w->policy;
	rollup_set_window(w->klog.rollup, worker_rollup_window(w->policy));
	policy_free(w->owned);
	w->owned = w->prepared;
	w->prepared = NULL;
	say(w, CHANNEL_DONE, "");
}

/* Of each flow, what the first engine says that remembers it. */
static void judge(struct worker *w, struct str bytes)
{
	size_t n = bytes.len / sizeof(struct engine_flow);
	struct engine_flow *flows = malloc(bytes.len + 1);
	uint8_t *answers = calloc(1, n + 1);

	if (!flows || !answers)
		_exit(1);
	memcpy(flows, bytes.p, bytes.len);
	for (unsigned i = 0; i < w->n_queues; i++)
		worker_queue_judge(w->queues[i], flows, answers, n);
	if (channel_send(w->opt->channel, CHANNEL_DONE, str_mem(answers, n),
			 ANSWER_MS))
		_exit(1);
	free(flows);
	free(answers);
}

static void serve_order(struct worker *w)
{
	enum channel_kind kind;
	struct str text;

	/* The manager is gone or speaks nonsense: so do we go. */
	if (channel_receive(w->opt->channel, &kind, &text, ANSWER_MS))
		_exit(0);
	if (kind == CHANNEL_FILE_NAME) {
		file_name(w, text);
		return;
	}
	if (kind == CHANNEL_FILE) {
		file_bytes(w, text);
		return;
	}
	if (kind == CHANNEL_ENV && sysenv_unpack(&w->env, text))
		_exit(0);
	if (kind == CHANNEL_PREPARE)
		prepare(w, text);
	else if (kind == CHANNEL_COMMIT)
		commit(w);
	else if (kind == CHANNEL_JUDGE)
		judge(w, text);
	str_free(text);
}

static void serve(struct worker *w)
{
	struct pollfd fds[2] = {{.fd = w->opt->channel, .events = POLLIN},
				{.fd = klog_fd(w->log), .events = POLLIN}};
	unsigned lost = 0;

	(void)poll(fds, 2, EVERY_MS);
	alive_without_queues(w);
	if (fds[0].revents)
		serve_order(w);
	if (klog_read(w->log, worker_klog_packet, &w->klog, &lost) != FW_OK) {
		log_error("the kernel log's socket failed: %s",
			  strerror(errno));
		_exit(1);
	}
	stats_add(w->shared.stats, STAT_KERNEL_LOST, lost);
	rollup_tick(w->klog.rollup, worker_now(), worker_tell, w->klog.tell);
	worker_tell_all(w->klog.tell);
}

void worker_run(const struct worker_options *options)
{
	static struct worker w;

	w = (struct worker){
		.opt = options,
		.policy = options->policy,
		.next = {w.files, 0},
		.shared = {.stats = options->stats, .events = options->events}};

	(void)prctl(PR_SET_NAME, "fwagent-verdict");
	(void)signal(SIGPIPE, SIG_IGN);
	w.klog = (struct worker_klog){
		.shared = &w.shared,
		.policy = options->policy,
		.tell = worker_tell_new(options->events, options->stats),
		.rollup = rollup_new(worker_rollup_window(options->policy))};
	if (!w.klog.rollup || !w.klog.tell)
		give_up(&w, fw_err_text(FW_ERR_NOMEM));
	share_memory(&w);
	open_all(&w);
	/* What it opens is not to be had later. */
	(void)guess_is_there();
	if (priv_drop(options->user) != FW_OK)
		give_up(&w, "capabilities cannot be dropped");
	stats_alive_forget(w.shared.stats);
	for (unsigned i = 0; i < w.n_queues; i++)
		if (worker_queue_start(w.queues[i]) != FW_OK)
			give_up(&w, "a thread cannot be started");
	stats_add(w.shared.stats, STAT_ENGINE_STARTS, 1);
	alive_without_queues(&w);
	say(&w, CHANNEL_READY, "");
	for (;;)
		serve(&w);
}
