/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/verdict/rollup.h"

#include <stdio.h>
#include <stdlib.h>

#define IFACE_ROOM  16
#define DIGEST_ROOM 20

struct entry {
	struct event event; /* the last one; points into this entry */
	struct facts facts;
	void *values; /* of the facts; owned */
	struct outcome outcome;
	char in_iface[IFACE_ROOM], digest[DIGEST_ROOM];
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
		free(r->entries[i].values);
	free(r);
}

/* The client's port is left out: it is new with each attempt. */
static bool same_kind(const struct entry *e, const struct event *ev)
{
	const struct facts *a = &e->facts, *b = ev->facts;

	return a->l4 == b->l4 && a->dport == b->dport &&
	       ipaddr_cmp(&a->src, &b->src) == 0 &&
	       ipaddr_cmp(&a->dst, &b->dst) == 0 &&
	       e->outcome.reason == ev->outcome->reason &&
	       e->outcome.rule == ev->outcome->rule &&
	       e->outcome.protocol == ev->outcome->protocol;
}

static void point_inside(struct entry *e)
{
	e->event.facts = &e->facts;
	e->event.outcome = &e->outcome;
	e->event.policy_digest = e->digest;
	e->event.in_iface = *e->in_iface ? e->in_iface : NULL;
}

/* Without memory only the ends are known. */
static void keep_facts(struct entry *e, const struct facts *facts)
{
	struct facts known = *facts;

	free(e->values);
	e->values = malloc(facts_copy_room(facts) + 1);
	if (!e->values)
		known.n_values = 0;
	facts_copy(&known, &e->facts, e->values);
}

static void keep(struct entry *e, const struct event *ev)
{
	keep_facts(e, ev->facts);
	e->outcome = *ev->outcome;
	(void)snprintf(e->in_iface, sizeof(e->in_iface), "%s",
		       ev->in_iface ? ev->in_iface : "");
	(void)snprintf(e->digest, sizeof(e->digest), "%s", ev->policy_digest);
	e->event = *ev;
	point_inside(e);
}

void rollup_event(struct rollup *r, const struct event *ev, rollup_fn *fn,
		  void *ctx)
{
	struct entry *e = NULL;

	for (size_t i = 0; i < r->n && !e; i++)
		if (same_kind(&r->entries[i], ev))
			e = &r->entries[i];
	if (e) {
		unsigned count = e->count + 1;

		keep(e, ev);
		e->count = count;
		return;
	}
	fn(ctx, ev);
	if (r->n == ROLLUP_MOST)
		return;
	e = &r->entries[r->n++];
	*e = (struct entry){.began = ev->time_ns};
	keep(e, ev);
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
			e->event.repeat = e->count;
			fn(ctx, &e->event);
		}
		free(e->values);
		r->n--;
		if (e == &r->entries[r->n])
			continue;
		/* The last one moves here, and what points into it. */
		*e = r->entries[r->n];
		point_inside(e);
	}
}
