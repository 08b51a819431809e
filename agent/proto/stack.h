/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The layers of one flow: finds the protocol of a stream by its first bytes,
 * feeds it, and starts again inside a tunnel (CONNECT, SOCKS), to
 * FACTS_LAYERS_MAX layers.
 */
#pragma once

#include "agent/proto/proto.h"

enum stack_state {
	STACK_PROBING, /* the current layer's protocol is not known yet */
	STACK_FEEDING, /* a module reads it */
	STACK_DONE,    /* nothing more is wanted of this flow */
	STACK_BAD,     /* malformed, or too deep */
};

struct proto_stack {
	const struct proto *current;
	void *module;    /* its state; in the facts' arena */
	uint8_t *banner; /* of the server, before the client; likewise */
	uint32_t probed; /* client bytes at the last probe, all unread */
	uint16_t banner_len;
	uint16_t asked; /* the rows before this one said PROBE_NO */
	enum stack_state state : 8;
	uint8_t l4;
	bool banner_left;  /* its bytes are unread, and will come again */
	bool middle;       /* see struct probe; set by the owner */
	bool client_left;  /* the client's last bytes were not all read */
	bool server_left;  /* nor the server's */
	bool listens;      /* over UDP: another protocol may yet begin with
			    * what names its server; the owner may set it */
	bool client_waits; /* all client bytes were read, and the server
			    * must answer before the client goes on */
};

/* All that it needs comes from the arena of the facts it is given. */
void proto_stack_init(struct proto_stack *s, uint8_t l4);

/* Bytes of one direction, in order, as in the feed contract above: what stays
 * in `in` must be offered again.  While the client's first bytes are not known,
 * server bytes are consumed, and the first of them kept (a banner).  When no
 * module wants the stream, the layer is APP_UNKNOWN, settled.  Each direction
 * may wait for the other: when bytes of one were consumed, offer what is unread
 * of the other again, until neither moves.  Where a body begins
 * (proto_stack_skips), it returns: that may be offered or skipped; and where a
 * client begins to wait for an answer that may be there already. */
enum stack_state proto_stack_feed(struct proto_stack *s, enum dir dir,
				  struct reader *in, struct facts *facts);

/* Does a datagram of the client hold what names a server, or some of it? */
bool proto_stack_hears(const struct proto_stack *s, struct reader datagram);

/* Over neither TCP nor UDP: a protocol is told by its number.  ICMP goes on
 * with datagrams, the rest is done. */
void proto_stack_number(struct proto_stack *s, struct facts *facts);

/* A datagram of one direction, whole.  What the server sends before the client
 * has said anything tells the protocol when a module knows it, and else
 * nothing.  Servers of QUIC and DTLS pass over what is none of theirs: with the
 * client's hello a flow that was unknown is theirs, and one that `listens`. */
enum stack_state proto_stack_datagram(struct proto_stack *s, enum dir dir,
				      struct reader in, struct facts *facts);

/* The flow is over, and was in a capture: where what the client has said does
 * not tell the protocol, what the server said first may. */
void proto_stack_end(struct proto_stack *s, struct facts *facts);

/* No more bytes will be waited for (budget spent, UDP without a module): what
 * is not known by now is APP_UNKNOWN, settled. */
void proto_stack_give_up(struct proto_stack *s, struct facts *facts);

/* Bytes of the client that come next and are no message; and that they, or some
 * of them, have gone by without being offered. */
uint64_t proto_stack_skips(const struct proto_stack *s);
void proto_stack_skip(struct proto_stack *s, uint64_t n);

/* From here on bytes of the server go by without being offered. */
void proto_stack_lose(struct proto_stack *s);

/* Must the server answer before what is unread of the client is looked at? */
bool proto_stack_is_ahead(const struct proto_stack *s);

/* Some module still holds the stream for one of its own (PROBE_MORE). */
bool proto_stack_is_waiting(const struct proto_stack *s);
