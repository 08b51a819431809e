/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/packet/packet.h"

#include "agent/packet/packet_priv.h"

#include <netinet/in.h>

/* Where the checksum stands in the header. */
#define TCP_SUM 16
#define UDP_SUM 6

/* Eight bytes at a time: the sum of RFC 1071 may be taken over wider numbers
 * and folded in the end (here: halves of 32 bits, which leave room for
 * carries). */
uint64_t packet_sum(uint64_t sum, struct reader bytes)
{
	const uint8_t *p;

	while (bytes.left >= sizeof(uint64_t)) {
		uint64_t v;

		p = reader_take(&bytes, sizeof(v));
		memcpy(&v, p, sizeof(v));
		v = be64toh(v);
		sum += (v >> 32) + (v & UINT32_MAX);
	}
	while (bytes.left > 1)
		sum += reader_u16(&bytes);
	if (bytes.left)
		sum += (uint64_t)reader_u8(&bytes) << 8;
	return sum;
}

uint16_t packet_sum_field(uint64_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

bool packet_sum_is_good(uint64_t sum)
{
	return packet_sum_field(sum) == 0;
}

bool packet_pseudo_sum_is_wrong(const struct packet_body *body,
				const struct packet *pkt, uint8_t l4)
{
	const struct ipaddr *dst =
		body->final_dst.family ? &body->final_dst : &pkt->dst;
	size_t n = ipaddr_len(pkt->src.family);
	uint64_t sum = l4;

	sum += (body->wire >> 16) + (body->wire & 0xffff);
	sum = packet_sum(sum, reader_of(pkt->src.bytes, n));
	sum = packet_sum(sum, reader_of(dst->bytes, n));
	return !packet_sum_is_good(packet_sum(sum, body->bytes));
}

static enum packet_fault layer4(struct packet_body *body,
				struct packet_options opt, struct packet *out)
{
	bool v4 = out->src.family == IP_V4;

	if (out->l4 == IPPROTO_TCP)
		return packet_tcp(body, opt, out);
	if (out->l4 == IPPROTO_UDP)
		return packet_udp(body, opt, out);
	if (out->l4 == (v4 ? IPPROTO_ICMP : IPPROTO_ICMPV6))
		return packet_icmp(body, opt, out);
	return PACKET_OK;
}

enum packet_fault packet_parse(struct reader raw, struct packet_options opt,
			       struct packet *out)
{
	struct packet_body body = {.bytes = raw};
	enum packet_fault fault;

	*out = (struct packet){0};
	if (raw.left == 0)
		return PACKET_TRUNCATED;
	switch (reader_peek(&raw, 0) >> 4) {
	case 4:
		fault = packet_ipv4(&body, opt, out);
		break;
	case 6:
		fault = packet_ipv6(&body, opt, out);
		break;
	default:
		return PACKET_BAD_HEADER;
	}
	out->header = body.bytes.p;
	if (fault == PACKET_OK)
		fault = layer4(&body, opt, out);
	if (fault != PACKET_OK)
		return fault;
	out->payload = body.bytes;
	out->wire_payload = body.wire;
	return PACKET_OK;
}

void packet_sum_anew(const struct packet *pkt, uint8_t *header)
{
	size_t n = ipaddr_len(pkt->src.family);
	size_t len = (size_t)(pkt->payload.p - pkt->header) + pkt->payload.left;
	uint8_t *field = header + (pkt->l4 == IPPROTO_TCP ? TCP_SUM : UDP_SUM);
	uint64_t sum = pkt->l4 + len;
	uint16_t value;

	/* RFC 768: none was made. */
	if (pkt->l4 == IPPROTO_UDP && number_u16(field) == 0)
		return;
	field[0] = field[1] = 0;
	sum = packet_sum(sum, reader_of(pkt->src.bytes, n));
	sum = packet_sum(sum, reader_of(pkt->dst.bytes, n));
	value = packet_sum_field(packet_sum(sum, reader_of(header, len)));
	if (value == 0 && pkt->l4 == IPPROTO_UDP)
		value = UINT16_MAX;
	field[0] = (uint8_t)(value >> 8);
	field[1] = (uint8_t)value;
}

const char *packet_fault_text(enum packet_fault fault)
{
	switch (fault) {
	case PACKET_OK:
		return "good";
	case PACKET_TRUNCATED:
		return "the packet is shorter than its headers say";
	case PACKET_BAD_HEADER:
		return "a header contradicts itself";
	case PACKET_BAD_CHECKSUM:
		return "the checksum is wrong";
	case PACKET_FRAGMENT:
		return "a fragment";
	}
	return "unknown fault";
}
