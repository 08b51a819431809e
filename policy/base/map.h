/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A hash map from text to pointer, for names that the policy's author chose.
 * Memory: an arena; keys are borrowed.  Zero-initialised is empty.
 */
#pragma once

#include "policy/base/arena.h"

#include <stdbool.h>

struct map_slot {
	struct str key;
	void *value; /* NULL: an empty slot */
};

struct map {
	struct map_slot *slots;
	size_t n, capacity; /* capacity: a power of two */
};

/* What `key` leads to, or NULL. */
void *map_get(const struct map *m, struct str key);

/* Let `key` lead to `value` (not NULL); what it led to before is forgotten.
 * False without memory. */
bool map_put(struct arena *a, struct map *m, struct str key, void *value);
