/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How much of an engine each client has in use, so that one that floods does
 * not take it from others.  A client is an address of IPv4, or 64 bits of
 * IPv6, of which a host can choose many; together with that of Ethernet, where
 * it is known: a network may share these bits, and who sends in another's name
 * is another.
 *
 * Counters without names, by a keyed hash: two clients may share one, and are
 * one then; nobody can choose whose.
 */
#pragma once

#include "policy/base/ipaddr.h"
#include "policy/mac.h"

struct clients;

struct client {
	uint32_t flows; /* undecided */
	uint32_t held;  /* packets that wait */
};

/* Owned: clients_free.  NULL without memory. */
struct clients *clients_new(const uint8_t secret[16]);
void clients_free(struct clients *c);

/* The number of the counters of this client: for clients_at().  `mac` may be
 * NULL. */
uint16_t clients_find(const struct clients *c, const struct ipaddr *address,
		      const struct mac *mac);

/* Borrowed, to be counted up and down. */
struct client *clients_at(struct clients *c, uint16_t number);
