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

/* Fill in the parts of `n` reaches that will be compared with each other.
 * False without memory. */
bool reach_prepare(struct reach *reaches, size_t n, struct arena *arena);

/* Is there a flow that both reach?  Errs only by yes: a flow's two addresses
 * are compared apart from each other. */
bool reach_meets(const struct reach *a, const struct reach *b);
