/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A ring in the order of keeping, and a hash table over it.  A record is one
 * block: the facts, then their values, then the bytes of these.
 */
#include "agent/flow/record.h"

#include <stdlib.h>

#define RING_FIRST 256

struct record {
	struct flow_key key;
	struct record *chain; /* of its bucket */
	size_t at;            /* in the ring */
	struct facts facts;
};

struct records {
	struct record **buckets;
	size_t n_buckets; /* a power of two */
	struct record **ring;
	size_t capacity, next, most;
};

struct records *records_new(size_t most)
{
	struct records *r = calloc(1, sizeof(*r));

	if (!r)
		return NULL;
	r->most = most ? most : LIMIT_RECORDS;
	r->n_buckets = 1;
	while (r->n_buckets < r->most)
		r->n_buckets *= 2;
	r->buckets = calloc(r->n_buckets, sizeof(struct record *));
	if (!r->buckets) {
		free(r);
		return NULL;
	}
	return r;
}

void records_free(struct records *r)
{
	if (!r)
		return;
	for (size_t i = 0; i < r->capacity; i++)
		free(r->ring[i]);
	free(r->ring);
	free(r->buckets);
	free(r);
}

static struct record **bucket_of(const struct records *r,
				 const struct flow_key *key)
{
	return &r->buckets[key->hash & (r->n_buckets - 1)];
}

static struct record *find(const struct records *r, const struct flow_key *key)
{
	struct record *rec = *bucket_of(r, key);

	while (rec && !flow_key_is(&rec->key, key))
		rec = rec->chain;
	return rec;
}

const struct facts *records_find(const struct records *r,
				 const struct flow_key *key)
{
	const struct record *rec = find(r, key);

	return rec ? &rec->facts : NULL;
}

static void forget(struct records *r, struct record *rec)
{
	struct record **at = bucket_of(r, &rec->key);

	while (*at != rec)
		at = &(*at)->chain;
	*at = rec->chain;
	r->ring[rec->at] = NULL;
	free(rec);
}

/* The next place of the ring, empty; false without memory. */
static bool take_place(struct records *r, size_t *out)
{
	if (r->next == r->capacity && r->capacity < r->most) {
		size_t more = r->capacity ? r->capacity * 2 : RING_FIRST;
		struct record **grown;

		if (more > r->most)
			more = r->most;
		grown = realloc(r->ring, more * sizeof(struct record *));
		if (!grown)
			return false;
		memset(grown + r->capacity, 0,
		       (more - r->capacity) * sizeof(struct record *));
		r->ring = grown;
		r->capacity = more;
	}
	if (r->next == r->capacity)
		r->next = 0;
	if (r->ring[r->next])
		forget(r, r->ring[r->next]);
	*out = r->next++;
	return true;
}

static struct record *record_of(const struct facts *facts)
{
	size_t room = facts_copy_room(facts);
	struct record *rec;

	if (room > LIMIT_RECORD_BYTES)
		return NULL;
	rec = malloc(sizeof(*rec) + room);
	if (rec)
		facts_copy(facts, &rec->facts, rec + 1);
	return rec;
}

void records_keep(struct records *r, const struct flow_key *key,
		  const struct facts *facts)
{
	struct record *old = find(r, key), *rec;
	struct record **bucket = bucket_of(r, key);

	/* Not even the old one speaks for a flow that it is not of. */
	if (old)
		forget(r, old);
	rec = record_of(facts);
	if (!rec)
		return;
	if (!take_place(r, &rec->at)) {
		free(rec);
		return;
	}
	rec->key = *key;
	rec->chain = *bucket;
	*bucket = rec;
	r->ring[rec->at] = rec;
}

void record_restore(const struct facts *from, struct facts *to)
{
	struct arena *arena = to->arena;
	struct fact_value *values =
		arena_calloc(arena, from->n_values + 1, sizeof(*values));

	*to = *from;
	to->arena = arena;
	to->values = values;
	to->capacity = from->n_values;
	to->n_values = 0;
	for (unsigned i = 0; values && i < from->n_values; i++) {
		values[i] = from->values[i];
		values[i].value = arena_str(arena, from->values[i].value);
		if (!values[i].value.p)
			break;
		to->n_values++;
	}
	to->dropped += from->n_values - to->n_values;
}
