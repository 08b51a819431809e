/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Between the decision to allow a flow and leaving it to the kernel.
 *
 * What the engine has judged need not be what the server gets: a SYN's data
 * that the server does not take (RFC 7413), a packet that dies on its way (its
 * hops are few), a segment that the server drops for its time stamp.  The
 * client could then send other bytes in the same place, and nobody would look.
 * So the flow stays in the queue until the server acknowledges what was judged;
 * its packets pass meanwhile, but none that says something else.
 */
#include "agent/engine_priv.h"

#include <netinet/in.h>

bool engine_confirm_begin(struct flow *f)
{
	const struct stream *s = &f->streams[DIR_CLIENT];

	if (f->facts.l4 != IPPROTO_TCP ||
	    (stream_in_order(s) == 0 && f->ledger.n == 0))
		return false;
	f->confirming = true;
	f->confirm_to = s->base + stream_in_order(s);
	return true;
}

static void confirm_end(struct flow *f)
{
	f->confirming = false;
	if (f->watched) {
		engine_watch_release(f);
		return;
	}
	stream_done(&f->streams[DIR_CLIENT]);
	stream_done(&f->streams[DIR_SERVER]);
	ledger_done(&f->ledger);
}

bool engine_is_from_server(const struct flow *f, const struct engine_input *in)
{
	return in->zone_src == ENGINE_ZONE_BY_ADDRESS ||
	       in->zone_src == f->facts.zone_dst;
}

/* Has the server what was judged? */
static bool is_confirmed(const struct flow *f, const struct packet *pkt,
			 const struct engine_input *in)
{
	return (pkt->tcp_flags & TCP_ACK) &&
	       !engine_tcp_before(pkt->ack, f->confirm_to) &&
	       engine_is_from_server(f, in);
}

/* Does the client now say something else than what was judged? */
static bool contradicts(const struct flow *f, const struct packet *pkt)
{
	uint32_t seq = pkt->seq + !!(pkt->tcp_flags & TCP_SYN);

	/* The byte that is taken out may be one that has yet to come. */
	if (pkt->wire_payload == 0)
		return pkt->tcp_flags & TCP_URG;
	if (!engine_tcp_before(seq, f->confirm_to))
		return false;
	if (f->watched)
		return (pkt->tcp_flags & TCP_URG) ||
		       ledger_differs(&f->ledger, seq, pkt->payload);
	return (pkt->tcp_flags & TCP_URG) ||
	       stream_differs(&f->streams[DIR_CLIENT], seq, pkt->payload);
}

void engine_confirm_packet(struct engine *e, struct flow *f, struct arrival *a,
			   uint64_t now)
{
	const struct engine_input *in = a->in;
	const struct packet *pkt = a->pkt;
	enum output_kind kind = OUTPUT_PASS;
	enum dir dir = a->dir;

	if (dir == DIR_SERVER) {
		if ((pkt->tcp_flags & TCP_ACK) && engine_is_from_server(f, in))
			ledger_acknowledge(&f->ledger, pkt->ack);
		if ((pkt->tcp_flags & TCP_SYN) && !f->answered) {
			f->answered = true;
			f->passed[dir] = pkt->seq;
		}
		engine_tcp_passed(f, dir, pkt);
		if (is_confirmed(f, pkt, in) &&
		    !(f->watched && engine_watch_awaits_end(f))) {
			confirm_end(f);
			engine_remember(e, f);
			kind = engine_allow_kind(e, f);
		}
	} else if (contradicts(f, pkt)) {
		confirm_end(f);
		engine_settle_by(e, f, REASON_STREAM_CONFLICT, dir, in, now);
		return;
	} else if (f->watched) {
		engine_watch_packet(e, f, a, now);
		return;
	}
	engine_out_verdict(e, kind, in->id);
}
