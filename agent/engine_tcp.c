/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Segments of our own in the name of a flow's ends: resets, and vouching.
 *
 * A client may have ten packets or so under way before the first is
 * acknowledged (RFC 6928).  While its packets are held nobody acknowledges
 * them, so a hello cut into more pieces would never be whole, and the flow
 * would be refused for how it was cut.  So when a client has come to a stop, we
 * acknowledge in the server's name what is there in order.  Whoever
 * acknowledges a byte answers for it: the stream keeps its copy, and when the
 * flow is allowed the bytes are sent to the server, again and again
 * (DELIVERIES), until it acknowledges them.  Only then is the flow left to the
 * kernel.  When it is refused, the server has still seen none of it.
 */
#include "agent/engine_priv.h"

#include <netinet/in.h>
#include <stdlib.h>

/* Held packets at which a client is about to stop: below the initial window of
 * ten, so that none stalls for a retransmission time-out. */
#define STALL_PACKETS 8

/* The first pause before bytes are sent again; it doubles. */
#define DELIVER_NS (250ULL * 1000000)
#define DELIVERIES 7

void engine_tcp_note(struct flow *f, enum dir dir, const struct packet *pkt)
{
	struct flow_tcp *t = &f->tcp[dir];

	t->window = pkt->window;
	t->has_timestamps = pkt->has_timestamps;
	if (pkt->has_timestamps)
		t->tsval = pkt->tsval;
}

void engine_tcp_note_ack(struct flow *f, const struct arrival *a)
{
	if (a->dir == DIR_SERVER && (a->pkt->tcp_flags & TCP_ACK) &&
	    engine_is_from_server(f, a->in) &&
	    engine_tcp_before(f->acked, a->pkt->ack))
		f->acked = a->pkt->ack;
}

void engine_tcp_passed(struct flow *f, enum dir dir, const struct packet *pkt)
{
	uint32_t end = pkt->seq + pkt->wire_payload +
		       !!(pkt->tcp_flags & TCP_SYN) +
		       !!(pkt->tcp_flags & TCP_FIN);

	/* An acknowledgement alone may run ahead of what is held. */
	if (end != pkt->seq && !(pkt->tcp_flags & TCP_RST) &&
	    engine_tcp_before(f->passed[dir], end))
		f->passed[dir] = end;
}

/* A segment to `to`, with what its peer last said in the header. */
static struct tcp_segment segment_to(const struct flow *f, enum dir to)
{
	enum dir from = to == DIR_SERVER ? DIR_CLIENT : DIR_SERVER;
	const struct facts *k = &f->facts;
	bool to_server = to == DIR_SERVER;

	return (struct tcp_segment){
		.src = to_server ? k->src : k->dst,
		.dst = to_server ? k->dst : k->src,
		.sport = to_server ? k->sport : k->dport,
		.dport = to_server ? k->dport : k->sport,
		.seq = f->passed[from],
		.ack = f->passed[to],
		.flags = TCP_ACK,
		.window = f->tcp[from].window,
		.has_timestamps = f->tcp[from].has_timestamps,
		.tsval = f->tcp[from].tsval,
		.tsecr = f->tcp[to].tsval,
	};
}

void engine_tcp_reset(struct engine *e, const struct flow *f, enum dir to)
{
	struct tcp_segment s = segment_to(f, to);

	s.flags = TCP_RST | TCP_ACK;
	s.window = 0;
	s.has_timestamps = false;
	engine_out(e, (struct engine_output){.kind = OUTPUT_SEGMENT,
					     .segment = s});
	stats_add(e->opt.stats, STAT_RESETS, 1);
}

bool engine_tcp_stalls(const struct flow *f, bool repeat)
{
	/* What came before and may be lost nobody would send again; and what
	 * is allowed goes on without us. */
	if (f->facts.l4 != IPPROTO_TCP || !f->answered || f->decided ||
	    engine_tcp_before(f->acked, f->streams[DIR_CLIENT].base) ||
	    (f->watched && !f->asked && !f->vouching))
		return false;
	return f->vouching || f->n_held >= STALL_PACKETS ||
	       (repeat && f->n_held > 0);
}

/* The client's bytes from `seq` on, to the server. */
static void send_bytes(struct engine *e, const struct flow *f, uint32_t seq,
		       struct reader bytes)
{
	size_t most = f->facts.dst.family == IP_V4 ? SEGMENT_PAYLOAD_V4
						   : SEGMENT_PAYLOAD_MAX;

	while (bytes.left > 0) {
		struct tcp_segment data = segment_to(f, DIR_SERVER);
		size_t n = bytes.left < most ? bytes.left : most;

		data.seq = seq;
		data.flags = TCP_ACK | TCP_PSH;
		data.payload = reader_sub(&bytes, n);
		engine_out(e, (struct engine_output){.kind = OUTPUT_SEGMENT,
						     .segment = data});
		seq += (uint32_t)n;
	}
}

void engine_tcp_vouch(struct engine *e, struct flow *f)
{
	const struct stream *s = &f->streams[DIR_CLIENT];
	struct tcp_segment ack = segment_to(f, DIR_CLIENT);

	if (!f->vouching)
		stats_add(e->opt.stats, STAT_VOUCHED, 1);
	f->vouching = true;
	f->vouched = s->base + stream_in_order(s);
	engine_release(e, f, OUTPUT_DROP);
	ack.ack = f->vouched;
	engine_out(e, (struct engine_output){.kind = OUTPUT_SEGMENT,
					     .segment = ack});
}

void engine_tcp_hand_on(struct engine *e, const struct flow *f,
			const struct packet *pkt)
{
	uint32_t n = f->streams[DIR_CLIENT].base - pkt->seq;
	struct reader rest = pkt->payload;

	if ((int32_t)n <= 0 || n >= rest.left)
		return;
	rest.left = n;
	send_bytes(e, f, pkt->seq, rest);
}

bool engine_tcp_owes(const struct flow *f)
{
	const struct stream *s = &f->streams[DIR_CLIENT];

	return (f->vouching || f->delivering) &&
	       engine_tcp_before(f->acked, s->base + stream_in_order(s));
}

bool engine_tcp_runs_ahead(const struct flow *f)
{
	const struct stream *s = &f->streams[DIR_CLIENT];
	uint32_t read = s->base + s->consumed;

	return f->facts.l4 == IPPROTO_TCP && f->answered &&
	       proto_stack_is_ahead(&f->stack) && !stream_has_gap(s) &&
	       !engine_tcp_before(f->acked, s->base) &&
	       engine_tcp_before(f->passed[DIR_CLIENT], read) &&
	       (!f->delivering || engine_tcp_before(f->deliver_to, read));
}

/* The packet in hand says nothing any more, but brings the kernel to show what
 * the server says.  Without memory it is dropped: then the server's answer is
 * not seen, and what waits for it does not go. */
static void pend_without_bytes(struct engine *e, const struct flow *f,
			       uint32_t id)
{
	struct tcp_segment ack = segment_to(f, DIR_SERVER);
	struct answer_packet *c = malloc(sizeof(*c) + SEGMENT_ROOM);

	if (!c) {
		engine_out_verdict(e, OUTPUT_DROP, id);
		return;
	}
	c->n = segment_build(&ack, c->bytes);
	engine_out(e,
		   (struct engine_output){.kind = OUTPUT_PEND,
					  .id = id,
					  .bytes = reader_of(c->bytes, c->n)});
	c->next = e->given;
	e->given = c;
}

void engine_tcp_let_ahead(struct engine *e, struct flow *f, uint32_t id,
			  uint64_t now)
{
	const struct stream *s = &f->streams[DIR_CLIENT];

	if (f->one_sided)
		pend_without_bytes(e, f, id);
	else
		engine_out_verdict(e, OUTPUT_DROP, id);
	engine_tcp_vouch(e, f);
	engine_wait_end(e, f);
	f->held_since = now;
	engine_tcp_deliver_begin(e, f, s->base + s->consumed, now);
}

void engine_tcp_deliver_begin(struct engine *e, struct flow *f, uint32_t to,
			      uint64_t now)
{
	f->deliver_to = to;
	f->deliveries = 0;
	/* The server will not say again that it has it. */
	if (engine_tcp_before(f->acked, f->deliver_to))
		engine_tcp_deliver(e, f, now);
}

void engine_tcp_deliver(struct engine *e, struct flow *f, uint64_t now)
{
	struct stream *s = &f->streams[DIR_CLIENT];
	/* What went by may be lost: what the server says to have is not. */
	uint32_t from = f->acked - s->base, to = f->deliver_to - s->base;

	if (f->deliveries++ == DELIVERIES) {
		/* The server does not take it: neither end may wait on. */
		engine_tcp_reset(e, f, DIR_SERVER);
		engine_tcp_reset(e, f, DIR_CLIENT);
		f->vouching = f->delivering = false;
		engine_wait_end(e, f);
		stream_done(s);
		return;
	}
	f->delivering = true;
	if (from < to)
		send_bytes(e, f, s->base + from,
			   stream_copy(s, from, to - from));
	f->deliver_next = now + (DELIVER_NS << f->deliveries);
	engine_wait(e, f, f->deliver_next);
}

void engine_tcp_acked(struct engine *e, struct flow *f,
		      const struct packet *pkt)
{
	if (!f->delivering || !(pkt->tcp_flags & TCP_ACK))
		return;
	if (engine_tcp_before(f->passed[DIR_CLIENT], f->acked))
		f->passed[DIR_CLIENT] = f->acked;
	if (engine_tcp_before(f->acked, f->deliver_to))
		return;
	f->delivering = false;
	if (f->decided || (!f->vouching && f->n_held == 0))
		engine_wait_end(e, f);
}

void engine_tcp_deliver_packet(struct engine *e, struct flow *f, enum dir dir,
			       const struct packet *pkt, uint32_t id)
{
	uint32_t end = pkt->seq + pkt->wire_payload;
	enum output_kind kind;

	engine_tcp_note(f, dir, pkt);
	if (dir == DIR_CLIENT) {
		/* What we answer for needs no second copy. */
		bool ours = pkt->wire_payload > 0 &&
			    !engine_tcp_before(f->deliver_to, end);

		/* What comes behind it is judged when it comes again. */
		ours |= f->watched && pkt->wire_payload > 0;
		engine_out_verdict(e, ours ? OUTPUT_DROP : OUTPUT_PASS, id);
		return;
	}
	if (engine_tcp_before(f->passed[DIR_SERVER], end))
		f->passed[DIR_SERVER] = end;
	engine_tcp_acked(e, f, pkt);
	if (f->delivering) {
		engine_out_verdict(e, OUTPUT_PASS, id);
		return;
	}
	engine_remember(e, f);
	f->vouching = false;
	if (f->watched) {
		engine_watch_release(f);
	} else if (!e->opt.read_on) {
		stream_done(&f->streams[DIR_CLIENT]);
	}
	kind = f->watched && engine_watch_awaits_end(f)
		       ? OUTPUT_PASS
		       : engine_allow_kind(e, f);
	engine_out_verdict(e, kind, id);
}
