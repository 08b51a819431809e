/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Flows that are allowed for what their client has asked so far, and may ask
 * for something else: requests of a kept-alive HTTP connection, and questions
 * of DNS where a rule asks for the names in them.
 *
 * The kernel passes what the server says, and queues what the client says.  A
 * body goes on as it comes.  A message makes the flow undecided until it is
 * judged as the first one was; then both sides are in the queue again, until
 * the server acknowledges it (engine_confirm.c).
 */
#include "agent/engine_priv.h"

#include <netinet/in.h>

/* What clients with a small window have on their way: ten segments or so
 * (RFC 6928). */
#define BODY_END_BYTES 16384

/* Nothing but that there is another message. */
static struct facts with_another(const struct flow *f)
{
	struct facts later = f->facts;

	if (!later.begin)
		return later;
	later.layers[later.n_layers - 1].settled = false;
	later.values = later.begin->values;
	later.n_values = later.begin->n_values;
	later.dropped = later.begin->dropped;
	return later;
}

/* Questions are all alike, but for the names in them. */
static bool goes_on(const struct engine *e, const struct flow *f)
{
	const struct proto *p = f->stack.current;

	return p && p->skips && f->facts.n_layers > 0 &&
	       (e->policy->ir.asks_questions ||
		!(APP_BIT(p->app) & APPS_WITH_QUESTIONS));
}

bool engine_must_watch(const struct engine *e, const struct flow *f)
{
	struct facts later;

	if (f->stack.state != STACK_FEEDING || !goes_on(e, f))
		return false;
	/* Without memory it is not known what the next one could change. */
	if (!f->facts.begin)
		return true;
	later = with_another(f);
	return decide_flow(&e->policy->ir, &later).kind != DECISION_ALLOW;
}

bool engine_hides_messages(const struct engine *e, const struct flow *f)
{
	struct facts later;

	if (!goes_on(e, f))
		return false;
	if (!f->facts.begin)
		return true;
	later = with_another(f);
	return decide_hurried(&e->policy->ir, &later).kind != DECISION_ALLOW;
}

void engine_watch_begin(struct engine *e, struct flow *f)
{
	f->watched = true;
	f->facts.judged = true;
	f->facts.forgets = !e->opt.read_on;
	if (!e->opt.read_on)
		proto_stack_lose(&f->stack);
}

void engine_watch_release(struct flow *f)
{
	ledger_done(&f->ledger);
	stream_forget(&f->streams[DIR_CLIENT]);
	stream_done(&f->streams[DIR_SERVER]);
}

/* Where the body ends that the client is in the middle of. */
static bool body_end(const struct flow *f, uint32_t *out_end)
{
	const struct stream *s = &f->streams[DIR_CLIENT];
	uint64_t skips = proto_stack_skips(&f->stack);

	if (skips == 0 || !s->started || stream_has_gap(s) ||
	    stream_unread(s).left > 0)
		return false;
	/* Half of all sequence numbers are behind us. */
	if (skips > INT32_MAX / 2)
		skips = INT32_MAX / 2;
	*out_end = s->base + stream_in_order(s) + (uint32_t)skips;
	return true;
}

/* All up to there has gone by, in whatever order. */
static void body_skip(struct flow *f, uint32_t end)
{
	struct stream *s = &f->streams[DIR_CLIENT];

	proto_stack_skip(&f->stack, end - s->base - stream_in_order(s));
	stream_done(s);
	stream_start(s, end);
}

/* Nothing but what was looked at before. */
static bool is_old(const struct flow *f, const struct packet *pkt)
{
	const struct stream *s = &f->streams[DIR_CLIENT];

	return s->started && !engine_tcp_before(s->base + stream_in_order(s),
						pkt->seq + pkt->wire_payload);
}

/* The server's side is not shown, but its client tells where it stands. */
static void note_server(struct flow *f, const struct packet *pkt)
{
	f->answered = true;
	f->passed[DIR_SERVER] = pkt->ack;
	if (pkt->has_timestamps) {
		f->tcp[DIR_SERVER].has_timestamps = true;
		f->tcp[DIR_SERVER].tsval = pkt->tsecr;
	}
}

void engine_watch_note(struct flow *f, enum dir dir, const struct packet *pkt,
		       const struct engine_input *in)
{
	if (dir != DIR_CLIENT || (pkt->tcp_flags & TCP_SYN))
		return;
	f->one_sided = in->mark == MARK_WATCHED || in->mark == MARK_LISTENED;
	if (f->one_sided)
		note_server(f, pkt);
}

bool engine_watch_resync(struct engine *e, struct flow *f,
			 const struct arrival *a)
{
	/* It may be a message's beginning: it waits for more. */
	if (f->stack.state == STACK_PROBING)
		return false;
	if (f->stack.current && f->stack.current->skips) {
		f->resync = false;
		return false;
	}
	/* Some of a body: the next packet may be a message's. */
	engine_release(e, f, OUTPUT_PASS);
	engine_wait_end(e, f);
	stream_done(&f->streams[DIR_CLIENT]);
	f->asked = false;
	f->facts.n_layers = 0;
	f->facts.open = true;
	proto_stack_init(&f->stack, f->facts.l4);
	engine_tcp_passed(f, a->dir, a->pkt);
	engine_out_verdict(e, OUTPUT_PASS, a->in->id);
	return true;
}

bool engine_watch_comes_again(const struct flow *f, const struct packet *pkt)
{
	const struct stream *s = &f->streams[DIR_CLIENT];

	return f->watched &&
	       (stream_has_gap(s) ||
		engine_tcp_before(s->base + stream_in_order(s), pkt->seq));
}

static void let_go(struct engine *e, struct flow *f, const struct arrival *a,
		   enum output_kind kind)
{
	engine_tcp_passed(f, a->dir, a->pkt);
	engine_out_verdict(e, kind, a->in->id);
}

bool engine_watch_awaits_end(struct flow *f)
{
	uint32_t end;

	if (!body_end(f, &end) || proto_stack_skips(&f->stack) > BODY_END_BYTES)
		return false;
	f->confirming = true;
	f->confirm_to = end;
	return true;
}

/* Bytes of the client's, all of them before `end`. */
static bool is_before(const struct flow *f, const struct arrival *a,
		      uint32_t end)
{
	const struct packet *pkt = a->pkt;

	return a->dir == DIR_CLIENT && pkt->payload.left > 0 &&
	       f->streams[DIR_CLIENT].started &&
	       !(pkt->tcp_flags & (TCP_RST | TCP_URG)) &&
	       !engine_tcp_before(end, pkt->seq + pkt->wire_payload);
}

bool engine_watch_comes_late(const struct flow *f, const struct arrival *a)
{
	return is_before(f, a, f->streams[DIR_CLIENT].base);
}

bool engine_watch_in_order(const struct flow *f, const struct arrival *a)
{
	const struct stream *s = &f->streams[DIR_CLIENT];

	return is_before(f, a, s->base + stream_in_order(s));
}

void engine_watch_passes(struct engine *e, struct flow *f,
			 const struct arrival *a)
{
	let_go(e, f, a, f->one_sided ? OUTPUT_PEND : OUTPUT_PASS);
}

/* A body needs neither order nor memory: its packets go by. */
static bool pass_body(struct engine *e, struct flow *f, const struct arrival *a)
{
	uint32_t last = a->pkt->seq + a->pkt->wire_payload, end;
	bool pends;

	if (!body_end(f, &end) || (a->pkt->tcp_flags & TCP_URG))
		return false;
	if (engine_tcp_before(end, last)) {
		body_skip(f, end);
		return false;
	}
	pends = engine_watch_awaits_end(f) && f->one_sided;
	let_go(e, f, a, pends ? OUTPUT_PEND : OUTPUT_PASS);
	/* What of it comes later is old. */
	body_skip(f, last);
	return true;
}

void engine_watch_packet(struct engine *e, struct flow *f, struct arrival *a,
			 uint64_t now)
{
	if (a->dir == DIR_SERVER || a->pkt->payload.left == 0 ||
	    is_old(f, a->pkt)) {
		if (a->dir == DIR_SERVER)
			(void)engine_take(e, f, a->dir, a->pkt);
		let_go(e, f, a, OUTPUT_PASS);
		return;
	}
	if (pass_body(e, f, a))
		return;
	a->taken = engine_take(e, f, a->dir, a->pkt);
	if (a->taken == TAKEN_REPEAT) {
		let_go(e, f, a, OUTPUT_PASS);
		return;
	}
	if (a->taken == TAKEN_LIMIT && engine_watch_comes_again(f, a->pkt)) {
		engine_out_verdict(e, OUTPUT_DROP, a->in->id);
		return;
	}
	f->decided = false;
	f->confirming = false;
	engine_judge(e, f, a, now);
	/* The ledger has what must not change, and bodies are of any size. */
	if (f->decided && !f->refused && !f->delivering)
		stream_forget(&f->streams[DIR_CLIENT]);
}

void engine_watch_read_on(struct engine *e, struct flow *f, enum dir dir,
			  const struct engine_input *in, uint64_t now)
{
	struct outcome o;

	if (f->facts.judged)
		return;
	o = engine_decide(e, f);
	if (o.kind == DECISION_NOT_YET)
		return;
	engine_settle(e, f, &o, dir, in, now);
}
