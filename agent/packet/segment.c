/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/packet/segment.h"

#include "agent/packet/packet_sum.h"

#include <netinet/in.h>

#define IPV4_HEADER 20
#define IPV6_HEADER 40
#define TCP_HEADER  20
#define TIMESTAMPS  12 /* with two NOPs before (RFC 7323, appendix A) */
#define HOPS        64

static uint8_t *put16(uint8_t *p, uint16_t v)
{
	*p++ = (uint8_t)(v >> 8);
	*p++ = (uint8_t)v;
	return p;
}

static uint8_t *put32(uint8_t *p, uint32_t v)
{
	p = put16(p, (uint16_t)(v >> 16));
	return put16(p, (uint16_t)v);
}

/* The TCP header, options and payload; returns their length. */
static size_t put_tcp(const struct tcp_segment *s, uint8_t *tcp)
{
	size_t addr = ipaddr_len(s->src.family);
	size_t header = TCP_HEADER + (s->has_timestamps ? TIMESTAMPS : 0);
	size_t len = header + s->payload.left;
	uint64_t sum = IPPROTO_TCP + len; /* of the pseudo header */
	uint8_t *p = tcp;

	p = put16(p, s->sport);
	p = put16(p, s->dport);
	p = put32(p, s->seq);
	p = put32(p, s->ack);
	*p++ = (uint8_t)(header / 4 << 4);
	*p++ = s->flags;
	p = put16(p, s->window);
	p = put32(p, 0); /* checksum, urgent pointer */
	if (s->has_timestamps) {
		p = put32(p, 0x0101080a); /* NOP, NOP, kind 8, length 10 */
		p = put32(p, s->tsval);
		p = put32(p, s->tsecr);
	}
	if (s->payload.left)
		memcpy(p, s->payload.p, s->payload.left);
	sum = packet_sum(sum, reader_of(s->src.bytes, addr));
	sum = packet_sum(sum, reader_of(s->dst.bytes, addr));
	sum = packet_sum(sum, reader_of(tcp, len));
	(void)put16(tcp + 16, packet_sum_field(sum));
	return len;
}

static size_t put_ipv4(const struct tcp_segment *s, uint8_t *buf)
{
	size_t len = IPV4_HEADER + put_tcp(s, buf + IPV4_HEADER);

	memset(buf, 0, IPV4_HEADER);
	buf[0] = 0x45;
	(void)put16(buf + 2, (uint16_t)len);
	buf[6] = 0x40; /* do not fragment */
	buf[8] = HOPS;
	buf[9] = IPPROTO_TCP;
	memcpy(buf + 12, s->src.bytes, 4);
	memcpy(buf + 16, s->dst.bytes, 4);
	(void)put16(buf + 10, packet_sum_field(packet_sum(
				      0, reader_of(buf, IPV4_HEADER))));
	return len;
}

static size_t put_ipv6(const struct tcp_segment *s, uint8_t *buf)
{
	size_t len = put_tcp(s, buf + IPV6_HEADER);

	memset(buf, 0, IPV6_HEADER);
	buf[0] = 0x60;
	(void)put16(buf + 4, (uint16_t)len);
	buf[6] = IPPROTO_TCP;
	buf[7] = HOPS;
	memcpy(buf + 8, s->src.bytes, 16);
	memcpy(buf + 24, s->dst.bytes, 16);
	return IPV6_HEADER + len;
}

size_t segment_build(const struct tcp_segment *s, uint8_t *buf)
{
	FW_ASSERT(s->payload.left <= SEGMENT_PAYLOAD_MAX);
	return s->src.family == IP_V4 ? put_ipv4(s, buf) : put_ipv6(s, buf);
}
