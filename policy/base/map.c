/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "policy/base/map.h"

#include "policy/base/hash.h"

/* The slot of the key, or the empty one where it belongs. */
static struct map_slot *slot_of(const struct map *m, struct str key)
{
	size_t i = (size_t)hash_text(key.p, key.len);

	for (;; i++) {
		struct map_slot *s = &m->slots[i & (m->capacity - 1)];

		if (!s->value || str_eq(s->key, key))
			return s;
	}
}

void *map_get(const struct map *m, struct str key)
{
	return m->capacity ? slot_of(m, key)->value : NULL;
}

static bool grow(struct arena *a, struct map *m)
{
	struct map bigger = {.n = m->n,
			     .capacity = m->capacity ? m->capacity * 2 : 16};

	bigger.slots = arena_calloc(a, bigger.capacity, sizeof(*bigger.slots));
	if (!bigger.slots)
		return false;
	for (size_t i = 0; i < m->capacity; i++)
		if (m->slots[i].value)
			*slot_of(&bigger, m->slots[i].key) = m->slots[i];
	*m = bigger;
	return true;
}

bool map_put(struct arena *a, struct map *m, struct str key, void *value)
{
	struct map_slot *s;

	if (4 * (m->n + 1) > 3 * m->capacity && !grow(a, m))
		return false;
	s = slot_of(m, key);
	m->n += !s->value;
	*s = (struct map_slot){key, value};
	return true;
}
