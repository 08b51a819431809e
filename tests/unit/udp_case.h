/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Datagrams of one client for scripts. */
#pragma once

#include "tests/unit/lab.h"
#include "tests/unit/support.h"

#include <netinet/in.h>

#define UDP_CLIENT 0x0a000007u /* 10.0.0.7 */
#define UDP_SERVER 0xc0000250u /* 192.0.2.80 */

static inline void udp_sum_header(uint8_t *p)
{
	uint32_t sum = 0;

	for (unsigned i = 0; i < 20; i += 2)
		sum += (uint32_t)(p[i] << 8 | p[i + 1]);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	p[10] = (uint8_t)(~sum >> 8);
	p[11] = (uint8_t)~sum;
}

/* Between port 40000 of the client and this one of the server, without a
 * checksum of its own. */
static inline void udp_send(struct lab *l, enum dir dir, uint32_t server,
			    unsigned port, struct reader payload)
{
	static struct bytes packet;
	bool asks = dir == DIR_CLIENT;

	packet.n = 0;
	bytes_u16(&packet, 0x4500);
	bytes_u16(&packet, (unsigned)payload.left + 28);
	bytes_u32(&packet, 0);
	bytes_u32(&packet, 64u << 24 | IPPROTO_UDP << 16);
	bytes_u32(&packet, asks ? UDP_CLIENT : server);
	bytes_u32(&packet, asks ? server : UDP_CLIENT);
	udp_sum_header(packet.p);
	bytes_u16(&packet, asks ? 40000 : port);
	bytes_u16(&packet, asks ? port : 40000);
	bytes_u16(&packet, (unsigned)payload.left + 8);
	bytes_u16(&packet, 0);
	bytes_add(&packet, payload.p, payload.left);
	lab_raw(l, packet.p, packet.n, asks ? 1 : 2, asks ? 2 : 1);
}

static inline void say(struct lab *l, unsigned port, struct reader payload)
{
	udp_send(l, DIR_CLIENT, UDP_SERVER, port, payload);
}
