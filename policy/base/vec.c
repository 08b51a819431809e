/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "policy/base/vec.h"

void *vec_push_raw(struct arena *a, void **items, size_t *n, size_t *capacity,
		   size_t size)
{
	if (*n == *capacity) {
		size_t more = *capacity ? *capacity * 2 : 8;
		void *grown = arena_calloc(a, more, size);

		if (!grown)
			return NULL;
		if (*n)
			memcpy(grown, *items, *n * size);
		*items = grown;
		*capacity = more;
	}
	return (char *)*items + (*n)++ * size;
}
