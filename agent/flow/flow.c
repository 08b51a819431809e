/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/flow/flow.h"

#include <stdlib.h>

static void put_end(uint8_t *end, const struct ipaddr *addr, uint16_t port)
{
	memcpy(end, addr->bytes, 16);
	end[16] = (uint8_t)(port >> 8);
	end[17] = (uint8_t)port;
}

void flow_key_of(const struct packet *pkt, struct flow_key *out)
{
	uint8_t src[18], dst[18];
	bool swap;

	put_end(src, &pkt->src, pkt->sport);
	/* ICMP has an id and a type, not two ports: an echo's two directions
	 * differ in the type alone. */
	if (pkt->l4 == 1 || pkt->l4 == 58)
		put_end(dst, &pkt->dst, pkt->sport);
	else
		put_end(dst, &pkt->dst, pkt->dport);
	swap = memcmp(src, dst, sizeof(src)) > 0;
	memset(out, 0, sizeof(*out));
	memcpy(out->ends[swap], src, sizeof(src));
	memcpy(out->ends[!swap], dst, sizeof(dst));
	out->family = pkt->src.family;
	out->l4 = pkt->l4;
}

enum dir flow_dir(const struct flow *f, const struct packet *pkt)
{
	if (ipaddr_cmp(&pkt->src, &f->facts.src) != 0)
		return DIR_SERVER;
	if (ipaddr_cmp(&f->facts.src, &f->facts.dst) != 0)
		return DIR_CLIENT;
	return pkt->sport == f->facts.sport ? DIR_CLIENT : DIR_SERVER;
}

_Static_assert(LIMIT_HELD_PACKETS <= UINT8_MAX, "they are counted in 8 bits");

enum fw_err flow_hold(struct flow *f, uint32_t id)
{
	if (f->n_held >= LIMIT_HELD_PACKETS)
		return FW_ERR_LIMIT;
	if (f->n_held == f->held_capacity) {
		unsigned more = f->held_capacity ? f->held_capacity * 2U : 8;
		uint32_t *grown = realloc(f->held, more * sizeof(*grown));

		if (!grown)
			return FW_ERR_LIMIT;
		f->held = grown;
		f->held_capacity = (uint8_t)more;
	}
	f->held[f->n_held++] = id;
	return FW_OK;
}
