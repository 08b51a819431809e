/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The guards of the group `application`. */
#include "policy/eval_priv.h"

#include <netinet/in.h>

static bool layer_has(const struct facts *f, unsigned layer, enum field field)
{
	for (unsigned i = 0; i < f->n_values; i++)
		if (f->values[i].layer == layer && f->values[i].field == field)
			return true;
	return false;
}

/* Its name is a front, or there is none (ESNI).  A hello that is only made to
 * look so shows the name it is for. */
static bool hides_name(const struct nameset *fronts, const struct facts *f,
		       unsigned layer)
{
	bool outer = false, front = false;

	for (unsigned i = 0; i < f->n_values; i++) {
		const struct fact_value *v = &f->values[i];

		if (v->layer != layer)
			continue;
		if (v->field == FIELD_TLS_ECH && str_is(v->value, "esni"))
			return true;
		outer |= v->field == FIELD_TLS_ECH && str_is(v->value, "outer");
		front |= v->field == FIELD_TLS_SNI &&
			 eval_name_is_of(fronts, v->value);
	}
	return outer && front;
}

static bool guard_sees(const struct ir *ir, enum ir_guard guard,
		       const struct facts *f, unsigned layer)
{
	const struct facts_layer *l = &f->layers[layer];

	switch (guard) {
	case IR_GUARD_CONNECT:
		return layer_has(f, layer, FIELD_CONNECT_TARGET);
	case IR_GUARD_SOCKS:
		return l->app == APP_SOCKS;
	case IR_GUARD_ECH:
		return hides_name(&ir->ech_outer, f, layer);
	case IR_GUARD_FOREIGN_DNS:
		return eval_is_dns(ir, f, layer);
	case IR_GUARD_NO_SNI:
		return (l->app == APP_TLS || l->app == APP_QUIC) &&
		       l->settled && !layer_has(f, layer, FIELD_TLS_SNI);
	case IR_GUARD_COUNT:
		break;
	}
	return false;
}

bool eval_only_hellos(const struct ir *ir)
{
	return !(ir->guards >> IR_GUARD_FOREIGN_DNS & 1);
}

/* They speak of TCP streams; and a QUIC client that is told no turns to TCP. */
uint32_t eval_guards_of(uint8_t l4)
{
	if (l4 == IPPROTO_TCP)
		return UINT32_MAX;
	return l4 == IPPROTO_UDP ? 1U << IR_GUARD_NO_SNI | 1U << IR_GUARD_ECH |
					   1U << IR_GUARD_FOREIGN_DNS
				 : 0;
}

enum tri eval_guard(const struct ir *ir, enum ir_guard guard,
		    const struct facts *f, enum eval_view view)
{
	if (!(eval_guards_of(f->l4) >> guard & 1))
		return TRI_NO;
	if (view == EVAL_KERNEL)
		return TRI_NOT_YET;
	if (guard == IR_GUARD_FOREIGN_DNS && !eval_goes_abroad(ir, f))
		return TRI_NO;
	if (guard == IR_GUARD_FOREIGN_DNS && eval_asks_abroad(ir, f))
		return TRI_YES;
	for (unsigned i = 0; i < f->n_layers; i++)
		if (guard_sees(ir, guard, f, i))
			return TRI_YES;
	return eval_unfinished(f) ? TRI_NOT_YET : TRI_NO;
}
