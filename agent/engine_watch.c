/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Flows that are allowed for what their client has asked so far, and may ask
 * for something else: requests of a kept-alive HTTP connection.
 *
 * The kernel passes what the server says, and queues what the client says.  A
 * body goes on as it comes.  A message makes the flow undecided until it is
 * judged as the first one was; then both sides are in the queue again, until
 * the server acknowledges it (engine_confirm.c).
 */
#include "agent/engine_priv.h"

#include <netinet/in.h>

bool engine_must_watch(const struct engine *e, const struct flow *f)
{
	struct facts later = f->facts;

	if (f->stack.state != STACK_FEEDING || !f->stack.current->skips)
		return false;
	/* Nothing but that there is another message. */
	later.layers[later.n_layers - 1].settled = false;
	later.values = later.begin.values;
	later.n_values = later.begin.n_values;
	later.dropped = later.begin.dropped;
	return decide_flow(&e->policy->ir, &later).kind != DECISION_ALLOW;
}

void engine_watch_begin(struct engine *e, struct flow *f)
{
	f->watched = true;
	f->facts.judged = true;
	f->facts.forgets = !e->opt.read_on;
}

void engine_watch_release(struct flow *f)
{
	stream_forget(&f->streams[DIR_CLIENT]);
	stream_done(&f->streams[DIR_SERVER]);
}

/* Of what a packet brought, was all a body's, and in order? */
static bool is_body(const struct flow *f, enum engine_taken taken,
		    uint32_t brought, uint64_t skips)
{
	const struct stream *s = &f->streams[DIR_CLIENT];

	return (taken == TAKEN_OK || taken == TAKEN_REPEAT) &&
	       f->stack.state != STACK_BAD && brought <= skips &&
	       !stream_has_gap(s) && stream_unread(s).left == 0;
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
	f->one_sided = in->mark == MARK_WATCHED;
	if (f->one_sided)
		note_server(f, pkt);
}

bool engine_watch_resync(struct engine *e, struct flow *f,
			 const struct arrival *a)
{
	if (f->stack.state == STACK_PROBING ||
	    (f->facts.n_layers && f->facts.layers[0].app != APP_UNKNOWN)) {
		f->resync = false;
		return false;
	}
	/* Some of a body: the next packet may be a message's. */
	stream_done(&f->streams[DIR_CLIENT]);
	f->facts.n_layers = 0;
	f->facts.open = true;
	proto_stack_init(&f->stack, f->facts.l4, &f->arena);
	engine_tcp_passed(f, a->dir, a->pkt);
	engine_out_verdict(e, OUTPUT_PASS, a->in->id);
	return true;
}

void engine_watch_packet(struct engine *e, struct flow *f, struct arrival *a,
			 uint64_t now)
{
	struct stream *s = &f->streams[DIR_CLIENT];
	uint64_t skips = proto_stack_skips(&f->stack);
	uint32_t before = s->base + stream_in_order(s), end;

	a->taken = engine_take(e, f, a->dir, a->pkt);
	end = s->base + stream_in_order(s);
	if (a->dir == DIR_SERVER || a->pkt->payload.left == 0 ||
	    is_body(f, a->taken, end - before, skips)) {
		if (!f->confirming)
			stream_forget(s);
		engine_tcp_passed(f, a->dir, a->pkt);
		engine_out_verdict(e, OUTPUT_PASS, a->in->id);
		return;
	}
	f->decided = false;
	f->confirming = false;
	engine_judge(e, f, a, now);
}

void engine_watch_read_on(struct engine *e, struct flow *f, enum dir dir,
			  const struct engine_input *in, uint64_t now)
{
	struct outcome o = decide_flow(&e->policy->ir, &f->facts);

	if (o.kind == DECISION_NOT_YET || f->facts.judged)
		return;
	engine_settle(e, f, &o, dir, in, now);
}
