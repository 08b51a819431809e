/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Shared by the files of this folder only. */
#pragma once

#include "agent/packet/packet.h"
#include "agent/packet/packet_sum.h"

/* What an IP header encloses, shrinking while headers are taken off. */
struct packet_body {
	struct reader bytes;     /* what is there */
	uint32_t wire;           /* what should be there, by the IP header */
	bool no_checksum;        /* its final destination cannot be known */
	struct ipaddr final_dst; /* where it is not the header's */
};

/* IP header (and IPv6 extension headers) off `body`; sets src, dst and l4. */
enum packet_fault packet_ipv4(struct packet_body *body,
			      struct packet_options opt, struct packet *out);
enum packet_fault packet_ipv6(struct packet_body *body,
			      struct packet_options opt, struct packet *out);

/* Layer 4 headers: ports and what belongs to them; `body` is left at the
 * payload. */
enum packet_fault packet_tcp(struct packet_body *body,
			     struct packet_options opt, struct packet *out);
enum packet_fault packet_udp(struct packet_body *body,
			     struct packet_options opt, struct packet *out);
enum packet_fault packet_icmp(struct packet_body *body,
			      struct packet_options opt, struct packet *out);

/* Bound the body by the length the IP header states; a cut one is a fault
 * unless the options allow it. */
static inline enum packet_fault packet_body_bound(struct packet_body *body,
						  uint32_t wire,
						  struct packet_options opt)
{
	body->wire = wire;
	if (body->bytes.left < wire)
		return opt.allow_cut ? PACKET_OK : PACKET_TRUNCATED;
	body->bytes = reader_sub(&body->bytes, wire);
	return PACKET_OK;
}

/* Take a header of n bytes off. */
static inline enum packet_fault packet_body_take(struct packet_body *body,
						 uint32_t n,
						 struct reader *out_header)
{
	if (n > body->wire || n > body->bytes.left)
		return PACKET_TRUNCATED;
	*out_header = reader_sub(&body->bytes, n);
	body->wire -= n;
	return PACKET_OK;
}

/* The checksum over pseudo header and body, which is all there. */
bool packet_pseudo_sum_is_wrong(const struct packet_body *body,
				const struct packet *pkt, uint8_t l4);

/* Is it to be found wrong?  False also when it is not asked for or cannot be
 * known. */
static inline bool packet_checksum_is_wrong(const struct packet_body *body,
					    struct packet_options opt,
					    const struct packet *pkt,
					    uint8_t l4)
{
	return opt.verify_checksums && !body->no_checksum &&
	       body->bytes.left == body->wire &&
	       packet_pseudo_sum_is_wrong(body, pkt, l4);
}
