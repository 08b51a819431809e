/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Putting a policy into force: compile it; have a verdict process ready for it
 * (the running one prepares it, or a new one is started when the queues
 * differ); send the ruleset as one batch; only when the kernel took it, let the
 * verdict process use it, store it, and forget the old one.  Whatever fails
 * before that leaves all as it was.
 */
#include "agent/daemon/manager_priv.h"

#include "agent/daemon/store.h"
#include "agent/daemon/worker_queue.h"
#include "agent/kernel/nftapply.h"
#include "policy/base/log.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define ERRORS_NAMED 20

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
			v, str_mem(p->canonical.p, p->canonical.len),
			&p->files);
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
	enum fw_err err =
		backend_nl(NULL, &p->ruleset, queue, 0, &p->arena, &batch);

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

json_t *manager_apply(struct manager *m, const json_t *request,
		      const struct policy_files *files,
		      const struct server_peer *peer)
{
	const json_t *text = json_object_get(request, "policy");
	struct apply a = {0};
	struct policy_input in = {.text_name = "policy", .files = files};
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
	/* They were lent by the request. */
	if (m->policy)
		policy_forget_files(m->policy);
	answer = apply_answer(m, &a);
	strbuf_done(&a.text);
	return answer;
}

/* The policy that was in force when we ended. */
void manager_load_stored(struct manager *m)
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
