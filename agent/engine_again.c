/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Flows that were decided under a policy that is no more, judged by the one
 * that came after: by what was remembered of them when they were left to the
 * kernel, or, when their server has not yet acknowledged what was judged, by
 * what is known of them now.
 */
#include "agent/engine_priv.h"

void engine_remember(struct engine *e, const struct flow *f)
{
	if (e->records && f->facts.n_layers)
		records_keep(e->records, &f->key, &f->facts);
}

/* What the policy says of it now; undecided means that it asks for what nobody
 * has looked at in this flow. */
static struct outcome judge_facts(const struct engine *e, struct facts *facts)
{
	struct outcome o;

	engine_make_prints(e, facts);
	o = decide_flow(&e->policy->ir, facts);
	if (o.kind == DECISION_ALLOW)
		return o;
	o.kind = DECISION_REFUSE;
	o.reason = REASON_POLICY;
	return o;
}

static void flow_ends(const struct engine *e, const struct engine_flow *in,
		      struct flow_key *out)
{
	struct packet pkt = {.src = in->src,
			     .dst = in->dst,
			     .sport = in->sport,
			     .dport = in->dport,
			     .l4 = in->l4};

	flow_key_of(&pkt, e->opt.key, out);
}

enum engine_again engine_judge_again(struct engine *e,
				     const struct engine_flow *in, uint64_t now)
{
	const struct facts *known;
	struct arena arena;
	struct flow_key key;
	struct facts facts;
	struct outcome o;
	struct flow *f;

	flow_ends(e, in, &key);
	known = e->records ? records_find(e->records, &key) : NULL;
	if (!known)
		return ENGINE_AGAIN_UNKNOWN;
	arena_init(&arena, LIMIT_FLOW_ARENA, 0);
	facts.arena = &arena;
	record_restore(known, &facts);
	facts.zone_src = in->zone_src;
	facts.zone_dst = in->zone_dst;
	o = judge_facts(e, &facts);
	if (o.kind != DECISION_ALLOW) {
		engine_tell_outcome(e, &facts, &o, NULL, now);
		f = flow_table_find(e->flows, &key);
		if (f)
			engine_refused(e, f);
	}
	arena_done(&arena);
	return o.kind == DECISION_ALLOW ? ENGINE_AGAIN_KEEP : ENGINE_AGAIN_CUT;
}

bool engine_recall(const struct engine *e, struct flow *f)
{
	const struct facts *known =
		e->records ? records_find(e->records, &f->key) : NULL;
	struct facts *k = &f->facts;
	int zone_src = k->zone_src, zone_dst = k->zone_dst;
	bool swapped;

	/* Of one that goes on with messages it is not known where it stands. */
	if (!known || engine_binding_taps(e, f) ||
	    (known->n_layers &&
	     known->layers[known->n_layers - 1].app == APP_HTTP))
		return false;
	swapped = ipaddr_cmp(&known->src, &k->src) != 0 ||
		  (known->sport != k->sport && known->sport == k->dport);
	record_restore(known, k);
	if (swapped) {
		uint32_t passed = f->passed[DIR_CLIENT];

		f->passed[DIR_CLIENT] = f->passed[DIR_SERVER];
		f->passed[DIR_SERVER] = passed;
	}
	k->zone_src = swapped ? zone_dst : zone_src;
	k->zone_dst = swapped ? zone_src : zone_dst;
	return true;
}

void engine_judge_recalled(struct engine *e, struct flow *f, enum dir dir,
			   const struct engine_input *in, uint64_t now)
{
	struct outcome o = judge_facts(e, &f->facts);

	f->answered = true;
	if (o.kind == DECISION_ALLOW) {
		engine_client_uncount(e, f);
		f->decided = true;
		engine_out_verdict(e, OUTPUT_ALLOW, in->id);
		return;
	}
	engine_settle(e, f, &o, dir, in, now);
}

void engine_judge_decided(struct engine *e, struct flow *f)
{
	struct outcome o = judge_facts(e, &f->facts);

	if (f->refused || o.kind == DECISION_ALLOW)
		return;
	f->confirming = f->delivering = f->vouching = false;
	engine_settle(e, f, &o, DIR_CLIENT, NULL, e->now);
}
