/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The way of one packet, in engine_packet(): parse -> flow -> bytes in order ->
 * protocol facts -> decision -> verdict and event.
 *
 * Client bytes of an undecided TCP flow are held: their packets stay in the
 * kernel's queue, only their ids are kept here, and the stream keeps a copy of
 * the bytes to parse and to compare with later copies.  When the decision falls
 * they go or die together, in order.  Server packets pass (a banner must reach
 * the client before it speaks), and so do client bytes that a proxy has to
 * answer before the inner stream can begin (proto_stack.client_waits), when
 * nothing known so far speaks against the flow.
 *
 * On overload nothing undecided is given up: the new flow is refused.
 */
#include "agent/engine_priv.h"

#include <netinet/in.h>
#include <stdlib.h>

struct engine *engine_new(const struct engine_options *options)
{
	struct engine *e = calloc(1, sizeof(*e));

	if (!e)
		return NULL;
	e->opt = *options;
	e->flows = flow_table_new(options->key, options->most_flows);
	if (!options->read_on)
		e->records = records_new(options->key, options->most_flows);
	if (!e->flows || (!e->records && !options->read_on)) {
		engine_free(e);
		return NULL;
	}
	return e;
}

void engine_free(struct engine *e)
{
	if (!e)
		return;
	flow_table_free(e->flows);
	records_free(e->records);
	free(e->out);
	free(e);
}

/* --- events -------------------------------------------------------------- */

/* What the caller has not said of the event: the policy, and of its flow (if
 * there is one) all that it is known by. */
static void tell(struct engine *e, const struct flow *f, struct event ev)
{
	ev.ir = &e->policy->ir;
	ev.policy_digest = e->policy->digest;
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
	o = decide_flow(&e->policy->ir, &f->facts);
	tell(e, f,
	     (struct event){.kind = EVENT_FLOW, .time_ns = now, .outcome = &o});
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
		id = &f->held[--f->n_held];
		e->n_held--;
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
	if (in)
		engine_out_verdict(e,
				   f->one_sided        ? OUTPUT_PEND
				   : dir == DIR_CLIENT ? OUTPUT_DROP
						       : OUTPUT_PASS,
				   in->id);
	f->watched = engine_must_watch(e, f);
	if (f->watched)
		engine_watch_begin(e, f);
	engine_tcp_deliver_begin(e, f, now);
}

/* Allowed: to the kernel at once, or when the server has what was judged. */
static void allow_flow(struct engine *e, struct flow *f,
		       const struct outcome *o, const struct engine_input *in)
{
	enum output_kind kind = OUTPUT_ALLOW;

	f->watched = false;
	if (!o->would && engine_must_watch(e, f)) {
		engine_watch_begin(e, f);
		kind = OUTPUT_WATCH;
	}
	if (!o->would && !e->opt.read_on && engine_confirm_begin(f))
		kind = f->one_sided ? OUTPUT_PEND : OUTPUT_PASS;
	else
		engine_remember(e, f);
	engine_release(e, f, kind);
	if (in)
		engine_out_verdict(e, kind, in->id);
}

static void tell_one_observed(struct engine *e, const struct flow *f,
			      const struct outcome *o,
			      const struct engine_input *in, uint64_t now)
{
	stats_reason(e->opt.stats, o->reason);
	tell(e, f,
	     (struct event){.kind = EVENT_OBSERVE,
			    .time_ns = now,
			    .outcome = o,
			    .in_iface = in ? in->in_iface : NULL});
}

/* What rules and guards that only observe have to say of a decided flow,
 * beside what the kernel's log has of them. */
static void tell_observed(struct engine *e, const struct flow *f,
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

/* The flow is decided; `id` is the packet in hand, or NULL. */
void engine_settle(struct engine *e, struct flow *f, const struct outcome *o,
		   enum dir dir, const struct engine_input *in, uint64_t now)
{
	f->decided = true;
	f->refused = o->kind == DECISION_REFUSE;
	f->silent = o->silent;
	if (!f->told || f->refused)
		count(e, o);
	/* A part of a body that was waited for is no news. */
	if (!f->told || f->refused || !f->facts.judged) {
		tell_observed(e, f, o, in, now);
		tell(e, f,
		     (struct event){.kind = EVENT_VERDICT,
				    .time_ns = now,
				    .outcome = o,
				    .in_iface = in ? in->in_iface : NULL});
	}
	f->told = true;
	if (f->refused) {
		engine_wait_end(e, f);
		refuse_flow(e, f, dir, in ? &in->id : NULL);
	} else if (f->vouching) {
		allow_vouched(e, f, dir, in, now);
		return;
	} else {
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
	return reason == REASON_HOLD_LIMIT || reason == REASON_HOLD_TIMEOUT ||
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
		o = decide_hurried(&e->policy->ir, &f->facts);
	if (o.kind == DECISION_NOT_YET) {
		o = decide_by_reason(&e->policy->ir, reason, false);
		o.list = ir_list_of(&e->policy->ir, f->facts.zone_src,
				    f->facts.zone_dst);
	}
	engine_settle(e, f, &o, dir, in, now);
}

void engine_tell_outcome(struct engine *e, const struct facts *facts,
			 const struct outcome *o, uint64_t now)
{
	count(e, o);
	tell(e, NULL,
	     (struct event){.kind = EVENT_VERDICT,
			    .time_ns = now,
			    .facts = facts,
			    .outcome = o});
}

/* A packet that belongs to no flow that could be kept. */
static void refuse_packet(struct engine *e, const struct engine_input *in,
			  const struct packet *pkt, enum reason reason,
			  uint64_t now)
{
	struct outcome o = decide_by_reason(&e->policy->ir, reason, false);
	struct facts facts;

	facts_init(&facts, NULL);
	facts.src = pkt->src;
	facts.dst = pkt->dst;
	facts.sport = pkt->sport;
	facts.dport = pkt->dport;
	facts.l4 = pkt->l4;
	facts.zone_src = in->zone_src;
	facts.zone_dst = in->zone_dst;
	o.silent = true;
	count(e, &o);
	tell(e, NULL,
	     (struct event){.kind = EVENT_VERDICT,
			    .time_ns = now,
			    .facts = &facts,
			    .outcome = &o,
			    .in_iface = in->in_iface});
	engine_out_verdict(
		e, o.kind == DECISION_REFUSE ? OUTPUT_DROP : OUTPUT_PASS,
		in->id);
}

static enum reason fault_reason(enum packet_fault fault)
{
	switch (fault) {
	case PACKET_TRUNCATED:
		return REASON_PACKET_TRUNCATED;
	case PACKET_BAD_CHECKSUM:
		return REASON_PACKET_CHECKSUM;
	case PACKET_FRAGMENT:
		return REASON_PACKET_FRAGMENT;
	case PACKET_BAD_HEADER:
	case PACKET_OK:
		break;
	}
	return REASON_PACKET_HEADER;
}

/* --- flows --------------------------------------------------------------- */

static bool is_syn(const struct packet *pkt)
{
	return pkt->l4 == IPPROTO_TCP &&
	       (pkt->tcp_flags & (TCP_SYN | TCP_ACK)) == TCP_SYN;
}

/* The first packet seen may be the server's: an answer to a SYN; in a replay,
 * which may begin anywhere, also one from a well-known port to another.  The
 * kernel knows better, whatever ports a client chooses: of a new flow it queues
 * only what comes from its client. */
static bool is_from_server(const struct engine *e, const struct packet *pkt,
			   const struct engine_input *in)
{
	if (in->zone_src != ENGINE_ZONE_BY_ADDRESS && in->mark == MARK_NEW)
		return false;
	if (pkt->l4 == IPPROTO_TCP && (pkt->tcp_flags & TCP_SYN))
		return pkt->tcp_flags & TCP_ACK;
	if (!e->opt.read_on ||
	    (pkt->l4 != IPPROTO_TCP && pkt->l4 != IPPROTO_UDP))
		return false;
	return pkt->sport < 1024 && pkt->dport >= 1024;
}

static int zone_of(const struct engine *e, int zone, const struct ipaddr *addr)
{
	if (zone != ENGINE_ZONE_BY_ADDRESS)
		return zone;
	return ir_zone_by_address(&e->policy->ir, addr);
}

/* What is known of the client beside its address. */
static void note_sender(const struct engine *e, struct facts *k,
			const struct engine_input *in)
{
	const struct ir *ir = &e->policy->ir;

	k->has_mac = in->has_mac;
	k->mac = in->mac;
	k->has_uid = in->has_uid;
	k->uid = in->uid;
	if (in->cgroup == 0 || in->cgroup > ir->n_cgroups)
		return;
	for (unsigned i = 0; i < ir->n_cgroups; i++)
		if (ir_cgroup_within(&ir->cgroups[in->cgroup - 1],
				     &ir->cgroups[i]))
			k->cgroups |= 1U << i;
}

static struct flow *flow_begin(struct engine *e, const struct flow_key *key,
			       const struct packet *pkt,
			       const struct engine_input *in, uint64_t now)
{
	struct flow *f = flow_table_add(e->flows, key, now);
	bool swap = is_from_server(e, pkt, in);
	struct facts *k;

	if (!f)
		return NULL;
	k = &f->facts;
	k->src = swap ? pkt->dst : pkt->src;
	k->dst = swap ? pkt->src : pkt->dst;
	k->sport = swap ? pkt->dport : pkt->sport;
	k->dport = swap ? pkt->sport : pkt->dport;
	k->l4 = pkt->l4;
	k->time = (int64_t)(now / 1000000000);
	if (!swap)
		note_sender(e, k, in);
	k->zone_src = zone_of(e, swap ? in->zone_dst : in->zone_src, &k->src);
	k->zone_dst = zone_of(e, swap ? in->zone_src : in->zone_dst, &k->dst);
	f->midstream = pkt->l4 == IPPROTO_TCP && !is_syn(pkt);
	f->resync = f->midstream && in->mark == MARK_WATCHED &&
		    now - e->started < LIMIT_LOST_NS;
	/* What its ends expect next, as far as this packet tells. */
	f->passed[swap ? DIR_SERVER : DIR_CLIENT] = pkt->seq;
	f->passed[swap ? DIR_CLIENT : DIR_SERVER] = pkt->ack;
	proto_stack_init(&f->stack, pkt->l4, &f->arena);
	f->stack.middle = f->midstream && e->opt.read_on;
	if (pkt->l4 != IPPROTO_TCP && pkt->l4 != IPPROTO_UDP)
		proto_stack_give_up(&f->stack, k);
	stats_add(e->opt.stats, STAT_FLOWS, 1);
	return f;
}

/* A SYN that begins another connection between the same ends. */
static bool begins_anew(const struct flow *f, const struct packet *pkt)
{
	const struct stream *client = &f->streams[DIR_CLIENT];

	if (!is_syn(pkt))
		return false;
	return f->midstream ||
	       (client->started && client->base != pkt->seq + 1) ||
	       (f->decided && !client->started &&
		f->passed[DIR_CLIENT] != pkt->seq + 1);
}

static struct flow *flow_of(struct engine *e, const struct packet *pkt,
			    const struct engine_input *in, uint64_t now)
{
	struct flow_key key;
	struct flow *f;

	flow_key_of(pkt, &key);
	f = flow_table_find(e->flows, &key);
	if (f && begins_anew(f, pkt)) {
		engine_tell_end(e, f, now);
		engine_forget(e, f);
		f = NULL;
	}
	if (!f)
		return flow_begin(e, &key, pkt, in, now);
	flow_table_touch(e->flows, f, now);
	return f;
}

/* --- the verdict of a packet --------------------------------------------- */

/* Must this packet wait for the decision? */
static bool must_wait(const struct flow *f, enum dir dir,
		      const struct packet *pkt)
{
	if (dir == DIR_SERVER)
		return false;
	if (pkt->l4 != IPPROTO_TCP)
		return true;
	/* RFC 9293 3.5.3: what a reset carries is no part of the stream; it
	 * would be a way out for anybody. */
	if (pkt->tcp_flags & TCP_RST)
		return pkt->wire_payload > 0;
	if (pkt->payload.left > 0)
		return true;
	/* A pure ACK may run ahead: it carries nothing. */
	return (pkt->tcp_flags & TCP_FIN) && (f->n_held > 0 || f->vouching);
}

static void pass(struct engine *e, struct flow *f, enum dir dir,
		 const struct packet *pkt, uint32_t id)
{
	engine_tcp_passed(f, dir, pkt);
	engine_out_verdict(e, OUTPUT_PASS, id);
}

/* The proxy must see what there is before there is more to judge. */
static void let_through(struct engine *e, struct flow *f,
			const struct arrival *a, uint64_t now)
{
	const struct stream *s = &f->streams[DIR_CLIENT];

	engine_wait_end(e, f);
	if (f->vouching) {
		engine_out_verdict(e, OUTPUT_DROP, a->in->id);
		engine_tcp_vouch(e, f);
		f->vouching = false;
		engine_tcp_deliver_begin(e, f, now);
		return;
	}
	engine_release(e, f, f->one_sided ? OUTPUT_PEND : OUTPUT_PASS);
	f->passed[DIR_CLIENT] = s->base + stream_in_order(s);
	engine_tcp_passed(f, a->dir, a->pkt);
	engine_out_verdict(e, f->one_sided ? OUTPUT_PEND : OUTPUT_PASS,
			   a->in->id);
}

static void judge_undecided(struct engine *e, struct flow *f,
			    const struct arrival *a, uint64_t now)
{
	bool reset = a->pkt->tcp_flags & TCP_RST;
	bool repeat = a->taken == TAKEN_REPEAT;
	uint32_t id = a->in->id;

	if (!must_wait(f, a->dir, a->pkt)) {
		pass(e, f, a->dir, a->pkt, id);
	} else if (f->stack.client_waits && !reset &&
		   !stream_has_gap(&f->streams[DIR_CLIENT])) {
		let_through(e, f, a, now);
	} else if (!reset && engine_tcp_stalls(f, repeat)) {
		engine_out_verdict(e, OUTPUT_DROP, id);
		engine_tcp_vouch(e, f);
	} else if (reset || (repeat && f->n_held > 0)) {
		/* No part of the stream, or the first copy is held. */
		engine_out_verdict(e, OUTPUT_DROP, id);
	} else if (!engine_hold(e, f, id, now)) {
		if (f->watched) {
			/* A hole in what may be large comes later. */
			engine_out_verdict(e, OUTPUT_DROP, id);
			return;
		}
		engine_settle_by(e, f, REASON_HOLD_LIMIT, a->dir, a->in, now);
	}
}

void engine_judge(struct engine *e, struct flow *f, const struct arrival *a,
		  uint64_t now)
{
	struct outcome o;

	if (a->taken == TAKEN_CONFLICT) {
		engine_settle_by(e, f, REASON_STREAM_CONFLICT, a->dir, a->in,
				 now);
		return;
	}
	if (a->taken == TAKEN_LIMIT && f->watched &&
	    stream_has_gap(&f->streams[DIR_CLIENT])) {
		engine_out_verdict(e, OUTPUT_DROP, a->in->id);
		return;
	}
	if (a->taken == TAKEN_LIMIT) {
		engine_settle_by(e, f, REASON_STREAM_LIMIT, a->dir, a->in, now);
		return;
	}
	if (a->taken == TAKEN_URGENT) {
		engine_settle_by(e, f, REASON_STREAM_URGENT, a->dir, a->in,
				 now);
		return;
	}
	o = decide_flow(&e->policy->ir, &f->facts);
	/* What lies behind a gap may be another message. */
	if (f->watched && o.kind == DECISION_ALLOW &&
	    stream_has_gap(&f->streams[DIR_CLIENT]))
		o.kind = DECISION_NOT_YET;
	if (o.kind == DECISION_ALLOW && engine_hides_messages(e, f))
		o.kind = DECISION_NOT_YET;
	if (o.kind != DECISION_NOT_YET) {
		engine_settle(e, f, &o, a->dir, a->in, now);
		return;
	}
	if (f->stack.state == STACK_BAD)
		engine_settle_by(e, f, REASON_PROTO_MALFORMED, a->dir, a->in,
				 now);
	else
		judge_undecided(e, f, a, now);
}

/* A flow that is decided: late packets that were queued before the kernel knew
 * the mark. */
static void repeat_verdict(struct engine *e, struct flow *f, enum dir dir,
			   const struct packet *pkt,
			   const struct engine_input *in, uint64_t now)
{
	struct arrival a = {.in = in, .pkt = pkt, .dir = dir};

	if (e->opt.read_on) {
		(void)engine_take(e, f, dir, pkt);
		if (f->watched && !f->refused)
			engine_watch_read_on(e, f, dir, in, now);
		return;
	}
	if (f->delivering)
		engine_tcp_deliver_packet(e, f, dir, pkt, in->id);
	else if (f->confirming)
		engine_confirm_packet(e, f, &a, now);
	else if (f->watched && !f->refused)
		engine_watch_packet(e, f, &a, now);
	else if (!f->refused)
		engine_out_verdict(e, OUTPUT_ALLOW, in->id);
	else
		engine_out_verdict(
			e, f->silent ? OUTPUT_REFUSE_SILENT : OUTPUT_REFUSE,
			in->id);
}

/* The kernel knew this flow as pending, and we do not: its beginning went to
 * an engine that is no more. */
static void judge_lost(struct engine *e, struct flow *f, enum dir dir,
		       const struct engine_input *in, uint64_t now)
{
	struct outcome o = decide_by_reason(
		&e->policy->ir, REASON_STREAM_MIDSTREAM,
		e->policy->ir.fail_open && now - e->started < LIMIT_LOST_NS);

	f->answered = true;
	engine_settle(e, f, &o, dir, in, now);
}

/* The server is believed that there is no connection.  The client is not: if
 * its reset goes astray, the flow goes on, and must not be one whose beginning
 * we do not know. */
static void end_undecided(struct engine *e, struct flow *f,
			  const struct arrival *a)
{
	if (a->dir == DIR_SERVER && engine_is_from_server(f, a->in)) {
		engine_forget(e, f);
		return;
	}
	f->reset = true;
	if (f->vouching || f->delivering)
		return;
	engine_release(e, f, OUTPUT_DROP);
	engine_wait_end(e, f);
}

void engine_packet(struct engine *e, const struct engine_input *in,
		   uint64_t now)
{
	struct packet_options opt = {.verify_checksums =
					     e->opt.verify_checksums &&
					     !in->checksum_unset,
				     .allow_cut = e->opt.allow_cut};
	enum packet_fault fault;
	struct packet pkt;
	struct arrival a = {.in = in, .pkt = &pkt};
	struct flow *f;
	enum dir dir;

	e->now = now;
	if (!e->started)
		e->started = now;
	stats_add(e->opt.stats, STAT_PACKETS, 1);
	fault = packet_parse(in->raw, opt, &pkt);
	if (fault != PACKET_OK) {
		refuse_packet(e, in, &pkt, fault_reason(fault), now);
		return;
	}
	f = flow_of(e, &pkt, in, now);
	if (!f) {
		refuse_packet(e, in, &pkt, REASON_FLOW_LIMIT, now);
		return;
	}
	a.dir = dir = flow_dir(f, &pkt);
	f->traffic[dir].packets++;
	f->traffic[dir].bytes += pkt.wire_payload;
	engine_watch_note(f, dir, &pkt, in);

	if (f->decided) {
		repeat_verdict(e, f, dir, &pkt, in, now);
		return;
	}
	if (f->midstream && in->mark == MARK_PENDING) {
		if (engine_recall(e, f))
			engine_judge_recalled(e, f, flow_dir(f, &pkt), in, now);
		else
			judge_lost(e, f, dir, in, now);
		return;
	}
	if (dir == DIR_SERVER)
		engine_tcp_acked(e, f, &pkt);
	a.taken = engine_take(e, f, dir, &pkt);
	if (f->resync && engine_watch_resync(e, f, &a))
		return;
	engine_judge(e, f, &a, now);
	if ((pkt.tcp_flags & TCP_RST) && !f->decided && !e->opt.read_on)
		end_undecided(e, f, &a);
}
