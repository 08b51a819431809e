/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Names that are bound to addresses (agent/binding).
 *
 * A flow to a resolver of the policy is never left to the kernel: both its
 * sides stay in the queue, and what an answer tells is in the table before the
 * packet that makes it whole goes on.  A flow that the rules allow is refused
 * when what it names does not fit what its client was told.
 */
#include "agent/engine_priv.h"

#include "agent/binding/judge.h"
#include "agent/proto/dns_message.h"

#include <netinet/in.h>
#include <stdlib.h>

static uint32_t seconds(uint64_t ns)
{
	return (uint32_t)(ns / 1000000000);
}

static struct outcome bound(struct engine *e, const struct flow *f,
			    struct outcome o)
{
	const struct binding_case c = {.ir = &e->policy->ir,
				       .facts = &f->facts,
				       .allowed = &o,
				       .now = seconds(e->now)};

	if (o.kind != DECISION_ALLOW || o.would || !e->opt.bindings ||
	    !c.ir->binding)
		return o;
	return decide_binding(c.ir, &f->facts, o,
			      binding_judge(e->opt.bindings, &c));
}

struct outcome engine_decide(struct engine *e, const struct flow *f)
{
	return bound(e, f, decide_flow(&e->policy->ir, &f->facts));
}

struct outcome engine_decide_hurried(struct engine *e, const struct flow *f)
{
	return bound(e, f, decide_hurried(&e->policy->ir, &f->facts));
}

/* --- resolvers ----------------------------------------------------------- */

static bool is_resolver(const struct engine *e, const struct ipaddr *a)
{
	const struct ipset *resolvers = &e->policy->ir.resolvers;

	return resolvers->n && ipset_has(resolvers, a);
}

/* What else may be asked of the same host does not matter. */
static bool asks_questions(const struct flow *f)
{
	return f->facts.n_layers == 0 ||
	       (APPS_WITH_QUESTIONS & APP_BIT(f->facts.layers[0].app));
}

bool engine_binding_taps(const struct engine *e, const struct flow *f)
{
	return is_resolver(e, &f->facts.dst) && asks_questions(f) &&
	       (f->facts.l4 == IPPROTO_TCP || f->facts.l4 == IPPROTO_UDP);
}

/* Is this what makes the flow one of questions?  It began with what is none. */
static bool begins_to_ask(const struct engine *e, const struct flow *f,
			  const struct arrival *a)
{
	return f->listened && a->dir == DIR_CLIENT &&
	       is_resolver(e, &f->facts.dst) &&
	       dns_message_fits(a->pkt->payload);
}

/* Over TCP the kernel has seen how it began, but nobody knows where a message
 * begins. */
bool engine_binding_answers(const struct engine *e, const struct packet *pkt,
			    const struct engine_input *in)
{
	return in->mark == MARK_PENDING && pkt->l4 == IPPROTO_UDP &&
	       is_resolver(e, &pkt->src) && !is_resolver(e, &pkt->dst);
}

enum output_kind engine_allow_kind(const struct engine *e, const struct flow *f)
{
	if (engine_binding_taps(e, f))
		return f->one_sided ? OUTPUT_PEND : OUTPUT_PASS;
	if (f->watched)
		return OUTPUT_WATCH;
	return f->listened ? OUTPUT_LISTEN : OUTPUT_ALLOW;
}

/* --- what they say ------------------------------------------------------- */

static bool tap_open(struct flow *f)
{
	if (!f->tap)
		f->tap = calloc(1, sizeof(*f->tap));
	return f->tap;
}

/* False: nobody has asked that, or there is no memory to note what is asked. */
static bool hear(struct engine *e, struct flow *f, enum dir dir,
		 struct reader message)
{
	struct binding_askers askers;

	if (!e->policy->ir.binding || !e->opt.bindings)
		return true;
	if (dir == DIR_CLIENT)
		return binding_note_question(e->opt.bindings,
					     &f->tap->questions, message);
	askers = binding_askers_of(&f->facts);
	return binding_learn_answer(e->opt.bindings, f->tap->questions, &askers,
				    message, seconds(e->now),
				    e->policy->ir.binding_ttl);
}

/* The sequence number of what is there to read. */
static uint32_t seq_of(const struct stream *s, const struct reader *unread)
{
	return s->base + stream_in_order(s) - (uint32_t)unread->left;
}

/* How far a message goes that is not all there. */
static uint32_t seq_of_part(struct engine *e, struct flow *f,
			    const struct stream *s, struct reader part)
{
	uint32_t seq = seq_of(s, &part);
	size_t total = reader_u16(&part), final;

	/* They borrow nothing where there is no second byte of the length. */
	if (part.failed)
		return seq;
	final = engine_answer_take(e, f, seq + 2, part, total);
	return final ? seq + 2 + (uint32_t) final : seq;
}

/* Messages with their lengths: those that are whole.  An answer that nobody
 * asked for is only not believed: what comes behind it would wait for it.
 * Returns up to where the receiver may be given what there is. */
static uint32_t hear_messages(struct engine *e, struct flow *f, enum dir dir,
			      struct stream *s)
{
	bool changes = dir == DIR_SERVER && engine_answers_change(e, f);
	struct reader unread = stream_unread(s);
	uint32_t to;

	for (;;) {
		struct reader at = unread;
		struct reader message = reader_sub(&at, reader_u16(&at));

		if (message.failed)
			break;
		(void)hear(e, f, dir, message);
		if (changes)
			(void)engine_answer_take(e, f, seq_of(s, &unread) + 2,
						 message, message.left);
		unread = at;
	}
	to = changes ? seq_of_part(e, f, s, unread)
		     : s->base + stream_in_order(s);
	stream_consume(s, &unread);
	stream_forget(s);
	return to;
}

enum heard {
	HEARD_GOOD,
	HEARD_NOTED,   /* nobody asked, and it is let go */
	HEARD_UNASKED, /* it goes where names are not enforced */
	HEARD_NOT,     /* nobody knows what it says to its receiver */
};

static enum heard hear_stream(struct engine *e, struct flow *f,
			      const struct arrival *a)
{
	struct stream *s = &f->tap->streams[a->dir];
	bool changes = a->dir == DIR_SERVER && engine_answers_change(e, f);
	uint32_t seq = a->pkt->seq;

	if (a->dir == DIR_CLIENT && (a->pkt->tcp_flags & TCP_ACK))
		engine_answers_acked(f, a->pkt->ack);
	if (a->pkt->tcp_flags & TCP_SYN) {
		seq++;
		if (!s->started)
			stream_start(s, seq);
	}
	if (a->pkt->payload.left == 0 || (a->pkt->tcp_flags & TCP_RST))
		return HEARD_GOOD;
	switch (stream_add(s, seq, a->pkt->payload)) {
	case STREAM_OK:
		seq = hear_messages(e, f, a->dir, s);
		break;
	case STREAM_REPEAT:
		seq = f->tap->told;
		break;
	case STREAM_CONFLICT:
	case STREAM_LIMIT:
	case STREAM_NOMEM:
		return changes ? HEARD_NOT : HEARD_UNASKED;
	}
	return !changes || engine_answers_go(e, f, a, seq) ? HEARD_GOOD
							   : HEARD_NOT;
}

static enum heard hear_datagram(struct engine *e, struct flow *f,
				const struct arrival *a)
{
	bool asked = hear(e, f, a->dir, a->pkt->payload);

	if (!asked && e->policy->ir.binding == IR_BINDING_ENFORCE)
		return HEARD_UNASKED;
	if (a->dir == DIR_SERVER && engine_answers_change(e, f) &&
	    !engine_answer_datagram(e, f, a))
		return HEARD_NOT;
	return asked ? HEARD_GOOD : HEARD_NOTED;
}

bool engine_binding_listen(struct engine *e, struct flow *f,
			   const struct arrival *a)
{
	const struct ir *ir = &e->policy->ir;
	enum heard heard = HEARD_UNASKED;

	if (!engine_binding_taps(e, f) && !begins_to_ask(e, f, a))
		return true;
	if (!tap_open(f))
		heard = HEARD_NOT;
	else if (a->dir == DIR_SERVER && !engine_is_from_server(f, a->in))
		heard = engine_answers_change(e, f) ? HEARD_NOT : HEARD_UNASKED;
	else if (a->pkt->l4 == IPPROTO_TCP)
		heard = hear_stream(e, f, a);
	else
		heard = hear_datagram(e, f, a);
	if (heard == HEARD_GOOD)
		return true;
	stats_add(e->opt.stats, STAT_ANSWERS_DROPPED, 1);
	if (heard == HEARD_NOTED || ir->observe || e->opt.read_on)
		return true;
	return heard == HEARD_UNASKED && ir->binding != IR_BINDING_ENFORCE;
}
