/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Growable arrays whose memory comes from an arena.
 *
 *	VEC(struct word) words = {0};
 *	struct word *w = vec_push(arena, &words);	NULL without memory
 */
#pragma once

#include "policy/base/arena.h"

#define VEC(type)                \
	struct {                 \
		type *items;     \
		size_t n;        \
		size_t capacity; \
	}

/* A new zeroed item at the end, or NULL; the pointer holds until the next. */
#define vec_push(arena, v)                                     \
	((__typeof__((v)->items))vec_push_raw(                 \
		(arena), &(v)->items, &(v)->n, &(v)->capacity, \
		sizeof(*(v)->items) /* NOLINT: an item may be a pointer */))

#define vec_foreach(item, v)                               \
	for (__typeof__((v)->items + 0) item = (v)->items; \
	     item && item < (v)->items + (v)->n; item++)

/* `items` is the address of the array's pointer, of whatever type. */
void *vec_push_raw(struct arena *a, void *items, size_t *n, size_t *capacity,
		   size_t size);
