/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The TCP header (RFC 9293); of its options only the timestamps are read. */
#include "agent/packet/packet_priv.h"

#include <netinet/in.h>

#define TCP_HEADER_MIN 20

#define OPTION_END            0
#define OPTION_NOP            1
#define OPTION_TIMESTAMPS     8
#define OPTION_TIMESTAMPS_LEN 10
/* Two NOPs before them: most segments have this alone (RFC 7323, A). */
#define TIMESTAMPS_ALONE     0x0101080a
#define TIMESTAMPS_ALONE_LEN 12

static void note_timestamps(const uint8_t *value, struct packet *out)
{
	out->tsval = number_u32(value);
	out->tsecr = number_u32(value + 4);
	out->has_timestamps = true;
}

/* RFC 7323, section 3.2.  An option that does not fit ends the search. */
static void search_timestamps(struct reader options, struct packet *out)
{
	while (options.left > 0) {
		uint8_t kind = reader_u8(&options), len;
		const uint8_t *value;

		if (kind == OPTION_END)
			return;
		if (kind == OPTION_NOP)
			continue;
		len = reader_u8(&options);
		if (len < 2)
			return;
		value = reader_take(&options, len - 2U);
		if (value && kind == OPTION_TIMESTAMPS &&
		    len == OPTION_TIMESTAMPS_LEN)
			note_timestamps(value, out);
	}
}

static void read_timestamps(struct reader options, struct packet *out)
{
	struct reader alone = options;
	const uint8_t *p;

	if (options.left == TIMESTAMPS_ALONE_LEN) {
		p = reader_take(&alone, TIMESTAMPS_ALONE_LEN);
		if (p && number_u32(p) == TIMESTAMPS_ALONE) {
			note_timestamps(p + sizeof(uint32_t), out);
			return;
		}
	}
	search_timestamps(options, out);
}

enum packet_fault packet_tcp(struct packet_body *body,
			     struct packet_options opt, struct packet *out)
{
	bool wrong = packet_checksum_is_wrong(body, opt, out, IPPROTO_TCP);
	enum packet_fault fault;
	struct reader h, options;
	const uint8_t *p;
	uint32_t len;

	fault = packet_body_take(body, TCP_HEADER_MIN, &h);
	if (fault != PACKET_OK)
		return fault;
	p = reader_take(&h, TCP_HEADER_MIN);
	out->sport = number_u16(p);
	out->dport = number_u16(p + 2);
	out->seq = number_u32(p + 4);
	out->ack = number_u32(p + 8);
	len = (uint32_t)(p[12] >> 4) * 4;
	out->tcp_flags = p[13];
	out->window = number_u16(p + 14);
	if (len < TCP_HEADER_MIN || len - TCP_HEADER_MIN > body->wire)
		return PACKET_BAD_HEADER;
	fault = packet_body_take(body, len - TCP_HEADER_MIN, &options);
	if (fault != PACKET_OK)
		return fault;
	read_timestamps(options, out);
	return wrong ? PACKET_BAD_CHECKSUM : PACKET_OK;
}
