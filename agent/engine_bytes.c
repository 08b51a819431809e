/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The bytes of a packet: into order, and to the protocol. */
#include "agent/engine_priv.h"

#include "agent/guess/guess.h"

#include <netinet/in.h>

static bool wants_bytes(const struct flow *f)
{
	return f->stack.state == STACK_PROBING ||
	       f->stack.state == STACK_FEEDING;
}

/* What the client says that may be judged: for a flow that goes on, it is kept
 * until the server has it.  A body is stepped over. */
static bool offer_client(struct engine *e, struct flow *f,
			 struct reader *unread)
{
	const struct stream *s = &f->streams[DIR_CLIENT];
	uint64_t skips = proto_stack_skips(&f->stack);
	struct reader said = *unread;

	if (skips > 0) {
		if (skips > unread->left)
			skips = unread->left;
		proto_stack_skip(&f->stack, skips);
		reader_skip(unread, skips);
		return true;
	}
	(void)proto_stack_feed(&f->stack, DIR_CLIENT, unread, &f->facts);
	if (e->opt.read_on || !f->stack.current || !f->stack.current->skips)
		return true;
	said.left -= unread->left;
	return ledger_note(&f->ledger, s->base + s->consumed, said);
}

/* Offer each direction what it has, until neither moves.  False: what must be
 * remembered of it is too much. */
static bool feed(struct engine *e, struct flow *f, enum dir dir)
{
	bool good = true;

	f->asked = false;
	for (unsigned idle = 0; idle < 2 && wants_bytes(f); dir = !dir) {
		struct stream *s = &f->streams[dir];
		struct reader unread = stream_unread(s);
		size_t before = unread.left;

		if (before > 0 && dir == DIR_CLIENT)
			good &= offer_client(e, f, &unread);
		else if (before > 0)
			(void)proto_stack_feed(&f->stack, dir, &unread,
					       &f->facts);
		stream_consume(s, &unread);
		idle = unread.left == before ? idle + 1 : 0;
		if ((f->decided && e->opt.read_on) ||
		    (f->watched && dir == DIR_SERVER))
			stream_forget(s);
	}
	if (!f->decided &&
	    stream_in_order(&f->streams[DIR_SERVER]) > LIMIT_SERVER_FIRST_BYTES)
		proto_stack_give_up(&f->stack, &f->facts);
	return good;
}

/* Nobody of ours wants it any more. */
static void guess(struct flow *f, struct reader client)
{
	const struct facts *k = &f->facts;

	if (!wants_bytes(f) && k->n_layers > 0 &&
	    k->layers[k->n_layers - 1].app == APP_UNKNOWN)
		guess_unknown(&f->facts, client);
}

/* New bytes of a TCP packet go to the stream, and what is in order to the
 * protocol. */
static enum engine_taken take_tcp(struct engine *e, struct flow *f,
				  enum dir dir, const struct packet *pkt)
{
	struct stream *s = &f->streams[dir];
	uint32_t seq = pkt->seq;

	engine_tcp_note(f, dir, pkt);
	if (pkt->tcp_flags & TCP_SYN) {
		seq++;
		if (!s->started) {
			stream_start(s, seq);
			f->passed[dir] = seq;
		}
		if (dir == DIR_SERVER) {
			f->answered = true;
			f->server_isn = pkt->seq;
		}
	}
	if (!wants_bytes(f) || (pkt->tcp_flags & TCP_RST))
		return TAKEN_OK;
	/* It may point to a byte that comes later. */
	if (pkt->payload.left == 0)
		return dir == DIR_CLIENT && (pkt->tcp_flags & TCP_URG)
			       ? TAKEN_URGENT
			       : TAKEN_OK;
	if (dir == DIR_CLIENT && ledger_differs(&f->ledger, seq, pkt->payload))
		return TAKEN_CONFLICT;
	switch (stream_add(s, seq, pkt->payload)) {
	case STREAM_OK:
		break;
	case STREAM_REPEAT:
		return TAKEN_REPEAT;
	case STREAM_CONFLICT:
		return TAKEN_CONFLICT;
	case STREAM_LIMIT:
	case STREAM_NOMEM:
		return TAKEN_LIMIT;
	}
	if (!feed(e, f, dir))
		return TAKEN_LIMIT;
	guess(f, stream_unread(&f->streams[DIR_CLIENT]));
	return dir == DIR_CLIENT && (pkt->tcp_flags & TCP_URG) ? TAKEN_URGENT
							       : TAKEN_OK;
}

/* UDP has no order that a decision could wait for: a datagram counts as it
 * comes. */
static enum engine_taken take_udp(struct flow *f, enum dir dir,
				  const struct packet *pkt)
{
	f->asked = false;
	if (!wants_bytes(f) && !f->stack.listens)
		return TAKEN_OK;
	(void)proto_stack_datagram(&f->stack, dir, pkt->payload, &f->facts);
	if (dir == DIR_CLIENT)
		guess(f, pkt->payload);
	return TAKEN_OK;
}

/* Of ICMP what a client asks by echos and a server repeats. */
static enum engine_taken take_icmp(struct flow *f, enum dir dir,
				   const struct packet *pkt)
{
	if (packet_is_echo(pkt, dir == DIR_SERVER))
		(void)take_udp(f, dir, pkt);
	return TAKEN_OK;
}

enum engine_taken engine_take(struct engine *e, struct flow *f, enum dir dir,
			      const struct packet *pkt)
{
	enum engine_taken taken = TAKEN_OK;

	if (pkt->l4 == IPPROTO_TCP)
		taken = take_tcp(e, f, dir, pkt);
	else if (pkt->l4 == IPPROTO_UDP)
		taken = take_udp(f, dir, pkt);
	else
		taken = take_icmp(f, dir, pkt);
	engine_make_prints(e, &f->facts);
	return taken;
}
