/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The IPv6 header and its extension headers (RFC 8200): hop-by-hop, routing,
 * destination options, fragment and authentication headers are stepped over,
 * the same set as the kernel's ipv6_find_hdr(), so that l4 is what a rule on
 * `meta l4proto` sees.
 */
#include "agent/limits.h"
#include "agent/packet/packet_priv.h"

#include <netinet/in.h>

#define IPV6_HEADER_LEN 40

#define ROUTING_SOURCE  0 /* RFC 5095: deprecated, never with segments left */
#define ROUTING_MOBILE  2 /* RFC 6275: one address, the final one */
#define ROUTING_SEGMENT 4 /* RFC 8754: the first in the list is the last */

/* RFC 8200 8.1: checksums cover the final destination, which a routing header
 * holds as long as it has segments left. */
static enum packet_fault routing_read(struct reader h, struct packet_body *body)
{
	const uint8_t *final;
	uint8_t type, segments_left;

	reader_skip(&h, 2); /* next header, length */
	type = reader_u8(&h);
	segments_left = reader_u8(&h);
	if (segments_left == 0)
		return PACKET_OK;
	if (type == ROUTING_SOURCE)
		return PACKET_BAD_HEADER;
	if (type != ROUTING_MOBILE && type != ROUTING_SEGMENT) {
		body->no_checksum = true;
		return PACKET_OK;
	}
	reader_skip(&h, 4);
	final = reader_take(&h, 16);
	if (!final)
		return PACKET_BAD_HEADER;
	body->final_dst = ipaddr_v6(final);
	return PACKET_OK;
}

static enum packet_fault fragment_read(struct reader h)
{
	reader_skip(&h, 2);
	/* An atomic fragment (RFC 6946) is a whole packet; of the last field's
	 * low bits only the lowest says "more". */
	if (reader_u16(&h) & 0xfff9)
		return PACKET_FRAGMENT;
	return PACKET_OK;
}

static enum packet_fault extension(uint8_t type, struct packet_body *body,
				   struct packet *out)
{
	uint32_t len = (uint32_t)reader_peek(&body->bytes, 1);
	enum packet_fault fault;
	struct reader h;

	if (body->bytes.left < 2)
		return PACKET_TRUNCATED;
	if (type == IPPROTO_FRAGMENT)
		len = 8;
	else if (type == IPPROTO_AH)
		len = (len + 2) * 4;
	else
		len = (len + 1) * 8;
	fault = packet_body_take(body, len, &h);
	if (fault != PACKET_OK)
		return fault;
	out->l4 = reader_peek(&h, 0);
	if (type == IPPROTO_FRAGMENT)
		return fragment_read(h);
	if (type == IPPROTO_ROUTING)
		return routing_read(h, body);
	return PACKET_OK;
}

static bool is_extension(uint8_t next)
{
	return next == IPPROTO_HOPOPTS || next == IPPROTO_ROUTING ||
	       next == IPPROTO_FRAGMENT || next == IPPROTO_DSTOPTS ||
	       next == IPPROTO_AH;
}

static enum packet_fault extensions(struct packet_body *body,
				    struct packet *out)
{
	for (unsigned n = 0; is_extension(out->l4); n++) {
		enum packet_fault fault;

		if (n == LIMIT_IPV6_EXTENSIONS)
			return PACKET_BAD_HEADER;
		/* RFC 8200 4.1: directly behind the IPv6 header only. */
		if (out->l4 == IPPROTO_HOPOPTS && n > 0)
			return PACKET_BAD_HEADER;
		fault = extension(out->l4, body, out);
		if (fault != PACKET_OK)
			return fault;
	}
	return PACKET_OK;
}

enum packet_fault packet_ipv6(struct packet_body *body,
			      struct packet_options opt, struct packet *out)
{
	const uint8_t *p = reader_take(&body->bytes, IPV6_HEADER_LEN);
	enum packet_fault fault;
	uint32_t wire;

	if (!p)
		return PACKET_TRUNCATED;
	wire = number_u16(p + 4);
	out->l4 = p[6];
	out->src = ipaddr_v6(p + 8);
	out->dst = ipaddr_v6(p + 24);
	/* Zero: a jumbogram (RFC 2675) or a segment larger than 64 KiB that the
	 * card is to cut. */
	if (wire == 0)
		wire = (uint32_t)body->bytes.left;
	fault = packet_body_bound(body, wire, opt);
	if (fault != PACKET_OK)
		return fault;
	return extensions(body, out);
}
