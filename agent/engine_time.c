/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What happens to flows without a packet of theirs: time passes, the policy
 * changes, a capture ends. */
#include "agent/engine_priv.h"

#include <netinet/in.h>

/* A network has lost something, and the client will send it again: what lies
 * behind need not stand in the queue for that, as it comes again too.  Only
 * what was acknowledged in the server's name does not, and its client is waited
 * for a while longer. */
static bool waits_for_lost(struct engine *e, struct flow *f, uint64_t now)
{
	uint64_t most = f->held_since + LIMIT_HOLE_NS;
	struct outcome o;

	if (!stream_has_gap(&f->streams[DIR_CLIENT]))
		return false;
	engine_release(e, f, OUTPUT_DROP);
	f->vouching = f->vouching && engine_tcp_owes(f);
	if (!f->vouching) {
		if (!f->delivering)
			engine_wait_end(e, f);
		return true;
	}
	o = engine_decide(e, f);
	if (o.kind == DECISION_ALLOW)
		engine_settle(e, f, &o, DIR_CLIENT, NULL, now);
	else
		engine_wait(e, f, most);
	return o.kind == DECISION_ALLOW || now < most;
}

/* Were it none of the protocols that it may yet be, would it be allowed? */
static bool allowed_as_unknown(const struct engine *e, const struct flow *f)
{
	struct facts later = f->facts;

	if (later.n_layers == FACTS_LAYERS_MAX)
		return false;
	later.layers[later.n_layers++] =
		(struct facts_layer){.app = APP_UNKNOWN, .settled = true};
	later.open = false;
	return decide_flow(&e->policy->ir, &later).kind == DECISION_ALLOW;
}

/* What does not tell a protocol yet is no request of any; but its server may
 * have to answer before there is more to tell by.  It is judged when there is.
 */
static bool goes_on_untold(struct engine *e, struct flow *f, uint64_t now)
{
	const struct stream *s = &f->streams[DIR_CLIENT];

	if (!proto_stack_is_waiting(&f->stack) || stream_has_gap(s) ||
	    !allowed_as_unknown(e, f))
		return false;
	engine_wait_end(e, f);
	if (f->vouching) {
		f->vouching = false;
		engine_tcp_deliver_begin(e, f, f->vouched, now);
		return true;
	}
	engine_release(e, f, f->one_sided ? OUTPUT_PEND : OUTPUT_PASS);
	f->passed[DIR_CLIENT] = s->base + stream_in_order(s);
	return true;
}

/* Nothing was decided in time. */
static void end_hold(struct engine *e, struct flow *f, uint64_t now)
{
	if (!goes_on_untold(e, f, now) && !waits_for_lost(e, f, now))
		engine_settle_by(e, f, REASON_HOLD_TIMEOUT, DIR_CLIENT, NULL,
				 now);
}

/* Each waiting flow whose time has come; the deadline is set anew. */
static void look_at_waits(struct engine *e, uint64_t now)
{
	struct flow *f = e->waits_first;

	e->deadline = 0;
	while (f) {
		struct flow *next = f->wait_next;
		bool holds = !f->decided && (f->n_held || f->vouching);
		uint64_t held_until = f->held_since + LIMIT_HOLD_NS;

		/* Before what is sent again: that borrows bytes, which a
		 * refusal frees. */
		if (holds && now >= held_until)
			end_hold(e, f, now);
		else if (holds)
			engine_wait(e, f, held_until);
		if (f->delivering && now >= f->deliver_next)
			engine_tcp_deliver(e, f, now);
		else if (f->delivering)
			engine_wait(e, f, f->deliver_next);
		f = next;
	}
}

void engine_tick(struct engine *e, uint64_t now)
{
	struct flow *f;

	e->now = now;
	if (e->given || e->in_hand)
		engine_answers_free(e);
	/* Before the waits: outputs borrow bytes of flows that are left. */
	while ((f = flow_table_oldest(e->flows))) {
		bool ended = f->reset ||
			     (f->decided && !f->delivering && !f->watched &&
			      !(f->tap && f->facts.l4 == IPPROTO_TCP));
		uint64_t most =
			ended ? LIMIT_IDLE_DECIDED_NS : LIMIT_IDLE_UNDECIDED_NS;

		/* A decided one behind an undecided one waits with it. */
		if (e->opt.read_on)
			most = LIMIT_IDLE_UNDECIDED_NS;
		if (now - f->last_ns <= most)
			break;
		engine_tell_end(e, f, f->last_ns);
		engine_forget(e, f);
	}
	if (e->deadline && now >= e->deadline)
		look_at_waits(e, now);
}

void engine_finish(struct engine *e, uint64_t now)
{
	struct flow *f;

	while ((f = flow_table_oldest(e->flows))) {
		engine_tell_end(e, f, now);
		engine_forget(e, f);
	}
}

uint64_t engine_next_deadline(const struct engine *e)
{
	return e->deadline;
}

/* Zones are numbers of one policy; find the same zone in the next. */
static int zone_in(const struct ir *from, int zone, const struct ir *to)
{
	if (zone < 0)
		return zone;
	for (unsigned z = 0; z < to->n_zones; z++)
		if (!strcmp(to->zones[z].name, from->zones[zone].name))
			return (int)z;
	return -1;
}

/* What is left of the decided ones. */
static void judge_decided(struct engine *e)
{
	struct flow *f = flow_table_oldest(e->flows);

	/* Those that the kernel watches are looked at with what it knows. */
	for (; f; f = f->newer)
		if (f->decided && !(f->watched && !f->confirming))
			engine_judge_decided(e, f);
}

void engine_set_policy(struct engine *e, const struct policy *policy)
{
	struct flow *f = flow_table_oldest(e->flows);

	while (f) {
		struct flow *next = f->newer;

		f->asked = false;
		/* What was decided under the old policy must not speak for
		 * the new one. */
		if (f->decided && !f->delivering && !f->confirming &&
		    (f->refused || (!f->watched && !f->tap))) {
			engine_forget(e, f);
		} else if (e->policy) {
			f->facts.zone_src = zone_in(
				&e->policy->ir, f->facts.zone_src, &policy->ir);
			f->facts.zone_dst = zone_in(
				&e->policy->ir, f->facts.zone_dst, &policy->ir);
		}
		f = next;
	}
	e->policy = policy;
	judge_decided(e);
}
