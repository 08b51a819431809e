/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is to be done with packets, and flows that wait. */
#include "agent/engine_priv.h"

#include <stdlib.h>

/* The place of the next one; NULL without memory. */
static struct engine_output *place(struct engine *e)
{
	if (e->taken == e->n_out)
		e->taken = e->n_out = 0;
	if (e->n_out == e->out_capacity) {
		size_t more = e->out_capacity ? e->out_capacity * 2 : 64;
		struct engine_output *grown =
			realloc(e->out, more * sizeof(*grown));

		/* Without it the packet stays queued until the kernel drops
		 * it: the closed side of failing. */
		if (!grown)
			return NULL;
		e->out = grown;
		e->out_capacity = more;
	}
	return &e->out[e->n_out++];
}

void engine_out(struct engine *e, struct engine_output o)
{
	struct engine_output *at = place(e);

	if (at)
		*at = o;
}

void engine_out_verdict(struct engine *e, enum output_kind kind, uint32_t id)
{
	struct engine_output *at;

	if (e->in_hand && e->in_hand->id == id) {
		engine_answer_passes(e, kind);
		return;
	}
	at = place(e);
	if (!at)
		return;
	at->kind = kind;
	at->id = id;
	at->bytes.left = 0;
}

bool engine_output_take(struct engine *e, struct engine_output *out)
{
	const struct engine_output *at;

	if (e->taken == e->n_out)
		return false;
	at = &e->out[e->taken++];
	out->kind = at->kind;
	out->id = at->id;
	if (at->kind == OUTPUT_SEGMENT)
		out->segment = at->segment;
	else
		out->bytes = at->bytes;
	return true;
}

/* --- waiting ------------------------------------------------------------- */

void engine_wait(struct engine *e, struct flow *f, uint64_t when)
{
	if (!e->deadline || when < e->deadline)
		e->deadline = when;
	if (f->waits)
		return;
	f->waits = true;
	f->wait_next = NULL;
	f->wait_prev = e->waits_last;
	if (e->waits_last)
		e->waits_last->wait_next = f;
	else
		e->waits_first = f;
	e->waits_last = f;
}

void engine_wait_end(struct engine *e, struct flow *f)
{
	if (!f->waits)
		return;
	f->waits = false;
	if (f->wait_prev)
		f->wait_prev->wait_next = f->wait_next;
	else
		e->waits_first = f->wait_next;
	if (f->wait_next)
		f->wait_next->wait_prev = f->wait_prev;
	else
		e->waits_last = f->wait_prev;
	f->wait_next = f->wait_prev = NULL;
}

bool engine_hold(struct engine *e, struct flow *f, uint32_t id, uint64_t now)
{
	if (!engine_client_may_hold(e, f, now) || flow_hold(f, id) != FW_OK)
		return false;
	if (f->n_held == 1 && !f->vouching) {
		f->held_since = now;
		engine_wait(e, f, now + LIMIT_HOLD_NS);
	}
	engine_client_holds(e, f, 1);
	stats_add(e->opt.stats, STAT_HELD, 1);
	return true;
}

void engine_release(struct engine *e, struct flow *f, enum output_kind kind)
{
	const uint32_t *held = flow_held(f);

	for (unsigned i = 0; i < f->n_held; i++)
		engine_out_verdict(e, kind, held[i]);
	engine_client_holds(e, f, -(int)f->n_held);
	f->n_held = 0;
}

void engine_forget(struct engine *e, struct flow *f)
{
	engine_release(e, f, OUTPUT_DROP);
	if (f->tap)
		engine_answers_drop(e, f);
	engine_wait_end(e, f);
	engine_client_uncount(e, f);
	flow_table_remove(e->flows, f);
}
