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
 * On overload the client that has most of what is short gives up what it has
 * undecided (engine_clients.c): others go on.
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
		e->records = records_new(options->most_flows);
	e->clients = clients_new(options->key);
	if (!e->flows || !e->clients || (!e->records && !options->read_on)) {
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
	clients_free(e->clients);
	engine_answers_free(e);
	free(e->out);
	free(e);
}

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
		engine_tcp_deliver_begin(e, f, f->vouched, now);
		return;
	}
	engine_release(e, f, f->one_sided ? OUTPUT_PEND : OUTPUT_PASS);
	f->passed[DIR_CLIENT] = s->base + stream_in_order(s);
	engine_tcp_passed(f, a->dir, a->pkt);
	engine_out_verdict(e, f->one_sided ? OUTPUT_PEND : OUTPUT_PASS,
			   a->in->id);
}

/* It was let go before, undecided. */
static bool went_by(const struct flow *f, const struct packet *pkt)
{
	uint32_t end = pkt->seq + pkt->wire_payload;

	return !(pkt->tcp_flags & (TCP_RST | TCP_FIN)) &&
	       !engine_tcp_before(f->passed[DIR_CLIENT], end);
}

static void judge_undecided(struct engine *e, struct flow *f,
			    const struct arrival *a, uint64_t now)
{
	bool reset = a->pkt->tcp_flags & TCP_RST;
	bool repeat = a->taken == TAKEN_REPEAT;
	uint32_t id = a->in->id;

	if (f->watched && engine_watch_comes_late(f, a)) {
		engine_watch_passes(e, f, a);
		return;
	}
	if (!must_wait(f, a->dir, a->pkt) || (repeat && went_by(f, a->pkt))) {
		pass(e, f, a->dir, a->pkt, id);
	} else if (f->stack.client_waits && !reset &&
		   !stream_has_gap(&f->streams[DIR_CLIENT])) {
		let_through(e, f, a, now);
	} else if (!reset && !e->opt.read_on && engine_tcp_runs_ahead(f)) {
		engine_tcp_let_ahead(e, f, id, now);
	} else if (!reset && engine_tcp_stalls(f, repeat)) {
		engine_out_verdict(e, OUTPUT_DROP, id);
		engine_tcp_vouch(e, f);
	} else if (reset || (repeat && f->n_held > 0)) {
		/* No part of the stream, or the first copy is held. */
		engine_out_verdict(e, OUTPUT_DROP, id);
		if (f->watched && !reset)
			engine_tcp_hand_on(e, f, a->pkt);
	} else if (!engine_hold(e, f, id, now)) {
		if (f->watched) {
			/* A hole in what may be large comes later. */
			engine_out_verdict(e, OUTPUT_DROP, id);
			return;
		}
		engine_settle_by(e, f,
				 engine_client_is_full(e, f)
					 ? REASON_CLIENT_LIMIT
					 : REASON_HOLD_LIMIT,
				 a->dir, a->in, now);
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
	if (a->taken == TAKEN_LIMIT && engine_watch_comes_again(f, a->pkt)) {
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
	o = (struct outcome){.kind = DECISION_NOT_YET};
	if (!f->asked)
		o = engine_decide(e, f);
	f->asked = o.kind == DECISION_NOT_YET;
	/* What lies behind a gap may be another message. */
	if (f->watched && o.kind == DECISION_ALLOW &&
	    stream_has_gap(&f->streams[DIR_CLIENT])) {
		if (!engine_watch_in_order(f, a)) {
			o.kind = DECISION_NOT_YET;
		} else if (!engine_tcp_owes(f)) {
			engine_watch_passes(e, f, a);
			/* The rest has another while to wait. */
			f->held_since = now;
			return;
		}
	}
	if (o.kind == DECISION_ALLOW && f->stack.state == STACK_BAD &&
	    engine_hides_messages(e, f))
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
		if (f->watched || f->listened)
			engine_watch_read_on(e, f, dir, in, now);
		return;
	}
	if (f->delivering)
		engine_tcp_deliver_packet(e, f, dir, pkt, in->id);
	else if (f->confirming)
		engine_confirm_packet(e, f, &a, now);
	else if (f->watched)
		engine_watch_packet(e, f, &a, now);
	else if (f->listened)
		engine_listen_packet(e, f, &a, now);
	else if (!f->refused)
		engine_out_verdict(e, engine_allow_kind(e, f), in->id);
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
		e->policy->ir.fail_open && engine_may_be_lost(e, now));

	f->answered = true;
	engine_settle(e, f, &o, dir, in, now);
}

/* No connection came of a SYN that went by. */
static bool ends_unknown(const struct packet *pkt)
{
	return (pkt->tcp_flags & TCP_RST) && pkt->wire_payload == 0;
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
	engine_tell_outcome(e, &facts, &o, in, now);
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
	enum reason why;
	enum dir dir;

	e->now = now;
	if (e->given || e->in_hand)
		engine_answers_free(e);
	if (!e->started)
		e->started = now;
	stats_add(e->opt.stats, STAT_PACKETS, 1);
	fault = packet_parse(in->raw, opt, &pkt);
	if (fault != PACKET_OK) {
		refuse_packet(e, in, &pkt, fault_reason(fault), now);
		return;
	}
	f = engine_flow_of(e, &pkt, in, now, &why);
	if (!f) {
		refuse_packet(e, in, &pkt, why, now);
		return;
	}
	a.dir = dir = flow_dir(f, &pkt);
	if (f->traffic) {
		f->traffic[dir].packets++;
		f->traffic[dir].bytes += pkt.wire_payload;
	}
	if (!engine_binding_listen(e, f, &a)) {
		engine_out_verdict(e, OUTPUT_DROP, in->id);
		return;
	}
	engine_tcp_note_ack(f, &a);
	engine_watch_note(f, dir, &pkt, in);

	if (f->decided) {
		repeat_verdict(e, f, dir, &pkt, in, now);
		return;
	}
	if (f->midstream && in->mark == MARK_PENDING) {
		if (e->opt.handshakes && ends_unknown(&pkt)) {
			engine_forget(e, f);
			engine_out_verdict(e, OUTPUT_PASS, in->id);
		} else if (engine_recall(e, f))
			engine_judge_recalled(e, f, flow_dir(f, &pkt), in, now);
		else
			judge_lost(e, f, dir, in, now);
		return;
	}
	if (in->mark == MARK_LISTENED && engine_listen_lost(e, f, &a))
		return;
	if (dir == DIR_SERVER)
		engine_tcp_acked(e, f, &pkt);
	a.taken = engine_take(e, f, dir, &pkt);
	if (f->resync && engine_watch_resync(e, f, &a))
		return;
	engine_judge(e, f, &a, now);
	if ((pkt.tcp_flags & TCP_RST) && !f->decided && !e->opt.read_on)
		end_undecided(e, f, &a);
}
