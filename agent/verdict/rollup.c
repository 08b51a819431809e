/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/verdict/rollup.h"

#include "agent/verdict/event_copy.h"

#include <stdlib.h>

struct entry {
	struct event_copy last;
	uint64_t began;
	unsigned count; /* since the last that was told */
};

struct rollup {
	uint64_t window;
	size_t n;
	struct entry entries[ROLLUP_MOST];
};

struct rollup *rollup_new(uint64_t window_ns)
{
	struct rollup *r = calloc(1, sizeof(*r));

	if (r)
		r->window = window_ns;
	return r;
}

void rollup_set_window(struct rollup *r, uint64_t window_ns)
{
	r->window = window_ns;
}

void rollup_free(struct rollup *r)
{
	for (size_t i = 0; r && i < r->n; i++)
		event_copy_done(&r->entries[i].last);
	free(r);
}

/* The client's port is left out: it is new with each attempt. */
static bool same_kind(const struct entry *e, const struct event *ev)
{
	const struct facts *a = &e->last.facts, *b = ev->facts;

	return a->l4 == b->l4 && a->dport == b->dport &&
	       ipaddr_cmp(&a->src, &b->src) == 0 &&
	       ipaddr_cmp(&a->dst, &b->dst) == 0 &&
	       e->last.outcome.reason == ev->outcome->reason &&
	       e->last.outcome.rule == ev->outcome->rule &&
	       e->last.outcome.protocol == ev->outcome->protocol;
}

void rollup_event(struct rollup *r, const struct event *ev, rollup_fn *fn,
		  void *ctx)
{
	struct entry *e = NULL;

	for (size_t i = 0; i < r->n && !e; i++)
		if (same_kind(&r->entries[i], ev))
			e = &r->entries[i];
	if (e) {
		event_copy_take(&e->last, ev);
		e->count++;
		return;
	}
	fn(ctx, ev);
	if (r->n == ROLLUP_MOST)
		return;
	e = &r->entries[r->n++];
	*e = (struct entry){.began = ev->time_ns};
	event_copy_take(&e->last, ev);
}

void rollup_tick(struct rollup *r, uint64_t now, rollup_fn *fn, void *ctx)
{
	for (size_t i = 0; i < r->n;) {
		struct entry *e = &r->entries[i];

		if (now - e->began < r->window && now != UINT64_MAX) {
			i++;
			continue;
		}
		if (e->count) {
			e->last.event.repeat = e->count;
			fn(ctx, &e->last.event);
		}
		event_copy_done(&e->last);
		r->n--;
		if (e == &r->entries[r->n])
			continue;
		/* The last one moves here, and what points into it. */
		*e = r->entries[r->n];
		event_copy_moved(&e->last);
	}
}
