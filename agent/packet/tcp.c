/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The TCP header (RFC 9293); options are stepped over. */
#include "agent/packet/packet_priv.h"

#include <netinet/in.h>

#define TCP_HEADER_MIN 20

enum packet_fault packet_tcp(struct packet_body *body,
			     struct packet_options opt, struct packet *out)
{
	bool wrong = packet_checksum_is_wrong(body, opt, out, IPPROTO_TCP);
	enum packet_fault fault;
	struct reader h, options;
	uint32_t len;

	fault = packet_body_take(body, TCP_HEADER_MIN, &h);
	if (fault != PACKET_OK)
		return fault;
	out->sport = reader_u16(&h);
	out->dport = reader_u16(&h);
	out->seq = reader_u32(&h);
	out->ack = reader_u32(&h);
	len = (uint32_t)(reader_u8(&h) >> 4) * 4;
	out->tcp_flags = reader_u8(&h);
	if (len < TCP_HEADER_MIN || len - TCP_HEADER_MIN > body->wire)
		return PACKET_BAD_HEADER;
	fault = packet_body_take(body, len - TCP_HEADER_MIN, &options);
	if (fault != PACKET_OK)
		return fault;
	return wrong ? PACKET_BAD_CHECKSUM : PACKET_OK;
}
