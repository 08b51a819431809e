/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The IPv4 header (RFC 791); options are stepped over. */
#include "agent/packet/packet_priv.h"

#define IPV4_HEADER_MIN     20
#define IPV4_MORE_FRAGMENTS 0x2000
#define IPV4_OFFSET_MASK    0x1fff

struct ipv4_header {
	uint32_t len;
	uint32_t total;
	uint16_t fragment;
};

/* The fixed part; `raw` is left behind it. */
static enum packet_fault header_read(struct reader *raw, struct packet *out,
				     struct ipv4_header *out_header)
{
	const uint8_t *p = reader_take(raw, IPV4_HEADER_MIN);

	if (!p)
		return PACKET_TRUNCATED;
	out_header->len = (p[0] & 0x0fu) * 4;
	out_header->total = number_u16(p + 2);
	out_header->fragment = number_u16(p + 6);
	out->l4 = p[9];
	out->src = ipaddr_v4(p + 12);
	out->dst = ipaddr_v4(p + 16);
	return PACKET_OK;
}

enum packet_fault packet_ipv4(struct reader raw, struct packet_options opt,
			      struct packet *out, struct packet_body *body)
{
	struct reader whole = raw, checked = raw;
	enum packet_fault fault;
	struct ipv4_header h;

	fault = header_read(&raw, out, &h);
	if (fault != PACKET_OK)
		return fault;
	/* Zero: a segment that the sending host left for its card to cut. */
	if (h.total == 0)
		h.total = (uint32_t)whole.left;
	if (h.len < IPV4_HEADER_MIN || h.total < h.len)
		return PACKET_BAD_HEADER;
	if (whole.left < h.len)
		return PACKET_TRUNCATED;
	if (opt.verify_checksums &&
	    !packet_sum_is_good(packet_sum(0, reader_sub(&checked, h.len))))
		return PACKET_BAD_CHECKSUM;
	reader_skip(&whole, h.len);
	body->bytes = whole;
	body->checksum_dst = out->dst;
	fault = packet_body_bound(body, h.total - h.len, opt);
	if (fault != PACKET_OK)
		return fault;
	if (h.fragment & (IPV4_MORE_FRAGMENTS | IPV4_OFFSET_MASK))
		return PACKET_FRAGMENT;
	return PACKET_OK;
}
