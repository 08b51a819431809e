/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The verdict engine: packets of undecided flows in, verdicts and events out.
 *
 * Pure: no sockets, no clock, no chance.  The caller gives packets and the
 * time, and takes the outputs in order after each call.  One engine per queue
 * and thread; the policy is shared and immutable.
 */
#pragma once

#include "agent/packet/segment.h"
#include "agent/verdict/event.h"
#include "agent/verdict/stats.h"
#include "policy/marks.h"
#include "policy/policy.h"

struct engine;
struct bindings;
struct handshakes;

struct engine_options {
	uint8_t key[16];       /* secret of the flow table */
	size_t most_flows;     /* 0: LIMIT_FLOWS */
	bool verify_checksums; /* of packets that are not marked otherwise */
	bool allow_cut;        /* captures cut by a snap length */
	bool read_on;          /* replay: go on parsing decided flows */
	struct stats *stats;   /* borrowed */
	/* What clients were told, shared by engines; borrowed.  NULL: names are
	 * not bound, whatever the policy says. */
	struct bindings *bindings;
	/* Connections whose beginning the kernel has let go by, shared by
	 * engines; borrowed.  NULL: there are none. */
	struct handshakes *handshakes;
	/* Called for each event; what it points to is borrowed for the call. */
	void (*event)(void *ctx, const struct event *ev);
	void *event_ctx;
};

/* The zone of an end is to be found by its address (replay, explain). */
#define ENGINE_ZONE_BY_ADDRESS (-2)

struct engine_input {
	struct reader raw;    /* from the IP header on; borrowed for the call */
	uint32_t id;          /* names the packet in the outputs */
	enum mark_state mark; /* the flow's, as the kernel knew it */
	int zone_src, zone_dst; /* of this packet; -1 none, or _BY_ADDRESS */
	const char *in_iface;   /* or NULL */
	bool has_mac;           /* the sender's, on an Ethernet link */
	struct mac mac;
	bool has_uid; /* of the gateway's own socket */
	uint32_t uid;
	unsigned cgroup;     /* its number in the policy, from 1; 0: none */
	bool checksum_unset; /* not computed yet: must not be verified */
};

enum output_kind {
	OUTPUT_PASS,          /* let this packet go; its flow is undecided */
	OUTPUT_ALLOW,         /* let it go, and the flow from now on */
	OUTPUT_WATCH,         /* the same, but for what its client says */
	OUTPUT_LISTEN,        /* over UDP: but for hellos of its client */
	OUTPUT_PEND,          /* let it go, and be shown both sides again */
	OUTPUT_DROP,          /* this packet ends here */
	OUTPUT_REFUSE,        /* the flow is denied; the kernel answers */
	OUTPUT_REFUSE_SILENT, /* the flow is denied without an answer */
	OUTPUT_SEGMENT,       /* send this TCP segment */
};

struct engine_output {
	enum output_kind kind;
	uint32_t id; /* of the packet; not for OUTPUT_SEGMENT */
	/* With OUTPUT_PASS and OUTPUT_PEND: what the packet is to be, from its
	 * IP header on; none: as it is.  Borrowed until the next call. */
	struct reader bytes;
	/* Its payload is borrowed until the next call on the engine. */
	struct tcp_segment segment;
};

/* NULL without memory.  Owned: engine_free. */
struct engine *engine_new(const struct engine_options *options);
void engine_free(struct engine *e);

/* Judge by this policy from now on (borrowed until the next call or
 * engine_free).  Undecided flows go on under it; those that wait for their
 * server's word after being allowed are judged again.  There may be outputs. */
void engine_set_policy(struct engine *e, const struct policy *policy);

/* The way of one packet.  `now`: nanoseconds since the epoch.  A packet without
 * an output of its own is held: its id comes out later. */
void engine_packet(struct engine *e, const struct engine_input *in,
		   uint64_t now);

/* A flow that the kernel knows as allowed: its client's end first, zones of the
 * policy in use. */
struct engine_flow {
	struct ipaddr src, dst;
	uint16_t sport, dport;
	uint8_t l4;
	int zone_src, zone_dst;
};

enum engine_again {
	ENGINE_AGAIN_UNKNOWN, /* not allowed here, or forgotten */
	ENGINE_AGAIN_KEEP,
	ENGINE_AGAIN_CUT, /* an event says why */
};

/* What the policy in use says of a flow that an earlier one allowed. */
enum engine_again engine_judge_again(struct engine *e,
				     const struct engine_flow *in,
				     uint64_t now);

/* Time passes: holds run out, idle flows are forgotten. */
void engine_tick(struct engine *e, uint64_t now);

/* How full it is now. */
void engine_fill(const struct engine *e, struct stats_fill *out);

/* The end of a capture: an EVENT_FLOW for each flow that is left. */
void engine_finish(struct engine *e, uint64_t now);

/* The next output, in order; false when there is none. */
bool engine_output_take(struct engine *e, struct engine_output *out);

/* When engine_tick() has something to do, or 0 for never. */
uint64_t engine_next_deadline(const struct engine *e);
