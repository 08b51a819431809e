/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Do two rules share a flow, as far as addresses and services go?  Made for
 * comparing thousands of rules in pairs: most pairs are told apart by three
 * ANDs.
 */
#pragma once

#include "policy/base/ipaddr.h"
#include "policy/service.h"

struct arena;

/* What a rule reaches.  NULL addresses, no services: any. */
struct reach {
	const struct ipset *src, *dst;
	const struct service *services;
	size_t n_services;
	/* Which of 64 parts of each dimension it touches: reach_prepare(). */
	uint64_t src_parts, dst_parts, service_parts;
};

/* Fill in the parts of `n` reaches that will be compared with each other; they
 * lie `step` bytes apart.  False without memory. */
bool reach_prepare(struct reach *reaches, size_t n, size_t step,
		   struct arena *arena);

/* To find, of thousands of prepared reaches, those that one may share a flow
 * with, without asking each. */
struct reach_index {
	size_t n, words;
	uint64_t *touch[3]; /* by dimension: for each part, a bit a reach */
	uint64_t *found;    /* a bit a reach: the last answer */
};

/* False without memory. */
bool reach_index_make(struct reach_index *index, const struct reach *reaches,
		      size_t n, size_t step, struct arena *arena);

/* Look for those that may share a flow with reach `i` and come before it. */
void reach_index_look(struct reach_index *index, const struct reach *r,
		      size_t i);

/* The next found one at or behind `from`, or SIZE_MAX. */
size_t reach_index_next(const struct reach_index *index, size_t from);

/* Is there a flow that both reach?  Errs only by yes: a flow's two addresses
 * are compared apart from each other. */
bool reach_meets(const struct reach *a, const struct reach *b);
