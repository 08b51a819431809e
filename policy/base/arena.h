/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A bump allocator with a ceiling; everything in it is freed as one.
 * One per compile, one small one per flow.
 */
#pragma once

#include "policy/base/str.h"

#include <stdint.h>

#include <stdbool.h>
#include <stddef.h>

struct arena_block;

struct arena {
	struct arena_block *blocks;
	size_t left;    /* bytes that may yet be handed out */
	uint32_t first; /* size of the first block */
	bool failed;    /* something was asked for and not given */
};

/* Start an empty arena; nothing is allocated yet.  `ceiling`: bytes at most, 0
 * for any number.  `first`: bytes of its first
 * block, 0 for the usual size. */
void arena_init(struct arena *a, size_t ceiling, size_t first);

/* A point to go back to. */
struct arena_mark {
	struct arena_block *block;
	size_t in_block;
};

struct arena_mark arena_mark(const struct arena *a);

/* Free what came from it since `mark`; what came before stays. */
void arena_rewind(struct arena *a, struct arena_mark mark);

/* Free all that came from it; it may be used again. */
void arena_done(struct arena *a);

/* n zeroed bytes, aligned for anything; NULL at the ceiling or without memory.
 * Arena: lives as long as `a`. */
void *arena_alloc(struct arena *a, size_t n);

/* n * size zeroed bytes, NULL also when the product overflows. */
void *arena_calloc(struct arena *a, size_t n, size_t size);

/* Note that memory for the same purpose was refused elsewhere: who asks for
 * `failed` at the end learns of it. */
void arena_fail(struct arena *a);

/* A copy of s, terminated with NUL; .p is NULL when it cannot be made. */
struct str arena_str(struct arena *a, struct str s);

/* A formatted string, or NULL. */
const char *arena_printf(struct arena *a, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
