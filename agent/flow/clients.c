/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/flow/clients.h"

#include <stdlib.h>
#include <string.h>

/* A factor for a secret of zeroes, as in tests. */
#define NO_LINK 0x9e3779b97f4a7c15ULL
#define CLIENTS 16384 /* a power of two */

_Static_assert(CLIENTS <= UINT16_MAX + 1, "they are numbered in 16 bits");

struct clients {
	uint64_t secret[2];
	struct client counters[CLIENTS];
};

struct clients *clients_new(const uint8_t secret[16])
{
	struct clients *c = calloc(1, sizeof(*c));

	if (c)
		memcpy(c->secret, secret, sizeof(c->secret));
	return c;
}

void clients_free(struct clients *c)
{
	free(c);
}

uint16_t clients_find(const struct clients *c, const struct ipaddr *address,
		      const struct mac *mac)
{
	uint64_t net, link = 0;
	__uint128_t product;

	/* Of IPv4 there are four bytes, and zeroes behind. */
	memcpy(&net, address->bytes, sizeof(net));
	if (mac)
		memcpy(&link, mac->bytes, sizeof(mac->bytes));
	/* Once a flow, and nobody sees what comes of it: no more is needed. */
	product = (__uint128_t)(net ^ c->secret[0]) *
		  (link ^ c->secret[1] ^ NO_LINK);
	return (uint16_t)((uint64_t)(product >> 64) ^ (uint64_t)product) &
	       (CLIENTS - 1);
}

struct client *clients_at(struct clients *c, uint16_t number)
{
	return &c->counters[number];
}
