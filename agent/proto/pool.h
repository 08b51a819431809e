/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A heap inside a block of fixed size, for libraries that want malloc and free:
 * what they hold of a flow goes with the flow, and cannot grow beyond.
 */
#pragma once

#include <stddef.h>

#define POOL_ALIGN 16

/* The block is zeroed and aligned to POOL_ALIGN, its size a multiple of it and
 * at most 1 MiB.  Each of these looks at the pieces in order: few is quick. */
void *pool_alloc(void *block, size_t size, size_t n);
void pool_free(void *block, void *p);

/* Bytes that were asked for at p, rounded up. */
size_t pool_size(const void *p);
