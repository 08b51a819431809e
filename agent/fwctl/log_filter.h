/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which events of the log a person asked for. */
#pragma once

#include "policy/base/ipaddr.h"

#include <jansson.h>
#include <time.h>

/* Empty fields ask for nothing. */
struct log_filter {
	struct iprange address;
	bool by_address;
	const char *name; /* SNI, host or target, or a part of it in whole
			   * labels: example.org finds www.example.org */
	const char *rule, *verdict, *reason;
	char since[32]; /* comparable with a timestamp */
};

/* "2026-11-22T10:00", "10:00" (today), "15m", "2h", "1d" ago.  False when it
 * cannot be read. */
bool log_filter_since(struct log_filter *f, const char *text, time_t now);

bool log_filter_takes(const struct log_filter *f, const json_t *event);

/* The first name that the event's flow asks for, or NULL; borrowed. */
const char *log_event_name(const json_t *event);

/* A string inside an object inside the event; NULL when there is none. */
const char *log_event_text(const json_t *event, const char *object,
			   const char *key);
