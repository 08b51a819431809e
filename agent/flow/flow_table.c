/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A hash table with chains, and one list in the order of the last packet.
 * Buckets are as many as the ceiling allows flows, rounded up to a power of
 * two, made once: no growth while packets wait.
 */
#include "agent/flow/flow_table.h"

#include "policy/base/hash.h"
#include "policy/base/spare.h"

#include <stdlib.h>

/* What most protocols need until their first message is whole; what is told of
 * that comes into the block behind it. */
#define FLOW_ARENA_FIRST 192

struct flow_table {
	struct flow **buckets;
	size_t n_buckets, n, most;
	struct flow *newest, *oldest;
	uint64_t last_id;
};

struct flow_table *flow_table_new(const uint8_t secret[16], size_t most)
{
	struct flow_table *t = calloc(1, sizeof(*t));

	if (!t)
		return NULL;
	/* Numbers that no engine before this one is likely to have given. */
	t->last_id = hash_keyed(secret, NULL, 0) >> 12;
	t->most = most ? most : LIMIT_FLOWS;
	t->n_buckets = 1;
	while (t->n_buckets < t->most)
		t->n_buckets *= 2;
	t->buckets = calloc(t->n_buckets, sizeof(struct flow *));
	if (!t->buckets) {
		free(t);
		return NULL;
	}
	return t;
}

static struct flow **bucket_of(const struct flow_table *t,
			       const struct flow_key *key)
{
	return &t->buckets[key->hash & (t->n_buckets - 1)];
}

struct flow *flow_table_find(const struct flow_table *t,
			     const struct flow_key *key)
{
	struct flow *f = *bucket_of(t, key);

	while (f && !flow_key_is(&f->key, key))
		f = f->chain;
	return f;
}

static void list_out(struct flow_table *t, struct flow *f)
{
	if (f->newer)
		f->newer->older = f->older;
	else
		t->newest = f->older;
	if (f->older)
		f->older->newer = f->newer;
	else
		t->oldest = f->newer;
}

static void list_in(struct flow_table *t, struct flow *f)
{
	f->newer = NULL;
	f->older = t->newest;
	if (t->newest)
		t->newest->newer = f;
	else
		t->oldest = f;
	t->newest = f;
}

/* The oldest decided flow that waits for nothing, among the oldest few, so that
 * a table full of undecided ones costs no long search per packet. */
static struct flow *to_give_up(const struct flow_table *t)
{
	struct flow *f = t->oldest;

	for (unsigned i = 0; f && i < 64; i++, f = f->newer)
		if (f->decided && !f->waits && !f->confirming)
			return f;
	return NULL;
}

struct flow *flow_table_add(struct flow_table *t, const struct flow_key *key,
			    uint64_t now)
{
	struct flow **bucket = bucket_of(t, key);
	struct flow *f;

	if (t->n >= t->most) {
		f = to_give_up(t);
		if (!f)
			return NULL;
		flow_table_remove(t, f);
	}
	f = spare_take(sizeof(*f));
	if (!f)
		return NULL;
	*f = (struct flow){.key = *key};
	f->last_ns = now;
	f->id = ++t->last_id;
	arena_init(&f->arena, LIMIT_FLOW_ARENA, FLOW_ARENA_FIRST);
	facts_init(&f->facts, &f->arena);
	f->chain = *bucket;
	*bucket = f;
	list_in(t, f);
	t->n++;
	return f;
}

void flow_table_touch(struct flow_table *t, struct flow *f, uint64_t now)
{
	f->last_ns = now;
	if (f == t->newest)
		return;
	list_out(t, f);
	list_in(t, f);
}

static void answers_free(struct answer_packet *p)
{
	while (p) {
		struct answer_packet *next = p->next;

		free(p);
		p = next;
	}
}

static void tap_free(struct flow_tap *tap)
{
	if (!tap)
		return;
	stream_done(&tap->streams[DIR_CLIENT]);
	stream_done(&tap->streams[DIR_SERVER]);
	free(tap->questions);
	answers_free(tap->waiting);
	answers_free(tap->changed);
	free(tap);
}

static void flow_free(struct flow *f)
{
	tap_free(f->tap);
	stream_done(&f->streams[DIR_CLIENT]);
	stream_done(&f->streams[DIR_SERVER]);
	ledger_done(&f->ledger);
	arena_done(&f->arena);
	if (f->held_capacity)
		free(f->held.many);
	spare_give(f, sizeof(*f));
}

void flow_table_remove(struct flow_table *t, struct flow *f)
{
	struct flow **at = bucket_of(t, &f->key);

	while (*at != f)
		at = &(*at)->chain;
	*at = f->chain;
	list_out(t, f);
	t->n--;
	flow_free(f);
}

struct flow *flow_table_oldest(const struct flow_table *t)
{
	return t->oldest;
}

size_t flow_table_count(const struct flow_table *t)
{
	return t->n;
}

void flow_table_free(struct flow_table *t)
{
	struct flow *f, *next;

	if (!t)
		return;
	for (f = t->oldest; f; f = next) {
		next = f->newer;
		flow_free(f);
	}
	free(t->buckets);
	free(t);
}
