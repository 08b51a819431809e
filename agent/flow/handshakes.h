/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What servers have answered to clients that begin connections.
 *
 * The kernel lets a SYN and its answer go by, and hands out a copy of the
 * answer (c_answers in nft-templates/gateway.nft).  Its two numbers say where
 * both streams begin, by the server's word: no client can choose another
 * beginning than the one that its server knows.  The engine asks for it at the
 * first packet that it is given.
 *
 * The table lies in memory that a verdict process shares with the one after it.
 * A client's connections have a part of the table alone, so that one that
 * begins a million of them takes little from others.
 */
#pragma once

#include "agent/flow/flow.h"

struct handshakes;

struct handshake {
	uint32_t isn[2];           /* the SYNs' sequence numbers, by enum dir */
	struct flow_tcp answer;    /* the server's side */
	int zone_src, zone_dst;    /* the client's and the server's; -1: none */
};

/* Bytes of a table of that many entries (rounded up). */
size_t handshakes_size(size_t entries);

/* Make `memory`, all zeros and shared, an empty table. */
FW_MUST_CHECK enum fw_err handshakes_format(void *memory, size_t size,
					    const uint8_t secret[16]);

/* The table there; borrows `memory`. */
struct handshakes *handshakes_at(void *memory);

/* The server has sent this SYN with an ACK.  `zone_src`, `zone_dst`: of the
 * packet; `now`: seconds since the epoch.  Anything else is no news. */
void handshakes_note(struct handshakes *h, const struct packet *answer,
		     int zone_src, int zone_dst, uint32_t now);

/* The handshake that came before this packet, which is the first that one side
 * has sent behind it; it is taken out.  False: none is known, or the packet
 * does not go with it. */
bool handshakes_take(struct handshakes *h, const struct packet *pkt,
		     int zone_src, int zone_dst, uint32_t now,
		     enum dir *out_dir, struct handshake *out);
