/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A flow is decided: what is counted and told of it, and what becomes of the
 * packets that were held for it.
 */
#include "agent/engine_priv.h"

#include <netinet/in.h>

/* --- events -------------------------------------------------------------- */

/* What the caller has not said of the event: the policy, and of its flow (if
 * there is one) all that it is known by. */
void engine_tell(struct engine *e, struct flow *f, struct event ev)
{
	ev.ir = &e->policy->ir;
	ev.policy_digest = e->policy->digest;
	if (f && event_is_wanted(&ev))
		facts_make(&f->facts);
	if (f) {
		ev.flow_id = f->id;
		ev.facts = &f->facts;
		ev.traffic = ev.kind == EVENT_FLOW ? f->traffic : NULL;
		ev.held_ns = f->waits ? ev.time_ns - f->held_since : 0;
	}
	e->opt.event(e->opt.event_ctx, &ev);
}

/* Replay: all that was known of a flow. */
void engine_tell_end(struct engine *e, struct flow *f, uint64_t now)
{
	struct outcome o;

	if (!e->opt.read_on)
		return;
	proto_stack_end(&f->stack, &f->facts);
	o = f->decided ? decide_flow(&e->policy->ir, &f->facts)
		       : engine_decide(e, f);
	/* Its client may have been told more since. */
	if (f->decided && o.kind == DECISION_ALLOW)
		o = decide_binding(&e->policy->ir, &f->facts, o, f->binding);
	engine_tell(e, f,
		    (struct event){
			    .kind = EVENT_FLOW, .time_ns = now, .outcome = &o});
}

static void count(struct engine *e, const struct outcome *o)
{
	stats_reason(e->opt.stats, o->reason);
	if (o->would)
		stats_add(e->opt.stats, STAT_WOULD_DENY, 1);
	stats_add(e->opt.stats,
		  o->kind == DECISION_REFUSE ? STAT_DENIED : STAT_ALLOWED, 1);
}

/* --- decisions ----------------------------------------------------------- */

/* Refuse: what was held dies, the last packet brings the mark to the kernel,
 * and both ends of a connection are told. */
static void refuse_flow(struct engine *e, struct flow *f, enum dir dir,
			const uint32_t *id)
{
	enum output_kind kind =
		f->silent ? OUTPUT_REFUSE_SILENT : OUTPUT_REFUSE;
	bool answered = false; /* by the kernel, to the sender of a packet */

	if (!id && f->n_held) {
		id = &flow_held(f)[--f->n_held];
		engine_client_holds(e, f, -1);
	}
	engine_release(e, f, OUTPUT_DROP);
	if (id) {
		engine_out_verdict(e, kind, *id);
		answered = !f->silent;
	}
	if (f->facts.l4 != IPPROTO_TCP || !f->answered)
		return;
	if (f->silent) {
		/* Whoever asked is told nothing; the server need not wait. */
		engine_tcp_reset(e, f, DIR_SERVER);
		return;
	}
	if (!answered)
		engine_tcp_reset(e, f, dir);
	engine_tcp_reset(e, f, dir == DIR_CLIENT ? DIR_SERVER : DIR_CLIENT);
}

/* Allowed, and the server has yet to get what we have acknowledged.  The packet
 * in hand is one of the copies we hold, or goes its way undecided. */
static void allow_vouched(struct engine *e, struct flow *f, enum dir dir,
			  const struct engine_input *in, uint64_t now)
{
	const struct stream *s = &f->streams[DIR_CLIENT];

	f->vouched = s->base + stream_in_order(s);
	engine_release(e, f, OUTPUT_DROP);
	if (in)
		engine_out_verdict(e,
				   f->one_sided        ? OUTPUT_PEND
				   : dir == DIR_CLIENT ? OUTPUT_DROP
						       : OUTPUT_PASS,
				   in->id);
	f->watched = engine_must_watch(e, f);
	if (f->watched)
		engine_watch_begin(e, f);
	engine_tcp_deliver_begin(e, f, f->vouched, now);
}

/* Allowed: to the kernel at once, or when the server has what was judged. */
static void allow_flow(struct engine *e, struct flow *f,
		       const struct outcome *o, const struct engine_input *in)
{
	enum output_kind kind;

	f->watched = false;
	f->listened = !o->would && engine_must_listen(e, f);
	if (f->listened)
		engine_listen_begin(e, f);
	if (!o->would && engine_must_watch(e, f))
		engine_watch_begin(e, f);
	kind = engine_allow_kind(e, f);
	if (!o->would && !e->opt.read_on && engine_confirm_begin(f))
		kind = f->one_sided ? OUTPUT_PEND : OUTPUT_PASS;
	else
		engine_remember(e, f);
	engine_release(e, f, kind);
	if (in)
		engine_out_verdict(e, kind, in->id);
}

static void tell_one_observed(struct engine *e, struct flow *f,
			      const struct outcome *o,
			      const struct engine_input *in, uint64_t now)
{
	stats_reason(e->opt.stats, o->reason);
	engine_tell(e, f,
		    (struct event){.kind = EVENT_OBSERVE,
				   .time_ns = now,
				   .outcome = o,
				   .in_iface = in ? in->in_iface : NULL});
}

/* What rules and guards that only observe have to say of a decided flow,
 * beside what the kernel's log has of them. */
static void tell_observed(struct engine *e, struct flow *f,
			  const struct outcome *decided,
			  const struct engine_input *in, uint64_t now)
{
	const struct ir *ir = &e->policy->ir;
	const struct ir_rule *rule = NULL;
	struct outcome o;

	while ((rule = eval_observed(ir, &f->facts, rule, !e->opt.read_on))) {
		o = decide_observed(rule);
		tell_one_observed(e, f, &o, in, now);
	}
	for (size_t i = 0; i < ir->n_protocols; i++) {
		const struct ir_protocol *p = &ir->protocols[i];

		/* They look at what the rest of the policy allows. */
		if (!p->match.observe || decided->kind != DECISION_ALLOW ||
		    decided->would ||
		    eval_protocol(p, &f->facts, EVAL_ENGINE) != TRI_YES)
			continue;
		o = decide_observed_guard(p, decided->list);
		tell_one_observed(e, f, &o, in, now);
	}
}

void engine_refused(struct engine *e, struct flow *f)
{
	engine_client_uncount(e, f);
	f->decided = f->refused = true;
	f->vouching = f->delivering = f->confirming = false;
	f->watched = f->listened = false;
	engine_wait_end(e, f);
}

/* The flow is decided; `id` is the packet in hand, or NULL. */
void engine_settle(struct engine *e, struct flow *f, const struct outcome *o,
		   enum dir dir, const struct engine_input *in, uint64_t now)
{
	engine_client_uncount(e, f);
	f->decided = true;
	f->binding = (uint8_t)o->binding;
	f->refused = o->kind == DECISION_REFUSE;
	f->silent = o->silent;
	if (!f->told || f->refused)
		count(e, o);
	/* A part of a body that was waited for is no news. */
	if (!f->told || f->refused || !f->facts.judged) {
		tell_observed(e, f, o, in, now);
		engine_tell(
			e, f,
			(struct event){.kind = EVENT_VERDICT,
				       .time_ns = now,
				       .outcome = o,
				       .in_iface = in ? in->in_iface : NULL});
	}
	f->told = true;
	if (f->refused) {
		engine_refused(e, f);
		refuse_flow(e, f, dir, in ? &in->id : NULL);
	} else if (engine_tcp_owes(f)) {
		allow_vouched(e, f, dir, in, now);
		return;
	} else {
		f->vouching = f->delivering = false;
		engine_wait_end(e, f);
		allow_flow(e, f, o, in);
	}
	if (!e->opt.read_on && !f->confirming) {
		stream_done(&f->streams[DIR_CLIENT]);
		stream_done(&f->streams[DIR_SERVER]);
		ledger_done(&f->ledger);
	}
}

/* Not of bytes that are other than they seem. */
static bool is_of_waiting(enum reason reason)
{
	return reason == REASON_CLIENT_LIMIT || reason == REASON_HOLD_LIMIT ||
	       reason == REASON_HOLD_TIMEOUT ||
	       reason == REASON_STREAM_LIMIT ||
	       reason == REASON_PROTO_MALFORMED;
}

void engine_settle_by(struct engine *e, struct flow *f, enum reason reason,
		      enum dir dir, const struct engine_input *in, uint64_t now)
{
	struct outcome o = {.kind = DECISION_NOT_YET};

	/* Had nobody wanted to observe, there might have been no wait. */
	if (!f->decided && is_of_waiting(reason) &&
	    !engine_hides_messages(e, f))
		o = engine_decide_hurried(e, f);
	if (o.kind == DECISION_NOT_YET) {
		o = decide_by_reason(&e->policy->ir, reason, false);
		o.list = ir_list_of(&e->policy->ir, f->facts.zone_src,
				    f->facts.zone_dst);
	}
	engine_settle(e, f, &o, dir, in, now);
}

void engine_tell_outcome(struct engine *e, struct facts *facts,
			 const struct outcome *o, const struct engine_input *in,
			 uint64_t now)
{
	count(e, o);
	facts_make(facts);
	engine_tell(e, NULL,
		    (struct event){.kind = EVENT_VERDICT,
				   .time_ns = now,
				   .facts = facts,
				   .outcome = o,
				   .in_iface = in ? in->in_iface : NULL});
}
