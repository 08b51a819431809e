/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What all lines of the event log have in common. */
#pragma once

#include "agent/verdict/reason.h"

#include <jansson.h>
#include <stdint.h>

/* Suricata's form of a time; `ns` since the epoch. */
void event_put_time(json_t *o, const char *key, uint64_t ns);

/* One line of JSON with '\n'; owned (free), NULL without memory. */
char *event_line(const json_t *o);

/* A line about the agent itself, of event_type "agent": what has happened to it
 * (`reason`), and `text` for people.  Owned (free), NULL without memory. */
char *event_agent_line(uint64_t time_ns, const char *policy_digest,
		       enum reason reason, const char *text);
