/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ICMP (RFC 792) and ICMPv6 (RFC 4443): type, and the id of an echo. */
#include "agent/packet/packet_priv.h"

#include <netinet/in.h>

#define ICMP_HEADER_LEN 8

bool packet_is_echo(const struct packet *pkt, bool answer)
{
	if (pkt->l4 == IPPROTO_ICMP)
		return pkt->dport == (answer ? 0 : 8);
	return pkt->l4 == IPPROTO_ICMPV6 && pkt->dport == (answer ? 129 : 128);
}

static bool is_wrong(const struct packet_body *body, struct packet_options opt,
		     const struct packet *pkt)
{
	if (pkt->src.family == IP_V6)
		return packet_checksum_is_wrong(body, opt, pkt, IPPROTO_ICMPV6);
	return opt.verify_checksums && body->bytes.left == body->wire &&
	       !packet_sum_is_good(packet_sum(0, body->bytes));
}

enum packet_fault packet_icmp(struct packet_body *body,
			      struct packet_options opt, struct packet *out)
{
	bool wrong = is_wrong(body, opt, out);
	const uint8_t *p = packet_body_take(body, ICMP_HEADER_LEN);

	if (!p)
		return PACKET_TRUNCATED;
	out->dport = p[0]; /* type; behind it code and checksum */
	if (packet_is_echo(out, false) || packet_is_echo(out, true))
		out->sport = number_u16(p + 4);
	return wrong ? PACKET_BAD_CHECKSUM : PACKET_OK;
}
