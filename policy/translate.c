/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "policy/translate.h"

#include "policy/eval.h"

/* An end that is the gateway has no address in a question. */
static enum ip_family family_of(const struct facts *f)
{
	return f->src.family != IP_NONE ? f->src.family : f->dst.family;
}

static const struct ir_forward *forward_of(const struct ir *ir,
					   const struct facts *f)
{
	if (f->zone_src < 0 || !ir->zones[f->zone_src].external)
		return NULL;
	for (size_t i = 0; i < ir->n_all; i++) {
		const struct ir_forward *forward = ir->all[i].forward;

		if (forward && forward->addr.family == family_of(f) &&
		    eval_rule(&forward->match, f, EVAL_KERNEL) == TRI_YES)
			return forward;
	}
	return NULL;
}

const struct ir_forward *translate_lead_on(const struct ir *ir, struct facts *f)
{
	const struct ir_forward *forward = forward_of(ir, f);

	if (!forward)
		return NULL;
	f->dst = forward->addr;
	f->zone_dst = ir_zone_by_address(ir, &f->dst);
	if (forward->port)
		f->dport = forward->port;
	return forward;
}

static bool translates(const struct ir_nat *nat, const struct facts *f)
{
	return family_of(f) == IP_V6 ? nat->v6 : nat->v4;
}

const struct ir_nat *translate_source(const struct ir *ir,
				      const struct facts *f)
{
	/* The kernel asks by the zones of both interfaces. */
	if (f->zone_src < 0 || f->zone_dst < 0)
		return NULL;
	for (size_t i = 0; i < ir->n_nats; i++)
		if (translates(&ir->nats[i], f) &&
		    eval_rule(&ir->nats[i].match, f, EVAL_KERNEL) == TRI_YES)
			return &ir->nats[i];
	return NULL;
}
