/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/flow/flow.h"

#include "policy/base/hash.h"

#include <stdlib.h>

static uint8_t *put(uint8_t *to, const void *from, size_t n)
{
	memcpy(to, from, n);
	return to + n;
}

/* Where the ports come, behind the addresses. */
static uint8_t *put_addresses(uint8_t *to, const struct ipaddr *lo,
			      const struct ipaddr *hi)
{
	if (lo->family == IP_V4)
		return put(put(to, lo->bytes, 4), hi->bytes, 4);
	return put(put(to, lo->bytes, 16), hi->bytes, 16);
}

#define LEN_V4 (2 * 4 + 2 * 2 + 1)
#define LEN_V6 sizeof(((struct flow_key *)0)->bytes)

/* Each length is a case of its own for the compiler. */
static uint64_t hash_of(const struct flow_key *key, const uint8_t secret[16])
{
	return key->len == LEN_V4 ? hash_keyed(secret, key->bytes, LEN_V4)
				  : hash_keyed(secret, key->bytes, LEN_V6);
}

void flow_key_of(const struct packet *pkt, const uint8_t secret[16],
		 struct flow_key *out)
{
	/* ICMP has an id and a type, not two ports: an echo's two directions
	 * differ in the type alone. */
	bool icmp = pkt->l4 == 1 || pkt->l4 == 58;
	uint16_t ports[2] = {pkt->sport, icmp ? pkt->sport : pkt->dport};
	int order = ipaddr_cmp(&pkt->src, &pkt->dst);
	bool swap = order > 0 || (order == 0 && ports[0] > ports[1]);
	uint8_t *at = out->bytes;

	*out = (struct flow_key){0};
	at = put_addresses(at, swap ? &pkt->dst : &pkt->src,
			   swap ? &pkt->src : &pkt->dst);
	at = put(at, &ports[swap], sizeof(*ports));
	at = put(at, &ports[!swap], sizeof(*ports));
	at = put(at, &pkt->l4, 1);
	out->len = (uint8_t)(at - out->bytes);
	out->hash = (uint32_t)hash_of(out, secret);
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
