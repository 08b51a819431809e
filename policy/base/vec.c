/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "policy/base/vec.h"

void *vec_push_raw(struct arena *a, void *items, size_t *n, size_t *capacity,
		   size_t size)
{
	char *array;

	/* Copied as bytes: a pointer to T is no pointer to void here. */
	memcpy(&array, items, sizeof(array));
	if (*n == *capacity) {
		size_t more = *capacity ? *capacity * 2 : 8;
		char *grown = arena_calloc(a, more, size);

		if (!grown)
			return NULL;
		if (*n)
			memcpy(grown, array, *n * size);
		array = grown;
		memcpy(items, &array, sizeof(array));
		*capacity = more;
	}
	return array + (*n)++ * size;
}
