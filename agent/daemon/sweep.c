/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Each connection with the mark of an allowed flow is judged as a new one would
 * be: what the kernel's half of the policy allows stays, what it refuses is
 * cut.  Where it takes the engine, the engine says what it remembers.  What
 * would be cut, or what nobody remembers, stays when the rules that can apply
 * to it are the same as before.
 *
 * To cut: the connection's mark says denied; the next packet of either side is
 * answered with a reset.
 *
 * What was denied before is judged anew.  A TCP connection does that by itself
 * with its next SYN; of others the kernel forgets what was said.
 */
#include "agent/daemon/sweep.h"

#include "agent/daemon/worker_queue.h"
#include "agent/daemon/zones.h"
#include "agent/engine.h"
#include "agent/kernel/conntrack.h"
#include "agent/verdict/rollup.h"
#include "policy/base/log.h"
#include "policy/marks.h"

#include <netinet/in.h>
#include <stdlib.h>

/* Connections that are asked about or cut at once. */
#define DNS_PORT 53
#define CHUNK    4096

struct sweeping {
	struct sweep *in;
	struct zones *zones, *old_zones;
	struct rollup *rollup;
	enum fw_err err;

	/* For the engine to say. */
	struct engine_flow asked[CHUNK];
	struct conntrack_tuple asked_tuples[CHUNK];
	size_t n_asked;

	struct conntrack_tuple cut[CHUNK];
	size_t n_cut;
};

static void write_event(void *ctx, const struct event *ev)
{
	struct sweeping *s = ctx;
	char *line;

	if (ev->ir->log_deny == IR_LOG_NONE)
		return;
	line = event_json(ev);
	if (line)
		evelog_write(s->in->log, line, strlen(line));
	stats_add(s->in->stats, line ? STAT_EVENTS : STAT_EVENTS_LOST, 1);
	free(line);
}

static void tell(struct sweeping *s, const struct facts *facts,
		 const struct decision *d)
{
	const struct outcome o = {.kind = DECISION_REFUSE,
				  .reason = REASON_POLICY,
				  .list = d->list,
				  .rule = d->rule};
	const struct event ev = {.kind = EVENT_VERDICT,
				 .time_ns = worker_now(),
				 .ir = &s->in->now->ir,
				 .policy_digest = s->in->now->digest,
				 .facts = facts,
				 .outcome = &o,
				 .kernel = true};

	stats_reason(s->in->stats, REASON_POLICY);
	rollup_event(s->rollup, &ev, write_event, s);
}

static void cut_now(struct sweeping *s)
{
	uint32_t mask = s->in->now->ir.marks;
	enum fw_err err =
		conntrack_mark(s->cut, s->n_cut, mark_value(mask, MARK_DENIED),
			       mark_bits(mask));

	if (err)
		s->err = err;
	s->in->cut += s->n_cut;
	stats_add(s->in->stats, STAT_CUT, s->n_cut);
	s->n_cut = 0;
}

static void cut(struct sweeping *s, const struct conntrack_tuple *tuple)
{
	s->cut[s->n_cut++] = *tuple;
	if (s->n_cut == CHUNK)
		cut_now(s);
}

/* --- what nobody remembers --------------------------------------------------
 */

static struct facts facts_of(const struct engine_flow *f, struct zones *zones)
{
	struct facts facts;

	facts_init(&facts, NULL);
	facts.src = f->src;
	facts.dst = f->dst;
	facts.sport = f->sport;
	facts.dport = f->dport;
	facts.l4 = f->l4;
	facts.time = (int64_t)(worker_now() / 1000000000);
	facts.zone_src = zones_find(zones, &f->src);
	facts.zone_dst = zones_find(zones, &f->dst);
	return facts;
}

/* Who has begun a connection - a hardware address, a user, a cgroup - nobody
 * can tell of it any more. */
static bool asks_for_sender(const struct ir_rule *rule)
{
	return rule->n_macs || rule->n_uids || rule->cgroups;
}

/* As far as can be told of a connection. */
static enum tri fits(const struct ir_rule *rule, const struct facts *f)
{
	struct ir_rule blind = *rule;
	enum tri t;

	blind.n_macs = blind.n_uids = 0;
	blind.cgroups = 0;
	t = eval_rule(&blind, f, EVAL_KERNEL);
	return t == TRI_YES && asks_for_sender(rule) ? TRI_NOT_YET : t;
}

/* The next rule from `i` on that can apply, or the list's end. */
static size_t next_rule(const struct ir *ir, const struct facts *f, size_t i,
			size_t to)
{
	while (i < to && fits(&ir->all[i], f) == TRI_NO)
		i++;
	return i;
}

static size_t next_protocol(const struct ir *ir, const struct facts *f,
			    size_t i)
{
	while (i < ir->n_protocols &&
	       eval_rule(&ir->protocols[i].match, f, EVAL_KERNEL) == TRI_NO)
		i++;
	return i;
}

/* The guards on protocols that can apply to it. */
static bool is_guarded_alike(const struct ir *a, const struct facts *fa,
			     const struct ir *b, const struct facts *fb)
{
	for (size_t i = 0, j = 0;; i++, j++) {
		i = next_protocol(a, fa, i);
		j = next_protocol(b, fb, j);
		if (i == a->n_protocols || j == b->n_protocols)
			return i == a->n_protocols && j == b->n_protocols;
		if (a->protocols[i].require != b->protocols[j].require ||
		    a->protocols[i].deny != b->protocols[j].deny ||
		    a->protocols[i].match.observe !=
			    b->protocols[j].match.observe)
			return false;
	}
}

/* Are the rules that can apply to it, as far as the kernel sees, the same in
 * both policies? */
static bool is_asked_alike(const struct ir *a, const struct facts *fa,
			   const struct ir *b, const struct facts *fb)
{
	enum ast_list list_a = ir_list_of(a, fa->zone_src, fa->zone_dst);
	enum ast_list list_b = ir_list_of(b, fb->zone_src, fb->zone_dst);
	size_t i, j;

	if (list_a != list_b || list_a == AST_LISTS || a->guards != b->guards ||
	    !is_guarded_alike(a, fa, b, fb))
		return false;
	i = a->list_from[list_a];
	j = b->list_from[list_b];
	for (;; i++, j++) {
		i = next_rule(a, fa, i, a->list_to[list_a]);
		j = next_rule(b, fb, j, b->list_to[list_b]);
		if (i == a->list_to[list_a] || j == b->list_to[list_b])
			return i == a->list_to[list_a] &&
			       j == b->list_to[list_b];
		if (!ir_rule_asks_alike(&a->all[i], &b->all[j]))
			return false;
		if (fits(&a->all[i], fa) == TRI_YES)
			return true;
	}
}

/* Nothing that could apply to the flow has changed: whatever let it begin (a
 * time of day, a name that is forgotten) lets it go on. */
static bool is_unchanged(struct sweeping *s, const struct engine_flow *f,
			 const struct facts *facts)
{
	const struct policy *old = s->in->old;
	struct facts before;

	if (!old || !s->old_zones || old->ir.observe)
		return false;
	before = facts_of(f, s->old_zones);
	return is_asked_alike(&old->ir, &before, &s->in->now->ir, facts);
}

/* A rule may let it through for its sender: then it stays. */
static bool may_be_let_by_sender(const struct ir *ir, const struct facts *f)
{
	enum ast_list list = ir_list_of(ir, f->zone_src, f->zone_dst);

	if (list == AST_LISTS)
		return false;
	for (size_t i = ir->list_from[list]; i < ir->list_to[list]; i++) {
		const struct ir_rule *rule = &ir->all[i];
		enum tri t = fits(rule, f);

		if (t == TRI_YES)
			return false;
		if (t == TRI_NOT_YET && asks_for_sender(rule) &&
		    rule->action == IR_ALLOW)
			return true;
	}
	return false;
}

static void judge_unknown(struct sweeping *s, const struct engine_flow *f,
			  const struct conntrack_tuple *tuple)
{
	struct facts facts = facts_of(f, s->zones);
	struct decision d = eval_flow(&s->in->now->ir, &facts, EVAL_KERNEL);

	if (is_unchanged(s, f, &facts) ||
	    may_be_let_by_sender(&s->in->now->ir, &facts))
		return;
	tell(s, &facts, &d);
	cut(s, tuple);
}

/* --- each connection --------------------------------------------------------
 */

static void ask_engine(struct sweeping *s)
{
	uint8_t answers[CHUNK] = {ENGINE_AGAIN_UNKNOWN};

	if (s->n_asked && s->in->verdict->pid &&
	    verdict_process_judge(s->in->verdict, s->asked, s->n_asked,
				  answers) != FW_OK)
		log_warning("%s: flows are judged without it",
			    s->in->verdict->error);
	for (size_t i = 0; i < s->n_asked; i++) {
		if (answers[i] == ENGINE_AGAIN_CUT)
			cut(s, &s->asked_tuples[i]);
		else if (answers[i] != ENGINE_AGAIN_KEEP)
			judge_unknown(s, &s->asked[i], &s->asked_tuples[i]);
	}
	s->n_asked = 0;
}

/* What a resolver says in it must be seen from now on. */
static bool is_tapped_now(const struct sweeping *s, const struct engine_flow *f)
{
	const struct policy *old = s->in->old;

	/* Of TCP nothing else to the same host must be ended for it. */
	if (f->l4 != IPPROTO_UDP && f->dport != DNS_PORT)
		return false;
	return ipset_has(&s->in->now->ir.resolvers, &f->dst) &&
	       !(old && ipset_has(&old->ir.resolvers, &f->dst));
}

static void take_flow(void *ctx, const struct conntrack_flow *flow)
{
	struct sweeping *s = ctx;
	struct engine_flow f = {.src = flow->client,
				.dst = flow->server,
				.sport = flow->sport,
				.dport = flow->dport,
				.l4 = flow->tuple.l4};
	struct facts facts = facts_of(&f, s->zones);
	struct decision d;

	s->in->seen++;
	if (is_tapped_now(s, &f)) {
		cut(s, &flow->tuple);
		return;
	}
	f.zone_src = facts.zone_src;
	f.zone_dst = facts.zone_dst;
	d = eval_flow(&s->in->now->ir, &facts, EVAL_KERNEL);
	switch (d.kind) {
	case DECISION_ALLOW:
		return;
	case DECISION_REFUSE:
		judge_unknown(s, &f, &flow->tuple);
		return;
	case DECISION_NOT_YET:
		break;
	}
	s->asked[s->n_asked] = f;
	s->asked_tuples[s->n_asked++] = flow->tuple;
	if (s->n_asked == CHUNK)
		ask_engine(s);
}

/* --- what was denied ---------------------------------------------------------
 */

static void forget_now(struct sweeping *s)
{
	enum fw_err err = conntrack_forget(s->cut, s->n_cut);

	if (err)
		s->err = err;
	s->n_cut = 0;
}

static void forget_flow(void *ctx, const struct conntrack_flow *flow)
{
	struct sweeping *s = ctx;

	if (flow->tuple.l4 == IPPROTO_TCP)
		return;
	s->cut[s->n_cut++] = flow->tuple;
	if (s->n_cut == CHUNK)
		forget_now(s);
}

static void forget_denied(struct sweeping *s)
{
	static const enum mark_state denied[] = {MARK_DENIED, MARK_DROPPED};
	uint32_t mask = s->in->now->ir.marks;

	for (size_t i = 0; i < sizeof(denied) / sizeof(*denied); i++) {
		enum fw_err err =
			conntrack_dump(mark_value(mask, denied[i]),
				       mark_bits(mask), forget_flow, s);

		if (err)
			s->err = err;
	}
	forget_now(s);
}

static void look_at_all(struct sweeping *s)
{
	static const enum mark_state allowed[] = {MARK_ALLOWED, MARK_WATCHED,
						  MARK_LISTENED};
	uint32_t mask = s->in->now->ir.marks;
	enum fw_err err = FW_OK;

	forget_denied(s);
	/* In observe mode nothing is refused. */
	for (size_t i = 0; i < 3 && !err && !s->in->now->ir.observe; i++)
		err = conntrack_dump(mark_value(mask, allowed[i]),
				     mark_bits(mask), take_flow, s);
	ask_engine(s);
	cut_now(s);
	rollup_tick(s->rollup, UINT64_MAX, write_event, s);
	if (!err)
		err = s->err;
	if (err)
		log_error("established connections cannot be looked at or cut "
			  "(%s): what the policy now refuses goes on until it "
			  "ends; does the kernel have CONFIG_NF_CT_NETLINK?",
			  fw_err_text(err));
}

void sweep_run(struct sweep *in)
{
	struct sweeping *s = calloc(1, sizeof(*s));
	if (s) {
		s->in = in;
		s->zones = zones_new(&in->now->ir);
		s->old_zones = in->old ? zones_new(&in->old->ir) : NULL;
		s->rollup = rollup_new(worker_rollup_window(in->now));
	}
	if (s && s->zones && s->rollup)
		look_at_all(s);
	else
		log_error("established connections are not looked at: %s",
			  fw_err_text(FW_ERR_NOMEM));
	if (s) {
		zones_free(s->zones);
		zones_free(s->old_zones);
		rollup_free(s->rollup);
	}
	free(s);
}
