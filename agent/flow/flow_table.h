/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The flows of one engine: look-up, age, ceiling. */
#pragma once

#include "agent/flow/flow.h"

struct flow_table;

/* `secret`: 16 bytes, for the names of flows.  At most `most` flows (0:
 * LIMIT_FLOWS).  Owned: flow_table_free.  NULL without memory. */
struct flow_table *flow_table_new(const uint8_t secret[16], size_t most);
void flow_table_free(struct flow_table *t);

/* The flow of this packet, or NULL; borrowed. */
struct flow *flow_table_find(const struct flow_table *t,
			     const struct flow_key *key);

/* A new flow for the key; at the ceiling the oldest decided one is given up for
 * it.  NULL: full of undecided ones, or no memory.  Borrowed. */
struct flow *flow_table_add(struct flow_table *t, const struct flow_key *key,
			    uint64_t now);

/* It had a packet now. */
void flow_table_touch(struct flow_table *t, struct flow *f, uint64_t now);

/* Forget it, with all it holds. */
void flow_table_remove(struct flow_table *t, struct flow *f);

/* The flow that had no packet for the longest time, or NULL. */
struct flow *flow_table_oldest(const struct flow_table *t);

size_t flow_table_count(const struct flow_table *t);
