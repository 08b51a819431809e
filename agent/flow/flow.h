/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One flow: key, memory, facts, parser state, held packets, decision. */
#pragma once

#include "agent/limits.h"
#include "agent/packet/packet.h"
#include "agent/proto/stack.h"
#include "agent/stream/ledger.h"
#include "agent/stream/stream.h"
#include "policy/base/arena.h"
#include "policy/facts.h"

#include <stdint.h>

/* Both directions give the same key: the lower end comes first. */
struct flow_key {
	uint32_t words[2 * 4 + 2]; /* addresses; ports; IPPROTO_* and family */
	uint32_t hash;
};

struct flow_traffic {
	uint64_t packets, bytes;
};

/* What each side last said in its TCP headers. */
struct flow_tcp {
	uint16_t window;
	bool has_timestamps;
	uint32_t tsval;
};

struct binding_questions;

/* Bytes of a resolver over TCP, see agent/engine_answer.c: a packet that waits
 * for more of its answer, or an answer that was changed. */
struct answer_packet {
	struct answer_packet *next;
	uint32_t id;       /* of the packet */
	uint32_t seq, end; /* of its payload */
	bool waits;
	struct packet packet; /* a view of the bytes */
	size_t n;
	uint8_t bytes[];
};

/* A flow to a resolver, see agent/engine_binding.c: messages that are not whole
 * yet, and what was asked; owned. */
struct flow_tap {
	struct stream streams[2]; /* by enum dir */
	struct binding_questions *questions;
	/* By order; owned. */
	struct answer_packet *waiting, *changed;
	uint32_t told;     /* those that wait are behind it */
	bool changes_told; /* in an event */
};

/* Small things stand together: there may be many undecided flows. */
struct flow {
	struct flow_key key;
	bool midstream;     /* TCP: the first packet seen was no SYN */
	bool answered;      /* TCP: the server has accepted the connection */
	bool listened;      /* UDP: allowed, but for a hello: engine_hello.c */
	uint8_t binding;    /* enum binding_result, when it was decided */
	struct flow *chain; /* of its hash bucket */
	struct flow *newer, *older; /* by last packet */
	uint64_t id;
	uint64_t last_ns;

	struct arena arena;
	struct facts facts; /* src is the client */
	struct proto_stack stack;
	struct flow_tap *tap;     /* or NULL */
	struct stream streams[2]; /* by enum dir */
	struct flow_traffic
		*traffic; /* two, by enum dir, in the arena: replay */

	uint32_t passed[2]; /* TCP: next sequence number the receiver expects */
	uint32_t acked;     /* TCP: the server has said to have all before it */
	uint32_t isn;       /* TCP: the client's, unless midstream */
	uint32_t server_isn; /* TCP: once it has answered */
	struct flow_tcp tcp[2];
	bool decided, refused;
	bool asked; /* the policy has no answer to what is known */
	/* Asked for once or twice in a flow's life. */
	bool told : 1;    /* a decision was */
	bool silent : 1;  /* refused without an answer */
	bool reset : 1;   /* TCP: undecided, and the client has reset it */
	bool resync : 1;  /* TCP: it is not known where a message begins */
	bool waits : 1;   /* it is in the list below */
	bool counted : 1; /* with its client, as it was never decided yet */

	/* How it goes on; of a refused flow nothing of all this is set.
	 * Allowed for what its client has asked so far, see
	 * agent/engine_watch.c; one_sided: the kernel passes the server's side.
	 */
	bool watched, one_sided;

	/* TCP, see agent/engine_tcp.c: client bytes up to `vouched` were
	 * acknowledged by us in the server's name. */
	bool vouching, delivering;
	/* TCP, see agent/engine_confirm.c: allowed, but the server has yet to
	 * acknowledge what was judged, up to `confirm_to`. */
	bool confirming;
	uint8_t deliveries;
	uint8_t n_held, held_capacity;
	uint32_t vouched;
	uint32_t deliver_to; /* what the server must have acknowledged */
	uint32_t confirm_to;
	uint16_t client; /* number of its counters: flow/clients.h */
	uint64_t deliver_next; /* when to send them again */
	union {
		uint32_t *many; /* where held_capacity is not 0; owned */
		uint32_t few[2];
	} held; /* ids of packets waiting for the decision: flow_held() */
	uint64_t held_since;
	struct ledger ledger; /* what was judged of what the client says */
	struct flow *wait_next, *wait_prev; /* flows that wait */
};

/* As many as there may be: with what malloc adds, in half of a KiB. */
_Static_assert(sizeof(struct flow) + sizeof(size_t) <= 512,
	       "a flow takes a larger block");

/* `secret`: 16 bytes, so that no stranger can aim at one bucket of a table. */
void flow_key_of(const struct packet *pkt, const uint8_t secret[16],
		 struct flow_key *out);

static inline bool flow_key_is(const struct flow_key *a,
			       const struct flow_key *b)
{
	return a->hash == b->hash &&
	       !memcmp(a->words, b->words, sizeof(a->words));
}

/* Who sent this packet of the flow. */
enum dir flow_dir(const struct flow *f, const struct packet *pkt);

static inline uint32_t *flow_held(struct flow *f)
{
	return f->held_capacity ? f->held.many : f->held.few;
}

/* Remember the id of a packet that waits.  FW_ERR_LIMIT at
 * LIMIT_HELD_PACKETS. */
FW_MUST_CHECK enum fw_err flow_hold(struct flow *f, uint32_t id);
