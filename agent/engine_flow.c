/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The flow that a packet belongs to: found, or begun, with what is known of its
 * ends before it says anything.
 */
#include "agent/engine_priv.h"
#include "agent/flow/handshakes.h"

#include <netinet/in.h>

static bool is_syn(const struct packet *pkt)
{
	return pkt->l4 == IPPROTO_TCP &&
	       (pkt->tcp_flags & (TCP_SYN | TCP_ACK)) == TCP_SYN;
}

/* On a gateway: it knows no flow that this packet would belong to. */
static bool kernel_has_none(const struct engine_input *in)
{
	return in->zone_src != ENGINE_ZONE_BY_ADDRESS && in->mark == MARK_NEW;
}

/* The first packet seen may be the server's: an answer to a SYN; in a replay,
 * which may begin anywhere, also one from a well-known port to another.  The
 * kernel knows better, whatever ports a client chooses: of a new flow it queues
 * only what comes from its client. */
static bool is_from_server(const struct engine *e, const struct packet *pkt,
			   const struct engine_input *in)
{
	if (kernel_has_none(in))
		return false;
	if (engine_binding_answers(e, pkt, in))
		return true;
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

/* How a connection has begun whose SYNs the kernel has let go by. */
struct beginning {
	bool known;
	enum dir dir; /* of the packet in hand */
	struct handshake handshake;
};

static struct beginning beginning_of(struct engine *e, const struct packet *pkt,
				     const struct engine_input *in,
				     uint64_t now)
{
	struct beginning b = {0};

	if (e->opt.handshakes && in->mark == MARK_PENDING &&
	    pkt->l4 == IPPROTO_TCP && !(pkt->tcp_flags & TCP_SYN))
		b.known = handshakes_take(e->opt.handshakes, pkt, in->zone_src,
					  in->zone_dst,
					  (uint32_t)(now / 1000000000), &b.dir,
					  &b.handshake);
	return b;
}

static void side_begins(struct flow *f, enum dir dir, uint32_t isn)
{
	stream_start(&f->streams[dir], isn + 1);
	f->passed[dir] = isn + 1;
}

static void server_answers(struct flow *f, const struct handshake *h)
{
	side_begins(f, DIR_SERVER, h->isn[DIR_SERVER]);
	f->server_isn = h->isn[DIR_SERVER];
	f->tcp[DIR_SERVER] = h->answer;
	f->answered = true;
	if (engine_tcp_before(f->acked, h->isn[DIR_CLIENT] + 1))
		f->acked = h->isn[DIR_CLIENT] + 1;
}

/* Both sides' bytes have their places. */
static void begin_by(struct flow *f, const struct handshake *h)
{
	f->midstream = false;
	f->isn = f->acked = h->isn[DIR_CLIENT];
	side_begins(f, DIR_CLIENT, f->isn);
	server_answers(f, h);
}

/* Into the table, if its client may have one more. */
static struct flow *add(struct engine *e, const struct flow_key *key,
			uint16_t client, uint64_t now, enum reason *out_why)
{
	struct flow *f;

	*out_why = REASON_CLIENT_LIMIT;
	if (!engine_client_may(e, client))
		return NULL;
	*out_why = REASON_FLOW_LIMIT;
	f = flow_table_add(e->flows, key, now);
	if (!f && engine_client_makes_room(e, client, now))
		f = flow_table_add(e->flows, key, now);
	return f;
}

static struct flow *flow_begin(struct engine *e, const struct flow_key *key,
			       const struct packet *pkt,
			       const struct engine_input *in,
			       const struct beginning *b, uint64_t now,
			       enum reason *out_why)
{
	bool swap = b->known ? b->dir == DIR_SERVER
			     : is_from_server(e, pkt, in);
	uint16_t client = clients_find(e->clients, swap ? &pkt->dst : &pkt->src,
				       !swap && in->has_mac ? &in->mac : NULL);
	struct flow *f = add(e, key, client, now, out_why);
	struct facts *k;

	if (!f)
		return NULL;
	k = &f->facts;
	k->src = swap ? pkt->dst : pkt->src;
	k->dst = swap ? pkt->src : pkt->dst;
	k->sport = swap ? pkt->dport : pkt->sport;
	k->dport = swap ? pkt->sport : pkt->dport;
	k->l4 = pkt->l4;
	engine_client_count(e, f, client);
	k->time = (int64_t)(now / 1000000000);
	if (!swap)
		note_sender(e, k, in);
	k->zone_src = zone_of(e, swap ? in->zone_dst : in->zone_src, &k->src);
	k->zone_dst = zone_of(e, swap ? in->zone_src : in->zone_dst, &k->dst);
	f->midstream = pkt->l4 == IPPROTO_TCP && !is_syn(pkt);
	f->resync = f->midstream && in->mark == MARK_WATCHED &&
		    engine_may_be_lost(e, now);
	/* What its ends expect next, as far as this packet tells. */
	f->passed[swap ? DIR_SERVER : DIR_CLIENT] = pkt->seq;
	f->passed[swap ? DIR_CLIENT : DIR_SERVER] = pkt->ack;
	f->isn = pkt->seq;
	f->acked = swap ? pkt->ack : pkt->seq - 1;
	if (b->known)
		begin_by(f, &b->handshake);
	proto_stack_init(&f->stack, pkt->l4);
	if (e->opt.read_on)
		f->traffic = arena_calloc(&f->arena, 2, sizeof(*f->traffic));
	f->stack.middle = f->midstream && e->opt.read_on;
	if (pkt->l4 != IPPROTO_TCP && pkt->l4 != IPPROTO_UDP)
		proto_stack_number(&f->stack, k);
	stats_add(e->opt.stats, STAT_FLOWS, 1);
	return f;
}

/* Of refused datagrams nothing has begun, and another socket of the client may
 * soon have the same port.  A question is whole by itself; what else comes at
 * once may be more of the same. */
static bool asks_anew(const struct flow *f, const struct engine_input *in,
		      uint64_t now)
{
	const struct facts *k = &f->facts;

	if (!f->refused || k->l4 != IPPROTO_UDP || !kernel_has_none(in))
		return false;
	return now - f->last_ns > LIMIT_REFUSED_NS ||
	       (k->n_layers &&
		(APPS_WITH_QUESTIONS & APP_BIT(k->layers[0].app)));
}

/* A SYN that begins another connection between the same ends.  A network may
 * bring a copy of the first one long after; a client may begin another one with
 * the same number, which the kernel tells apart. */
static bool begins_anew(const struct flow *f, const struct packet *pkt,
			const struct engine_input *in)
{
	return is_syn(pkt) && (f->midstream || f->isn != pkt->seq ||
			       (f->decided && kernel_has_none(in)));
}

/* A capture has put the answer to this SYN before it. */
static bool comes_late(const struct engine *e, const struct flow *f,
		       const struct packet *pkt)
{
	return e->opt.read_on && is_syn(pkt) && f->midstream && f->answered &&
	       !f->streams[DIR_CLIENT].started &&
	       f->passed[DIR_CLIENT] == pkt->seq + 1;
}

/* The same, when its SYN went by.  The answer to this one may have come twice;
 * but a decided flow that the kernel does not know as such has the numbers of
 * the last one by chance, when it says its first byte. */
static bool began_anew(const struct flow *f, const struct beginning *b,
		       const struct packet *pkt)
{
	const struct handshake *h = &b->handshake;

	if (!b->known)
		return false;
	if (f->midstream || f->isn != h->isn[DIR_CLIENT] ||
	    (f->answered && f->server_isn != h->isn[DIR_SERVER]))
		return true;
	return f->decided && !f->confirming && b->dir == DIR_CLIENT &&
	       pkt->seq == f->isn + 1;
}

struct flow *engine_flow_of(struct engine *e, const struct packet *pkt,
			    const struct engine_input *in, uint64_t now,
			    enum reason *out_why)
{
	struct beginning b = beginning_of(e, pkt, in, now);
	struct flow_key key;
	struct flow *f;

	flow_key_of(pkt, e->opt.key, &key);
	f = flow_table_find(e->flows, &key);
	if (f && comes_late(e, f, pkt)) {
		f->midstream = f->stack.middle = false;
		f->isn = pkt->seq;
	} else if (f && (begins_anew(f, pkt, in) || began_anew(f, &b, pkt) ||
			 asks_anew(f, in, now))) {
		engine_tell_end(e, f, now);
		engine_forget(e, f);
		f = NULL;
	}
	if (!f)
		return flow_begin(e, &key, pkt, in, &b, now, out_why);
	if (b.known && !f->answered)
		server_answers(f, &b.handshake);
	flow_table_touch(e->flows, f, now);
	return f;
}
