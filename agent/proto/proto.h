/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A protocol module and its contract.  Modules know neither packets nor flows:
 * they are given bytes of one direction in order, and tell facts.
 *
 * The feed contract: `in` is everything of that direction not consumed yet.
 * What a module reads from `in` is consumed; what it leaves is offered again
 * with more behind it.  It keeps no pointer into `in`, and reaches
 * PROTO_MORE without repeating work from the start (state remembers how far it
 * looked).  A message cut anywhere gives the same facts as the whole.
 *
 * Over UDP each datagram is offered alone and once: what a module leaves of it
 * is thrown away, and a probe that says PROBE_MORE has said PROBE_NO.
 */
#pragma once

#include "policy/base/reader.h"
#include "policy/facts.h"

enum dir { DIR_CLIENT = 0, DIR_SERVER = 1 }; /* who sent the bytes */

enum probe_result {
	PROBE_NO,   /* it is not this protocol, whatever follows */
	PROBE_MORE, /* it may be: more bytes will tell */
	PROBE_YES,
};

enum proto_result {
	PROTO_MORE,  /* goes on; whatever was told so far stands */
	PROTO_INNER, /* from here on both directions carry an inner stream */
	PROTO_DONE,  /* this module wants no more bytes of this flow */
	PROTO_BAD,   /* not by the grammar: the flow is `malformed` */
};

/* What a stream begins with. */
struct probe {
	struct reader client; /* the client's bytes from their very start */
	size_t seen; /* how many of them there were when it last said MORE */
	/* What the server had said before the client's first byte, or the
	 * beginning of it: LIMIT_BANNER bytes at most.  Empty: the client
	 * speaks first.  Over UDP: a datagram of the server that is the first
	 * that was seen; `client` is empty then. */
	struct reader server;
	/* The beginning of the flow was not seen, so its first message may be
	 * any; in a replay alone, where nothing is let by for it.  `client` may
	 * be empty then over TCP too. */
	bool middle;
};

struct proto {
	const char *name;
	enum app app;
	size_t state_size; /* zeroed bytes that feed gets as `state` */
	size_t ceiling;    /* unconsumed bytes of one message at most */
	/* The client has said something.  (Which protocol it is that a server
	 * greets with is not certain before: any server can say anything.) */
	enum probe_result (*probe)(const struct probe *first);
	/* Tells values with facts_add(), and facts_layer_settle() as soon as a
	 * decision has all it needs of this layer.  *in is never empty. */
	enum proto_result (*feed)(void *state, enum dir dir, struct reader *in,
				  struct facts *facts);
	/* feed gets what the server said first, as far as it was kept, before
	 * anything else. */
	bool wants_banner;
	/* It goes on with messages of the client that a policy may judge, each
	 * begun with facts_layer_again(): how many of the client's next bytes
	 * are none (a body), whatever they say.  NULL: the first message
	 * tells all. */
	uint64_t (*skips)(const void *state);
	/* That many of them have gone by. */
	void (*skip)(void *state, uint64_t n);
	/* From here on bytes of the server go by unseen, and those that are
	 * offered again may begin anywhere.  NULL: that is nothing to it. */
	void (*lose)(void *state);
	/* What both sides have agreed to speak behind PROTO_INNER; NULL: the
	 * stream tells by its bytes. */
	const struct proto *(*inner)(const void *state);
	/* Over UDP: does the datagram hold what names the server that is
	 * asked, or some of it, or is it a question for a name?  A server
	 * passes over what is none of its protocol: such a datagram counts
	 * wherever it comes in a flow.  NULL: there is no such thing. */
	bool (*is_hello)(struct reader datagram);
	/* Nothing the client says is looked at before the server has answered.
	 * NULL: never so. */
	bool (*waits)(const void *state);
};
