/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/flow/clients.h"

#include "policy/base/hash.h"

#include <stdlib.h>
#include <string.h>

#define CLIENTS       16384 /* a power of two */
#define IPV6_OF_A_NET 8     /* bytes */

_Static_assert(CLIENTS <= UINT16_MAX + 1, "they are numbered in 16 bits");

struct clients {
	uint8_t secret[16];
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

uint16_t clients_find(const struct clients *c, const struct ipaddr *address)
{
	size_t n = address->family == IP_V4 ? ipaddr_len(IP_V4) : IPV6_OF_A_NET;

	return (uint16_t)(hash_keyed(c->secret, address->bytes, n) &
			  (CLIENTS - 1));
}

struct client *clients_at(struct clients *c, uint16_t number)
{
	return &c->counters[number];
}
