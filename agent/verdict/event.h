/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One structured record a decision, as a line of EVE JSON (Suricata's shape);
 * what is ours stands in the object `fw`.  Bytes from the wire are escaped.
 */
#pragma once

#include "agent/flow/flow.h"
#include "agent/verdict/decide.h"

/* X(ID, "event_type", "help") */
#define EVENT_KINDS(X)                                                    \
	X(VERDICT, "verdict", "a flow was decided")                       \
	X(OBSERVE, "observe", "a rule that only observes matches a flow") \
	X(ANSWER, "answer", "a resolver's answer was changed")            \
	X(FLOW, "flow", "a flow has ended (only from fwctl replay)")

enum event_kind {
#define X(id, name, help) EVENT_##id,
	EVENT_KINDS(X)
#undef X
};

/* Everything an event says; all borrowed. */
struct event {
	enum event_kind kind;
	uint64_t time_ns; /* since the epoch */
	uint64_t flow_id; /* 0: the kernel decided alone, no flow is kept */
	const struct ir *ir;
	const char *policy_digest;
	const struct facts *facts;
	const struct outcome *outcome;
	const struct flow_traffic *traffic; /* two, by enum dir; or NULL */
	const char *in_iface;               /* or NULL */
	uint64_t held_ns;
	unsigned repeat; /* how often the same was seen since the last event */
	bool kernel;     /* the kernel decided alone */
};

/* Does the policy's log want it? */
bool event_is_wanted(const struct event *ev);

/* One line of JSON with '\n'; owned (free), NULL without memory. */
char *event_json(const struct event *ev);

/* The same line into `room`: returns its length; where that is more than
 * `size`, nothing of use is written.  0 without memory. */
size_t event_write(const struct event *ev, char *room, size_t size);

/* "1:..." by the Community ID specification, version 1, seed 0. */
#define COMMUNITY_ID_MAX 40
void event_community_id(const struct facts *f, char buf[COMMUNITY_ID_MAX]);
