/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/kernel/inject.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define IPV4_HEADER 20
#define IPV6_HEADER 40
#define TCP_HEADER 20
#define HOPS 64
#define FLAGS_RST_ACK 0x14

enum fw_err inject_open(struct inject *out)
{
	int on = 1;

	out->v4 = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK,
			 IPPROTO_RAW);
	out->v6 = socket(AF_INET6, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK,
			 IPPROTO_RAW);
	if (out->v4 < 0)
		return fw_err_of_errno(errno);
	/* A kernel without IPv6 has no IPv6 flows either. */
	if (out->v6 >= 0)
		(void)setsockopt(out->v6, IPPROTO_IPV6, IPV6_HDRINCL, &on,
				 sizeof(on));
	return FW_OK;
}

void inject_close(struct inject *i)
{
	if (i->v4 >= 0)
		(void)close(i->v4);
	if (i->v6 >= 0)
		(void)close(i->v6);
	i->v4 = i->v6 = -1;
}

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

/* RFC 1071, over an even number of bytes. */
static uint32_t sum16(const uint8_t *p, size_t n, uint32_t sum)
{
	for (size_t i = 0; i + 1 < n; i += 2)
		sum += (uint32_t)(p[i] << 8 | p[i + 1]);
	return sum;
}

static uint16_t fold(uint32_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

static void put_tcp(const struct inject_reset *r, uint8_t *tcp)
{
	size_t addr = ipaddr_len(r->src.family);
	uint32_t sum = IPPROTO_TCP + TCP_HEADER; /* of the pseudo header */
	uint8_t *p = tcp;

	p = put16(p, r->sport);
	p = put16(p, r->dport);
	p = put32(p, r->seq);
	p = put32(p, r->ack);
	*p++ = TCP_HEADER / 4 << 4;
	*p++ = FLAGS_RST_ACK;
	memset(p, 0, 6); /* window, checksum, urgent pointer */
	sum = sum16(r->src.bytes, addr, sum);
	sum = sum16(r->dst.bytes, addr, sum);
	sum = sum16(tcp, TCP_HEADER, sum);
	(void)put16(tcp + 16, fold(sum));
}

size_t inject_reset_build(const struct inject_reset *r, uint8_t *buf)
{
	bool v4 = r->src.family == IP_V4;
	size_t header = v4 ? IPV4_HEADER : IPV6_HEADER;

	memset(buf, 0, INJECT_ROOM);
	if (v4) {
		buf[0] = 0x45;
		(void)put16(buf + 2, IPV4_HEADER + TCP_HEADER);
		buf[6] = 0x40; /* do not fragment */
		buf[8] = HOPS;
		buf[9] = IPPROTO_TCP;
		memcpy(buf + 12, r->src.bytes, 4);
		memcpy(buf + 16, r->dst.bytes, 4);
		(void)put16(buf + 10, fold(sum16(buf, IPV4_HEADER, 0)));
	} else {
		buf[0] = 0x60;
		(void)put16(buf + 4, TCP_HEADER);
		buf[6] = IPPROTO_TCP;
		buf[7] = HOPS;
		memcpy(buf + 8, r->src.bytes, 16);
		memcpy(buf + 24, r->dst.bytes, 16);
	}
	put_tcp(r, buf + header);
	return header + TCP_HEADER;
}

enum fw_err inject_reset_send(const struct inject *i,
			      const struct inject_reset *r)
{
	bool v4 = r->src.family == IP_V4;
	int fd = v4 ? i->v4 : i->v6;
	struct sockaddr_in to4 = {.sin_family = AF_INET};
	struct sockaddr_in6 to6 = {.sin6_family = AF_INET6};
	const struct sockaddr *to = v4 ? (const struct sockaddr *)&to4
				       : (const struct sockaddr *)&to6;
	socklen_t to_len = v4 ? sizeof(to4) : sizeof(to6);
	uint8_t buf[INJECT_ROOM];
	size_t n = inject_reset_build(r, buf);

	memcpy(&to4.sin_addr, r->dst.bytes, 4);
	memcpy(&to6.sin6_addr, r->dst.bytes, 16);
	if (sendto(fd, buf, n, 0, to, to_len) < 0)
		return fw_err_of_errno(errno);
	return FW_OK;
}
