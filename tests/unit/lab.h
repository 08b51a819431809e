/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One client, one server and an engine between them; what comes out of it is
 * written down as text. */
#pragma once

#include "agent/engine.h"
#include "agent/limits.h"
#include "policy/base/strbuf.h"
#include "tests/unit/support.h"

#define LAB_SECOND 1000000000ULL

/* One flow's ends.  Sequence numbers in a lab are relative to the ISNs. */
struct lab_ends {
	struct ipaddr client, server;
	uint16_t cport, sport;
	uint32_t isn[2]; /* by enum dir */
};

struct lab {
	struct policy *policy;
	struct stats stats;
	struct engine *engine;
	uint64_t now;
	uint32_t id; /* of the last packet */
	struct lab_ends ends;
	enum mark_state mark; /* of the packets to come */
	bool has_mac;         /* of the client: likewise */
	struct mac mac;
	unsigned segment_most; /* payload of a lab_data() segment */

	struct handshakes *handshakes;

	struct strbuf outputs, events;
	/* Payload of the client that the server was given, with a mark of what
	 * is there, by relative sequence number. */
	uint8_t got[2 * LIMIT_STREAM_BYTES], have[2 * LIMIT_STREAM_BYTES];
	unsigned verdicts; /* of packets */
	/* Likewise of the server that the client was given; and the last packet
	 * that was changed on its way. */
	uint8_t told[LIMIT_STREAM_BYTES];
	uint8_t changed[65536];
	size_t n_changed;
	/* Does this packet to the server get lost behind the gateway? */
	bool (*loses)(void *ctx);
	void *loses_ctx;
	/* TCP packets whose verdict has not come, by id. */
	struct {
		bool server;
		uint32_t seq;
		size_t n;
		const uint8_t *bytes;
	} packets[8192];
};

/* An empty table of that many entries; free(). */
struct handshakes *lab_handshakes(size_t entries);

/* `options` may be NULL. */
struct lab *lab_new(const char *policy_text,
		    const struct engine_options *options);
void lab_free(struct lab *l);

struct policy *lab_compile(const char *text);

/* One packet; `seq` and `ack` relative.  Its bytes must live on.  Returns its
 * id. */
uint32_t lab_send(struct lab *l, enum dir dir, uint8_t flags, uint32_t seq,
		  uint32_t ack, struct reader payload);

/* SYN, SYN-ACK, ACK; what comes out is forgotten. */
void lab_connect(struct lab *l);

/* The same as the kernel does it for a new flow: the engine is not asked; the
 * copy of the server's answer comes from a zone (lab_answer_from), and what
 * comes next is known as pending. */
void lab_begin(struct lab *l);
void lab_answer_from(struct lab *l, int zone_src, int zone_dst);

/* Client bytes at `seq`. */
void lab_client(struct lab *l, uint32_t seq, struct reader payload);
void lab_server(struct lab *l, uint32_t seq, uint32_t ack,
		struct reader payload);

/* A raw packet that is no TCP. */
void lab_raw(struct lab *l, const uint8_t *p, size_t n, int zone_src,
	     int zone_dst);

void lab_wait(struct lab *l, uint64_t ns);

/* What came out since the last call is this: "pass 1, allow 2", a segment as
 * "to client RA seq 1 ack 9". */
void lab_expect(struct lab *l, const char *want);

/* The reasons of the verdicts told since the last call: "rule.allow good". */
void lab_expect_events(struct lab *l, const char *want);

/* The server was given exactly the first `n` client bytes, and these. */
void lab_expect_server_has(struct lab *l, const void *p, size_t n);

/* A ClientHello for this name (NULL: without one), as records. */
struct reader lab_hello(const char *name);
