/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What nf_tables traces of one packet: how it ended, and by which rule. */
#pragma once

#include "tests/unit/packet_case.h"

struct tracer;

struct traced {
	enum verdict verdict;
	char chain[128]; /* where it ended */
	char rule[128];  /* "r_NAME" of the policy's rule, or "" */
	char led[128];   /* "d_NAME" of the forward that led it on, or "" */
	char sent[128];  /* "t_NAME" of what gave it a source, or "" */
	bool unjudged;   /* passed before the rules, as no connection's */
	bool begins;     /* what comes behind it is judged */
};

/* NULL with errno. */
struct tracer *tracer_open(void);
void tracer_close(struct tracer *t);

/* Throw away what is left of earlier packets; what counts next is from `src`.
 */
void tracer_expect(struct tracer *t, const struct ipaddr *src);

/* The next packet's way to its end; false when nothing comes. */
bool tracer_read(struct tracer *t, struct traced *out);

/* What comes behind the verdict: its source.  `expected`: it is waited for. */
void tracer_read_source(struct tracer *t, bool expected, struct traced *out);
