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

	return resolvers->n && e->opt.bindings && ipset_has(resolvers, a);
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
	struct binding_askers askers = binding_askers_of(&f->facts);

	if (dir == DIR_CLIENT)
		return binding_note_question(e->opt.bindings,
					     &f->tap->questions, message);
	return binding_learn_answer(e->opt.bindings, f->tap->questions, &askers,
				    message, seconds(e->now),
				    e->policy->ir.binding_ttl);
}

/* Messages with their lengths: those that are whole.  An answer that nobody
 * asked for is only not believed: what comes behind it would wait for it. */
static bool hear_stream(struct engine *e, struct flow *f,
			const struct arrival *a)
{
	struct stream *s = &f->tap->streams[a->dir];
	uint32_t seq = a->pkt->seq;
	struct reader unread;

	if (a->pkt->tcp_flags & TCP_SYN) {
		seq++;
		if (!s->started)
			stream_start(s, seq);
	}
	if (a->pkt->payload.left == 0 || (a->pkt->tcp_flags & TCP_RST))
		return true;
	switch (stream_add(s, seq, a->pkt->payload)) {
	case STREAM_OK:
		break;
	case STREAM_REPEAT:
		return true;
	case STREAM_CONFLICT:
	case STREAM_LIMIT:
	case STREAM_NOMEM:
		return false;
	}
	unread = stream_unread(s);
	for (;;) {
		struct reader at = unread;
		struct reader message = reader_sub(&at, reader_u16(&at));

		if (message.failed)
			break;
		(void)hear(e, f, a->dir, message);
		unread = at;
	}
	stream_consume(s, &unread);
	stream_forget(s);
	return true;
}

bool engine_binding_listen(struct engine *e, struct flow *f,
			   const struct arrival *a)
{
	const struct ir *ir = &e->policy->ir;
	bool good;

	if (!engine_binding_taps(e, f))
		return true;
	good = tap_open(f) &&
	       (a->dir == DIR_CLIENT || engine_is_from_server(f, a->in));
	if (good && a->pkt->l4 == IPPROTO_TCP)
		good = hear_stream(e, f, a);
	else if (good)
		good = hear(e, f, a->dir, a->pkt->payload);
	if (good)
		return true;
	stats_add(e->opt.stats, STAT_ANSWERS_DROPPED, 1);
	return ir->binding != IR_BINDING_ENFORCE || ir->observe ||
	       e->opt.read_on;
}
