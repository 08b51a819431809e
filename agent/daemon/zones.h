/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The zone of an address, for flows of which no packet is at hand: of this
 * machine, else by the networks of the zones, else by the interface that the
 * way there leads through.
 */
#pragma once

#include "policy/ir.h"

struct zones;

/* `ir` is borrowed.  Owned: zones_free.  NULL without memory. */
struct zones *zones_new(const struct ir *ir);
void zones_free(struct zones *z);

/* -1: none. */
int zones_find(struct zones *z, const struct ipaddr *addr);
