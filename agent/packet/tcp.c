/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The TCP header (RFC 9293); of its options only the timestamps are read. */
#include "agent/packet/packet_priv.h"

#include <netinet/in.h>

#define TCP_HEADER_MIN 20

#define OPTION_END            0
#define OPTION_NOP            1
#define OPTION_TIMESTAMPS     8
#define OPTION_TIMESTAMPS_LEN 10

/* RFC 7323, section 3.2.  An option that does not fit ends the search. */
static void read_timestamps(struct reader options, struct packet *out)
{
	while (options.left > 0) {
		uint8_t kind = reader_u8(&options), len;
		struct reader value;

		if (kind == OPTION_END)
			return;
		if (kind == OPTION_NOP)
			continue;
		len = reader_u8(&options);
		if (len < 2)
			return;
		value = reader_sub(&options, len - 2U);
		if (kind != OPTION_TIMESTAMPS || len != OPTION_TIMESTAMPS_LEN)
			continue;
		out->tsval = reader_u32(&value);
		out->tsecr = reader_u32(&value);
		out->has_timestamps = !value.failed;
	}
}

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
	out->window = reader_u16(&h);
	if (len < TCP_HEADER_MIN || len - TCP_HEADER_MIN > body->wire)
		return PACKET_BAD_HEADER;
	fault = packet_body_take(body, len - TCP_HEADER_MIN, &options);
	if (fault != PACKET_OK)
		return fault;
	read_timestamps(options, out);
	return wrong ? PACKET_BAD_CHECKSUM : PACKET_OK;
}
