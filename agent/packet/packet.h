/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Bytes of one IP packet -> a borrowed view.  Pure; every length is checked. */
#pragma once

#include "policy/base/ipaddr.h"
#include "policy/base/reader.h"

#define TCP_FIN 0x01
#define TCP_SYN 0x02
#define TCP_RST 0x04
#define TCP_PSH 0x08
#define TCP_ACK 0x10
#define TCP_URG 0x20

enum packet_fault {
	PACKET_OK,
	PACKET_TRUNCATED,  /* a header or the stated length is not all there */
	PACKET_BAD_HEADER, /* a length or version contradicts itself */
	PACKET_BAD_CHECKSUM, /* asked for and wrong */
	PACKET_FRAGMENT,     /* not the whole packet: no layer 4 to be had */
};

struct packet {
	struct ipaddr src, dst;
	uint16_t sport, dport; /* for ICMP: id and type */
	uint8_t l4; /* IPPROTO_*, behind all IPv6 extension headers */
	uint8_t tcp_flags;
	uint32_t seq, ack;
	uint16_t window;
	bool has_timestamps; /* TCP option (RFC 7323) */
	uint32_t tsval, tsecr;
	const uint8_t *header; /* of layer 4: borrowed from the raw bytes */
	struct reader payload; /* borrowed from the raw bytes */
	uint32_t wire_payload; /* payload length by the headers: more than
				* payload.left when the capture was cut */
};

struct packet_options {
	bool verify_checksums;
	/* Bytes cut off at the end by a capture's snap length are not a fault:
	 * payload is what is there. */
	bool allow_cut;
};

/* `raw` begins with the IP header; bytes behind the IP total length (padding)
 * are ignored.  On a fault `out` holds what was read before it (addresses, if
 * they were). */
enum packet_fault packet_parse(struct reader raw, struct packet_options opt,
			       struct packet *out);

/* The checksum of TCP or UDP is made anew over bytes that were changed:
 * `header` and `payload` of the view are in them, and all there. */
void packet_sum_anew(const struct packet *pkt, uint8_t *header);

/* Is it an ICMP echo, or the answer to one? */
bool packet_is_echo(const struct packet *pkt, bool answer);

const char *packet_fault_text(enum packet_fault fault);
