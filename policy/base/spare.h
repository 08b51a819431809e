/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Memory that comes and goes with every flow: blocks of few sizes, each thread
 * keeping some of those given back for whoever asks next.
 */
#pragma once

#include <stddef.h>

/* What is larger is not kept.  A block and what malloc adds to it are a power
 * of two. */
#define SPARE_MOST (4096 - sizeof(size_t))

/* `n` bytes, not zeroed; NULL without memory.  Owned: spare_give. */
void *spare_take(size_t n);

/* How many there are in such a block: n at least. */
size_t spare_room(size_t n);

/* It was asked for with `n` (or the room for n). */
void spare_give(void *p, size_t n);
