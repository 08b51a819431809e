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

uint16_t clients_find(const struct clients *c, const struct ipaddr *address,
		      const struct mac *mac)
{
	uint8_t who[IPV6_OF_A_NET + sizeof(mac->bytes)] = {0};

	/* Of IPv4 there are four, and zeroes behind. */
	memcpy(who, address->bytes, IPV6_OF_A_NET);
	if (mac)
		memcpy(who + IPV6_OF_A_NET, mac->bytes, sizeof(mac->bytes));
	return (uint16_t)(hash_keyed(c->secret, who, sizeof(who)) & (CLIENTS - 1));
}

struct client *clients_at(struct clients *c, uint16_t number)
{
	return &c->counters[number];
}
