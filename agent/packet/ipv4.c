/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The IPv4 header (RFC 791); options are stepped over. */
#include "agent/packet/packet_priv.h"

#define IPV4_HEADER_MIN     20
#define IPV4_MORE_FRAGMENTS 0x2000
#define IPV4_OFFSET_MASK    0x1fff

enum packet_fault packet_ipv4(struct packet_body *body,
			      struct packet_options opt, struct packet *out)
{
	struct reader raw = body->bytes;
	const uint8_t *p = reader_take(&raw, IPV4_HEADER_MIN);
	enum packet_fault fault;
	uint32_t len, total;

	if (!p)
		return PACKET_TRUNCATED;
	len = (p[0] & 0x0fu) * 4;
	total = number_u16(p + 2);
	out->l4 = p[9];
	out->src = ipaddr_v4(p + 12);
	out->dst = ipaddr_v4(p + 16);
	/* Zero: a segment that the sending host left for its card to cut. */
	if (total == 0)
		total = (uint32_t)body->bytes.left;
	if (len < IPV4_HEADER_MIN || total < len)
		return PACKET_BAD_HEADER;
	if (body->bytes.left < len)
		return PACKET_TRUNCATED;
	raw = reader_sub(&body->bytes, len);
	if (opt.verify_checksums && !packet_sum_is_good(packet_sum(0, raw)))
		return PACKET_BAD_CHECKSUM;
	fault = packet_body_bound(body, total - len, opt);
	if (fault != PACKET_OK)
		return fault;
	if (number_u16(p + 6) & (IPV4_MORE_FRAGMENTS | IPV4_OFFSET_MASK))
		return PACKET_FRAGMENT;
	return PACKET_OK;
}
