/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Policies, packets and facts by chance, the same for the same seed. */
#pragma once

#include "policy/facts.h"
#include "policy/policy.h"

struct chance {
	uint64_t state; /* not 0 */
};

/* Another for each seed. */
struct chance chance_of(uint64_t seed);

/* 0 .. n - 1 */
unsigned chance_below(struct chance *c, unsigned n);

/* True once in n times. */
bool chance_once_in(struct chance *c, unsigned n);

/* Of the gateway that policies are made for: both shift windows around the
 * week. */
extern struct policy_env random_env;

/* Limits that nobody reaches, for a kernel that counts. */
extern bool random_limits_are_wide;

/* A policy without an error; owned: policy_free. */
struct policy *random_policy(struct chance *c);

/* Addresses of one family, protocol and ports; zones are left out. */
void random_flow(struct chance *c, struct facts *f);

/* One step of what a parser may tell next; false when there is no more. */
bool random_fact(struct chance *c, struct facts *f);
