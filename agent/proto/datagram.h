/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the modules over UDP share. */
#pragma once

#include "agent/proto/proto.h"

#define DATAGRAM_MAX 65536

/* The datagram that a flow is asked about, whoever sent it: for messages that
 * look alike in both directions. */
static inline struct reader probe_either(const struct probe *first)
{
	return first->client.left > 0 ? first->client : first->server;
}

static inline enum probe_result probe_yes_if(bool yes)
{
	return yes ? PROBE_YES : PROBE_NO;
}

/* All that can be told was told: the end of most feeds. */
static inline enum proto_result told_all(struct reader *in, struct facts *facts)
{
	reader_skip(in, in->left);
	facts_layer_settle(facts, false);
	return PROTO_DONE;
}

/* The feed of a protocol that is told by its first message, and of which
 * nothing more is. */
static inline enum proto_result
feed_nothing(void *state, enum dir dir, struct reader *in, struct facts *facts)
{
	(void)state;
	(void)dir;
	return told_all(in, facts);
}
