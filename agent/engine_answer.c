/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Answers of resolvers that are changed on their way (binding/rewrite).
 *
 * A datagram is changed as it passes.  Over TCP a packet waits until the answer
 * that it brings a part of is all there; what is changed keeps its place in the
 * stream, and is remembered until the client acknowledges it, for the resolver
 * may send the same bytes again.
 */
#include "agent/engine_priv.h"

#include "agent/binding/rewrite.h"
#include "agent/proto/dns_message.h"

#include <netinet/in.h>
#include <stdlib.h>

static bool denies(const struct ir *ir)
{
	return ir->guards >> IR_GUARD_FOREIGN_DNS & 1;
}

static struct rewrite what_of(const struct engine *e)
{
	const struct ir *ir = &e->policy->ir;

	return (struct rewrite){.strips = ir->strips_ech, .denies = denies(ir)};
}

bool engine_answers_change(const struct engine *e, const struct flow *f)
{
	const struct ir *ir = &e->policy->ir;

	return (ir->strips_ech || denies(ir)) && !ir->observe &&
	       !e->opt.read_on &&
	       (f->facts.n_layers > 0 || f->facts.l4 == IPPROTO_UDP);
}

/* A copy of the packet; NULL without memory. */
static struct answer_packet *copy_of(const struct arrival *a)
{
	const struct packet *pkt = a->pkt;
	size_t n = a->in->raw.left;
	struct answer_packet *c = malloc(sizeof(*c) + n);

	if (!c)
		return NULL;
	memcpy(c->bytes, a->in->raw.p, n);
	*c = (struct answer_packet){.id = a->in->id,
				    .seq = pkt->seq,
				    .end = pkt->seq + pkt->wire_payload,
				    .packet = *pkt,
				    .n = n};
	c->packet.header = c->bytes + (pkt->header - a->in->raw.p);
	c->packet.payload.p = c->bytes + (pkt->payload.p - a->in->raw.p);
	return c;
}

static uint8_t *header_of(struct answer_packet *c)
{
	return c->bytes + (c->packet.header - c->bytes);
}

static uint8_t *payload_of(struct answer_packet *c)
{
	return c->bytes + (c->packet.payload.p - c->bytes);
}

static void tell_change(struct engine *e, struct flow *f,
			const struct rewrite_result *result)
{
	struct outcome o = {.kind = DECISION_NOT_YET,
			    .reason = result->denied ? REASON_DNS_CANARY
						     : REASON_ECH_STRIPPED,
			    .list = AST_LISTS};

	if (!result->denied && !result->stripped)
		return;
	stats_add(e->opt.stats,
		  result->denied ? STAT_ANSWERS_DENIED : STAT_ANSWERS_STRIPPED,
		  1);
	if (f->tap->changes_told)
		return;
	f->tap->changes_told = true;
	stats_reason(e->opt.stats, o.reason);
	engine_tell(e, f,
		    (struct event){.kind = EVENT_ANSWER,
				   .time_ns = e->now,
				   .outcome = &o});
}

/* --- messages of a stream ------------------------------------------------- */

/* The one that begins there has grown. */
static struct answer_packet *changed_at(struct flow *f, uint32_t seq)
{
	struct answer_packet **at = &f->tap->changed, *c;

	while ((c = *at) && c->seq != seq)
		at = &c->next;
	if (c)
		*at = c->next;
	return c;
}

size_t engine_answer_take(struct engine *e, struct flow *f, uint32_t seq,
			  struct reader message, size_t total)
{
	struct answer_packet *before = changed_at(f, seq), *c, **last;
	const struct rewrite what = what_of(e);
	struct rewrite_result result;
	bool known = before && before->waits;
	size_t final;

	free(before);
	c = malloc(sizeof(*c) + message.left);
	if (!c)
		return 0;
	memcpy(c->bytes, message.p, message.left);
	final = rewrite_answer(&what, c->bytes, message.left, total, &result);
	if (!result.changed) {
		free(c);
		return final;
	}
	*c = (struct answer_packet){.seq = seq,
				    .end = seq + (uint32_t)message.left,
				    .waits = result.stripped,
				    .n = message.left};
	last = &f->tap->changed;
	while (*last)
		last = &(*last)->next;
	*last = c;
	if (!known)
		tell_change(e, f, &result);
	return final;
}

void engine_answers_acked(struct flow *f, uint32_t ack)
{
	struct answer_packet *c;

	while ((c = f->tap->changed) && !engine_tcp_before(ack, c->end)) {
		f->tap->changed = c->next;
		free(c);
	}
}

/* --- packets ---------------------------------------------------------------
 */

static void give(struct engine *e, struct answer_packet *c)
{
	c->next = e->given;
	e->given = c;
}

void engine_answers_free(struct engine *e)
{
	struct answer_packet *c;

	while ((c = e->given)) {
		e->given = c->next;
		free(c);
	}
	free(e->in_hand);
	e->in_hand = NULL;
}

/* Does one that is changed lie in it? */
static bool is_changed(const struct flow *f, uint32_t seq, uint32_t end)
{
	const struct answer_packet *c = f->tap->changed;

	for (; c; c = c->next)
		if (engine_tcp_before(seq, c->end) &&
		    engine_tcp_before(c->seq, end))
			return true;
	return false;
}

static void change(const struct flow *f, struct answer_packet *to)
{
	const struct answer_packet *c = f->tap->changed;
	uint8_t *payload = payload_of(to);
	bool any = false;

	for (; c; c = c->next) {
		uint32_t from =
			engine_tcp_before(c->seq, to->seq) ? to->seq : c->seq;
		uint32_t end =
			engine_tcp_before(c->end, to->end) ? c->end : to->end;

		if (!engine_tcp_before(from, end))
			continue;
		memcpy(payload + (from - to->seq), c->bytes + (from - c->seq),
		       end - from);
		any = true;
	}
	if (any)
		packet_sum_anew(&to->packet, header_of(to));
}

static void put(struct engine *e, enum output_kind kind,
		struct answer_packet *c)
{
	engine_out(e,
		   (struct engine_output){.kind = kind,
					  .id = c->id,
					  .bytes = reader_of(c->bytes, c->n)});
	give(e, c);
}

static void release(struct engine *e, struct flow *f, uint32_t to)
{
	struct answer_packet *c;

	while ((c = f->tap->waiting) && !engine_tcp_before(to, c->end)) {
		f->tap->waiting = c->next;
		engine_client_holds(e, f, -1);
		change(f, c);
		put(e, OUTPUT_PASS, c);
	}
}

/* True: the same bytes wait already. */
static bool waits_already(const struct flow *f, const struct packet *pkt,
			  unsigned *out_n)
{
	const struct answer_packet *c = f->tap->waiting;

	for (*out_n = 0; c; c = c->next, ++*out_n)
		if (!engine_tcp_before(pkt->seq, c->seq) &&
		    !engine_tcp_before(c->end, pkt->seq + pkt->wire_payload))
			return true;
	return false;
}

bool engine_answers_go(struct engine *e, struct flow *f,
		       const struct arrival *a, uint32_t to)
{
	const struct packet *pkt = a->pkt;
	uint32_t end = pkt->seq + pkt->wire_payload;
	bool waits = engine_tcp_before(to, end);
	struct answer_packet *c;
	unsigned n;

	f->tap->told = to;
	release(e, f, to);
	if (pkt->wire_payload == 0)
		return true;
	if (waits && (waits_already(f, pkt, &n) || n >= LIMIT_ANSWER_PACKETS ||
		      !engine_client_may_hold(e, f, e->now)))
		return false;
	if (!waits && !is_changed(f, pkt->seq, end))
		return true;
	c = copy_of(a);
	if (!c)
		return false;
	c->waits = waits;
	if (!waits)
		change(f, c);
	e->in_hand = c;
	e->in_hand_flow = f;
	return true;
}

bool engine_answer_datagram(struct engine *e, struct flow *f,
			    const struct arrival *a)
{
	const struct rewrite what = what_of(e);
	struct answer_packet *c;
	struct rewrite_result result;

	/* It may be that this is none of DNS. */
	if (f->facts.n_layers == 0 && !dns_message_fits(a->pkt->payload))
		return true;
	c = copy_of(a);
	if (!c)
		return false;
	(void)rewrite_answer(&what, payload_of(c), c->packet.payload.left,
			     c->packet.payload.left, &result);
	if (!result.changed) {
		free(c);
		return true;
	}
	packet_sum_anew(&c->packet, header_of(c));
	tell_change(e, f, &result);
	e->in_hand = c;
	e->in_hand_flow = f;
	return true;
}

/* Those that wait are in the order of their bytes. */
static void wait_on(struct engine *e, struct flow *f, struct answer_packet *c)
{
	struct answer_packet **at = &f->tap->waiting;

	while (*at && !engine_tcp_before(c->end, (*at)->end))
		at = &(*at)->next;
	c->next = *at;
	*at = c;
	engine_client_holds(e, f, 1);
}

void engine_answer_passes(struct engine *e, enum output_kind kind)
{
	struct answer_packet *c = e->in_hand;
	struct flow *f = e->in_hand_flow;
	bool goes = kind == OUTPUT_PASS || kind == OUTPUT_PEND;

	e->in_hand = NULL;
	if (goes && !c->waits) {
		put(e, kind, c);
		return;
	}
	if (goes && f) {
		wait_on(e, f, c);
		return;
	}
	/* Whatever else, it does not go as it was. */
	engine_out_verdict(e, kind > OUTPUT_PEND ? kind : OUTPUT_DROP, c->id);
	free(c);
}

void engine_answers_drop(struct engine *e, struct flow *f)
{
	struct answer_packet *c;

	if (e->in_hand_flow == f)
		e->in_hand_flow = NULL;
	while ((c = f->tap->waiting)) {
		f->tap->waiting = c->next;
		engine_client_holds(e, f, -1);
		engine_out_verdict(e, OUTPUT_DROP, c->id);
		free(c);
	}
}
