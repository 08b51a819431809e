/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A TCP segment of our own, in the name of one of a flow's ends. */
#pragma once

#include "agent/packet/packet.h"

struct tcp_segment {
	struct ipaddr src, dst;
	uint16_t sport, dport;
	uint32_t seq, ack;
	uint8_t flags;
	uint16_t window;
	bool has_timestamps;
	uint32_t tsval, tsecr;
	struct reader payload; /* borrowed; SEGMENT_PAYLOAD_MAX at most */
};

/* What fits any path with all our headers: of IPv6 (RFC 8200: 1280 bytes), and
 * of IPv4 (RFC 1122 4.2.2.6: 576).  Nobody would hear that it was too big: what
 * tells of it goes to the end in whose name it was sent. */
#define SEGMENT_PAYLOAD_MAX 1200
#define SEGMENT_PAYLOAD_V4  524
#define SEGMENT_ROOM        1280

/* The whole IP packet with its checksums into `buf` (SEGMENT_ROOM); returns its
 * length. */
size_t segment_build(const struct tcp_segment *s, uint8_t *buf);
