/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Putting a policy into force, in manager_put_in_force(): have a verdict
 * process ready for it (the running one prepares it, or a new one is started
 * when the queues differ); have it in the store; send the ruleset as one batch;
 * only when the kernel took it, let the verdict process use it, and forget the
 * old one.  Whatever fails before that leaves all as it was.
 */
#include "agent/daemon/manager_priv.h"

#include "agent/daemon/aside.h"
#include "agent/daemon/boot.h"
#include "agent/daemon/lockout.h"
#include "agent/daemon/sweep.h"
#include "agent/daemon/worker_queue.h"
#include "agent/kernel/nftapply.h"
#include "policy/base/log.h"
#include "policy/marks.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Of fwctl. */
#define EXIT_LOCKOUT 5

void answer_refuse(struct answer *a, int status, const char *fmt, ...)
{
	char line[512];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	a->exit = status;
	strbuf_addf(&a->text, "%s\n", line);
}

json_t *answer_end(struct answer *a)
{
	json_t *o = json_pack("{s:b, s:i, s:s}", "ok", a->exit == 0, "exit",
			      a->exit, a->exit ? "error" : "warning",
			      strbuf_text(&a->text));

	strbuf_done(&a->text);
	return o;
}

enum fw_err manager_open_nft(struct manager *m)
{
	enum fw_err err = FW_OK;

	if (m->nft.fd >= 0)
		return FW_OK;
	err = nft_open(&m->nft);
	if (err)
		return err;
	if (!m->opt.leave_open)
		err = nft_probe_owner(&m->nft, &m->table_flags);
	if (err) {
		nft_close(&m->nft);
		return err;
	}
	/* The kernel makes an event of every element that anybody loads, in
	 * whatever network namespace, as soon as one listens anywhere: who need
	 * not, does not. */
	nft_listen(&m->nft, !m->table_flags);
	return FW_OK;
}

bool manager_probe_queue(struct manager *m, struct answer *a,
			 const struct policy *p, enum queue_target *out)
{
	enum fw_err err;
	bool there;

	/* What is in force shows it; the kernel takes long to be asked. */
	if (m->policy && m->policy->ruleset.queues) {
		*out = m->queue;
		return true;
	}
	/* Its module may have been loaded since the start. */
	err = manager_open_nft(m) ? FW_ERR_NOENT : FW_OK;

	/* Without need of a queue: is there nf_tables at all? */
	if (!err && p->ruleset.queues)
		err = nft_probe_queue(&m->nft, out);
	else if (!err && nft_table_present(&m->nft, p->ruleset.table, &there))
		err = FW_ERR_NOENT;
	if (err == FW_ERR_UNSUPPORTED)
		answer_refuse(
			a, 1,
			"this kernel cannot queue packets: it has neither "
			"nft's "
			"own 'queue' (CONFIG_NFT_QUEUE) nor the xt target "
			"(CONFIG_NETFILTER_XT_TARGET_NFQUEUE with "
			"CONFIG_NFT_COMPAT)");
	else if (err == FW_ERR_NOENT)
		answer_refuse(a, 1,
			      "this kernel has no nf_tables with family inet "
			      "(CONFIG_NF_TABLES, CONFIG_NF_TABLES_INET)");
	else if (err)
		answer_refuse(a, 1,
			      "the kernel cannot be asked for its queue: %s",
			      fw_err_text(err));
	return !err;
}

static bool same_queues(const struct policy *a, const struct policy *b)
{
	return a->ir.queue == b->ir.queue && a->ir.queues == b->ir.queues &&
	       a->ir.fail_open == b->ir.fail_open &&
	       a->ir.marks == b->ir.marks && !a->ir.binding == !b->ir.binding &&
	       a->ruleset.queues == b->ruleset.queues;
}

enum fw_err manager_start_verdict(struct manager *m, const struct policy *p,
				  struct verdict_process *out)
{
	struct worker_options with = {
		.policy = p, .stats = m->stats, .user = m->opt.user};
	enum fw_err err = FW_OK;

	if (p->ir.binding && !m->bindings.memory)
		err = bindfile_open(m->opt.state_dir, &m->bindings);
	if (err)
		return err;
	if (p->ir.binding)
		with.bindings = m->bindings;
	if (p->ruleset.queues) {
		uint16_t group = ir_answer_group(&p->ir);

		err = handshake_log_open(&m->handshakes, group);
		if (err) {
			handshake_log_trouble(group, err, out->error,
					      sizeof(out->error));
			return err;
		}
		with.handshakes = m->handshakes;
	}
	return verdict_process_start(out, &with);
}

/* What a policy without it has no use for. */
static void forget_bindings(struct manager *m)
{
	if (m->policy->ir.binding)
		return;
	bindfile_close(&m->bindings);
	bindfile_remove(m->opt.state_dir);
}

struct preparation {
	struct manager *m;
	const struct policy *p;
	enum fw_err err;
};

static void prepare(void *arg)
{
	struct preparation *w = arg;

	w->err = verdict_process_prepare(&w->m->verdict, w->p, w->m->policy,
					 &w->m->env);
}

/* A verdict process that is ready for the policy: the running one, or with
 * other queues a new one in *fresh. */
static bool ready_verdict(struct manager *m, struct answer *a,
			  const struct policy *p, struct verdict_process *fresh)
{
	struct verdict_process *v = &m->verdict;
	enum fw_err err;

	if (v->pid && m->policy && same_queues(m->policy, p)) {
		struct preparation w = {.m = m, .p = p};

		manager_aside(m, prepare, &w);
		err = w.err;
	} else {
		/* Where a queue or the log group is shared with the old one,
		 * the old one must go first. */
		if (v->pid && m->policy && m->policy->ir.queue == p->ir.queue)
			verdict_process_stop(v);
		v = fresh;
		err = manager_start_verdict(m, p, v);
	}
	if (err)
		answer_refuse(a, 1, "%s",
			      v->error[0] ? v->error : fw_err_text(err));
	return !err;
}

/* The kernel has the new ruleset: now the rest follows. */
static void switch_over(struct manager *m, const struct transition *t,
			struct verdict_process *fresh)
{
	if (fresh->pid) {
		verdict_process_stop(&m->verdict);
		m->verdict = *fresh;
	} else if (verdict_process_commit(&m->verdict) != FW_OK) {
		/* Rather none than one with the old rules. */
		log_error("%s: it is started anew", m->verdict.error);
		verdict_process_stop(&m->verdict);
		m->retry_ns = steady_now();
	}
	m->policy = t->policy;
	m->generation = t->generation;
	if (store_get(&m->store, t->generation, &m->record))
		m->record = t->record;
	m->since_ns = worker_now();
	forget_bindings(m);
	m->utc_offset = m->env.env.utc_offset;
}

/* What goes on under the old policy and must not under the new. */
static void cut_refused(struct manager *m, const struct policy *old)
{
	struct sweep s = {.old = old,
			  .now = m->policy,
			  .verdict = &m->verdict,
			  .log = &m->log,
			  .stats = m->stats};

	sweep_run(&s);
	if (s.cut)
		log_info("%zu of %zu connections are cut: the policy refuses "
			 "them",
			 s.cut, s.seen);
}

static void drop(struct manager *m, struct transition *t,
		 struct verdict_process *fresh)
{
	verdict_process_stop(fresh);
	policy_free(t->policy);
	/* The old one was stopped to make room: have it back. */
	if (m->policy && !m->verdict.pid)
		m->retry_ns = steady_now();
}

/* Nobody locks himself out unasked. */
static bool may_cut(struct transition *t)
{
	struct answer *a = t->answer;

	if (t->force || !lockout_refuses(t->policy, t->flows, &a->text))
		return true;
	answer_refuse(a, EXIT_LOCKOUT,
		      "--force puts it into force all the same");
	return false;
}

bool manager_put_in_force(struct manager *m, struct transition *t)
{
	struct verdict_process fresh = {.channel = -1, .events = -1};
	enum queue_target queue = m->queue;
	struct policy *old = m->policy;

	if (!may_cut(t) ||
	    !manager_probe_queue(m, t->answer, t->policy, &queue) ||
	    !ready_verdict(m, t->answer, t->policy, &fresh) ||
	    !manager_store_before(m, t)) {
		drop(m, t, &fresh);
		return false;
	}
	if (!manager_send(m, t->answer, t->policy, queue)) {
		manager_store_undo(m, t);
		drop(m, t, &fresh);
		return false;
	}
	m->queue = queue;
	m->retry_ns = 0;
	switch_over(m, t, &fresh);
	manager_store_after(m, t);
	if (old || !manager_was_loaded(m, m->policy))
		cut_refused(m, old);
	policy_free(old);
	/* They were lent. */
	policy_forget_files(t->policy);
	return true;
}

struct compilation {
	struct policy_input in;
	struct policy *p;
	enum fw_err err;
};

static void compile(void *arg)
{
	struct compilation *c = arg;

	c->err = policy_compile(&c->in, &c->p);
}

struct policy *manager_compile(struct manager *m, struct answer *a,
			       unsigned stored, struct str text,
			       const struct policy_files *files)
{
	char name[32] = "policy";
	struct compilation c = {.in = {.text = text,
				       .text_name = name,
				       .files = files,
				       .before = m->policy,
				       .env = &m->env.env}};

	if (stored)
		(void)snprintf(name, sizeof(name), "generation %u", stored);
	/* No two that follow each other are alike. */
	sysenv_init(&m->env,
		    m->policy ? m->policy->ir.generation % MARK_GENERATIONS + 1
			      : manager_loaded_generation(m));
	manager_aside(m, compile, &c);
	if (!c.err)
		return c.p;
	a->exit = c.err == FW_ERR_POLICY ? 3 : 1;
	if (c.p && c.p->diags.all.n)
		diag_print(&c.p->diags, &a->text);
	else
		strbuf_addf(&a->text, "%s\n", fw_err_text(c.err));
	policy_free(c.p);
	return NULL;
}

bool manager_put_stored(struct manager *m, unsigned generation,
			const json_t *flows, bool force, struct answer *a)
{
	struct transition t = {.generation = generation,
			       .flows = flows,
			       .force = force,
			       .answer = a};
	struct policy_files files;
	struct str text;
	enum fw_err err = store_load(&m->store, generation, &text, &files);
	bool done;

	if (err) {
		answer_refuse(a, 1, "generation %u cannot be read: %s",
			      generation, fw_err_text(err));
		return false;
	}
	t.policy = manager_compile(m, a, generation, text, &files);
	done = t.policy && manager_put_in_force(m, &t);
	str_free(text);
	store_files_free(&files);
	return done;
}

bool manager_put_none(struct manager *m, struct answer *a)
{
	enum fw_err err = nft_table_remove(&m->nft, MANAGER_TABLE);

	if (err) {
		answer_refuse(a, 1, "the table cannot be removed: %s",
			      fw_err_text(err));
		return false;
	}
	verdict_process_stop(&m->verdict);
	policy_free(m->policy);
	m->table_known = false;
	nft_counters_forget(&m->counters);
	m->policy = NULL;
	m->generation = 0;
	m->retry_ns = 0;
	return true;
}
