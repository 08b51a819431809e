/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/flow/flow.h"

#include "policy/base/hash.h"

#include <stdlib.h>

/* `n` words of each address, and what comes behind them; hashed without what
 * does not fill the last word.  A constant `n` makes it a few instructions. */
static inline void put(struct flow_key *key, size_t n, const struct ipaddr *lo,
		       const struct ipaddr *hi, uint32_t ports, uint8_t l4,
		       const uint8_t secret[16])
{
	uint32_t *w = key->words;

	memcpy(w, lo->bytes, n * sizeof(*w));
	memcpy(w + n, hi->bytes, n * sizeof(*w));
	w[2 * n] = ports;
	w[2 * n + 1] = htole32((uint32_t)(lo->family << 8 | l4));
	key->hash =
		(uint32_t)hash_keyed(secret, w, (2 * n + 1) * sizeof(*w) + 1);
}

void flow_key_of(const struct packet *pkt, const uint8_t secret[16],
		 struct flow_key *out)
{
	/* ICMP has an id and a type, not two ports: an echo's two directions
	 * differ in the type alone. */
	bool icmp = pkt->l4 == 1 || pkt->l4 == 58;
	uint16_t sport = pkt->sport, dport = icmp ? pkt->sport : pkt->dport;
	int order = ipaddr_cmp(&pkt->src, &pkt->dst);
	bool swap = order > 0 || (order == 0 && sport > dport);
	const struct ipaddr *lo = swap ? &pkt->dst : &pkt->src;
	const struct ipaddr *hi = swap ? &pkt->src : &pkt->dst;
	uint32_t ports = swap ? (uint32_t)dport << 16 | sport
			      : (uint32_t)sport << 16 | dport;

	*out = (struct flow_key){0};
	if (lo->family == IP_V4)
		put(out, 1, lo, hi, ports, pkt->l4, secret);
	else
		put(out, 4, lo, hi, ports, pkt->l4, secret);
}

enum dir flow_dir(const struct flow *f, const struct packet *pkt)
{
	if (!ipaddr_eq(&pkt->src, &f->facts.src))
		return DIR_SERVER;
	if (!ipaddr_eq(&f->facts.src, &f->facts.dst))
		return DIR_CLIENT;
	return pkt->sport == f->facts.sport ? DIR_CLIENT : DIR_SERVER;
}

_Static_assert(LIMIT_HELD_PACKETS <= UINT8_MAX, "they are counted in 8 bits");

static bool held_grow(struct flow *f)
{
	unsigned more = f->held_capacity ? f->held_capacity * 2U : 8;
	uint32_t *old = f->held_capacity ? f->held.many : NULL;
	uint32_t *grown = realloc(old, more * sizeof(*grown));

	if (!grown)
		return false;
	if (!old)
		memcpy(grown, f->held.few, sizeof(f->held.few));
	f->held.many = grown;
	f->held_capacity = (uint8_t)more;
	return true;
}

enum fw_err flow_hold(struct flow *f, uint32_t id)
{
	const unsigned few = sizeof(f->held.few) / sizeof(*f->held.few);

	if (f->n_held >= LIMIT_HELD_PACKETS)
		return FW_ERR_LIMIT;
	if (f->n_held == (f->held_capacity ? f->held_capacity : few) &&
	    !held_grow(f))
		return FW_ERR_LIMIT;
	flow_held(f)[f->n_held++] = id;
	return FW_OK;
}
