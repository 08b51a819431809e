/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The UDP header (RFC 768). */
#include "agent/packet/packet_priv.h"

#include <netinet/in.h>

#define UDP_HEADER_LEN 8

enum packet_fault packet_udp(struct packet_body *body,
			     struct packet_options opt, struct packet *out)
{
	struct packet_body datagram = *body;
	const uint8_t *p = packet_body_take(body, UDP_HEADER_LEN);
	uint16_t len, checksum;

	if (!p)
		return PACKET_TRUNCATED;
	out->sport = number_u16(p);
	out->dport = number_u16(p + 2);
	len = number_u16(p + 4);
	checksum = number_u16(p + 6);
	/* Zero would be right in a jumbogram only, and nobody sends those. */
	if (len < UDP_HEADER_LEN || len > datagram.wire)
		return PACKET_BAD_HEADER;
	/* What lies behind the datagram is not the receiver's either. */
	opt.allow_cut = true;
	(void)packet_body_bound(body, len - UDP_HEADER_LEN, opt);
	(void)packet_body_bound(&datagram, len, opt);
	/* RFC 768: 0 = none was made; RFC 8200 8.1 forbids that for IPv6. */
	if (checksum == 0 && out->src.family == IP_V4)
		return PACKET_OK;
	if (packet_checksum_is_wrong(&datagram, opt, out, IPPROTO_UDP))
		return PACKET_BAD_CHECKSUM;
	return PACKET_OK;
}
